"""From a held basket to a paid order: one payment, many providers, to the cent."""

from datetime import date, time, timedelta
from decimal import Decimal

import pytest

from booking import checkout, settlement
from booking.basket import add_to_basket, remove_line
from booking.models import (
    Basket,
    Order,
    OutboxMessage,
    Payout,
    Refund,
    Slot,
    SlotHold,
    Stay,
    UnitDay,
)
from booking.refusals import Refusal
from booking.stay_view import view_basket
from booking.wishes import LineRequest
from events.models import Ticket
from members.models import Entry
from tests import factories
from tests.cast import (
    NEXT_SATURDAY,
    NOW,
    SATURDAY,
    FakeBank,
    names_of,
    order_from,
    paid_order,
    place_order,
)
from tests.replay import replayed

pytestmark = pytest.mark.django_db
DUPONT = (None, None, 5, 10)


@replayed
def dupont_basket(*, capacity: int = 10) -> Basket:
    """Make the basket of a whole stay: gîte, workshop, evening, dinner, of four providers."""
    basket = factories.a_basket()
    gite = factories.a_lodging(night="100", cleaning="60", now=NOW)
    add_to_basket(
        basket,
        LineRequest(
            offer_id=gite.pk,
            unit_id=gite.units.get().pk,
            arrival=SATURDAY,
            departure=NEXT_SATURDAY,
            ages=DUPONT,
        ),
        now=NOW,
    )
    for kind, day, hour, commission in (
        ("workshop", 12, 14, "0"),
        ("event_ticket", 13, 21, "8"),
        ("meal", 14, 19, "5"),
    ):
        provider = factories.a_provider(commission_percent=Decimal(commission))
        offer = factories.an_activity(kind=kind, provider=provider)
        slot = factories.a_slot(offer, date(2027, 7, day), time(hour), capacity=capacity)
        add_to_basket(basket, LineRequest(offer_id=offer.pk, slot_id=slot.pk, ages=DUPONT), now=NOW)
    return basket


def codes_of(error: pytest.ExceptionInfo[Refusal]) -> list[str]:
    return [one.code for one in error.value.troubles]


def test_whole_stay_is_paid_once_and_shared_to_the_cent(bank: FakeBank):
    order = paid_order(dupont_basket(), bank)

    payment = order.payments.get()
    parts = order.sub_orders.all()
    # 760.00 + 15.40 of tax, and three times 2 x 32 + 2 x 16.
    assert order.total_amount == Decimal("775.40") + 3 * Decimal("96.00")
    assert payment.captured_amount == order.total_amount
    assert parts.count() == 4
    assert (
        sum(part.payout_amount + part.commission_amount + part.tourist_tax_amount for part in parts)
        == payment.captured_amount
    )
    assert sum(Payout.objects.values_list("amount", flat=True)) == sum(
        part.payout_amount for part in parts
    )
    assert order.state == "confirmed"
    assert set(order.lines.values_list("state", flat=True)) == {"sold"}
    assert order.participants.count() == 4


def test_sold_stay_takes_beds_places_and_gives_tickets(bank: FakeBank):
    order = paid_order(dupont_basket(), bank)

    stay = Stay.objects.get()
    assert (stay.state, stay.order_line.order_id, stay.expires_at) == ("sold", order.pk, None)
    assert set(Slot.objects.values_list("sold", flat=True)) == {4}
    assert not SlotHold.objects.exists()
    assert Ticket.objects.filter(state="valid").count() == 4
    night = UnitDay.objects.get(unit=stay.unit, day=SATURDAY)
    before = UnitDay.objects.get(unit=stay.unit, day=SATURDAY - timedelta(days=3))
    assert (night.free_run, before.free_run) == (0, 3)


def test_everybody_is_told_of_their_own_part_once(bank: FakeBank):
    order = paid_order(dupont_basket(), bank)
    settlement.settle_payment(order.payments.get().pk, now=NOW + timedelta(minutes=1))

    kinds = sorted(OutboxMessage.objects.values_list("kind", flat=True))
    assert kinds == ["order_confirmed"] + ["provider_booking"] * 4
    recipients = set(OutboxMessage.objects.values_list("recipient", flat=True))
    assert len(recipients) == 5


def test_second_click_gets_the_same_order_and_the_same_page(bank: FakeBank):
    basket = dupont_basket()
    first = order_from(basket)
    second = order_from(basket)
    urls = {
        checkout.begin_payment(order, success_url="s", cancel_url="c", now=NOW)
        for order in (first, second)
    }

    assert first.pk == second.pk
    assert len(urls) == 1
    assert len(bank.sessions) == 1


def test_wrong_total_is_refused_with_both_figures():
    basket = dupont_basket()

    with pytest.raises(Refusal) as error:
        order_from(basket, shown=Decimal("1.00"))

    assert codes_of(error) == ["total_changed"]
    assert not Order.objects.exists()
    basket.refresh_from_db()
    assert basket.state == "open"


