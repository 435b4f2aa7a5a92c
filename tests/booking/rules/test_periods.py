"""Months, seasons and years: one after the other without a gap, and read back from an address."""

import itertools
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules.periods import (
    FIRST_YEAR,
    LAST_YEAR,
    SEASONS,
    Period,
    month_of,
    parts_of,
    read_period,
    season_of,
    season_on,
    year_of,
)

YEARS = st.integers(FIRST_YEAR + 2, LAST_YEAR - 2)
PERIODS = st.one_of(
    st.builds(year_of, YEARS),
    st.builds(season_of, YEARS, st.sampled_from(tuple(SEASONS))),
    st.builds(month_of, YEARS, st.integers(1, 12)),
)


@given(PERIODS)
def test_a_period_is_read_back_from_its_own_name(period: Period):
    assert read_period(period.code) == period


@given(PERIODS)
def test_the_next_one_begins_where_this_one_ends(period: Period):
    assert period.moved(1).first == period.ends_on
    assert period.moved(-1).ends_on == period.first
    assert period.moved(1).moved(-1) == period


@given(PERIODS)
def test_a_year_before_is_of_the_same_kind_and_months(period: Period):
    before = period.a_year_before()
    assert (before.kind, before.season, before.year) == (
        period.kind,
        period.season,
        period.year - 1,
    )
    assert (before.first.year, before.first.month) == (period.first.year - 1, period.first.month)


@given(PERIODS)
def test_parts_cover_the_period_without_a_gap(period: Period):
    parts = parts_of(period)
    assert parts[0][0] == period.first
    assert parts[-1][1] == period.ends_on
    assert all(one[1] == other[0] for one, other in itertools.pairwise(parts))


@given(st.dates(date(2016, 1, 1), date(2099, 12, 31)))
def test_every_day_lies_in_one_season(day: date):
    season = season_on(day)
    assert season.first <= day < season.ends_on


def test_winter_bears_the_name_of_its_last_year():
    winter = season_of(2027, "hiver")
    assert (winter.first, winter.ends_on) == (date(2026, 12, 1), date(2027, 4, 1))
    assert season_on(date(2026, 12, 31)) == winter


@pytest.mark.parametrize(
    "text",
    ["", "-", "2027-", "2027-13", "2027-0", "2027-7", "2027-été", "1999", "9999", "²027", "x" * 90],
)
def test_nonsense_names_no_period(text: str):
    assert read_period(text) is None
