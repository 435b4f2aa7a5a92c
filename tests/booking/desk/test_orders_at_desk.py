"""The office sees an order from end to end, cancels it, and sends messages again."""

from __future__ import annotations

import html
import re
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from booking import basket as baskets
from booking import checkout
from booking.models import GatewayEvent, Offer, Order, OrderLine, OutboxMessage, Refund, Slot
from booking.statements import statement_of
from tests import factories
from tests.booking.test_place_order import dupont_basket
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY, FakeBank, order_from, paid_order
from tests.pages import text_of
from tests.replay import replayed


@pytest.fixture
def order(bank: FakeBank) -> Order:
    """Return a paid order: a week of nights and a workshop of the same week."""
    return _order(bank)


@replayed
def _order(bank: FakeBank) -> Order:
    lodging = factories.a_lodging(now=NOW)
    activity = factories.an_activity(cancellation_policy=factories.a_policy((24, 50)))
    slot = factories.a_slot(activity, SATURDAY + timedelta(days=2))
    basket = factories.a_basket(None, None)
    baskets.add_to_basket(
        basket,
        baskets.LineRequest(
            offer_id=lodging.pk,
            unit_id=lodging.units.get().pk,
            arrival=SATURDAY,
            departure=NEXT_SATURDAY,
            ages=(None, None),
        ),
        now=NOW,
    )
    baskets.add_to_basket(
        basket,
        baskets.LineRequest(offer_id=activity.pk, slot_id=slot.pk, ages=(None, None)),
        now=NOW,
    )
    return paid_order(basket, bank)


def cancel_url(order: Order) -> str:
    return reverse("desk_orders:cancel", args=[order.pk])


def test_an_order_is_shown_whole(desk: Client, order: Order) -> None:
    page = desk.get(reverse("desk_orders:inspect", args=[order.pk])).content.decode()
    for wanted in (
        order.reference,
        "Claire Dupont",
        "claire.dupont@example.org",
        *(part.provider.name for part in order.sub_orders.all()),
        *(str(line.titles["fr"]) for line in order.lines.all()),
        order.payments.get().payment_intent_id,
        "Order placed",
        "Payment received",
        "Order confirmed",
        "Confirmation to the visitor",
    ):
        assert wanted in page
    assert cancel_url(order) in page


def test_what_is_lent_is_shown_to_the_day_it_comes_back(desk: Client, bank: FakeBank) -> None:
    offer = factories.a_rental()
    factories.rental_days(offer, SATURDAY, 7)
    basket = factories.a_basket(None)
    week = baskets.LineRequest(offer_id=offer.pk, arrival=SATURDAY, departure=NEXT_SATURDAY)
    baskets.add_to_basket(basket, week, now=NOW)
    sold = paid_order(basket, bank)

    shown = text_of(desk.get(reverse("desk_orders:inspect", args=[sold.pk])))

    assert "10 to 16 July 2027" in shown
    assert "10 to 17" not in shown
    part = sold.sub_orders.get()
    told = statement_of(part.payout, part.lines.all(), now=NOW)
    assert "7 days" in told.services[0].when


def test_the_refund_is_shown_before_anything_is_cancelled(desk: Client, order: Order) -> None:
    line = order.lines.get(kind="activity")
    data = {"lines": [line.pk], "basis": "policy", "reason": "malade"}
    response = desk.post(cancel_url(order), data)
    assert response.status_code == 200
    # Half of 64.
    assert response.context["preview_total"] == Decimal("32.00")
    line.refresh_from_db()
    assert line.state == "sold"
    assert not Refund.objects.exists()


def test_nothing_is_ticked_beforehand(desk: Client, order: Order) -> None:
    page = desk.get(cancel_url(order))
    assert not page.context["form"]["lines"].value()
    assert not page.context["form"]["is_whole"].value()
    assert " checked" not in page.content.decode().partition('class="desk-form"')[2]


