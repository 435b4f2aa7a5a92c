"""Nights, days and hours as people of the Velay count them: local time of Paris.

A stay is half open: the night of the departure day is not part of it (domain.md §5.2).
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
ONE_DAY = timedelta(days=1)
# Days that somebody can mean; what is further away is a slip, and can't be reckoned with.
FIRST_DAY = date(2000, 1, 1)
LAST_DAY = date(2199, 12, 31)


def is_of_our_time(day: date) -> bool:
    """Tell whether a typed day is one that can be reckoned with: a calendar ends in 9999."""
    return FIRST_DAY <= day <= LAST_DAY


def nights(arrival: date, departure: date) -> Iterator[date]:
    """Yield each night of `[arrival, departure)` as the date on which it begins."""
    day = arrival
    while day < departure:
        yield day
        day += ONE_DAY


def count_nights(arrival: date, departure: date) -> int:
    """Return the number of nights of `[arrival, departure)`."""
    return (departure - arrival).days


def at_paris(day: date, hour: time) -> datetime:
    """Return the aware moment of a wall-clock time in Paris.

    A time that the spring change skips is read as the hour after it; one that the autumn
    change repeats is its first occurrence.
    """
    local = datetime.combine(day, hour, tzinfo=PARIS)
    return local.astimezone(UTC).astimezone(PARIS)


def is_on_the_clock(day: date, hour: time) -> bool:
    """Tell whether the clocks of Paris show this time on this day: the spring change skips some."""
    return at_paris(day, hour).replace(tzinfo=None) == datetime.combine(day, hour)


def paris(moment: datetime) -> datetime:
    """Return an aware moment on the wall clock of Paris."""
    return moment.astimezone(PARIS)


def today(now: datetime) -> date:
    """Return the calendar day in Paris at an aware moment."""
    return paris(now).date()
