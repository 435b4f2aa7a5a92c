"""The last bed, the last seat, the last night: one has it, the others are told why not.

Each guard has its sentinel: the same race with the guard taken away oversells. If a sentinel
fails, the race doesn't happen any more and the tests beside it prove nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum

from booking import checkout, holds, locks, settlement
from booking.basket import add_to_basket, renew_holds
from booking.models import Basket, Offer, Order, Slot, SlotHold, Stay
from booking.refusals import Busy, Refusal, Unavailable
from booking.wishes import LineRequest
from members.journal import SYSTEM
from tests import factories
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY, FakeBank, order_from
from tests.concurrency.rivals import Appointment, Meeting, errors_in, run_together

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("cloned_database")]
COUPLE = (None, None)
DAY = date(2027, 7, 12)


def seats(offer: Offer, slot: Slot, *ages: int | None) -> Callable[[], Any]:
    """Return an action: a visitor of their own adds places to a basket of their own."""
    basket = factories.a_basket()
    request = LineRequest(offer_id=offer.pk, slot_id=slot.pk, ages=ages or (None,))
    return lambda: add_to_basket(basket, request, now=NOW)


def nights(offer: Offer, arrival: date, departure: date) -> Callable[[], Any]:
    """Return an action: a visitor of their own adds nights to a basket of their own."""
    basket = factories.a_basket()
    request = LineRequest(
        offer_id=offer.pk,
        unit_id=offer.units.get().pk,
        arrival=arrival,
        departure=departure,
        ages=COUPLE,
    )
    return lambda: add_to_basket(basket, request, now=NOW)


def meet_after_the_check(monkeypatch: pytest.MonkeyPatch, parties: int) -> None:
    """Make the rivals meet between the check of the places and the write."""
    meeting = Meeting(parties)
    check = holds.places_left

    def check_then_meet(*args: Any, **kwargs: Any) -> Any:
        found = check(*args, **kwargs)
        meeting.wait()
        return found

    monkeypatch.setattr(holds, "places_left", check_then_meet)


def held(slot: Slot) -> int:
    return SlotHold.objects.filter(slot=slot).aggregate(n=Sum("quantity"))["n"] or 0


def test_sentinel_last_seat_is_oversold_without_the_lock(monkeypatch):
    offer = factories.an_activity()
    slot = factories.a_slot(offer, DAY, capacity=1)
    meet_after_the_check(monkeypatch, 2)
    monkeypatch.setattr(locks, "lock_slots", lambda ids: list(Slot.objects.filter(pk__in=ids)))

    results = run_together([seats(offer, slot), seats(offer, slot)])

    assert errors_in(results) == []
    assert held(slot) == 2


def test_last_seat_is_held_once(monkeypatch):
    offer = factories.an_activity()
    slot = factories.a_slot(offer, DAY, capacity=1)
    meet_after_the_check(monkeypatch, 2)

    results = run_together([seats(offer, slot), seats(offer, slot)])

    refused = errors_in(results)
    assert [type(one) for one in refused] == [Unavailable]
    assert refused[0].code == "held_by_others"
    assert held(slot) == 1


def test_twenty_visitors_fill_seven_seats_exactly():
    offer = factories.an_activity()
    slot = factories.a_slot(offer, DAY, capacity=7)

    results = run_together([seats(offer, slot) for _visitor in range(20)])

    refused = errors_in(results)
    assert held(slot) == 7
    assert len(refused) == 13
    assert all(isinstance(one, Refusal) for one in refused)


def test_sentinel_last_bed_is_sold_twice_without_the_constraint(monkeypatch):
    offer = factories.a_lodging()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE booking_stay DROP CONSTRAINT no_two_stays_in_one_unit")
    monkeypatch.setattr(
        holds,
        "INSERT_STAY",
        "INSERT INTO booking_stay (unit_id, dates, state, expires_at)"
        " VALUES (%(unit)s, daterange(%(arrival)s, %(departure)s), 'held', %(until)s)"
        " RETURNING id",
    )

    run_together([nights(offer, SATURDAY, NEXT_SATURDAY) for _visitor in range(2)])

    assert Stay.objects.filter(state="held").count() == 2


def test_last_bed_is_held_once():
    offer = factories.a_lodging()

    results = run_together([nights(offer, SATURDAY, NEXT_SATURDAY) for _visitor in range(12)])

    assert Stay.objects.filter(state="held").count() == 1
    assert len(errors_in(results)) == 11
    assert {one.code for one in errors_in(results)} == {"gone"}


def test_last_night_shared_by_two_stays_is_sold_to_one():
    offer = factories.a_lodging()
    before = nights(offer, date(2027, 7, 8), date(2027, 7, 11))
    after = nights(offer, date(2027, 7, 10), date(2027, 7, 14))
    apart = nights(offer, date(2027, 7, 14), date(2027, 7, 16))

    results = run_together([before, after, apart])

    assert len(errors_in(results)) == 1
    assert Stay.objects.filter(state="held").count() == 2


def test_lines_in_opposite_order_never_block_each_other():
    offers = [factories.an_activity() for _number in range(2)]
    slots = [factories.a_slot(offer, DAY + timedelta(days=n)) for n, offer in enumerate(offers)]
    lapsed = []
    for order in ([0, 1], [1, 0]) * 3:
        basket = factories.a_basket()
        for number in order:
            add_to_basket(
                basket,
                LineRequest(offer_id=offers[number].pk, slot_id=slots[number].pk, ages=(None,)),
                now=NOW,
            )
        lapsed.append(basket)
    later = NOW + timedelta(hours=1)

    results = run_together([lambda b=basket: renew_holds(b, now=later) for basket in lapsed])

    assert errors_in(results) == []
    assert SlotHold.objects.filter(expires_at__gt=later).count() == 12


def a_paid_session(bank: FakeBank, *, capacity: int = 4) -> tuple[Order, Basket]:
    """Make an order whose money the bank has, and of which it has told nothing yet."""
    offer = factories.an_activity()
    slot = factories.a_slot(offer, DAY, capacity=capacity)
    lodging = factories.a_lodging(now=NOW)
    basket = factories.a_basket()
    add_to_basket(basket, LineRequest(offer_id=offer.pk, slot_id=slot.pk, ages=COUPLE), now=NOW)
    add_to_basket(
        basket,
        LineRequest(
            offer_id=lodging.pk,
            unit_id=lodging.units.get().pk,
            arrival=SATURDAY,
            departure=NEXT_SATURDAY,
            ages=COUPLE,
        ),
        now=NOW,
    )
    order = order_from(basket)
    checkout.begin_payment(order, success_url="s", cancel_url="c", now=NOW)
    bank.pay(order.payments.get().session_id)
    return order, basket


def test_webhook_told_twice_at_once_sells_once(bank: FakeBank):
    order, _basket = a_paid_session(bank)
    payment = order.payments.get()

    results = run_together(
        [lambda: settlement.settle_payment(payment.pk, now=NOW) for _call in range(4)]
    )

    order.refresh_from_db()
    assert errors_in(results) == []
    assert order.state == "confirmed"
    assert Slot.objects.get().sold == 2
    assert Stay.objects.filter(state="sold").count() == 1
    assert order.messages.filter(kind="order_confirmed").count() == 1


def test_sentinel_webhook_twice_sells_twice_without_the_payments_lock(bank, monkeypatch):
    order, _basket = a_paid_session(bank)
    payment = order.payments.get()
    meeting = Meeting(2)

    def unlocked(pk: int) -> Any:
        row = settlement.Payment.objects.get(pk=pk)
        meeting.wait()
        return row

    monkeypatch.setattr(locks, "lock_units", list)
    monkeypatch.setattr(locks, "lock_slots", list)
    monkeypatch.setattr(locks, "lock_basket", lambda pk: Basket.objects.get(pk=pk))
    monkeypatch.setattr(locks, "lock_order", lambda pk: Order.objects.get(pk=pk))
    monkeypatch.setattr(locks, "lock_payment", unlocked)

    results = run_together(
        [lambda: settlement.settle_payment(payment.pk, now=NOW) for _call in range(2)]
    )

    # Without the locks both go through the sale; what saves the day is one last guard or none.
    assert Slot.objects.get().sold > 2 or errors_in(results)


def test_webhook_against_expiry_keeps_the_money_or_the_stay(bank: FakeBank):
    order, _basket = a_paid_session(bank)
    payment = order.payments.get()
    late = NOW + timedelta(minutes=50)

    results = run_together(
        [
            lambda: settlement.settle_payment(payment.pk, now=late),
            lambda: settlement.end_unpaid(order.pk, now=late, actor=SYSTEM, keep_holds=False),
        ]
    )

    order.refresh_from_db()
    payment.refresh_from_db()
    assert errors_in(results) == []
    assert payment.state == "paid"
    assert order.state == "confirmed"
    assert Slot.objects.get().sold == 2


def test_two_tabs_place_one_order():
    offer = factories.an_activity()
    slot = factories.a_slot(offer, DAY)
    basket = factories.a_basket()
    add_to_basket(basket, LineRequest(offer_id=offer.pk, slot_id=slot.pk, ages=COUPLE), now=NOW)
    factories.terms()

    results = run_together(
        [lambda: order_from(Basket.objects.get(pk=basket.pk)) for _tab in range(3)]
    )

    assert errors_in(results) == []
    assert len({order.pk for order in results}) == 1
    assert Order.objects.count() == 1


def test_buyer_and_newcomer_want_the_seat_whose_hold_lapses():
    offer = factories.an_activity()
    slot = factories.a_slot(offer, DAY, capacity=2)
    basket = factories.a_basket()
    add_to_basket(basket, LineRequest(offer_id=offer.pk, slot_id=slot.pk, ages=COUPLE), now=NOW)
    factories.terms()
    just_before = NOW + timedelta(minutes=15) - timedelta(seconds=1)
    newcomer = factories.a_basket()
    request = LineRequest(offer_id=offer.pk, slot_id=slot.pk, ages=COUPLE)

    run_together(
        [
            lambda: order_from(basket, now=just_before),
            lambda: add_to_basket(newcomer, request, now=just_before + timedelta(seconds=2)),
        ]
    )

    live = SlotHold.objects.filter(expires_at__gt=just_before + timedelta(seconds=2))
    assert sum(one.quantity for one in live) == 2


def test_waiting_for_a_row_too_long_is_busy():
    offer = factories.an_activity()
    slot = factories.a_slot(offer, DAY)
    meeting = Appointment(2)
    done = Appointment(2)

    def keep_the_row() -> None:
        with locks.write_transaction():
            locks.lock_slots([slot.pk])
            meeting.wait()
            done.wait()

    def come_too_late() -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = 200")
        meeting.wait()
        try:
            return seats(offer, slot)()
        finally:
            done.wait()

    _kept, late = run_together([keep_the_row, come_too_late])

    assert isinstance(late, Busy)
    assert held(slot) == 0


# --- One bed instead of another -------------------------------------------------------------------
def instead(basket: Basket, offer: Offer) -> Callable[[], Any]:
    """Return an action: a visitor takes another bed instead of the one in their stay."""
    request = LineRequest(
        offer_id=offer.pk,
        unit_id=offer.units.get().pk,
        arrival=SATURDAY,
        departure=NEXT_SATURDAY,
        ages=COUPLE,
        instead_of=(basket.lines.get().pk,),
    )
    return lambda: add_to_basket(basket, request, now=NOW)


def test_two_who_want_each_others_bed_both_keep_theirs():
    beds = [factories.a_lodging(), factories.a_lodging()]
    baskets = []
    for bed in beds:
        add = nights(bed, SATURDAY, NEXT_SATURDAY)
        line = add()
        baskets.append(line.basket)

    results = run_together([instead(baskets[0], beds[1]), instead(baskets[1], beds[0])])

    assert [one.code for one in errors_in(results)] == ["gone", "gone"]
    for basket, bed in zip(baskets, beds, strict=True):
        line = basket.lines.get()
        assert line.offer_id == bed.pk
        assert Stay.objects.get(line=line).state == "held"


def test_one_bed_that_two_want_instead_is_had_by_one():
    wanted = factories.a_lodging()
    baskets = [nights(factories.a_lodging(), SATURDAY, NEXT_SATURDAY)().basket for _one in "ab"]

    results = run_together([instead(basket, wanted) for basket in baskets])

    assert [one.code for one in errors_in(results)] == ["gone"]
    assert Stay.objects.filter(unit__offer=wanted, state="held").count() == 1
    # Who didn't have it still has theirs; who had it has nothing beside.
    assert [basket.lines.count() for basket in baskets] == [1, 1]
    assert Stay.objects.filter(state="held").count() == 2