def test_the_confirmation_names_the_lines_and_the_fee_kept(desk: Client, order: Order) -> None:
    line = order.lines.get(kind="activity")
    OrderLine.objects.filter(pk=line.pk).update(policy={**line.policy, "flat_fee": "2.00"})
    other = order.lines.get(kind="lodging")
    assert "fee kept: €2.00" in text_of(desk.get(cancel_url(order)))

    data = {"lines": [line.pk], "basis": "policy", "reason": "malade"}
    shown = text_of(desk.post(cancel_url(order), data)).partition("What is cancelled:")[2]
    # Half of 64, less the fee.
    assert f"{line.titles['fr']} · {line.sub_order.provider} · " in shown
    assert "€30.00 given back of €64.00 paid (50 %, fee kept: €2.00)" in shown
    assert str(other.titles["fr"]) not in shown


def test_lines_that_were_not_shown_are_shown_first(desk: Client, order: Order) -> None:
    """Another tick between the sums and the button, at the same sum, cancels nothing."""
    line = order.lines.get(kind="activity")
    data = {
        "lines": [line.pk],
        "basis": "policy",
        "reason": "malade",
        "confirm": "1",
        "shown_total": "32.00",
        "shown_lines": str(order.lines.get(kind="lodging").pk),
    }
    response = desk.post(cancel_url(order), data)
    assert response.context["shown_lines"] == str(line.pk)
    assert not Refund.objects.exists()


def test_a_line_is_cancelled_and_refunded_by_its_policy(desk: Client, order: Order) -> None:
    line = order.lines.get(kind="activity")
    data = {
        "lines": [line.pk],
        "basis": "policy",
        "reason": "malade",
        "confirm": "1",
        "shown_total": "32.00",
        "shown_lines": str(line.pk),
    }
    done = desk.post(cancel_url(order), data, follow=True)
    assert "Cancelled." in done.content.decode()
    line.refresh_from_db()
    assert line.state == "cancelled"
    assert Refund.objects.get().amount == Decimal("32.00")
    assert Slot.objects.get().sold == 0
    page = desk.get(reverse("desk_orders:inspect", args=[order.pk])).content.decode()
    assert "Line cancelled" in page
    assert "malade" in page


def test_a_line_that_another_tab_cancelled_is_told_so(desk: Client, order: Order) -> None:
    line = order.lines.get(kind="activity")
    data = {"lines": [line.pk], "basis": "policy", "reason": "malade"}
    shown = {"confirm": "1", "shown_total": "32.00", "shown_lines": str(line.pk)}
    desk.post(cancel_url(order), {**data, **shown})
    again = desk.post(cancel_url(order), {**data, **shown})
    assert "cancelled already" in again.content.decode()
    assert Refund.objects.count() == 1


def test_a_sum_that_was_not_shown_is_shown_first(desk: Client, order: Order) -> None:
    line = order.lines.get(kind="activity")
    data = {
        "lines": [line.pk],
        "basis": "full",
        "reason": "orage",
        "confirm": "1",
        "shown_total": "32.00",
        "shown_lines": str(line.pk),
    }
    response = desk.post(cancel_url(order), data)
    assert response.context["preview_total"] == Decimal("64.00")
    assert not Refund.objects.exists()


def test_the_whole_order_is_given_back_when_the_provider_is_the_cause(
    desk: Client, order: Order
) -> None:
    data: dict[str, Any] = {"is_whole": "1", "basis": "full", "reason": "incendie"}
    shown = desk.post(cancel_url(order), data)
    assert shown.context["preview_total"] == order.total_amount
    confirmed = {
        "confirm": "1",
        "shown_total": str(order.total_amount),
        "shown_lines": shown.context["shown_lines"],
    }
    desk.post(cancel_url(order), {**data, **confirmed})
    order.refresh_from_db()
    assert order.state == "cancelled"
    assert sum(refund.amount for refund in Refund.objects.all()) == order.total_amount
    again = desk.get(cancel_url(order), follow=True)
    assert "Nothing is left to cancel" in again.content.decode()


