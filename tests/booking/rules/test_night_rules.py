"""The faults of a price calendar that the office enters (features.md D01)."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules.people import Problem
from booking.rules.pricing import (
    NightRule,
    check_night_rules,
)
from tests.booking.rules import strategies as draw
from tests.booking.rules.strategies import bounded

D = Decimal

JULY = NightRule("season", date(2026, 7, 1), date(2026, 8, 1), D(110))


@pytest.mark.parametrize(
    ("other", "overlap"),
    [
        (replace(JULY, starts_on=date(2026, 8, 1), ends_on=date(2026, 9, 1)), None),
        (replace(JULY, level="exception"), None),
        (
            replace(JULY, starts_on=date(2026, 7, 31), ends_on=date(2026, 9, 1)),
            (date(2026, 7, 31), date(2026, 8, 1)),
        ),
        (
            replace(JULY, starts_on=date(2026, 6, 1), ends_on=date(2026, 12, 1)),
            (date(2026, 7, 1), date(2026, 8, 1)),
        ),
    ],
)
def test_check_night_rules_finds_overlapping_seasons(
    other: NightRule, overlap: tuple[date, date] | None
) -> None:
    problems = check_night_rules([JULY, other])

    assert problems == (
        [Problem("rule_overlap", {"level": "season", "from": overlap[0], "to": overlap[1]})]
        if overlap
        else []
    )


def test_check_night_rules_compares_weekdays() -> None:
    friday = replace(JULY, level="weekday", weekday=4)

    assert check_night_rules([friday, replace(friday, weekday=5)]) == []
    assert [problem.code for problem in check_night_rules([friday, friday])] == ["rule_overlap"]


def test_check_night_rules_finds_reversed_dates() -> None:
    problems = check_night_rules([replace(JULY, ends_on=JULY.starts_on)])

    assert [problem.code for problem in problems] == ["rule_reversed"]


@bounded
@given(st.lists(draw.night_rules(), max_size=5))
def test_sound_rules_are_those_without_two_voices_on_a_night(rules: list[NightRule]) -> None:
    last = max((rule.ends_on for rule in rules), default=draw.FIRST_DAY)
    span = [draw.FIRST_DAY + timedelta(days=n) for n in range((last - draw.FIRST_DAY).days)]
    doubled = any(
        first.level == second.level and first.applies_to(day) and second.applies_to(day)
        for day in span
        for number, first in enumerate(rules)
        for second in rules[number + 1 :]
    )

    assert bool(check_night_rules(rules)) == doubled
