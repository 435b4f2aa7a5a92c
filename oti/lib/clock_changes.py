"""The clock changes of Paris, as a calendar file says them (RFC 5545, 3.6.5)."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from icalendar import Calendar, Timezone

ZONE = "Europe/Paris"


@lru_cache(maxsize=16)
def paris_zone(first_year: int, last_year: int) -> Timezone:
    """Return the clock changes of Paris in these years, the same for every calendar."""
    return Timezone.from_tzid(
        ZONE, first_date=date(first_year, 1, 1), last_date=date(last_year, 12, 31)
    )


def never_bare(calendar: Calendar, *, today: date) -> None:
    """Give a calendar without entries the clock changes of Paris: it must have a component.

    A file without any is none (RFC 5545, 3.6), and a platform may refuse it; this one says that
    nothing is taken. One with entries stays as it is.
    """
    if not calendar.subcomponents:
        calendar.add_component(paris_zone(today.year, today.year + 1))