@pytest.mark.parametrize(
    ("changes", "where"),
    [({"lines": []}, "lines"), ({"basis": ""}, "basis"), ({"reason": ""}, "reason")],
)
def test_a_cancellation_says_what_is_missing(
    desk: Client, order: Order, changes: dict[str, Any], where: str
) -> None:
    data = {
        "lines": [line.pk for line in order.lines.all()],
        "basis": "full",
        "reason": "incendie",
        "confirm": "1",
        "shown_total": str(order.total_amount),
    }
    response = desk.post(cancel_url(order), {**data, **changes})
    assert set(response.context["form"].errors) == {where}
    assert not Refund.objects.exists()


def test_a_line_of_another_order_is_not_cancelled(
    desk: Client, order: Order, bank: FakeBank
) -> None:
    offer: Offer = factories.an_activity()
    slot = factories.a_slot(offer, SATURDAY)
    basket = factories.a_basket(None)
    baskets.add_to_basket(
        basket,
        baskets.LineRequest(offer_id=offer.pk, slot_id=slot.pk, ages=(None,)),
        now=NOW,
    )
    other = paid_order(basket, bank).lines.get()
    data = {"lines": [other.pk], "basis": "full", "reason": "x", "confirm": "1"}
    response = desk.post(cancel_url(order), data)
    assert set(response.context["form"].errors) == {"lines"}


@pytest.fixture
def evening(bank: FakeBank) -> Order:
    """Return a paid order: the parents' dinner, and the carer of their children meanwhile."""
    basket = factories.a_basket(None, None, 5, 10)
    dinner = factories.an_activity(kind="meal", min_age=18, child=None, title="Table de Solange")
    care = factories.a_childcare()
    for offer, hour, people in ((dinner, time(19, 30), ("p1", "p2")), (care, time(19), ("p3",))):
        slot = factories.a_slot(offer, SATURDAY, hour, capacity=40)
        request = baskets.LineRequest(offer_id=offer.pk, slot_id=slot.pk, people=people)
        baskets.add_to_basket(basket, request, now=NOW)
    return paid_order(basket, bank)


def test_cancelling_the_dinner_proposes_to_cancel_the_childcare(
    desk: Client, evening: Order
) -> None:
    """Features.md N05: proposed by one press, at the childcare's own policy."""
    dinner, care = evening.lines.get(kind="meal"), evening.lines.get(kind="childcare")
    data: dict[str, Any] = {"lines": [dinner.pk], "basis": "policy", "reason": "malade"}
    page = desk.post(cancel_url(evening), data)
    assert page.context["preview"].left_over == (care,)
    assert f'name="lines" value="{care.pk}" class="button' in page.content.decode()

    both = desk.post(cancel_url(evening), {**data, "lines": [dinner.pk, care.pk]})

    assert both.context["shown_lines"] == f"{care.pk},{dinner.pk}"
    assert both.context["preview"].left_over == ()


def test_cancelling_the_childcare_proposes_nothing(desk: Client, evening: Order) -> None:
    care = evening.lines.get(kind="childcare")
    data = {"lines": [care.pk], "basis": "policy", "reason": "malade"}
    assert desk.post(cancel_url(evening), data).context["preview"].left_over == ()


def test_childcare_that_is_still_needed_is_left_alone(desk: Client, bank: FakeBank) -> None:
    """A concert goes on in the same evening."""
    basket = factories.a_basket(None, None, 5)
    dinner = factories.an_activity(kind="meal", child=None)
    concert = factories.an_activity(kind="event_ticket", child=None, duration_minutes=60)
    care = factories.a_childcare()
    asked = (
        (dinner, time(19, 15), ("p1",)),
        (concert, time(21, 20), ("p1", "p2")),
        (care, time(19), ("p3",)),
    )
    for offer, hour, people in asked:
        slot = factories.a_slot(offer, SATURDAY, hour, capacity=40)
        request = baskets.LineRequest(offer_id=offer.pk, slot_id=slot.pk, people=people)
        baskets.add_to_basket(basket, request, now=NOW)
    order = paid_order(basket, bank)
    data = {
        "lines": [order.lines.get(kind="meal").pk],
        "basis": "policy",
        "reason": "malade",
    }
    assert desk.post(cancel_url(order), data).context["preview"].left_over == ()


