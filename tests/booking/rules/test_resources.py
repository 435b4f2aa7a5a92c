"""What is shared: enough of it at every moment, to the minute, whatever overlaps what."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules.resources import Claim, Other, Use, is_enough, lacking, most_used, use_of
from oti.lib.dates import at_paris

NOON = datetime(2027, 7, 12, 12, tzinfo=UTC)


def use(start: int, end: int, quantity: int = 1) -> Use:
    """Return a use from `start` to `end` minutes after noon."""
    return Use(NOON + timedelta(minutes=start), NOON + timedelta(minutes=end), quantity)


@pytest.mark.parametrize(
    ("others", "most"),
    [
        ([], 0),
        ([use(0, 60)], 1),
        # The one that ends as the other starts doesn't meet it.
        ([use(-60, 0)], 0),
        ([use(120, 180)], 0),
        ([use(-60, 1)], 1),
        # One after the other is one at a time.
        ([use(0, 60), use(60, 120)], 1),
        ([use(0, 61), use(60, 120)], 2),
        ([use(-60, 300, 2), use(30, 40, 3)], 5),
        # Together, but before the date begins.
        ([use(-60, 10), use(-60, -10, 7)], 1),
    ],
)
def test_most_that_is_used_at_once(others: list[Use], most: int) -> None:
    assert most_used(use(0, 120), others) == most


def test_preparation_stands_around_the_hours_of_a_date() -> None:
    walk = use_of(NOON, NOON + timedelta(hours=2), before=15, after=30, quantity=1)
    assert is_enough(1, walk, [use(-60, -15), use(150, 200)])
    assert not is_enough(1, walk, [use(-60, -14)])
    assert not is_enough(1, walk, [use(149, 200)])


def test_preparation_is_of_minutes_that_really_pass() -> None:
    # The clocks go back at three: a date that ends at 2:30 for the second time.
    night = date(2027, 10, 31)
    start = at_paris(night, time(1, 30))
    used = use_of(start, start + timedelta(minutes=30), before=0, after=60, quantity=1)
    assert used.ends_at - used.starts_at == timedelta(minutes=90)
    assert used.ends_at == datetime(2027, 10, 31, 1, 0, tzinfo=UTC)


def test_claim_counts_those_that_are_taken_and_those_of_the_same_order() -> None:
    others = (Other(7, 1, NOON, use(0, 60), is_taken=False),)
    claim = Claim(1, "Marie", 1, use(0, 60), others)
    assert lacking([claim]) == []
    assert lacking([claim], also={7}) == [claim]


uses = st.builds(
    lambda start, lasts, quantity: use(start, start + lasts, quantity),
    st.integers(0, 40),
    st.integers(1, 20),
    st.integers(1, 3),
)


@given(uses, st.lists(uses, max_size=8))
def test_most_used_is_what_every_minute_says(wanted: Use, others: list[Use]) -> None:
    minutes = int((wanted.ends_at - wanted.starts_at).total_seconds() // 60)
    by_minute = [
        sum(one.quantity for one in others if one.starts_at <= moment < one.ends_at)
        for moment in (wanted.starts_at + timedelta(minutes=n) for n in range(minutes))
    ]
    assert most_used(wanted, others) == max(by_minute)


@given(st.lists(uses, max_size=10), st.integers(1, 4))
def test_dates_taken_one_by_one_never_use_more_than_there_is(wanted: list[Use], quantity: int):
    taken: list[Use] = []
    for one in wanted:
        if is_enough(quantity, one, taken):
            taken.append(one)
    for minute in range(70):
        moment = NOON + timedelta(minutes=minute)
        used = sum(one.quantity for one in taken if one.starts_at <= moment < one.ends_at)
        assert used <= quantity
