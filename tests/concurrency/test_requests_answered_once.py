"""A host that accepts takes the same places as a sale: once, and never against another's.

Each guard has its sentinel: the same race with the guard taken away goes wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum

from booking import checkout, holds, locks, request_rounds, requests
from booking.models import BookingRequest, Order, Slot, SlotHold, Stay
from booking.refusals import Busy, Unavailable, WrongState
from booking.rules import states
from tests import factories
from tests.booking.requesting import (
    HOST,
    a_place_asked,
    a_request,
    asked_activity,
    asked_lodging,
    plan_places,
    plan_week,
)
from tests.cast import NOW, order_from
from tests.concurrency.rivals import Meeting, errors_in, run_together

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("cloned_database")]
DAY = date(2027, 7, 12)


def accept(request: BookingRequest, *, now: Any = NOW) -> Callable[[], Any]:
    return lambda: requests.accept_request(request, actor=HOST, now=now)


def meet_after_the_check(monkeypatch: pytest.MonkeyPatch, parties: int) -> None:
    """Make the rivals meet between the check of the places and the write."""
    meeting = Meeting(parties)
    check = holds.places_left

    def check_then_meet(*args: Any, **kwargs: Any) -> Any:
        found = check(*args, **kwargs)
        meeting.wait()
        return found

    monkeypatch.setattr(holds, "places_left", check_then_meet)
    monkeypatch.setattr(requests, "places_left", check_then_meet)


def meet_before_the_write(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Make two who answer meet after each has read the request, before either writes."""
    meeting = Meeting(2)
    read = getattr(locks, name)

    def read_then_meet(*args: Any) -> Any:
        found = read(*args)
        meeting.wait()
        return found

    monkeypatch.setattr(locks, name, read_then_meet)


def without_its_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "lock_request", lambda pk: BookingRequest.objects.get(pk=pk))


def held(slot: Slot) -> int:
    return SlotHold.objects.filter(slot=slot).aggregate(n=Sum("quantity"))["n"] or 0


# --- Accept against a sale -----------------------------------------------------------
def a_last_place() -> tuple[Slot, BookingRequest]:
    slot = factories.a_slot(asked_activity(), DAY, capacity=2)
    return slot, a_place_asked(slot)


def test_sentinel_two_requests_for_one_place_are_both_accepted_without_the_lock(monkeypatch):
    slot, first = a_last_place()
    second = a_place_asked(slot)
    meet_after_the_check(monkeypatch, 2)
    monkeypatch.setattr(locks, "lock_slots", lambda ids: list(Slot.objects.filter(pk__in=ids)))

    results = run_together([accept(first), accept(second)])

    assert errors_in(results) == []
    assert held(slot) == 4


def test_of_two_requests_for_one_place_one_is_accepted(monkeypatch):
    slot, first = a_last_place()
    second = a_place_asked(slot)
    meet_after_the_check(monkeypatch, 2)

    results = run_together([accept(first), accept(second)])

    (refused,) = errors_in(results)
    assert isinstance(refused, Unavailable)
    assert refused.code == "request_gone"
    assert held(slot) == 2
    assert Order.objects.count() == 1


def test_accepting_against_a_sale_of_the_same_places(monkeypatch):
    slot, request = a_last_place()
    slot.offer.confirmation = "instant"
    slot.offer.save()
    basket = factories.a_basket()
    meet_after_the_check(monkeypatch, 2)

    results = run_together([accept(request), lambda: plan_places(basket, slot)])

    assert len(errors_in(results)) == 1
    assert held(slot) == 2


def test_sentinel_nights_are_accepted_and_sold_without_the_constraint(monkeypatch):
    offer = asked_lodging()
    request = a_request(offer)
    offer.confirmation = "instant"
    offer.save()
    basket = factories.a_basket()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE booking_stay DROP CONSTRAINT no_two_stays_in_one_unit")
    monkeypatch.setattr(
        holds,
        "INSERT_STAY",
        "INSERT INTO booking_stay (unit_id, dates, state, expires_at)"
        " VALUES (%(unit)s, daterange(%(arrival)s, %(departure)s), 'held', %(until)s)"
        " RETURNING id",
    )

    run_together([accept(request), lambda: plan_week(basket, offer)])

    assert Stay.objects.filter(state="held").count() == 2