def test_price_changed_after_the_add_must_be_accepted_first():
    basket = dupont_basket()
    offer = basket.lines.first().offer
    offer.tariffs.update(base_amount=Decimal("101"))

    with pytest.raises(Refusal) as error:
        order_from(basket)

    assert codes_of(error) == ["price_changed"]
    assert not Order.objects.exists()


def test_hold_expired_at_payment_loses_nothing():
    basket = dupont_basket()

    with pytest.raises(Refusal) as error:
        order_from(basket, now=NOW + timedelta(minutes=16))

    assert set(codes_of(error)) == {"hold_expired"}
    assert basket.lines.count() == 4


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"terms": None}, "terms_missing"),
        ({"names": {}}, "names_missing"),
        ({"package_form": None}, "package_form_missing"),
    ],
)
def test_what_is_missing_is_named(change, code):
    basket = dupont_basket()
    basket.refresh_from_db()
    values = {
        "contact": checkout.Contact("Claire", "Dupont", "c@example.org"),
        "names": names_of(basket),
        "arrival_time": None,
        "needs": "",
        "terms": factories.terms(),
        "package_form": factories.package_form(),
        "shown_total": view_basket(basket, now=NOW).total,
        "language": "fr",
        "now": NOW,
    }

    with pytest.raises(Refusal) as error:
        place_order(basket, **{**values, **change})

    assert codes_of(error) == [code]


def test_basket_is_frozen_while_a_payment_is_under_way():
    basket = dupont_basket()
    order_from(basket)

    with pytest.raises(Refusal) as error:
        remove_line(basket, basket.lines.first().pk, now=NOW)

    assert codes_of(error) == ["frozen"]
    assert basket.lines.count() == 4


def test_visitor_takes_the_stay_back_and_the_banks_page_is_closed(bank: FakeBank):
    basket = dupont_basket()
    order = order_from(basket)
    checkout.begin_payment(order, success_url="s", cancel_url="c", now=NOW)

    again = checkout.give_basket_back(order, now=NOW + timedelta(minutes=5))

    order.refresh_from_db()
    assert order.state == "expired"
    assert [one.status for one in bank.sessions.values()] == ["expired"]
    assert again.state == "open"
    assert view_basket(again, now=NOW + timedelta(minutes=6)).can_check_out


def test_payment_that_arrives_while_taking_the_stay_back_confirms(bank: FakeBank):
    basket = dupont_basket()
    order = order_from(basket)
    checkout.begin_payment(order, success_url="s", cancel_url="c", now=NOW)
    bank.pay(order.payments.get().session_id)

    with pytest.raises(Refusal) as error:
        checkout.give_basket_back(order, now=NOW + timedelta(minutes=5))

    order.refresh_from_db()
    assert codes_of(error) == ["already_paid"]
    assert order.state == "confirmed"


def test_unpaid_order_expires_and_gives_everything_free(bank: FakeBank):
    basket = dupont_basket()
    order = order_from(basket)
    checkout.begin_payment(order, success_url="s", cancel_url="c", now=NOW)
    bank.let_expire(order.payments.get().session_id)
    later = NOW + timedelta(minutes=40)

    settlement.reconcile_payments(now=later)

    order.refresh_from_db()
    basket.refresh_from_db()
    assert (order.state, basket.state) == ("expired", "open")
    assert not view_basket(basket, now=later).can_check_out
    assert basket.lines.count() == 4


def test_late_money_finds_the_places_again(bank: FakeBank):
    basket = dupont_basket()
    order = order_from(basket)
    checkout.begin_payment(order, success_url="s", cancel_url="c", now=NOW)
    payment = order.payments.get()
    bank.let_expire(payment.session_id)
    settlement.settle_payment(payment.pk, now=NOW + timedelta(minutes=40))

    bank.pay(payment.session_id)
    settlement.settle_payment(payment.pk, now=NOW + timedelta(hours=2))

    order.refresh_from_db()
    assert order.state == "confirmed"
    assert set(order.lines.values_list("state", flat=True)) == {"sold"}
    assert not Refund.objects.exists()


def test_late_money_for_a_bed_that_is_gone_gives_that_share_back(bank: FakeBank):
    basket = dupont_basket()
    order = order_from(basket)
    checkout.begin_payment(order, success_url="s", cancel_url="c", now=NOW)
    payment = order.payments.get()
    gite = order.lines.get(kind="lodging")
    later = NOW + timedelta(minutes=50)
    bank.let_expire(payment.session_id)
    settlement.settle_payment(payment.pk, now=NOW + timedelta(minutes=40))
    add_to_basket(
        factories.a_basket(),
        LineRequest(
            offer_id=gite.offer_id,
            unit_id=gite.unit_id,
            arrival=SATURDAY,
            departure=NEXT_SATURDAY,
            ages=DUPONT,
        ),
        now=later,
    )

    bank.pay(payment.session_id)
    settlement.settle_payment(payment.pk, now=later + timedelta(minutes=1))

    order.refresh_from_db()
    payment.refresh_from_db()
    gite.refresh_from_db()
    assert (order.state, gite.state) == ("confirmed", "released")
    assert Refund.objects.get().amount == Decimal("775.40")
    assert payment.refunded_amount == Decimal("775.40")
    parts = order.sub_orders.all()
    assert (
        sum(part.payout_amount + part.commission_amount + part.tourist_tax_amount for part in parts)
        == payment.captured_amount - payment.refunded_amount
    )


