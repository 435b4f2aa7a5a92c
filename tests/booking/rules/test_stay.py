"""Which dates a unit accepts (features.md A03, A04; core.md 6)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules.people import Problem
from booking.rules.stay import (
    Restriction,
    StayLimits,
    arrival_allowed,
    check_stay,
    departure_allowed,
    max_stay_on,
    min_stay_for,
    min_stay_on,
)
from oti.lib.dates import count_nights, nights
from tests.booking.rules.strategies import FIRST_DAY, bounded, days

TODAY = date(2026, 3, 2)
JULY = date(2026, 7, 1)
AUGUST = date(2026, 8, 1)
SATURDAY = date(2026, 7, 11)
OPEN = StayLimits()


def restricted(*restrictions: Restriction, min_stay: int = 1) -> StayLimits:
    """A unit with these rules."""
    return StayLimits(min_stay=min_stay, restrictions=restrictions)


def codes(limits: StayLimits, arrival: date, length: int, today: date = TODAY) -> list[str]:
    """The codes of refusal of a stay of some nights."""
    return [
        problem.code
        for problem in check_stay(limits, arrival, arrival + timedelta(days=length), today)
    ]


def test_open_unit_takes_one_night_from_today() -> None:
    assert codes(OPEN, TODAY, 1) == []


@pytest.mark.parametrize("length", [0, -3])
def test_reversed_dates_are_refused(length: int) -> None:
    departure = SATURDAY + timedelta(days=length)

    assert check_stay(OPEN, SATURDAY, departure, TODAY) == [
        Problem("dates_reversed", {"arrival": SATURDAY, "departure": departure})
    ]


def test_reversed_dates_are_told_before_the_rest() -> None:
    closure = Restriction("closed_to_arrival", weekday=5)
    limits = StayLimits(max_advance_days=30, restrictions=(closure,))

    assert codes(limits, SATURDAY, -1) == ["dates_reversed", "too_far", "closed_to_arrival"]


def test_past_arrival_is_refused() -> None:
    assert check_stay(OPEN, TODAY - timedelta(days=1), TODAY, TODAY) == [
        Problem("in_the_past", {"today": TODAY})
    ]


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [(0, ["too_soon"]), (2, ["too_soon"]), (3, []), (365, []), (366, ["too_far"])],
)
def test_notice_has_a_least_and_a_most(ahead: int, expected: list[str]) -> None:
    limits = StayLimits(min_advance_days=3, max_advance_days=365)

    assert codes(limits, TODAY + timedelta(days=ahead), 2) == expected


def test_notice_refusals_say_the_first_and_last_day() -> None:
    limits = StayLimits(min_advance_days=3, max_advance_days=30)

    soon = check_stay(limits, TODAY, TODAY + timedelta(days=1), TODAY)
    far = check_stay(limits, AUGUST, AUGUST + timedelta(days=1), TODAY)

    assert soon == [Problem("too_soon", {"days": 3, "earliest": date(2026, 3, 5)})]
    assert far == [Problem("too_far", {"days": 30, "latest": date(2026, 4, 1)})]


def test_length_has_a_least_and_a_most() -> None:
    limits = StayLimits(min_stay=3, max_stay=14)

    assert codes(limits, SATURDAY, 3) == codes(limits, SATURDAY, 14) == []
    assert check_stay(limits, SATURDAY, SATURDAY + timedelta(days=2), TODAY) == [
        Problem("min_stay", {"nights": 3, "asked": 2})
    ]
    assert check_stay(limits, SATURDAY, SATURDAY + timedelta(days=15), TODAY) == [
        Problem("max_stay", {"nights": 14, "asked": 15})
    ]


@pytest.mark.parametrize(
    ("arrival", "least"),
    [
        (JULY - timedelta(days=1), 3),
        (JULY, 7),
        (AUGUST - timedelta(days=1), 7),
        (AUGUST, 3),
        (date(2026, 11, 5), 1),
    ],
)
def test_dated_minimum_replaces_the_undated_one_and_may_lower_it(arrival: date, least: int) -> None:
    limits = restricted(
        Restriction("min_stay_arrival", JULY, AUGUST, value=7),
        Restriction("min_stay_arrival", date(2026, 11, 1), date(2026, 12, 1), value=1),
        min_stay=3,
    )

    assert min_stay_on(limits, arrival) == least
    assert (codes(limits, arrival, least), codes(limits, arrival, least - 1)[:1]) == (
        [],
        ["min_stay"] if least > 1 else ["dates_reversed"],
    )


def test_longest_of_two_dated_minima_counts() -> None:
    limits = restricted(
        Restriction("min_stay_arrival", JULY, AUGUST, value=4),
        Restriction("min_stay_arrival", SATURDAY, SATURDAY + timedelta(days=1), value=7),
    )

    assert (min_stay_on(limits, JULY), min_stay_on(limits, SATURDAY)) == (4, 7)


def test_weekday_without_dates_is_undated() -> None:
    on_saturdays = Restriction("min_stay_arrival", weekday=5, value=7)
    low_season = Restriction("min_stay_arrival", date(2026, 11, 1), None, value=2)
    limits = restricted(on_saturdays, low_season, min_stay=3)

    assert min_stay_on(limits, SATURDAY) == 7
    assert min_stay_on(limits, SATURDAY + timedelta(days=1)) == 3
    assert min_stay_on(limits, date(2026, 11, 7)) == 2


def test_dated_weekday_speaks_of_that_weekday_only() -> None:
    limits = restricted(Restriction("min_stay_arrival", JULY, AUGUST, 5, 7), min_stay=2)

    assert min_stay_on(limits, SATURDAY) == 7
    assert min_stay_on(limits, SATURDAY + timedelta(days=1)) == 2


FESTIVAL = Restriction("min_stay_through", date(2026, 8, 20), date(2026, 8, 25), value=4)


@pytest.mark.parametrize(
    ("arrival", "length", "is_refused"),
    [
        (date(2026, 8, 18), 2, False),
        (date(2026, 8, 18), 3, True),
        (date(2026, 8, 18), 4, False),
        (date(2026, 8, 24), 3, True),
        (date(2026, 8, 25), 1, False),
    ],
)
def test_minimum_through_holds_for_stays_that_touch_it(
    arrival: date, length: int, is_refused: bool
) -> None:
    assert ("min_stay" in codes(restricted(FESTIVAL), arrival, length)) is is_refused


def test_minimum_on_arrival_does_not_hold_for_stays_that_only_touch_it() -> None:
    limits = restricted(replace(FESTIVAL, kind="min_stay_arrival"))

    assert codes(limits, date(2026, 8, 18), 3) == []


def test_dated_minimum_on_arrival_also_sets_aside_the_undated_through() -> None:
    limits = restricted(
        Restriction("min_stay_through", weekday=5, value=2),
        Restriction("min_stay_arrival", date(2026, 11, 1), date(2026, 12, 1), value=1),
    )

    assert min_stay_for(limits, date(2026, 11, 7), date(2026, 11, 8)) == 1
    assert min_stay_for(limits, SATURDAY, SATURDAY + timedelta(days=1)) == 2
    assert min_stay_for(limits, SATURDAY - timedelta(days=1), SATURDAY + timedelta(days=1)) == 2


def test_dated_maximum_replaces_the_undated_one() -> None:
    limits = StayLimits(
        max_stay=7,
        restrictions=(
            Restriction("max_stay", JULY, AUGUST, value=14),
            Restriction("max_stay", SATURDAY, AUGUST, value=10),
            Restriction("max_stay", weekday=6, value=5),
        ),
    )

    assert max_stay_on(limits, JULY) == 14
    assert max_stay_on(limits, SATURDAY) == 10
    assert max_stay_on(limits, AUGUST) == 7
    assert max_stay_on(limits, date(2026, 8, 2)) == 5
    assert max_stay_on(OPEN, JULY) is None


def test_closures_add_up() -> None:
    limits = restricted(
        Restriction("closed_to_arrival", JULY, AUGUST, 6),
        Restriction("closed_to_arrival", weekday=2),
        Restriction("closed_to_departure", SATURDAY, SATURDAY + timedelta(days=1)),
    )

    closed = [day for day in nights(JULY, date(2026, 7, 15)) if not arrival_allowed(limits, day)]
    assert closed == [date(2026, 7, day) for day in (1, 5, 8, 12)]
    assert not departure_allowed(limits, SATURDAY)
    assert departure_allowed(limits, SATURDAY + timedelta(days=1))
    assert arrival_allowed(limits, SATURDAY)


def test_closed_days_are_named() -> None:
    limits = restricted(
        Restriction("closed_to_arrival", weekday=5), Restriction("closed_to_departure", weekday=6)
    )
    sunday = SATURDAY + timedelta(days=1)

    assert check_stay(limits, SATURDAY, sunday, TODAY) == [
        Problem("closed_to_arrival", {"day": SATURDAY}),
        Problem("closed_to_departure", {"day": sunday}),
    ]


def test_every_reason_is_told_at_once() -> None:
    limits = StayLimits(
        min_stay=3,
        max_advance_days=30,
        restrictions=(
            Restriction("closed_to_arrival", JULY, AUGUST),
            Restriction("closed_to_departure", JULY, AUGUST),
        ),
    )

    assert codes(limits, SATURDAY, 1) == [
        "too_far",
        "min_stay",
        "closed_to_arrival",
        "closed_to_departure",
    ]


def test_unknown_restriction_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="restriction"):
        Restriction("closed")


kinds = st.sampled_from(
    (
        "min_stay_arrival",
        "min_stay_through",
        "max_stay",
        "closed_to_arrival",
        "closed_to_departure",
    )
)
restrictions = st.builds(
    Restriction, kinds, st.none() | days, st.none() | days, st.none() | st.integers(0, 6),
    st.integers(1, 10),
)  # fmt: skip
limits_drawn = st.builds(
    StayLimits,
    min_stay=st.integers(1, 7),
    max_stay=st.none() | st.integers(1, 30),
    min_advance_days=st.integers(0, 10),
    max_advance_days=st.none() | st.integers(0, 400),
    restrictions=st.lists(restrictions, max_size=5).map(tuple),
)


@bounded
@given(days, st.integers(0, 40), st.integers(0, 40))
def test_half_open_nights_partition(arrival: date, before: int, after: int) -> None:
    middle = arrival + timedelta(days=before)
    departure = middle + timedelta(days=after)

    first, second = list(nights(arrival, middle)), list(nights(middle, departure))

    assert first + second == list(nights(arrival, departure))
    assert not set(first) & set(second)
    assert len(first) + len(second) == count_nights(arrival, departure)


@bounded
@given(limits_drawn, days, st.integers(1, 20))
def test_helpers_agree_with_the_check(limits: StayLimits, arrival: date, length: int) -> None:
    departure = arrival + timedelta(days=length)

    found = {problem.code for problem in check_stay(limits, arrival, departure, FIRST_DAY)}

    assert ("closed_to_arrival" in found) == (not arrival_allowed(limits, arrival))
    assert ("closed_to_departure" in found) == (not departure_allowed(limits, departure))
    assert ("min_stay" in found) == (length < min_stay_for(limits, arrival, departure))
    # The search table filters by the arrival day alone: it may keep too much, never too little.
    assert 1 <= min_stay_on(limits, arrival) <= min_stay_for(limits, arrival, departure)


@bounded
@given(limits_drawn, restrictions, days, st.integers(1, 20))
def test_one_more_closure_never_opens_a_stay(
    limits: StayLimits, extra: Restriction, arrival: date, length: int
) -> None:
    closure = replace(extra, kind="closed_to_arrival")
    stricter = replace(limits, restrictions=(*limits.restrictions, closure))
    departure = arrival + timedelta(days=length)

    before = {problem.code for problem in check_stay(limits, arrival, departure, FIRST_DAY)}
    after = {problem.code for problem in check_stay(stricter, arrival, departure, FIRST_DAY)}

    assert before <= after
    assert after - before <= {"closed_to_arrival"}


def test_a_hole_is_asked_no_minimum_and_everything_else():
    limits = restricted(
        Restriction("min_stay_through", JULY, AUGUST, value=9),
        Restriction("closed_to_departure", JULY, AUGUST),
        min_stay=7,
    )
    asked = (JULY + timedelta(days=2), JULY + timedelta(days=4), JULY)

    usual = {one.code for one in check_stay(limits, *asked)}
    filling = {one.code for one in check_stay(limits, *asked, fills_hole=True)}

    assert usual == {"min_stay", "closed_to_departure"}
    assert filling == {"closed_to_departure"}
    short = StayLimits(max_stay=1)
    assert [one.code for one in check_stay(short, *asked, fills_hole=True)] == ["max_stay"]
