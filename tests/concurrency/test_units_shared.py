"""Who writes a row that speaks of a unit shares the unit first: an add, an order.

A foreign key is checked at the commit. Left to itself, an add doesn't see the closure that was
being written, and waits in a ring with a sale: each sentinel leaves the unit unshared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from booking import checkout, holds, locks, offers, settlement
from booking.basket import add_to_basket, change_line, renew_holds
from booking.models import Basket, Closure, Offer, Order, Slot, Stay, Unit
from booking.refusals import Busy, Refusal
from booking.wishes import LineRequest
from members.journal import Actor
from tests import factories
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY, FakeBank, order_from
from tests.concurrency.rivals import Meeting, errors_in, run_together

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("cloned_database")]
COUPLE = (None, None)
OFFICE = Actor("office@example.org")
WEEK = timedelta(days=7)
Action = Callable[..., Any]
Step = tuple[Any, str]
# Both have looked for the other one there, and neither has committed.
CLOSURE = [(offers, "_after_closure"), (holds, "check_unit")]


@pytest.fixture
def lodging() -> Offer:
    return factories.a_lodging(now=NOW)


@pytest.fixture
def unit(lodging: Offer) -> Unit:
    return lodging.units.get()


def week_of(unit: Unit, arrival: date = SATURDAY) -> LineRequest:
    return LineRequest(
        offer_id=unit.offer_id,
        unit_id=unit.pk,
        arrival=arrival,
        departure=arrival + WEEK,
        ages=COUPLE,
    )


def leave_units_unshared(monkeypatch: pytest.MonkeyPatch) -> None:
    every = set(Unit.objects.values_list("pk", flat=True))
    monkeypatch.setattr(locks, "share_units", lambda ids: every)


def meet(monkeypatch: pytest.MonkeyPatch, *, before: Sequence[Step], after: Sequence[Step]) -> None:
    """Make the two rivals meet before or after these steps of theirs."""
    meeting = Meeting(2)

    def watched(step: Action, is_before: bool) -> Action:
        def run(*args: Any, **kwargs: Any) -> Any:
            if is_before:
                meeting.wait()
            found = step(*args, **kwargs)
            if not is_before:
                meeting.wait()
            return found

        return run

    for module, name in before:
        monkeypatch.setattr(module, name, watched(getattr(module, name), is_before=True))
    for module, name in after:
        monkeypatch.setattr(module, name, watched(getattr(module, name), is_before=False))


def closing(unit: Unit) -> Action:
    return lambda: offers.close_nights(
        unit,
        first_night=SATURDAY,
        reopening=NEXT_SATURDAY,
        reason="travaux",
        actor=OFFICE,
        now=NOW,
    )


# --- A closure that is being written -------------------------------------------------------------
def adding(unit: Unit) -> Action:
    basket = factories.a_basket()
    return lambda: add_to_basket(basket, week_of(unit), now=NOW)


def changing(unit: Unit) -> Action:
    basket = factories.a_basket()
    line = add_to_basket(basket, week_of(unit, SATURDAY + 2 * WEEK), now=NOW)
    return lambda: change_line(basket, line.pk, week_of(unit), now=NOW)


@pytest.mark.parametrize("book", [adding, changing])
def test_nights_are_closed_or_held_never_both(monkeypatch, unit, book):
    booking = book(unit)
    meet(monkeypatch, before=CLOSURE, after=[])

    results = run_together([closing(unit), booking])

    (refused,) = errors_in(results)
    assert isinstance(refused, Refusal)
    assert refused.code in {"closed", "closure_over_held"}
    assert Closure.objects.count() + overlapping() == 1


def overlapping() -> int:
    return Stay.objects.filter(state="held", dates__overlap=(SATURDAY, NEXT_SATURDAY)).count()


@pytest.mark.parametrize("book", [adding, changing])
def test_sentinel_closed_nights_are_held_while_the_unit_is_unshared(monkeypatch, unit, book):
    booking = book(unit)
    leave_units_unshared(monkeypatch)
    meet(monkeypatch, before=CLOSURE, after=[])

    results = run_together([closing(unit), booking])

    assert errors_in(results) == []
    assert (Closure.objects.count(), overlapping()) == (1, 1)


def test_a_lapsed_line_is_held_again_or_its_nights_are_closed(monkeypatch, unit):
    basket = factories.a_basket()
    add_to_basket(basket, week_of(unit), now=NOW)
    later = NOW + timedelta(hours=1)
    Stay.objects.update(expires_at=NOW)
    meet(monkeypatch, before=CLOSURE[:1], after=[])

    run_together([closing(unit), lambda: renew_holds(basket, now=later)])

    live = Stay.objects.filter(expires_at__gt=NOW)
    assert Closure.objects.count() + live.count() == 1


# --- A sale that is being written ----------------------------------------------------------------
def a_paid_stay(bank: FakeBank, unit: Unit, slot: Slot | None = None) -> Order:
    """Make an order whose money the bank has, and of which it has told nothing yet."""
    basket = factories.a_basket()
    add_to_basket(basket, week_of(unit), now=NOW)
    if slot is not None:
        add_seats(basket, slot)
    order = order_from(basket)
    checkout.begin_payment(order, success_url="s", cancel_url="c", now=NOW)
    bank.pay(order.payments.get().session_id)
    return order


def add_seats(basket: Basket, slot: Slot) -> None:
    request = LineRequest(offer_id=slot.offer_id, slot_id=slot.pk, ages=COUPLE)
    add_to_basket(basket, request, now=NOW)


def settling(order: Order, *, now: datetime = NOW) -> Action:
    payment = order.payments.get()
    return lambda: settlement.settle_payment(payment.pk, now=now)


def rival_order_of_the_next_week(bank: FakeBank, unit: Unit) -> list[Action]:
    slot = factories.a_slot(factories.an_activity(), date(2027, 7, 12))
    order = a_paid_stay(bank, unit, slot)
    basket = factories.a_basket()
    add_to_basket(basket, week_of(unit, NEXT_SATURDAY), now=NOW)
    add_seats(basket, slot)
    return [settling(order), lambda: order_from(basket)]


def rival_add_of_the_same_nights(bank: FakeBank, unit: Unit) -> list[Action]:
    order = a_paid_stay(bank, unit)
    late = NOW + timedelta(hours=3)
    basket = factories.a_basket()
    return [
        settling(order, now=late),
        lambda: add_to_basket(basket, week_of(unit), now=late),
    ]


SOLD = (locks, "lock_units")
RINGS = [
    pytest.param(rival_order_of_the_next_week, (checkout, "insert_together"), id="order"),
    pytest.param(rival_add_of_the_same_nights, (holds, "check_unit"), id="add"),
]


@pytest.mark.parametrize(("rivals", "step"), RINGS)
def test_nobody_waits_in_a_ring_with_a_sale(monkeypatch, bank, unit, rivals, step):
    actions = rivals(bank, unit)
    meet(monkeypatch, before=[step], after=[SOLD])

    results = run_together(actions)

    assert not any(isinstance(one, Busy) for one in results)
    taken = Stay.objects.filter(dates__overlap=(SATURDAY, NEXT_SATURDAY))
    assert taken.exclude(state="cancelled").count() == 1


@pytest.mark.parametrize(("rivals", "step"), RINGS)
def test_sentinel_a_ring_with_a_sale(monkeypatch, bank, unit, rivals, step):
    actions = rivals(bank, unit)
    leave_units_unshared(monkeypatch)
    meet(monkeypatch, before=[step], after=[SOLD])

    results = run_together(actions)

    assert [type(one) for one in errors_in(results)] == [Busy]
