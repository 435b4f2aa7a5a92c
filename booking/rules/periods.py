"""Months, seasons and years as hosts count them: named in an address, one after the other.

The four seasons of the Velay are whole months: winter is December to March and bears the name of
its last year, summer is July and August, between them lie the two wings (features.md P02).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

MONTH: Final = "month"
SEASON: Final = "season"
YEAR: Final = "year"
WINTER, SPRING, SUMMER, AUTUMN = "hiver", "printemps", "ete", "automne"
# First month and how many; winter begins in the year before its own.
SEASONS = {WINTER: (12, 4), SPRING: (4, 3), SUMMER: (7, 2), AUTUMN: (9, 3)}
ORDER = tuple(SEASONS)
FIRST_YEAR, LAST_YEAR = 2015, 2100

Kind = Literal["month", "season", "year"]


@dataclass(frozen=True)
class Period:
    """Days `[first, ends_on)`, always whole months; `season` is named where it is one."""

    kind: Kind
    year: int
    first: date
    ends_on: date
    season: str = ""

    @property
    def code(self) -> str:
        """Return its name in an address: 2027, 2027-ete, 2027-07."""
        if self.kind == YEAR:
            return f"{self.year}"
        return f"{self.year}-{self.season or f'{self.first.month:02d}'}"

    @property
    def is_possible(self) -> bool:
        """Whether somebody can mean it."""
        return FIRST_YEAR <= self.year <= LAST_YEAR

    def months(self) -> list[date]:
        """Return the first day of each of its months."""
        return list(_months(self.first, self.ends_on))

    def moved(self, steps: int) -> Period:
        """Return the period of the same kind so many steps later, or before."""
        if self.kind == YEAR:
            return year_of(self.year + steps)
        if self.kind == SEASON:
            turn = ORDER.index(self.season) + steps
            return season_of(self.year + turn // len(ORDER), ORDER[turn % len(ORDER)])
        turn = self.first.month - 1 + steps
        return month_of(self.year + turn // 12, turn % 12 + 1)

    def a_year_before(self) -> Period:
        """Return the same period of the year before."""
        return self.moved({YEAR: -1, SEASON: -len(ORDER), MONTH: -12}[self.kind])


def month_of(year: int, month: int) -> Period:
    """Return one month."""
    first = date(year, month, 1)
    return Period(MONTH, year, first, _after(first, 1))


def season_of(year: int, season: str) -> Period:
    """Return one season; the winter of a year ends in it."""
    month, count = SEASONS[season]
    first = date(year - 1 if season == WINTER else year, month, 1)
    return Period(SEASON, year, first, _after(first, count), season)


def year_of(year: int) -> Period:
    """Return one year."""
    return Period(YEAR, year, date(year, 1, 1), date(year + 1, 1, 1))


def season_on(day: date) -> Period:
    """Return the season that a day lies in."""
    near = (season_of(year, name) for year in (day.year, day.year + 1) for name in ORDER)
    return next(one for one in near if one.first <= day < one.ends_on)


def read_period(code: str) -> Period | None:
    """Return the period of an address, None for one that names none."""
    year, _dash, rest = code.strip().lower().partition("-")
    if not (year.isascii() and year.isdecimal() and len(year) == 4):
        return None
    number = int(year)
    if not FIRST_YEAR <= number <= LAST_YEAR:
        return None
    if not _dash:
        return year_of(number)
    if rest in SEASONS:
        return season_of(number, rest)
    is_month = rest.isascii() and rest.isdecimal() and len(rest) == 2 and 1 <= int(rest) <= 12
    return month_of(number, int(rest)) if is_month else None


def parts_of(period: Period) -> list[tuple[date, date]]:
    """Return what a drawing of the period counts one by one: weeks of a month, else months.

    Half open, in order, without gap; weeks begin on Monday and are cut at the month's ends.
    """
    if period.kind != MONTH:
        return [(first, _after(first, 1)) for first in period.months()]
    found = []
    start = period.first
    while start < period.ends_on:
        end = min(start + timedelta(days=7 - start.weekday()), period.ends_on)
        found.append((start, end))
        start = end
    return found


def _after(first: date, months: int) -> date:
    turn = first.month - 1 + months
    return date(first.year + turn // 12, turn % 12 + 1, 1)


def _months(first: date, ends_on: date) -> Iterator[date]:
    while first < ends_on:
        yield first
        first = _after(first, 1)
