"""Buyers who pay and add while their date is called off: nobody keeps a ticket of it.

Closing takes the slots' locks, as every sale does: a sale that came first is seen by the round, one
that comes second finds the date closed and is given back. The sentinel takes the locks away: a sale
that had looked at the date before it was closed is written after everybody was cancelled.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum

from booking import call_off_rounds, called_off, cancellation, checkout, locks, settlement
from booking.basket import add_to_basket
from booking.models import Basket, CalledOff, Offer, Order, OrderLine, Payment, Refund, Slot
from booking.refusals import Refusal
from booking.wishes import LineRequest
from events import programme
from events.models import Event, Session
from members.journal import SYSTEM
from tests import factories
from tests.cast import NOW, FakeBank, order_from
from tests.concurrency.rivals import Meeting, errors_in, run_together
from tests.events.dated import an_event_of

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("cloned_database")]
DAY = date(2027, 7, 12)
LATER = timedelta(minutes=5)


@pytest.fixture
def tickets() -> Offer:
    return factories.an_activity(kind="event_ticket", child=None)


@pytest.fixture
def slot(tickets: Offer) -> Slot:
    return factories.a_slot(tickets, DAY, capacity=60)


def ordered(slot: Slot, bank: FakeBank, *, is_paid: bool) -> Order:
    """Return an order whose page at the bank is open, paid there or not yet."""
    basket = factories.a_basket()
    wish = LineRequest(offer_id=slot.offer_id, slot_id=slot.pk, ages=(None, None))
    add_to_basket(basket, wish, now=NOW)
    order = order_from(basket)
    checkout.begin_payment(order, success_url="s", cancel_url="c", now=NOW)
    if is_paid:
        bank.pay(order.payments.get().session_id)
    return order


def settling(order: Order) -> Callable[[], Any]:
    payment = order.payments.get()
    return lambda: settlement.settle_payment(payment.pk, now=NOW)


def adding(slot: Slot) -> Callable[[], Any]:
    basket = factories.a_basket()
    wish = LineRequest(offer_id=slot.offer_id, slot_id=slot.pk, ages=(None,))
    return lambda: add_to_basket(basket, wish, now=NOW)


def calling_off(slot: Slot) -> Callable[[], Any]:
    """Return an action: the date is called off, and everybody who is found cancelled."""

    def run() -> None:
        rows = called_off.call_off_dates([slot], reason="Orage", by="office", actor=SYSTEM, now=NOW)
        for row in rows:
            call_off_rounds.carry_out(row.pk, now=NOW)

    return run


def is_empty(slot: Slot) -> bool:
    """Tell whether nobody has anything of a date, and every euro for it goes back."""
    slot.refresh_from_db()
    sold = OrderLine.objects.filter(takes__slot=slot, state="sold").exists()
    paid = Payment.objects.aggregate(sum=Sum("captured_amount"))["sum"] or Decimal(0)
    back = Refund.objects.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
    return slot.is_closed and slot.sold == 0 and not sold and paid == back


def go_on_until_done(*, most: int = 10) -> None:
    """Let beat come round, minute after minute."""
    for minute in range(most):
        call_off_rounds.carry_out_all(now=NOW + LATER * (minute + 1))
        if not CalledOff.objects.filter(finished_at=None).exists():
            return


def test_nobody_keeps_a_ticket_whoever_comes_first(slot: Slot, bank: FakeBank):
    paid = [ordered(slot, bank, is_paid=True) for _number in range(5)]
    settlement.settle_payment(paid[0].payments.get().pk, now=NOW)
    unpaid = [ordered(slot, bank, is_paid=False) for _number in range(2)]
    buyers = [settling(order) for order in paid[1:]]

    results = run_together([calling_off(slot), *buyers, adding(slot), adding(slot)])
    go_on_until_done()
    # What was in the middle of being paid is told by the bank a minute later.
    settlement.reconcile_payments(now=NOW + LATER)

    assert all(isinstance(one, Refusal) for one in errors_in(results)), results
    assert is_empty(slot)
    assert not Order.objects.filter(state="awaiting_payment").exists()
    for order in unpaid:
        order.refresh_from_db()
        assert order.state == "expired"
    with pytest.raises(Refusal):
        adding(slot)()


def test_money_that_comes_after_all_was_done_goes_back(slot: Slot, bank: FakeBank):
    orders = [ordered(slot, bank, is_paid=False) for _number in range(3)]
    calling_off(slot)()
    for order in orders:
        bank.pay(order.payments.get().session_id)

    results = run_together([settling(order) for order in orders for _twice in range(2)])

    assert errors_in(results) == []
    assert Payment.objects.filter(state="paid").count() == 3
    assert is_empty(slot)


def meet_before_the_sale(
    monkeypatch: pytest.MonkeyPatch, order: Order
) -> tuple[threading.Event, Meeting]:
    """Make one sale wait, once it has found its places, until the date was called off.

    Return what tells that it has, and where both meet.
    """
    found = threading.Event()
    # Cancelling takes its time on a slow machine; who waits for a lock is seen at once.
    meeting = Meeting(2, patience=20)
    write = settlement.write_sale

    def wait_then_write(*args: Any, **kwargs: Any) -> None:
        if args[0].pk == order.pk:
            found.set()
            meeting.wait()
        write(*args, **kwargs)

    monkeypatch.setattr(settlement, "write_sale", wait_then_write)
    return found, meeting


def race(slot: Slot, bank: FakeBank, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Let a sale that has found its places meet a date that is called off whole."""
    order = ordered(slot, bank, is_paid=True)
    other = ordered(slot, bank, is_paid=True)
    settlement.settle_payment(other.payments.get().pk, now=NOW)
    found, meeting = meet_before_the_sale(monkeypatch, order)
    # Its rival's page at the bank would settle the same order: only what is sold is looked at.
    monkeypatch.setattr(call_off_rounds, "unpaid_orders_of", lambda ids: Order.objects.none())
    call_off = calling_off(slot)

    def call_off_then_meet() -> None:
        found.wait(timeout=20)
        call_off()
        meeting.wait()

    return run_together([settling(order), call_off_then_meet])