def test_money_for_nothing_is_all_given_back(bank: FakeBank):
    slot_offer = factories.an_activity()
    slot = factories.a_slot(slot_offer, date(2027, 7, 12), capacity=4)
    basket = factories.a_basket()
    request = LineRequest(offer_id=slot_offer.pk, slot_id=slot.pk, ages=DUPONT)
    add_to_basket(basket, request, now=NOW)
    order = order_from(basket)
    checkout.begin_payment(order, success_url="s", cancel_url="c", now=NOW)
    payment = order.payments.get()
    bank.let_expire(payment.session_id)
    settlement.settle_payment(payment.pk, now=NOW + timedelta(minutes=40))
    add_to_basket(factories.a_basket(), request, now=NOW + timedelta(minutes=45))

    bank.pay(payment.session_id)
    settlement.settle_payment(payment.pk, now=NOW + timedelta(minutes=50))

    order.refresh_from_db()
    assert order.state == "expired"
    assert Refund.objects.get().amount == order.total_amount
    assert OutboxMessage.objects.get().kind == "payment_returned"


def test_paying_the_same_basket_twice_gives_the_second_payment_back(bank: FakeBank):
    basket = dupont_basket(capacity=100)
    first = order_from(basket)
    checkout.begin_payment(first, success_url="s", cancel_url="c", now=NOW)
    old = first.payments.get()
    bank.let_expire(old.session_id)
    settlement.settle_payment(old.pk, now=NOW + timedelta(minutes=5))
    later = NOW + timedelta(minutes=6)
    from booking.basket import renew_holds

    basket.refresh_from_db()
    assert renew_holds(basket, now=later) == []
    second = paid_order(basket, bank, now=later)

    bank.pay(old.session_id)
    settlement.settle_payment(old.pk, now=later + timedelta(minutes=5))

    first.refresh_from_db()
    assert (first.state, second.state) == ("expired", "confirmed")
    assert Refund.objects.get().payment_id == old.pk
    assert set(Slot.objects.values_list("sold", flat=True)) == {4}


def test_bank_that_is_down_keeps_the_order_for_another_try(bank: FakeBank):
    basket = dupont_basket()
    order = order_from(basket)
    bank.is_down = True

    with pytest.raises(Refusal) as error:
        checkout.begin_payment(order, success_url="s", cancel_url="c", now=NOW)
    bank.is_down = False
    url = checkout.begin_payment(
        order, success_url="s", cancel_url="c", now=NOW + timedelta(minutes=3)
    )

    order.refresh_from_db()
    assert codes_of(error) == ["bank_unavailable"]
    assert url.startswith("https://bank.example.org/")
    assert order.deadline > NOW + timedelta(minutes=30)


def test_free_stay_needs_no_bank(bank: FakeBank):
    offer = factories.an_activity(adult="0", child="0")
    slot = factories.a_slot(offer, date(2027, 7, 12))
    basket = factories.a_basket()
    add_to_basket(basket, LineRequest(offer_id=offer.pk, slot_id=slot.pk, ages=DUPONT), now=NOW)
    order = order_from(basket)

    checkout.begin_payment(order, success_url="s", cancel_url="c", now=NOW)

    order.refresh_from_db()
    assert order.state == "confirmed"
    assert not bank.sessions


def test_what_was_sold_does_not_change_with_the_offer(bank: FakeBank):
    basket = dupont_basket()
    order = paid_order(basket, bank)
    line = order.lines.get(kind="lodging")
    before = (line.titles, line.policy, line.gross_amount, line.quote)
    offer = line.offer
    offer.title = "Autre titre"
    offer.save()
    offer.cancellation_policy.steps.all().delete()
    offer.tariffs.update(base_amount=Decimal("999"))

    line.refresh_from_db()
    assert (line.titles, line.policy, line.gross_amount, line.quote) == before


def test_each_step_is_in_the_journal(bank: FakeBank):
    order = paid_order(dupont_basket(), bank)

    verbs = list(
        Entry.objects.filter(subject=f"order:{order.reference}")
        .order_by("pk")
        .values_list("verb", flat=True)
    )
    assert verbs == ["order placed", "evidence kept", "payment received", "order confirmed"]
