"""Two tabs, a slow bank, an office that closes meanwhile: nobody pays for what isn't theirs."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.urls import reverse

from booking import checkout, locks, settlement
from booking.basket import add_to_basket, change_line, remove_line
from booking.models import Basket, Closure, Order, Refund, Slot, Stay
from booking.refusals import Refusal
from booking.stay_view import view_basket
from booking.wishes import LineRequest
from tests import factories
from tests.booking.pages import carry
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY, FakeBank, order_from

pytestmark = pytest.mark.django_db
COUPLE = (None, None)


def a_week_held() -> tuple[Basket, LineRequest]:
    """Make a basket with a week in a gîte."""
    offer = factories.a_lodging(now=NOW)
    request = LineRequest(
        offer_id=offer.pk,
        unit_id=offer.units.get().pk,
        arrival=SATURDAY,
        departure=NEXT_SATURDAY,
        ages=COUPLE,
    )
    basket = factories.a_basket()
    add_to_basket(basket, request, now=NOW)
    return basket, request


def before_the_transaction(monkeypatch: pytest.MonkeyPatch, rival) -> None:
    """Let another tab act after this one has read and before it begins to write, once."""
    begin = locks.write_transaction
    calls: list[bool] = []

    def rival_first():
        if not calls:
            calls.append(True)
            rival()
        return begin()

    monkeypatch.setattr(locks, "write_transaction", rival_first)


@pytest.mark.parametrize("rival", ["change", "remove", "add"])
def test_order_is_of_what_is_in_the_basket_under_the_lock(monkeypatch, rival):
    basket, request = a_week_held()
    factories.terms()
    line = basket.lines.get()
    shown = view_basket(basket, now=NOW).total
    other = Basket.objects.get(pk=basket.pk)
    later = LineRequest(
        offer_id=request.offer_id,
        unit_id=request.unit_id,
        arrival=date(2027, 7, 20),
        departure=date(2027, 7, 22),
        ages=COUPLE,
    )
    actions = {
        "change": lambda: change_line(other, line.pk, later, now=NOW),
        "remove": lambda: remove_line(other, line.pk, now=NOW),
        "add": lambda: add_to_basket(other, later, now=NOW),
    }
    before_the_transaction(monkeypatch, actions[rival])

    with pytest.raises(Refusal) as error:
        order_from(basket, shown=shown)

    assert error.value.code in {"total_changed", "empty"}
    assert not Order.objects.exists()


def test_persons_added_in_another_tab_are_kept(monkeypatch):
    basket = factories.a_basket(None)
    offers = [factories.an_activity() for _number in range(2)]
    slots = [factories.a_slot(one, date(2027, 7, 12 + n)) for n, one in enumerate(offers)]
    other = Basket.objects.get(pk=basket.pk)
    before_the_transaction(
        monkeypatch,
        lambda: add_to_basket(
            other,
            LineRequest(offer_id=offers[0].pk, slot_id=slots[0].pk, ages=(None, 5)),
            now=NOW,
        ),
    )

    add_to_basket(
        basket,
        LineRequest(offer_id=offers[1].pk, slot_id=slots[1].pk, ages=(None, 10, 12)),
        now=NOW,
    )

    assert [one["age"] for one in basket.people] == [None, 5, 10, 12]
    assert all(len(view.guests) == len(view.people) for view in view_basket(basket, now=NOW).lines)


def test_page_of_the_bank_that_comes_too_late_is_closed(bank: FakeBank, monkeypatch):
    basket, _request = a_week_held()
    order = order_from(basket)
    create = bank.create_session

    def slow(request):
        truth = create(request)
        checkout.give_basket_back(Order.objects.get(pk=order.pk), now=NOW)
        return truth

    monkeypatch.setattr(bank, "create_session", slow)

    with pytest.raises(Refusal) as error:
        checkout.begin_payment(order, success_url="s", cancel_url="c", now=NOW)

    assert error.value.code == "order_expired"
    assert [one.status for one in bank.sessions.values()] == ["expired"]
    basket.refresh_from_db()
    assert basket.state == "open"


def test_stay_opens_again_when_its_money_went_back(bank: FakeBank, client, at):
    at(NOW)
    offer = factories.an_activity(kind="event_ticket")
    slot = factories.a_slot(offer, date(2027, 7, 12))
    basket = factories.a_basket()
    add_to_basket(basket, LineRequest(offer_id=offer.pk, slot_id=slot.pk, ages=COUPLE), now=NOW)
    order = order_from(basket)
    checkout.begin_payment(order, success_url="s", cancel_url="c", now=NOW)
    Slot.objects.update(is_closed=True, closed_reason="Orage")
    payment = order.payments.get()
    bank.pay(payment.session_id)

    settlement.settle_payment(payment.pk, now=NOW)

    basket.refresh_from_db()
    assert (basket.state, Refund.objects.get().amount) == ("open", order.total_amount)
    carry(client, basket)
    assert client.get(reverse("booking:my-stay")).status_code == 200
    assert client.post(reverse("booking:checkout"), {}).status_code < 500


def test_closed_nights_are_not_sold_to_late_money(bank: FakeBank):
    basket, request = a_week_held()
    order = order_from(basket)
    checkout.begin_payment(order, success_url="s", cancel_url="c", now=NOW)
    payment = order.payments.get()
    bank.pay(payment.session_id)
    # The hold has lapsed, nobody told us of the money yet, and the host closes.
    Closure.objects.create(
        unit_id=request.unit_id, dates=(SATURDAY, NEXT_SATURDAY), reason="Travaux"
    )

    settlement.settle_payment(payment.pk, now=NOW + timedelta(hours=2))

    order.refresh_from_db()
    assert order.state == "expired"
    assert Refund.objects.get().amount == order.total_amount
    assert not Stay.objects.filter(state="sold").exists()


def test_taking_the_stay_back_never_keeps_it_past_the_cap(bank: FakeBank):
    basket, _request = a_week_held()
    late = NOW + timedelta(minutes=14)
    for _round in range(11):
        order = order_from(basket, now=late)
        checkout.begin_payment(order, success_url="s", cancel_url="c", now=late)
        checkout.give_basket_back(order, now=late)
        basket.refresh_from_db()
        late += timedelta(minutes=14)

    with pytest.raises(Refusal) as error:
        order_from(basket, now=late)
    assert error.value.code == "hold_expired"
    assert basket.expires_at <= NOW + timedelta(minutes=165)


def test_money_of_a_page_given_up_is_found_by_the_job(bank: FakeBank):
    basket, _request = a_week_held()
    order = order_from(basket)
    checkout.begin_payment(order, success_url="s", cancel_url="c", now=NOW)
    payment = order.payments.get()
    bank.let_expire(payment.session_id)
    settlement.settle_payment(payment.pk, now=NOW + timedelta(minutes=40))
    bank.pay(payment.session_id)

    settlement.reconcile_payments(now=NOW + timedelta(hours=3))

    order.refresh_from_db()
    assert order.state == "confirmed"


def test_office_looks_at_an_order_and_never_acts_as_its_buyer(bank: FakeBank, client, at):
    at(NOW)
    basket, _request = a_week_held()
    order = order_from(basket)
    client.force_login(factories.User.objects.create_superuser("b@example.org", "secret"))

    for name in ("booking:payment-retry", "booking:order-reopen"):
        assert client.post(reverse(name, args=[order.reference])).status_code == 404


def test_who_carries_the_basket_may_finish_its_payment(bank: FakeBank, client, at):
    """A session that was lost, by signing out for instance, must not lock the stay."""
    at(NOW)
    basket, _request = a_week_held()
    order = order_from(basket)
    carry(client, basket)

    answer = client.post(reverse("booking:order-reopen", args=[order.reference]))

    assert answer.status_code == 303
    basket.refresh_from_db()
    assert basket.state == "open"
