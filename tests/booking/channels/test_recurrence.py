"""The days of a rule that repeats: the same as a library counts, where that one comes to an end."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.channels.recurrence import days_of, rule_of
from booking.channels.steps import Steps, TooOften

# The library goes on to the end of time where a rule never comes true: it isn't far from here.
BEGIN, LAST = date(9992, 1, 1), date(9999, 12, 1)
MANY = 10**7


def counted_by_the_library(text: str, first: date) -> list[date]:
    found: list[date] = []
    try:
        for one in rrulestr(text, dtstart=datetime.combine(first, time.min)):
            if one.date() > LAST:
                break
            found.append(one.date())
    except ValueError:
        # It went over the end of time.
        pass
    return found


def some(values: st.SearchStrategy[int]) -> st.SearchStrategy[list[int]]:
    return st.lists(values, min_size=1, max_size=3, unique=True)


@st.composite
def told_rules(draw: st.DrawFn) -> dict[str, list[Any]]:
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    told: dict[str, list[Any]] = {"FREQ": [frequency], "INTERVAL": [draw(st.integers(1, 9))]}
    if draw(st.booleans()):
        told["BYMONTH"] = draw(some(st.integers(1, 12)))
    if draw(st.booleans()):
        told["BYMONTHDAY"] = draw(some(st.sampled_from([1, 2, 15, 29, 30, 31, -1, -2, -31])))
    if draw(st.booleans()):
        # Not both kinds at once: the library wants both to be true.
        number = st.sampled_from([1, 2, 5, -1, -5])
        is_numbered = frequency in {"MONTHLY", "YEARLY"} and draw(st.booleans())
        told["BYDAY"] = [
            f"{draw(number) if is_numbered else ''}{name}"
            for name in draw(some(st.sampled_from(["MO", "WE", "SA", "SU"])))  # type: ignore[arg-type]
        ]
    if frequency == "YEARLY" and draw(st.booleans()):
        told["BYYEARDAY"] = draw(some(st.sampled_from([1, 60, 200, 366, -1, -366])))
    if frequency in {"MONTHLY", "YEARLY"} and draw(st.booleans()):
        told["BYSETPOS"] = draw(some(st.sampled_from([1, 2, -1, -3])))
    if draw(st.booleans()):
        told["WKST"] = [draw(st.sampled_from(["MO", "SU", "WE"]))]
    return told


@settings(max_examples=60)
@given(told=told_rules(), first=st.dates(BEGIN, date(9994, 12, 31)), later=st.integers(0, 900))
def test_a_rule_gives_the_days_that_it_means(
    told: dict[str, list[Any]], first: date, later: int
) -> None:
    text = ";".join(f"{name}={','.join(map(str, values))}" for name, values in told.items())
    wanted = counted_by_the_library(text, first)
    rule = rule_of(told)

    assert list(days_of(rule, first, since=None, last=LAST, steps=Steps(MANY))) == wanted

    since = first + timedelta(days=later)
    near = list(days_of(rule, first, since=since, last=LAST, steps=Steps(MANY)))
    assert [day for day in near if day >= since] == [day for day in wanted if day >= since]


def test_a_rule_that_never_comes_true_ends_where_nobody_asks_any_more() -> None:
    rule = rule_of({"FREQ": ["DAILY"], "BYMONTH": [2], "BYMONTHDAY": [30]})
    steps = Steps(400)
    days = days_of(rule, date(2027, 1, 1), since=None, last=date(2027, 12, 31), steps=steps)
    assert list(days) == []
    assert steps.left == 400 - 365


def test_a_rule_stops_when_its_steps_are_used_up() -> None:
    rule = rule_of({"FREQ": ["DAILY"]})
    days = days_of(rule, date(2027, 1, 1), since=None, last=date(2029, 1, 1), steps=Steps(10))
    with pytest.raises(TooOften):
        list(days)


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"FREQ": ["DAILY"], "INTERVAL": [0]},
        {"FREQ": ["DAILY"], "INTERVAL": [-1]},
        {"FREQ": ["DAILY", "WEEKLY"]},
        {"FREQ": ["NEVER"]},
        {"FREQ": ["YEARLY"], "BYWEEKNO": [1]},
        {"FREQ": ["YEARLY"], "BYMONTH": [13]},
        {"FREQ": ["MONTHLY"], "BYMONTHDAY": [0]},
        {"FREQ": ["WEEKLY"], "BYDAY": ["XX"]},
        {"FREQ": ["WEEKLY"], "WKST": ["XX"]},
    ],
)
def test_a_rule_that_means_nothing_is_refused(told: dict[str, list[Any]]) -> None:
    with pytest.raises(ValueError):
        rule_of(told)
