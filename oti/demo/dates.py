"""The dates of the demo, written as people say them and turned into days of any year.

A day is « 07-14 », « sat 07-01 » (the first Saturday on or after) or « sat 09-15 -3 » (three days
before that one). A season is « 04-01..sat 07-01 », half open, and may pass over New Year. Pure.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVERY_DAY = "every"
NIGHTFALL = "nightfall"
ONE_DAY = timedelta(days=1)
_DAY = re.compile(
    r"(?:(?P<weekday>[a-z]{3}) )?(?P<month>\d\d)-(?P<day>\d\d)(?: (?P<shift>[+-]\d+))?"
)

# When it is dark enough for lanterns in the Velay: (month, day) → minutes after midnight, legal
# time. The evenings of Puy de Lumières begin so (domain.md §10.3: 22:40 on 5 July, 21:00 mid-September).
_DARK = [
    ((1, 1), 17 * 60 + 45),
    ((2, 15), 18 * 60 + 45),
    ((3, 26), 19 * 60 + 35),
    ((3, 31), 20 * 60 + 40),
    ((5, 15), 21 * 60 + 50),
    ((6, 21), 22 * 60 + 40),
    ((7, 5), 22 * 60 + 40),
    ((9, 15), 21 * 60),
    ((10, 24), 19 * 60 + 40),
    ((10, 31), 18 * 60 + 30),
    ((12, 10), 17 * 60 + 35),
    ((12, 31), 17 * 60 + 45),
]


def day_in(text: str, year: int) -> date:
    """Return the day that `text` names in that year; ValueError when it can't be read."""
    found = _DAY.fullmatch(text.strip())
    if not found:
        msg = f"not a day: {text!r}"
        raise ValueError(msg)
    day = date(year, int(found["month"]), int(found["day"]))
    if found["weekday"]:
        day += timedelta(days=(WEEKDAYS.index(found["weekday"]) - day.weekday()) % 7)
    return day + timedelta(days=int(found["shift"] or 0))


def season_in(text: str, year: int) -> tuple[date, date]:
    """Return `[start, end)` of the season that begins in that year."""
    start_text, _, end_text = text.partition("..")
    start, end = day_in(start_text, year), day_in(end_text, year)
    return (start, end) if start < end else (start, day_in(end_text, year + 1))


@dataclass(frozen=True)
class Window:
    """The days to fill, both included; the first window also takes seasons under way."""

    first: date
    last: date
    is_first: bool

    def days(self) -> Iterator[date]:
        """Yield each day."""
        day = self.first
        while day <= self.last:
            yield day
            day += ONE_DAY

    def seasons(self, text: str) -> Iterator[tuple[date, date]]:
        """Yield each occurrence of a season that belongs to this window.

        An occurrence belongs to the window in which it begins, so that it is written once.
        """
        for year in range(self.first.year - 1, self.last.year + 1):
            start, end = season_in(text, year)
            is_under_way = self.is_first and start < self.first < end
            if is_under_way or self.first <= start <= self.last:
                yield start, end

    def saturdays(self) -> Iterator[date]:
        """Yield the Saturdays whose week belongs to this window."""
        first = self.first - timedelta(days=6) if self.is_first else self.first
        day = first + timedelta(days=(5 - first.weekday()) % 7)
        while day <= self.last:
            yield day
            day += timedelta(days=7)


class Seasons:
    """Tells whether a day falls in one of some seasons, whatever its year."""

    def __init__(self, texts: list[str], window: Window) -> None:
        years = range(window.first.year - 1, window.last.year + 1)
        self.spans = [season_in(text, year) for text in texts for year in years]

    def __contains__(self, day: date) -> bool:
        return any(start <= day < end for start, end in self.spans)

    def touch(self, start: date, end: date) -> bool:
        """Tell whether some day of `[start, end)` falls in one of the seasons."""
        return any(first < end and start < last for first, last in self.spans)


def weekdays_of(text: str) -> frozenset[int]:
    """Return the weekdays (Monday 0) that « tue thu » or « every » names."""
    if text == EVERY_DAY:
        return frozenset(range(7))
    return frozenset(WEEKDAYS.index(name) for name in text.split())


def hour_on(text: str, day: date) -> time:
    """Return the time that « 14:30 » or « nightfall » means on a day."""
    return nightfall(day) if text == NIGHTFALL else time.fromisoformat(text)


def nightfall(day: date) -> time:
    """Return when it is dark on a day, to five minutes."""
    known = [(date(day.year, month, number), minutes) for (month, number), minutes in _DARK]
    after = bisect_right(known, (day, 24 * 60))
    if after >= len(known):
        minutes = known[-1][1]
    else:
        (start, early), (end, late) = known[after - 1], known[after]
        minutes = early + round((late - early) * (day - start).days / (end - start).days)
    return time(*divmod(minutes // 5 * 5, 60))
