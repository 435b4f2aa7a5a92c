"""The office adds dates, one by one or in series, and changes them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from booking import slots
from booking.models import Basket, BasketLine, Offer, Slot, SlotHold
from booking.refusals import BadInput, NotAllowed
from members.journal import Actor
from members.models import Entry
from oti.lib.dates import PARIS
from tests import factories
from tests.cast import NOW, SATURDAY, TODAY

pytestmark = pytest.mark.django_db

OFFICE = Actor("office@example.org")
TUESDAY = 1
SUMMER: dict[str, Any] = {
    "first_day": date(2027, 7, 1),
    "last_day": date(2027, 8, 31),
    "weekdays": {TUESDAY},
    "start_times": {time(14)},
    "capacity": 8,
}


@pytest.fixture
def offer() -> Offer:
    return factories.an_activity(duration_minutes=150)


def add(offer: Offer, **changes: Any) -> int:
    return slots.add_slots(offer, **{**SUMMER, **changes}, actor=OFFICE, now=NOW)


def test_every_tuesday_of_the_summer_except_some(offer: Offer) -> None:
    count = add(offer, skip_days={date(2027, 7, 13), date(2027, 8, 10)})

    slots = list(Slot.objects.order_by("day"))
    assert count == len(slots) == 7
    assert {slot.day.weekday() for slot in slots} == {TUESDAY}
    assert date(2027, 7, 13) not in {slot.day for slot in slots}
    assert slots[0].starts_at == datetime(2027, 7, 6, 14, tzinfo=PARIS)
    assert slots[0].ends_at == datetime(2027, 7, 6, 16, 30, tzinfo=PARIS)
    assert {slot.capacity for slot in slots} == {8}
    assert Entry.objects.get(verb="slots added").data["count"] == 7


def test_the_same_series_twice_adds_nothing_and_changes_nothing(offer: Offer) -> None:
    add(offer)
    Slot.objects.update(capacity=5)
    assert add(offer) == 0
    assert set(Slot.objects.values_list("capacity", flat=True)) == {5}
    assert Entry.objects.filter(verb="slots added").count() == 1


def test_both_ends_are_included_and_several_times_a_day(offer: Offer) -> None:
    count = add(
        offer,
        first_day=date(2027, 7, 6),
        last_day=date(2027, 7, 13),
        start_times={time(10), time(14, 30)},
    )
    assert count == 4
    assert set(Slot.objects.values_list("day", "start_time")) == {
        (date(2027, 7, day), start) for day in (6, 13) for start in (time(10), time(14, 30))
    }


def test_moments_that_have_passed_are_left_out(offer: Offer) -> None:
    # NOW is a Tuesday, at ten.
    count = add(offer, first_day=TODAY, last_day=TODAY, start_times={time(9), time(10), time(11)})
    assert count == 1
    assert Slot.objects.get().start_time == time(11)


def test_wall_time_stays_across_the_change_of_the_clock(offer: Offer) -> None:
    add(offer, first_day=date(2027, 10, 26), last_day=date(2027, 11, 2))
    before, after = Slot.objects.order_by("day")
    assert before.starts_at.astimezone(PARIS).hour == after.starts_at.astimezone(PARIS).hour == 14
    assert before.starts_at.utcoffset() is not None
    assert after.starts_at - before.starts_at == timedelta(days=7, hours=1)


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"last_day": date(2027, 6, 1)}, "dates_reversed", "last_day"),
        (
            {"first_day": date(2026, 1, 1), "last_day": date(2026, 2, 1)},
            "in_the_past",
            "last_day",
        ),
        ({"last_day": date(2031, 1, 1)}, "too_long", "last_day"),
        ({"first_day": date.max, "last_day": date.max}, "too_far", "last_day"),
        ({"weekdays": set()}, "weekday_missing", "weekdays"),
        ({"start_times": set()}, "time_missing", "start_times"),
        ({"capacity": 0}, "bad_capacity", "capacity"),
        ({"sides": {"bike": 3}}, "side_unknown", "side_bike"),
        (
            # On 26 March 2028 the clocks go from two to three.
            {
                "first_day": date(2028, 3, 20),
                "last_day": date(2028, 3, 31),
                "weekdays": {5, 6},
                "start_times": {time(2, 30)},
            },
            "no_such_hour",
            "start_times",
        ),
        (
            {
                "last_day": date(2029, 6, 1),
                "weekdays": set(range(7)),
                "start_times": {time(hour) for hour in range(8, 20)},
            },
            "too_many",
            "last_day",
        ),
    ],
)
def test_bad_series_are_told_beside_their_field(
    offer: Offer, changes: dict[str, Any], code: str, field: str
) -> None:
    with pytest.raises(BadInput) as refused:
        add(offer, **changes)
    assert [(one.code, one.field) for one in refused.value.troubles] == [(code, field)]
    assert not Slot.objects.exists()


def test_a_lodging_has_no_dates() -> None:
    with pytest.raises(BadInput) as refused:
        add(factories.a_lodging())
    assert refused.value.code == "not_for_lodging"


# --- One slot ----------------------------------------------------------------------------------
def change(slot: Slot, **changes: Any) -> Slot:
    values = {"capacity": slot.capacity, "is_closed": False, "reason": "", **changes}
    return slots.change_slot(slot, **values, actor=OFFICE, now=NOW)


def hold(slot: Slot, places: int) -> None:
    basket: Basket = factories.a_basket(None)
    line = BasketLine.objects.create(
        basket=basket, offer=slot.offer, slot=slot, quantity=places, shown_amount=0
    )
    SlotHold.objects.create(
        slot=slot, line=line, quantity=places, expires_at=NOW + timedelta(minutes=15)
    )


def test_places_are_added_and_the_journal_knows(offer: Offer) -> None:
    slot = change(factories.a_slot(offer, SATURDAY, capacity=10), capacity=14)
    slot.refresh_from_db()
    assert slot.capacity == 14
    entry = Entry.objects.get(verb="slot changed")
    assert (entry.data["before"]["capacity"], entry.data["after"]["capacity"]) == (10, 14)


def test_sold_places_are_never_taken_away(offer: Offer) -> None:
    slot = factories.a_slot(offer, SATURDAY, capacity=10)
    Slot.objects.update(sold=6)
    with pytest.raises(NotAllowed) as refused:
        change(slot, capacity=5)
    (trouble,) = refused.value.troubles
    assert (trouble.code, trouble.field) == ("capacity_under_sold", "capacity")
    assert "6" in trouble.message
    assert change(slot, capacity=6).capacity == 6


def test_places_being_booked_are_not_taken_away_either(offer: Offer) -> None:
    slot = factories.a_slot(offer, SATURDAY, capacity=10)
    Slot.objects.update(sold=6)
    hold(slot, 2)
    with pytest.raises(NotAllowed) as refused:
        change(slot, capacity=7)
    assert refused.value.code == "capacity_under_held"
    assert "10:15" in refused.value.troubles[0].message
    assert change(slot, capacity=8).capacity == 8


def test_closing_sold_places_needs_a_reason_and_says_how_many(offer: Offer) -> None:
    slot = factories.a_slot(offer, SATURDAY, capacity=10)
    Slot.objects.update(sold=6)
    with pytest.raises(BadInput) as refused:
        change(slot, is_closed=True)
    (trouble,) = refused.value.troubles
    assert (trouble.code, trouble.field) == ("reason_missing", "closed_reason")
    assert trouble.params["sold"] == 6
    assert "6" in trouble.message

    closed = change(slot, is_closed=True, reason="orage")
    assert (closed.is_closed, closed.closed_reason, closed.sold) == (True, "orage", 6)
    assert change(slot, reason="orage").closed_reason == ""


def test_an_empty_slot_is_closed_without_a_reason(offer: Offer) -> None:
    assert change(factories.a_slot(offer, SATURDAY), is_closed=True).is_closed


def test_a_slot_that_nobody_wanted_is_removed(offer: Offer) -> None:
    slot = factories.a_slot(offer, SATURDAY)
    slots.remove_slot(slot, actor=OFFICE, now=NOW)
    assert not Slot.objects.exists()
    assert Entry.objects.filter(verb="slot removed").count() == 1


def test_a_slot_in_somebodys_stay_is_kept(offer: Offer) -> None:
    slot = factories.a_slot(offer, SATURDAY)
    hold(slot, 1)
    with pytest.raises(NotAllowed) as refused:
        slots.remove_slot(slot, actor=OFFICE, now=NOW)
    assert refused.value.code == "slot_used"
    assert Slot.objects.exists()