def test_accepting_against_a_sale_of_the_same_nights():
    offer = asked_lodging()
    mine = [a_request(offer) for _guest in range(3)]
    offer.confirmation = "instant"
    offer.save()
    baskets = [factories.a_basket() for _guest in range(3)]

    results = run_together(
        [
            *(accept(one) for one in mine),
            *(lambda basket=one: plan_week(basket, offer) for one in baskets),
        ]
    )

    assert len(errors_in(results)) == 5
    assert {one.code for one in errors_in(results)} <= {"gone", "request_gone"}
    assert Stay.objects.filter(state="held").count() == 1


# --- Two answers at once -----------------------------------------------------------
def a_wide_request() -> tuple[Slot, BookingRequest]:
    """Return a request for two of many places: nothing but its own lock makes it one."""
    slot = factories.a_slot(asked_activity(), DAY, capacity=20)
    return slot, a_place_asked(slot)


def test_sentinel_a_request_is_accepted_twice_without_its_lock(monkeypatch):
    slot, request = a_wide_request()
    without_its_lock(monkeypatch)
    monkeypatch.setattr(locks, "lock_slots", lambda ids: list(Slot.objects.filter(pk__in=ids)))
    meet_before_the_write(monkeypatch, "lock_request")

    results = run_together([accept(request), accept(request)])

    assert errors_in(results) == []
    assert held(slot) == 4


def test_a_request_is_accepted_once(monkeypatch):
    slot, request = a_wide_request()
    meet_before_the_write(monkeypatch, "lock_request")

    results = run_together([accept(request), accept(request)])

    (refused,) = errors_in(results)
    assert isinstance(refused, WrongState)
    assert refused.code == "request_over"
    assert held(slot) == 2
    assert Order.objects.count() == 1


def withdraw(request: BookingRequest) -> Callable[[], Any]:
    return lambda: requests.withdraw_request(request, now=NOW)


def lapse(request: BookingRequest) -> Callable[[], Any]:
    # At the last second of the host, by another clock that is a second late.
    return lambda: request_rounds.follow_requests(now=request.deadline)


@pytest.mark.parametrize("other", [withdraw, lapse])
def test_sentinel_an_order_stands_for_what_is_over_without_the_lock(monkeypatch, other):
    _slot, request = a_wide_request()
    without_its_lock(monkeypatch)
    meet_before_the_write(monkeypatch, "lock_request")

    results = run_together([accept(request), other(BookingRequest.objects.get())])

    # Both are told that it was done, and only one of them is right.
    assert errors_in(results) == []
    assert Order.objects.filter(state=states.AWAITING_PAYMENT).exists()


@pytest.mark.parametrize("other", [withdraw, lapse])
def test_accepting_against_taking_back_or_lapsing(monkeypatch, other):
    slot, request = a_wide_request()
    meet_before_the_write(monkeypatch, "lock_request")

    results = run_together([accept(request), other(BookingRequest.objects.get())])

    request.refresh_from_db()
    if request.state == states.ACCEPTED:
        assert Order.objects.get().state == states.AWAITING_PAYMENT
        assert held(slot) == 2
        # Who came second was told so, or found nothing to end.
        assert [one.code for one in errors_in(results)] in ([], ["request_over"])
    else:
        assert request.state in {states.WITHDRAWN, states.LAPSED}
        assert [one.code for one in errors_in(results)] == ["request_over"]
        assert not Order.objects.exists()
        assert held(slot) == 0


# --- Taken back while it is paid -----------------------------------------------------------
def an_accepted_gift() -> tuple[Slot, BookingRequest]:
    """Return an accepted request that costs nothing: one press confirms it, without the bank."""
    slot = factories.a_slot(asked_activity(adult="0", child=None), DAY)
    accept(a_place_asked(slot))()
    return slot, BookingRequest.objects.get()


