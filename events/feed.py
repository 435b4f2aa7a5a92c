"""The programme as a calendar that people subscribe to (RFC 5545)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from icalendar import Calendar
from icalendar import Event as CalendarEvent

from events.showings import Showing
from oti.lib.clock_changes import paris_zone
from oti.lib.dates import paris

PRODUCT = "-//Velay, terre de liens//agenda//FR"


def agenda_feed(
    showings: Iterable[Showing],
    *,
    name: str,
    host: str,
    address: Callable[[Showing], str],
    now: datetime,
) -> bytes:
    """Return sessions as an iCalendar file; `address` gives each one's page in full.

    The identifier of a session never changes, so that a calendar moves it instead of doubling it.
    """
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("x-wr-timezone", "Europe/Paris")
    calendar.add_component(paris_zone())
    for one in showings:
        session, event = one.session, one.session.event
        entry = CalendarEvent()
        entry.add("uid", f"session-{session.pk}@{host}")
        entry.add("dtstamp", now)
        entry.add("dtstart", paris(session.starts_at))
        entry.add("dtend", paris(session.ends_at))
        entry.add("summary", event.title)
        entry.add("description", event.summary)
        entry.add("location", one.place)
        entry.add("url", address(one))
        entry.add("status", "CANCELLED" if one.is_cancelled else "CONFIRMED")
        calendar.add_component(entry)
    return calendar.to_ical()
