"""A calendar that is imported against a payment, and against a hold: a night has one owner.

Whoever comes second sees what the first one wrote: the import finds the sale and opens an
incident, or the payment finds the nights gone and is given back. The sentinels import without the
unit's lock.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import IntegrityError

from booking import checkout, holds, locks, search_table, settlement
from booking.basket import add_to_basket
from booking.channels import blocks, reading, sync
from booking.channels.sync import import_feed
from booking.models import ChannelIncident, Feed, Order, Refund, Stay, Unit
from booking.refusals import Busy, Unavailable
from booking.wishes import LineRequest
from tests import factories
from tests.booking.channels.platform import Platform, calendar, whole
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY, TODAY, FakeBank, order_from
from tests.concurrency.rivals import Meeting, errors_in, run_together

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("cloned_database")]
Action = Callable[[], Any]


@pytest.fixture
def unit() -> Unit:
    return factories.a_lodging(now=NOW).units.get()


@pytest.fixture
def feed(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> Feed:
    platform = Platform()
    platform.says(calendar(whole("20270714", "20270720")))
    monkeypatch.setattr(reading, "fetch", platform.fetch)
    # Read lately: the rivals below don't read it again.
    return factories.a_feed(unit, last_good_at=NOW)


def request(unit: Unit) -> LineRequest:
    return LineRequest(
        offer_id=unit.offer_id,
        unit_id=unit.pk,
        arrival=SATURDAY,
        departure=NEXT_SATURDAY,
        ages=(None, None),
    )


def settling(unit: Unit, bank: FakeBank) -> tuple[Order, Action]:
    """Return an order whose money the bank has, and the action that tells of it."""
    basket = factories.a_basket()
    add_to_basket(basket, request(unit), now=NOW)
    order = order_from(basket)
    checkout.begin_payment(order, success_url="s", cancel_url="c", now=NOW)
    bank.pay(order.payments.get().session_id)
    payment = order.payments.get()
    return order, lambda: settlement.settle_payment(payment.pk, now=NOW)


def without_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the import go on beside whoever has the unit."""
    free = SimpleNamespace(write_transaction=locks.write_transaction, lock_units=set)
    monkeypatch.setattr(sync, "locks", free)


def meet(monkeypatch: pytest.MonkeyPatch, *steps: tuple[Any, str]) -> None:
    """Make the two rivals meet once each has done its step, and neither has committed."""
    meeting = Meeting(2)

    def watched(step: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            found = step(*args, **kwargs)
            meeting.wait()
            return found

        return run

    for module, name in steps:
        monkeypatch.setattr(module, name, watched(getattr(module, name)))


SALE = [(blocks, "wanted_blocks"), (settlement, "take_lines")]
HOLD = [(blocks, "wanted_blocks"), (holds, "hold_nights")]


def test_a_paid_stay_is_sold_with_an_incident_or_given_back(monkeypatch, bank, unit, feed):
    order, pay = settling(unit, bank)
    meet(monkeypatch, *SALE)

    results = run_together([pay, lambda: import_feed(feed, now=NOW)])

    assert errors_in(results) == []
    order.refresh_from_db()
    sold = Stay.objects.filter(state=Stay.State.SOLD)
    if order.state == "confirmed":
        assert sold.count() == ChannelIncident.objects.count() == 1
        taken = (NEXT_SATURDAY, date(2027, 7, 20))
    else:
        assert not sold.exists()
        assert Refund.objects.get().amount == order.total_amount
        taken = (date(2027, 7, 14), date(2027, 7, 20))
    (block,) = Stay.objects.filter(state=Stay.State.BLOCKED)
    assert (block.dates.lower, block.dates.upper) == taken
    assert search_table.find_drift(today=TODAY) == []


def test_sentinel_the_sale_isnt_seen_without_the_lock(monkeypatch, bank, unit, feed):
    _order, pay = settling(unit, bank)
    without_the_lock(monkeypatch)
    meet(monkeypatch, *SALE)

    results = run_together([pay, lambda: import_feed(feed, now=NOW)])

    # The database still refuses that a night has two owners; the incident is lost.
    assert [type(one) for one in errors_in(results)] == [IntegrityError]
    assert not ChannelIncident.objects.exists()


def test_nights_are_held_or_taken_elsewhere_never_both(monkeypatch, unit, feed):
    basket = factories.a_basket()
    meet(monkeypatch, *HOLD)

    results = run_together(
        [lambda: add_to_basket(basket, request(unit), now=NOW), lambda: import_feed(feed, now=NOW)]
    )

    assert all(isinstance(one, Unavailable) for one in errors_in(results))
    # The other platform has its nights, whoever came first.
    (stay,) = Stay.objects.all()
    assert stay.state == Stay.State.BLOCKED
    assert search_table.find_drift(today=TODAY) == []


def test_sentinel_a_hold_isnt_seen_without_the_lock(monkeypatch, unit, feed):
    basket = factories.a_basket()
    without_the_lock(monkeypatch)
    ended = Meeting(2)
    end = blocks._end_holds

    def end_then_meet(*args: Any) -> int:
        found = end(*args)
        ended.wait()
        return found

    held = holds.hold_nights

    def hold_then_meet(*args: Any, **kwargs: Any) -> int:
        found = held(*args, **kwargs)
        ended.wait()
        return found

    monkeypatch.setattr(blocks, "_end_holds", end_then_meet)
    monkeypatch.setattr(holds, "hold_nights", hold_then_meet)

    results = run_together(
        [lambda: add_to_basket(basket, request(unit), now=NOW), lambda: import_feed(feed, now=NOW)]
    )

    # The import is refused by the database, or waits in a ring with the add.
    (lost,) = errors_in(results)
    assert isinstance(lost, IntegrityError | Busy)


def test_two_rounds_read_the_same_calendar_once_changed(unit, feed):
    results = run_together([lambda: import_feed(feed, now=NOW) for _round in range(3)])

    assert errors_in(results) == []
    assert feed.events.count() == 1
    assert Stay.objects.filter(state=Stay.State.BLOCKED).count() == 1


def test_rounds_side_by_side_share_the_calendars(unit, monkeypatch):
    for n in range(12):
        factories.a_feed(unit, f"https://www.airbnb.fr/calendar/ical/{n}.ics?s=x")

    claims = run_together(
        [lambda: locks.claim_feeds(now=NOW, until=NOW.replace(hour=11), most=5)] * 3
    )

    taken = [feed.pk for few in claims for feed in few]
    assert len(taken) == len(set(taken)) == 12
