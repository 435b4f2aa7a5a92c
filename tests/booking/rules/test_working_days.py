"""Working days: weekends and the public holidays of France are none."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules.working_days import after_working_days, easter, is_working_day

days = st.dates(date(2020, 1, 1), date(2060, 12, 31))


@pytest.mark.parametrize(
    ("year", "day"),
    [(2024, (3, 31)), (2025, (4, 20)), (2026, (4, 5)), (2027, (3, 28)), (2038, (4, 25))],
)
def test_easter(year: int, day: tuple[int, int]):
    assert easter(year) == date(year, *day)


@pytest.mark.parametrize(
    "day", ["2027-03-29", "2027-05-06", "2027-05-17", "2027-07-14", "2027-12-25", "2027-04-10"]
)
def test_holidays_and_saturdays_are_none(day: str):
    assert not is_working_day(date.fromisoformat(day))


@given(days, st.integers(0, 30))
def test_that_many_working_days_lie_between(day: date, count: int):
    found = after_working_days(day, count)
    between = [day + timedelta(days=one) for one in range(1, (found - day).days + 1)]
    assert sum(is_working_day(one) for one in between) == count
    assert not count or is_working_day(found)


def test_ten_days_over_easter():
    # From a Wednesday: Good Friday counts here, Easter Monday doesn't.
    assert after_working_days(date(2027, 3, 24), 10) == date(2027, 4, 8)
