"""The clock changes of Paris, as a calendar file says them (RFC 5545, 3.6.5)."""

from __future__ import annotations

from functools import cache
from typing import cast

from icalendar import Calendar, Timezone

# Since 1996 the last Sundays of March and October, at one o'clock UTC (directive 2000/84/EC), said
# as the RFC wants it: the hour on the clock just before it changes. `icalendar` finds the changes
# by itself, but writes those of March an hour late.
PARIS = """\
BEGIN:VTIMEZONE
TZID:Europe/Paris
BEGIN:DAYLIGHT
DTSTART:19960331T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZNAME:CEST
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:19961027T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZNAME:CET
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
END:VTIMEZONE
"""


@cache
def paris_zone() -> Timezone:
    """Return the clock changes of Paris, the same for every calendar and every year from 1996."""
    return cast("Timezone", Timezone.from_ical(PARIS))


@cache
def paris_zone_text() -> bytes:
    """Return `paris_zone` as its lines in a file."""
    return bytes(paris_zone().to_ical())


def never_bare(calendar: Calendar) -> None:
    """Give a calendar without entries the clock changes of Paris: it must have a component.

    A file without any is none (RFC 5545, 3.6), and a platform may refuse it; this one says that
    nothing is taken. One with entries stays as it is.
    """
    if not calendar.subcomponents:
        calendar.add_component(paris_zone())