def pay_once_pages_are_closed(monkeypatch: pytest.MonkeyPatch, request: BookingRequest) -> None:
    """Let another tab confirm the order after its pages were closed, before it is ended."""
    close = requests.close_payment

    def close_then_pay(*args: Any, **kwargs: Any) -> None:
        close(*args, **kwargs)
        order = Order.objects.get(pk=request.order_id)
        pay = partial(checkout.begin_payment, success_url="s", cancel_url="c", now=NOW)
        assert errors_in(run_together([lambda: pay(order)])) == []

    monkeypatch.setattr(requests, "close_payment", close_then_pay)


def test_sentinel_what_is_sold_is_taken_back_without_a_look_at_its_order(monkeypatch):
    slot, request = an_accepted_gift()
    pay_once_pages_are_closed(monkeypatch, request)
    end = requests.end_unpaid

    def end_then_look_away(*args: Any, **kwargs: Any) -> None:
        end(*args, **kwargs)
        monkeypatch.setattr(locks, "lock_order", lambda pk: Order(state=states.EXPIRED))

    monkeypatch.setattr(requests, "end_unpaid", end_then_look_away)

    results = run_together([withdraw(request)])

    assert errors_in(results) == []
    request.refresh_from_db()
    slot.refresh_from_db()
    assert (request.state, slot.sold) == (states.WITHDRAWN, 2)


def test_what_is_sold_at_that_very_moment_isnt_taken_back(monkeypatch):
    slot, request = an_accepted_gift()
    pay_once_pages_are_closed(monkeypatch, request)

    results = run_together([withdraw(request)])

    assert [one.code for one in errors_in(results)] == ["already_paid"]
    request.refresh_from_db()
    slot.refresh_from_db()
    assert (request.state, slot.sold) == (states.ACCEPTED, 2)


# --- What is asked beside what is bought, against who has its date --------------------------------
# As it was: dates of what holds nothing left out.
HELD_ONLY = """
SELECT line.unit_id, hold.slot_id FROM booking_basketline line
LEFT JOIN booking_slothold hold ON hold.line_id = line.id WHERE line.basket_id = %(basket)s
"""


def an_order_and_another_tab(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], Any]]:
    """Return two tabs of one stay: one orders it, the other asks for its date once more.

    Who orders meets the other while the basket is had, who asks while the date is.
    """
    slot = factories.a_slot(asked_activity(), DAY, capacity=20)
    basket = plan_places(plan_week(factories.a_basket(), factories.a_lodging(now=NOW)), slot)
    meeting = Meeting(2)
    lock, ask = locks.lock_slots, checkout.ask_for

    def lock_then_meet(ids: Any) -> Any:
        wanted = list(ids)
        found = lock(wanted)
        if wanted:
            meeting.wait()
        return found

    def meet_then_ask(*args: Any, **kwargs: Any) -> Any:
        meeting.wait()
        return ask(*args, **kwargs)

    monkeypatch.setattr(locks, "lock_slots", lock_then_meet)
    monkeypatch.setattr(checkout, "ask_for", meet_then_ask)
    # They are the same people: that is said again once the basket is had.
    monkeypatch.setattr(holds, "check_clash", lambda *given: None)
    other = type(basket).objects.get(pk=basket.pk)
    return [lambda: order_from(basket), lambda: plan_places(other, slot)]


def test_sentinel_a_ring_where_dates_of_requests_arent_had(monkeypatch):
    actions = an_order_and_another_tab(monkeypatch)
    monkeypatch.setattr(checkout, "TAKEN_BY", HELD_ONLY)
    monkeypatch.setattr(checkout, "check_had", lambda *given: None)

    results = run_together(actions)

    assert Busy in [type(one) for one in errors_in(results)]


def test_who_orders_has_the_dates_of_its_requests_first(monkeypatch):
    actions = an_order_and_another_tab(monkeypatch)

    results = run_together(actions)

    assert Busy not in [type(one) for one in errors_in(results)]
    assert Order.objects.get().state == states.AWAITING_PAYMENT
    assert BookingRequest.objects.get().slot_id
