"""The last carer while pairs are added: whoever has no carer has no dinner either.

The sentinel takes the slots' lock away: the same race then takes more than there is.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time
from typing import Any

import pytest
from django.db.models import F, Sum

from booking import holds, locks
from booking.basket import add_to_basket
from booking.models import Basket, Slot, SlotHold
from booking.pairing import add_pair
from booking.refusals import Refusal
from booking.wishes import LineRequest
from tests import factories
from tests.cast import NOW
from tests.concurrency.rivals import Meeting, errors_in, run_together

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("cloned_database")]
DAY = date(2027, 7, 12)
Action = Callable[[], Any]


@pytest.fixture
def care() -> Slot:
    """Return childcare with room for one small child."""
    return factories.a_slot(factories.a_childcare(), DAY, time(19), capacity=8)


def a_dinner() -> Slot:
    return factories.a_slot(factories.an_activity(kind="meal", min_age=18), DAY, time(19, 30))


def a_pair(care: Slot, dinner: Slot) -> Action:
    basket = factories.a_basket(None, None, 5)
    moment = LineRequest(offer_id=dinner.offer_id, slot_id=dinner.pk, people=("p1", "p2"))
    minding = LineRequest(offer_id=care.offer_id, slot_id=care.pk, people=("p3",))
    return lambda: add_pair(basket, moment, minding, now=NOW)


def a_child_alone(care: Slot) -> Action:
    basket = factories.a_basket(None, 5)
    request = LineRequest(offer_id=care.offer_id, slot_id=care.pk, people=("p2",))
    return lambda: add_to_basket(basket, request, now=NOW)


def meet_after_the_check(monkeypatch: pytest.MonkeyPatch, *, of: Slot) -> None:
    """Make the rivals meet between the check of what is left of a slot and the write."""
    meeting = Meeting(2)
    check = holds.places_left

    def check_then_meet(ask: Any, *args: Any, **kwargs: Any) -> Any:
        found = check(ask, *args, **kwargs)
        if ask.slot_id == of.pk:
            meeting.wait()
        return found

    monkeypatch.setattr(holds, "places_left", check_then_meet)


def over_held() -> int:
    """Return how many stocks hold more than they have."""
    held = Slot.stocks.annotate(all_held=Sum("holds__quantity"))
    return held.filter(all_held__gt=F("capacity")).count()


@pytest.mark.parametrize("alone", [False, True], ids=["two pairs", "a pair and a child"])
def test_whoever_has_no_carer_has_no_dinner(monkeypatch, care, alone):
    rivals = [
        a_pair(care, a_dinner()),
        a_child_alone(care) if alone else a_pair(care, a_dinner()),
    ]
    meet_after_the_check(monkeypatch, of=care)

    results = run_together(rivals)

    refused = errors_in(results)
    assert len(refused) == 1
    assert isinstance(refused[0], Refusal)
    assert refused[0].code == "care_full"
    assert over_held() == 0
    [who] = SlotHold.objects.filter(slot=care).values_list("line__basket", flat=True)
    assert set(SlotHold.objects.values_list("line__basket", flat=True)) == {who}
    assert Basket.objects.filter(lines__isnull=False).distinct().count() == 1


def test_sentinel_without_the_lock_more_is_held_than_there_is(monkeypatch, care):
    rivals = [a_pair(care, a_dinner()), a_pair(care, a_dinner())]
    meet_after_the_check(monkeypatch, of=care)
    monkeypatch.setattr(locks, "lock_slots", lambda ids: list(Slot.stocks.filter(pk__in=ids)))

    results = run_together(rivals)

    assert errors_in(results) == []
    assert over_held() == 1


def test_pairs_that_share_both_never_wait_for_each_other_in_a_ring():
    dinner = factories.an_activity(kind="meal", min_age=18)
    # One slot is older than the carer's, one is younger: whoever took them as they come would wait.
    first = factories.a_slot(dinner, DAY, time(19, 30), capacity=50)
    care = factories.a_slot(factories.a_childcare(), DAY, time(19), capacity=400)
    second = factories.a_slot(dinner, DAY, time(20), capacity=50)

    results = run_together([a_pair(care, first if n % 2 else second) for n in range(10)])

    assert errors_in(results) == []
    assert SlotHold.objects.count() == 20
