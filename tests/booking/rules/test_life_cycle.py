"""When a letter around a stay is due, until when it helps, and whose stay gets none (L04)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules import life_cycle as rules
from booking.rules.life_cycle import (
    ANNIVERSARY,
    DURING,
    NEXT_SEASON,
    PREPARE,
    WRITTEN_HERE,
    Anchor,
    Outcome,
    Rule,
    Stay,
)

JULY = date(2027, 7, 10)
BOOKED = date(2027, 4, 6)
days = st.dates(date(2026, 1, 1), date(2033, 1, 1))


def a_stay(first: date = JULY, nights: int = 7, booked: date = BOOKED, **others: bool) -> Stay:
    last = first + timedelta(days=nights)
    return Stay(booked, first, last, first, last, **others)


@pytest.mark.parametrize(
    ("rule", "due"),
    [
        (PREPARE, date(2027, 6, 26)),
        (DURING, date(2027, 7, 11)),
        (rules.AFTER, date(2027, 7, 19)),
        (ANNIVERSARY, date(2028, 7, 10)),
        (NEXT_SEASON, date(2027, 11, 15)),
    ],
)
def test_each_letter_has_its_day(rule: Rule, due: date):
    stay = a_stay()
    assert rules.due_on(rule, stay) == due
    assert not rules.is_due(rule, stay, today=due - timedelta(days=1))
    assert rules.is_due(rule, stay, today=due)
    assert rules.is_due(rule, stay, today=due + timedelta(days=rule.late))
    assert not rules.is_due(rule, stay, today=due + timedelta(days=rule.late + 1))


@pytest.mark.parametrize(
    ("last", "due"),
    [
        (date(2027, 3, 31), date(2027, 5, 1)),
        (date(2027, 4, 1), date(2027, 11, 15)),
        (date(2027, 10, 31), date(2027, 11, 15)),
        (date(2027, 11, 1), date(2028, 5, 1)),
        (date(2027, 12, 31), date(2028, 5, 1)),
    ],
)
def test_other_season_begins_after_the_stay(last: date, due: date):
    stay = Stay(BOOKED, last, last)
    assert rules.due_on(NEXT_SEASON, stay) == due


def test_leap_day_is_remembered_on_the_last_of_february():
    assert rules.year_after(date(2028, 2, 29)) == date(2029, 2, 28)
    assert rules.window(ANNIVERSARY, today=date(2029, 2, 28)) == (
        date(2028, 2, 14),
        date(2028, 2, 29),
    )


@pytest.mark.parametrize(
    ("rule", "stay", "today", "reason"),
    [
        # Five days before: the confirmation has just said all.
        (PREPARE, a_stay(booked=date(2027, 7, 5)), date(2027, 7, 5), Outcome.BOOKED_LATE),
        (PREPARE, a_stay(booked=date(2027, 6, 26)), date(2027, 6, 26), Outcome.BOOKED_LATE),
        (PREPARE, a_stay(booked=date(2027, 6, 25)), date(2027, 6, 26), None),
        # A workshop that was cancelled leaves a stay to get ready for.
        (PREPARE, a_stay(is_troubled=True), date(2027, 6, 26), None),
        (DURING, a_stay(nights=1), date(2027, 7, 11), Outcome.NO_LONG_STAY),
        (DURING, a_stay(nights=2), date(2027, 7, 11), None),
        (DURING, Stay(BOOKED, JULY, JULY), date(2027, 7, 11), Outcome.NO_LONG_STAY),
        (DURING, a_stay(is_no_show=True), date(2027, 7, 11), Outcome.TROUBLED),
        (ANNIVERSARY, a_stay(is_troubled=True), date(2028, 7, 10), Outcome.TROUBLED),
        (ANNIVERSARY, a_stay(is_no_show=True), date(2028, 7, 10), Outcome.TROUBLED),
        (NEXT_SEASON, a_stay(), date(2027, 11, 15), None),
    ],
)
def test_whose_stay_gets_none(rule: Rule, stay: Stay, today: date, reason: Outcome | None):
    assert rules.why_not(rule, stay, today=today) is reason


@given(first=days, nights=st.integers(0, 90), today=days, rule=st.sampled_from(WRITTEN_HERE))
def test_whoever_is_due_is_looked_for(first: date, nights: int, today: date, rule: Rule):
    stay = a_stay(first, nights)
    looked = rules.window(rule, today=today)
    day = stay.last_day if rule.anchor is Anchor.OTHER_SEASON else stay.first_day
    is_found = looked is not None and looked[0] <= day <= looked[1]
    assert is_found == rules.is_due(rule, stay, today=today)


@given(first=days, nights=st.integers(0, 90))
def test_only_commercial_letters_come_after_the_stay(first: date, nights: int):
    stay = a_stay(first, nights)
    for rule in WRITTEN_HERE:
        due = rules.due_on(rule, stay)
        assert due is not None
        if rule.is_commercial:
            assert due > stay.last_day or nights > 14 or rule is ANNIVERSARY
        else:
            assert due <= stay.first_day + timedelta(days=1)
