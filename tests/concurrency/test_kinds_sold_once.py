"""The last carer, the last bicycle, the last day: each kind's stock is had by one, whole.

Sentinels take the slots' lock away: the same race then takes more than there is.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any

import pytest
from django.db.models import F, Sum

from booking import checkout, holds, locks, settlement
from booking.basket import add_to_basket
from booking.models import Offer, Slot, SlotHold
from booking.refusals import Refusal
from booking.rules.pricing import OptionChoice
from booking.wishes import LineRequest
from tests import factories
from tests.cast import NOW, FakeBank, order_from
from tests.concurrency.rivals import Meeting, errors_in, run_together

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("cloned_database")]
DAY = date(2027, 7, 12)
Action = Callable[[], Any]


def adding(request: LineRequest) -> Action:
    basket = factories.a_basket()
    return lambda: add_to_basket(basket, request, now=NOW)


def a_child() -> Action:
    offer = Offer.objects.get()
    return adding(LineRequest(offer_id=offer.pk, slot_id=Slot.objects.get().pk, ages=(4, 5, 5)))


def a_bicycle() -> Action:
    request = LineRequest(
        offer_id=Offer.objects.get().pk,
        slot_id=Slot.objects.get().pk,
        ages=(None,),
        options=(OptionChoice("bike", 1),),
    )
    return adding(request)


def days(first: int, count: int) -> Action:
    start = DAY + timedelta(days=first)
    request = LineRequest(
        offer_id=Offer.objects.get().pk, arrival=start, departure=start + timedelta(days=count)
    )
    return adding(request)


def a_place_and_a_child_place() -> Action:
    offer = Offer.objects.get()
    return adding(LineRequest(offer_id=offer.pk, slot_id=Slot.objects.get().pk, ages=(None, 9)))


def a_carer() -> None:
    factories.a_slot(factories.a_childcare(), DAY, time(19), capacity=40)


def one_bicycle() -> None:
    factories.a_ride(factories.a_shuttle(), DAY, bikes=1)


def three_days() -> None:
    factories.rental_days(factories.a_rental(), DAY, 3, capacity=1)


def one_child_place() -> None:
    factories.a_side(factories.a_slot(factories.a_composite(), DAY), "child", 1)


RACES = [
    pytest.param(a_carer, (a_child, a_child), id="childcare"),
    pytest.param(one_bicycle, (a_bicycle, a_bicycle), id="shuttle"),
    pytest.param(three_days, (lambda: days(0, 2), lambda: days(1, 2)), id="rental"),
    pytest.param(
        one_child_place,
        (a_place_and_a_child_place, a_place_and_a_child_place),
        id="composite",
    ),
]


def meet_after_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the rivals meet between the check of what is left and the write."""
    meeting = Meeting(2)
    check = holds.places_left

    def check_then_meet(*args: Any, **kwargs: Any) -> Any:
        found = check(*args, **kwargs)
        meeting.wait()
        return found

    monkeypatch.setattr(holds, "places_left", check_then_meet)


def over_held() -> int:
    """Return how many stocks hold more than they have."""
    held = Slot.stocks.annotate(all_held=Sum("holds__quantity"))
    return held.filter(all_held__gt=F("capacity")).count()


@pytest.mark.parametrize(("make", "rivals"), RACES)
def test_one_of_two_has_the_last_of_it_whole(monkeypatch, make, rivals):
    make()
    meet_after_the_check(monkeypatch)

    results = run_together([rival() for rival in rivals])

    refused = errors_in(results)
    assert len(refused) == 1
    assert isinstance(refused[0], Refusal)
    assert over_held() == 0
    assert SlotHold.objects.values("line").distinct().count() == 1


@pytest.mark.parametrize(("make", "rivals"), RACES)
def test_sentinel_without_the_lock_more_is_held_than_there_is(monkeypatch, make, rivals):
    make()
    meet_after_the_check(monkeypatch)
    monkeypatch.setattr(locks, "lock_slots", lambda ids: list(Slot.stocks.filter(pk__in=ids)))

    results = run_together([rival() for rival in rivals])

    assert errors_in(results) == []
    assert over_held() > 0


def test_rentals_that_cross_never_wait_for_each_other_in_a_ring():
    factories.rental_days(factories.a_rental(), DAY, 6, capacity=50)

    results = run_together([days(number % 4, 3) for number in range(12)])

    assert errors_in(results) == []
    assert SlotHold.objects.count() == 36


def test_a_rental_paid_twice_at_once_is_sold_once(bank: FakeBank):
    offer = factories.a_rental()
    factories.rental_days(offer, DAY, 3, capacity=1)
    basket = factories.a_basket()
    request = LineRequest(offer_id=offer.pk, arrival=DAY, departure=DAY + timedelta(days=3))
    add_to_basket(basket, request, now=NOW)
    order = order_from(basket)
    checkout.begin_payment(order, success_url="s", cancel_url="c", now=NOW)
    payment = order.payments.get()
    bank.pay(payment.session_id)

    results = run_together(
        [lambda: settlement.settle_payment(payment.pk, now=NOW) for _call in range(4)]
    )

    assert errors_in(results) == []
    assert set(Slot.objects.values_list("sold", flat=True)) == {1}
