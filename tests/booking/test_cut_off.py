"""Until when something can be booked: the last day's hour, hours before it begins (H09)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from booking.availability import StaySearch, search_stays, stay_choices
from booking.basket import add_to_basket, renew_holds
from booking.experience_search import search_experiences
from booking.free_slots import slot_choices
from booking.ideas import find_ideas
from booking.kept_offers import kept_offers
from booking.models import Offer, Slot, Stay
from booking.people import people_from
from booking.quoting import notice_days
from booking.refusals import Refusal
from booking.rules.people import Guest
from booking.stay_calendar import stay_calendar
from booking.stay_view import view_basket
from booking.wishes import LineRequest
from oti.lib.dates import PARIS
from tests import factories
from tests.cast import FakeBank, order_from

pytestmark = pytest.mark.django_db
DAY = date(2027, 7, 12)
SIX = time(18)
ADULT = Guest()


def at(hour: int, minute: int = 0, *, day: date = DAY) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=PARIS)


def gite(**fields: object) -> Offer:
    return factories.a_lodging(now=at(8), **fields)


def bed(offer: Offer, arrival: date = DAY) -> LineRequest:
    return LineRequest(
        offer_id=offer.pk,
        unit_id=offer.units.get().pk,
        arrival=arrival,
        departure=arrival + timedelta(days=2),
        ages=(None,),
    )


def place(slot: Slot) -> LineRequest:
    return LineRequest(offer_id=slot.offer_id, slot_id=slot.pk, ages=(None,))


def add(request: LineRequest, *, now: datetime):
    basket = factories.a_basket()
    add_to_basket(basket, request, now=now)
    return basket


def refusal_of(request: LineRequest, *, now: datetime) -> str:
    with pytest.raises(Refusal) as refused:
        add(request, now=now)
    assert "%" not in refused.value.troubles[0].message
    return refused.value.code


# --- The hour of the last day --------------------------------------------------------------------
@pytest.mark.parametrize(
    ("ahead", "hour", "minute", "days"),
    [(0, 17, 59, 0), (0, 18, 0, 1), (0, 23, 59, 1), (2, 17, 59, 2), (2, 18, 0, 3)],
)
def test_days_ahead_are_one_more_once_the_hour_has_come(ahead, hour, minute, days):
    offer = Offer(min_advance_days=ahead, booked_until=SIX)
    assert notice_days(offer, at(hour, minute)) == days
    assert notice_days(Offer(min_advance_days=ahead), at(hour, minute)) == ahead


@pytest.mark.parametrize("day", [date(2027, 3, 28), date(2027, 10, 31), date(2027, 1, 10)])
def test_hour_is_that_of_the_clock_in_every_season(day):
    offer = Offer(booked_until=SIX)
    before = at(17, 59, day=day).astimezone(UTC)
    assert notice_days(offer, before) == 0
    assert notice_days(offer, before + timedelta(minutes=1)) == 1


def test_nights_of_today_are_booked_up_to_the_hour():
    offer = gite(booked_until=SIX)
    assert refusal_of(bed(offer), now=at(18)) == "booked_until"
    add(bed(offer, DAY + timedelta(days=5)), now=at(18))
    add(bed(offer), now=at(17, 59))


def test_hour_counts_on_the_last_possible_day_alone():
    offer = gite(booked_until=SIX, min_advance_days=1)
    assert refusal_of(bed(offer), now=at(9)) == "too_soon"
    tomorrow = DAY + timedelta(days=1)
    assert refusal_of(bed(offer, tomorrow), now=at(18)) == "booked_until"
    add(bed(offer, tomorrow), now=at(17))


def test_search_drops_what_is_too_late_and_goes_on():
    late, open_ = gite(booked_until=SIX), gite()
    asked = StaySearch(DAY, DAY + timedelta(days=2), 2)
    found = {one.offer.pk for one in search_stays(asked, now=at(17)).results}
    assert found == {late.pk, open_.pk}
    assert [one.offer.pk for one in search_stays(asked, now=at(18)).results] == [open_.pk]


def test_page_of_a_lodging_says_why():
    offer = kept_offers([gite(booked_until=SIX).pk]).popitem()[1]
    nights = {"arrival": DAY, "departure": DAY + timedelta(days=2)}
    (choice,) = stay_choices(offer, **nights, guests=[ADULT], now=at(18))
    assert [one.code for one in choice.troubles] == ["booked_until"]
    days = {
        one.day: one
        for week in stay_calendar(offer, year=2027, month=7, now=at(18)).weeks
        for one in week
        if one
    }
    assert not days[DAY].can_arrive
    assert days[DAY].is_free
    assert days[DAY].reason
    assert days[DAY + timedelta(days=1)].can_arrive


def test_what_was_held_in_time_is_paid_after_the_hour(bank: FakeBank):
    offer = gite(booked_until=SIX)
    basket = add(bed(offer), now=at(17, 55))
    assert [line.troubles for line in view_basket(basket, now=at(18, 5)).lines] == [[]]
    assert order_from(basket, now=at(18, 5)).lines.count() == 1


def test_what_lapsed_after_the_hour_is_gone():
    basket = add(bed(gite(booked_until=SIX)), now=at(17, 55))
    codes = [
        one.code for line in view_basket(basket, now=at(18, 30)).lines for one in line.troubles
    ]
    assert "booked_until" in codes


def test_what_lapsed_after_the_hour_is_not_held_again():
    basket = add(bed(gite(booked_until=SIX)), now=at(17, 55))
    late = at(18, 30)
    assert [one.code for one in renew_holds(basket, now=late)] == ["booked_until"]
    assert not Stay.objects.filter(state=Stay.State.HELD, expires_at__gt=late).exists()
    early = add(bed(gite(booked_until=SIX)), now=at(17, 30))
    assert renew_holds(early, now=at(17, 50)) == []


# --- Hours before it begins ----------------------------------------------------------------------
@pytest.fixture
def walk() -> Slot:
    return factories.a_slot(factories.an_activity(notice_hours=3), DAY, time(14))


def test_walk_is_booked_up_to_three_hours_before(walk: Slot):
    assert refusal_of(place(walk), now=at(11, 1)) == "too_late"
    add(place(walk), now=at(11))


def test_hours_before_it_begins_really_pass():
    # In the night of 27 to 28 March 2027 the clocks skip an hour: 24 hours before 10:00 it is 9:00.
    offer = factories.an_activity(notice_hours=24)
    spring = factories.a_slot(offer, date(2027, 3, 28), time(10))
    autumn = factories.a_slot(offer, date(2027, 10, 31), time(10))
    day_before = date(2027, 3, 27)
    assert refusal_of(place(spring), now=at(9, 1, day=day_before)) == "too_late"
    add(place(spring), now=at(9, day=day_before))
    day_before = date(2027, 10, 30)
    assert refusal_of(place(autumn), now=at(11, 1, day=day_before)) == "too_late"
    add(place(autumn), now=at(11, day=day_before))


def test_what_is_open_long_has_no_hours_before_it_begins():
    museum = factories.an_activity(kind="visit", notice_hours=3)
    slot = factories.a_slot(museum, DAY, time(14))
    add(place(slot), now=at(14, 30))


def test_dates_have_the_hour_of_the_last_day_too():
    offer = factories.an_activity(booked_until=SIX, min_advance_days=1)
    slot = factories.a_slot(offer, DAY + timedelta(days=1), time(14))
    assert refusal_of(place(slot), now=at(18)) == "booked_until"
    add(place(slot), now=at(17))


def test_lists_say_why_and_search_goes_to_the_next_date(walk: Slot):
    later = factories.a_slot(walk.offer, DAY + timedelta(days=1), time(14))
    offer = kept_offers([walk.offer_id])[walk.offer_id]
    choices = slot_choices(offer, guests=[ADULT], now=at(12))
    assert [[one.code for one in choice.troubles] for choice in choices] == [["too_late"], []]
    (found,) = search_experiences(kinds=["activity"], now=at(12)).results
    assert found.slot.pk == later.pk
    (found,) = search_experiences(kinds=["activity"], now=at(11)).results
    assert found.slot.pk == walk.pk


@pytest.mark.parametrize(
    ("fields", "hour", "is_found"),
    [
        ({"min_advance_days": 1}, 9, False),
        ({"booked_until": SIX}, 12, True),
        ({"booked_until": time(12)}, 12, False),
        ({"notice_hours": 2}, 12, True),
        ({"notice_hours": 3}, 12, False),
    ],
)
def test_search_and_the_basket_are_of_one_mind(fields, hour, is_found):
    slot = factories.a_slot(factories.an_activity(**fields), DAY, time(14))
    found = search_experiences(kinds=["activity"], now=at(hour)).results
    assert bool(found) is is_found
    if is_found:
        add(place(slot), now=at(hour))
    else:
        refusal_of(place(slot), now=at(hour))


def test_ideas_say_that_it_had_to_be_booked_earlier(walk: Slot):
    party = people_from([{"key": "p1", "age": None}])
    (day,), _kinds = find_ideas(None, party, first=DAY, last=DAY, now=at(12))
    assert day.ideas == []
    assert day.left_out == {"notice": 1}