def test_a_sale_that_came_first_is_cancelled_too(
    slot: Slot, bank: FakeBank, monkeypatch: pytest.MonkeyPatch
):
    results = race(slot, bank, monkeypatch)

    assert errors_in(results) == []
    assert is_empty(slot)


def test_sentinel_without_the_locks_somebody_keeps_a_ticket(
    slot: Slot, bank: FakeBank, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(locks, "lock_slots", lambda ids: list(Slot.stocks.filter(pk__in=list(ids))))

    results = race(slot, bank, monkeypatch)

    assert errors_in(results) == []
    assert not is_empty(slot)
    assert OrderLine.objects.filter(takes__slot=slot, state="sold").count() == 1


def test_called_off_twice_at_once_gives_back_once(slot: Slot, bank: FakeBank):
    order = ordered(slot, bank, is_paid=True)
    settlement.settle_payment(order.payments.get().pk, now=NOW)

    results = run_together([calling_off(slot) for _press in range(3)])
    go_on_until_done()

    refused = errors_in(results)
    assert {getattr(one, "code", one) for one in refused} <= {"date_called_off"}
    assert CalledOff.objects.count() == 1
    assert Refund.objects.count() == 1
    assert is_empty(slot)


def test_two_workers_and_the_office_cancel_each_order_once(
    slot: Slot, bank: FakeBank, monkeypatch: pytest.MonkeyPatch
):
    orders = [ordered(slot, bank, is_paid=True) for _number in range(4)]
    for order in orders:
        settlement.settle_payment(order.payments.get().pk, now=NOW)
    [row] = called_off.call_off_dates([slot], reason="Orage", by="office", actor=SYSTEM, now=NOW)

    def office() -> None:
        last = orders[-1]
        last.refresh_from_db()
        ids = list(last.lines.values_list("pk", flat=True))
        cancellation.cancel_lines(last, ids, basis="full", reason="Seul", actor=SYSTEM, now=NOW)

    # A lease that ended early: both believe that the row is theirs.
    monkeypatch.setattr(
        call_off_rounds,
        "_claim",
        lambda pk, now: CalledOff.objects.select_related("slot").get(pk=pk),
    )
    worker = lambda: call_off_rounds.carry_out(row.pk, now=NOW)  # noqa: E731

    results = run_together([worker, worker, office])

    assert all(isinstance(one, Refusal) for one in errors_in(results)), results
    assert Refund.objects.count() == 4
    assert is_empty(slot)


def test_an_event_that_is_cancelled_while_its_tickets_are_paid_keeps_no_money(
    tickets: Offer, bank: FakeBank
):
    event = an_event_of(tickets)
    dates = [factories.a_slot(tickets, DAY + timedelta(days=n)) for n in range(3)]
    for one in dates:
        Session.objects.create(event=event, slot=one, starts_at=one.starts_at, ends_at=one.ends_at)
    orders = [ordered(one, bank, is_paid=True) for one in dates]

    def cancel() -> None:
        programme.cancel_event(Event.objects.get(pk=event.pk), actor=SYSTEM, now=NOW)

    results = run_together([cancel, *(settling(order) for order in orders), adding(dates[1])])
    go_on_until_done()
    settlement.reconcile_payments(now=NOW + LATER)

    assert all(isinstance(one, Refusal) for one in errors_in(results)), results
    assert all(is_empty(one) for one in dates)
    assert not Session.objects.filter(is_cancelled=False).exists()
    assert Basket.objects.filter(state="frozen").count() == 0