def test_orders_are_found_by_reference_name_and_mail(desk: Client, order: Order) -> None:
    for words in (order.reference, "dupont", "claire.dupont@"):
        page = desk.get(reverse("desk_orders:index"), {"q": words}).content.decode()
        assert order.reference in page
    page = desk.get(reverse("desk_orders:index"), {"q": "martin"}).content.decode()
    assert order.reference not in page


@pytest.mark.parametrize("phone", ["06 12 34 56 78", "+33 6.12.34.56.78"])
def test_an_order_is_found_by_every_word_and_its_phone(
    desk: Client, order: Order, phone: str
) -> None:
    Order.objects.filter(pk=order.pk).update(phone=phone)
    order.participants.filter(key=order.participants.first().key).update(first_name="Léon")
    line = order.lines.get(kind="lodging")
    OrderLine.objects.filter(pk=line.pk).update(titles={"fr": "Le gîte", "en": "The cottage"})

    for words, is_found in (
        ("Dupont Claire", True),
        ("claire dupont", True),
        ("Claire Durand", False),
        ("0612345678", True),
        ("06 12 34 56 78", True),
        ("+33 6 12.34.56.78", True),
        ("0033612345678", True),
        ("0612345679", False),
        ("Dupont 06 12 34 56 78", True),
        ("Dupont 06 12 34 56 79", False),
        ("Léon", True),
        ("gîte claire", True),
        ("cottage", True),
        ("gîte martin", False),
        ("%", False),
    ):
        page = desk.get(reverse("desk_orders:index"), {"q": words})
        assert (order.reference in page.content.decode()) == is_found, words
        assert ("Nothing matches" in text_of(page)) != is_found, words


def test_orders_are_exported(desk: Client, order: Order) -> None:
    response = desk.get(reverse("desk_orders:index"), {"export": "csv"})
    text = b"".join(response.streaming_content).decode()
    assert order.reference in text
    assert "claire.dupont@example.org" in text


def test_the_list_of_orders_costs_few_statements(
    desk: Client, order: Order, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(30):
        desk.get(reverse("desk_orders:index"))
    with django_assert_max_num_queries(40):
        desk.get(reverse("desk_orders:inspect", args=[order.pk]))


# --- Messages ----------------------------------------------------------------------------------
def test_a_message_given_up_is_sent_again(desk: Client, order: Order) -> None:
    message = order.messages.get(kind="order_confirmed")
    OutboxMessage.objects.filter(pk=message.pk).update(
        state="failed", attempts=12, last_error="mailbox unavailable"
    )
    page = desk.get(reverse("desk_outbox:inspect", args=[message.pk])).content.decode()
    assert "mailbox unavailable" in page
    desk.post(reverse("desk_outbox:send-again", args=[message.pk]))
    message.refresh_from_db()
    assert (message.state, message.attempts) == ("waiting", 0)


def test_sending_again_is_asked_by_a_button_only(desk: Client, order: Order) -> None:
    message = order.messages.get(kind="order_confirmed")
    OutboxMessage.objects.filter(pk=message.pk).update(state="sent")
    response = desk.get(reverse("desk_outbox:send-again", args=[message.pk]))
    assert response.status_code == 302
    message.refresh_from_db()
    assert message.state == "sent"


def test_a_message_of_the_bank_is_read_and_processed_again(desk: Client, order: Order) -> None:
    event = GatewayEvent.objects.create(
        event_id="evt_1",
        kind="customer.created",
        payload={},
        received_at=NOW,
        attempts=3,
        error="Traceback: nobody",
    )
    page = desk.get(reverse("desk_bank:inspect", args=[event.pk])).content.decode()
    assert "Traceback: nobody" in page
    done = desk.post(reverse("desk_bank:process", args=[event.pk]), follow=True)
    assert "Processed" in done.content.decode()
    event.refresh_from_db()
    assert event.outcome == "ignored"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("checkout.session.completed", "payment page finished"),
        ("charge.refund.updated", "refund followed"),
        ("charge.expired", "card payment"),
        ("customer.created", "another message"),
    ],
)
def test_a_message_of_the_bank_says_in_words_what_it_is_about(
    desk: Client, kind: str, words: str
) -> None:
    event = GatewayEvent.objects.create(event_id="evt_1", kind=kind, payload={}, received_at=NOW)
    for url in (reverse("desk_bank:index"), reverse("desk_bank:inspect", args=[event.pk])):
        page = desk.get(url).content.decode()
        assert re.search(rf"{words} <small>\(?{re.escape(kind)}\)?</small>", page), url


