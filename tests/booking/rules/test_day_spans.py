"""Cutting dated rules and laying new ones over them, day by day against the plain meaning."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from booking.rules.day_spans import (
    Span,
    days_of,
    joined,
    laid_over,
    runs_of,
    without_days,
    without_weekdays,
)

FIRST = date(2027, 7, 1)
offsets = st.integers(0, 40)
weekdays = st.frozensets(st.integers(0, 6))


def a_span(start: int, length: int, weekday: int | None, value: int) -> Span:
    begins = FIRST + timedelta(days=start)
    return Span(begins, begins + timedelta(days=length), weekday, value)


spans = st.builds(
    a_span, offsets, st.integers(1, 20), st.none() | st.integers(0, 6), st.integers(1, 3)
)
every_day_spans = st.builds(a_span, offsets, st.integers(1, 20), st.none(), st.integers(1, 3))


def meaning(found: list[Span]) -> set[tuple[date, object]]:
    """Return what spans say of which day."""
    return {(day, one.value) for one in found for day in one.days()}


@given(st.lists(spans, max_size=6), offsets, st.integers(1, 20), weekdays)
def test_what_is_cut_is_gone_and_nothing_else(
    rules: list[Span], start: int, length: int, chosen: frozenset[int]
) -> None:
    begins = FIRST + timedelta(days=start)
    ends = begins + timedelta(days=length)
    cut = set(days_of(begins, ends, chosen))

    left = without_weekdays(rules, begins, ends, chosen)

    assert meaning(left) == {(day, value) for day, value in meaning(rules) if day not in cut}
    assert all(one.starts_on < one.ends_on for one in left)


@given(st.lists(every_day_spans, max_size=6), st.frozensets(offsets))
def test_single_days_are_cut_out_of_rules_of_every_day(
    rules: list[Span], chosen: frozenset[int]
) -> None:
    cut = {FIRST + timedelta(days=one) for one in chosen}

    left = without_days(rules, cut)

    assert meaning(left) == {(day, value) for day, value in meaning(rules) if day not in cut}
    assert all(one.weekday is None for one in left)


@given(st.lists(spans, max_size=6))
def test_joining_says_the_same_in_no_more_spans(rules: list[Span]) -> None:
    assert meaning(joined(rules)) == meaning(rules)
    assert len(joined(rules)) <= len(rules)


@given(offsets, st.integers(1, 20), weekdays)
def test_what_is_laid_speaks_of_the_days_chosen(
    start: int, length: int, chosen: frozenset[int]
) -> None:
    begins = FIRST + timedelta(days=start)
    ends = begins + timedelta(days=length)
    laid = laid_over(begins, ends, chosen, "new")
    assert {day for day, _value in meaning(laid)} == set(days_of(begins, ends, chosen))


@given(st.frozensets(offsets))
def test_runs_are_the_same_days_apart_from_each_other(chosen: frozenset[int]) -> None:
    days = {FIRST + timedelta(days=one) for one in chosen}
    runs = runs_of(days)
    assert {day for start, end in runs for day in days_of(start, end)} == days
    assert all(end < start for (_s, end), (start, _e) in pairwise(runs))