def test_the_first_page_counts_what_waits(desk: Client, order: Order) -> None:
    OutboxMessage.objects.update(state="failed")
    page = desk.get(reverse("wagtailadmin_home")).content.decode()
    assert "order confirmed today" in page
    assert "mails given up" in page


def test_what_the_first_page_counts_is_what_its_link_lists(
    desk: Client, order: Order, at: Any
) -> None:
    """Each number leads to these orders, and not to all of them."""
    other = _an_old_order(order)
    at(NOW)

    def listed(words: str) -> list[str]:
        page = desk.get(reverse("wagtailadmin_home")).content.decode()
        ((url, count),) = re.findall(rf'href="([^"]+)"><strong>(\d+)</strong> {words}', page)
        shown = desk.get(html.unescape(url)).context["object_list"]
        assert len(shown) == int(count)
        return [one.reference for one in shown]

    assert listed("order") == [order.reference]
    refund = Refund.objects.create(
        payment=order.payments.get(),
        amount=Decimal(1),
        state="failed",
        reason="x",
        created_at=NOW,
    )
    assert listed("refund failed") == [order.reference]
    refund.delete()
    assert order.reference in [one.reference for one in _arriving(desk, SATURDAY)]
    assert not _arriving(desk, SATURDAY + timedelta(days=1))
    order.lines.filter(kind="lodging").update(arrival=NOW.date())
    assert listed("arrival") == [order.reference]
    assert other.reference not in listed("arrival")


def _arriving(desk: Client, day: date) -> list[Order]:
    asked = {"arrival_from": day.isoformat(), "arrival_to": day.isoformat()}
    return list(desk.get(reverse("desk_orders:index"), asked).context["object_list"])


def _an_old_order(order: Order) -> Order:
    """Return an order of last month that nobody paid."""
    old = Order.objects.get(pk=order.pk)
    old.pk = None
    old.reference = "ZZZZ2222"
    old.placed_at = NOW - timedelta(days=30)
    old.state = "expired"
    old.basket = None
    old.save(force_insert=True)
    return old


def test_options_that_were_bought_are_shown(desk: Client, order: Order) -> None:
    line = order.lines.get(kind="lodging")
    item = {**line.quote["items"][0], "kind": "supplement", "code": "draps", "label": "Draps"}
    line.quote["items"].append(item)
    line.options = [{"code": "draps", "quantity": 2}]
    line.save()

    page = desk.get(reverse("desk_orders:inspect", args=[order.pk])).content.decode()

    assert "Options: Draps × 2" in page


def test_an_order_that_its_visitor_took_back_did_not_run_out_of_time(
    desk: Client, bank: FakeBank
) -> None:
    basket = dupont_basket()
    order = order_from(basket)
    checkout.begin_payment(order, success_url="s", cancel_url="c", now=NOW)
    checkout.give_basket_back(order, now=NOW)

    words = text_of(desk.get(reverse("desk_orders:inspect", args=[order.pk])))

    assert "taken back by the visitor" in words
    assert "Order taken back by the visitor, to change the stay (visitor)" in words
    listed = text_of(desk.get(reverse("desk_orders:index")))
    assert "taken back by the visitor" in listed
    assert " expired " not in listed.partition(order.reference)[2][:200]
    assert "not paid in time" not in words


def test_a_workshop_in_steps_shows_its_steps_and_their_plan_b(desk: Client) -> None:
    offer = factories.a_composite()

    words = text_of(desk.get(reverse("desk_experiences:inspect", args=[offer.pk])))

    assert "Cueillir — 100 minutes Plan B: Visiter une champignonnière" in words
    assert words.count("Plan B") == 1
