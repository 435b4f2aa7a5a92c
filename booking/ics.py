"""The stay as a calendar file: one event a line, in the time of Paris, the same UID for ever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from booking.models import Meeting, Order
from booking.sold_lines import SoldLine
from destination.templatetags.velay import names, phone
from oti.lib.clock_changes import paris_zone, paris_zone_text
from oti.lib.dates import paris

DOMAIN = "velay-terre-de-liens"


def calendar_of(order: Order, lines: Sequence[SoldLine]) -> bytes:
    """Return the calendar of an order's lines; a cancelled one says so under its own UID.

    Nobody's name is in it: it may be shared with the whole family.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Velay, terre de liens//stay//FR")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _("My stay in the Velay"))
    for one in lines:
        calendar.add_component(_event_of(order, one))
    head, begin, events = calendar.to_ical().partition(b"BEGIN:VEVENT" if lines else b"END:")
    return bytes(head + paris_zone_text() + begin + events)


@dataclass(frozen=True)
class Agreed:
    """What was agreed of a meeting, when it is no more: its row may have another greeter by now."""

    name: str
    place: str
    starts_at: datetime
    ends_at: datetime
    # Of the file that takes it back.
    sequence: int


def meeting_calendar(
    meeting: Meeting, agreed: Agreed, *, summary: str, is_alive: bool, now: datetime
) -> bytes:
    """Return the calendar of a meeting, agreed or called off; a later one replaces it."""
    calendar = Calendar()
    calendar.add("prodid", "-//Velay, terre de liens//greeter//FR")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(paris_zone())
    event = Event()
    event.add("uid", f"{meeting.code}@{DOMAIN}")
    event.add("dtstamp", now)
    event.add("dtstart", paris(agreed.starts_at))
    event.add("dtend", paris(agreed.ends_at))
    event.add("summary", summary)
    event.add("location", agreed.place)
    event.add("status", "CONFIRMED" if is_alive else "CANCELLED")
    event.add("sequence", agreed.sequence)
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def _event_of(order: Order, one: SoldLine) -> Event:
    event = Event()
    event.add("uid", f"{order.reference}-{one.line.pk}@{DOMAIN}")
    event.add("dtstamp", order.confirmed_at or order.placed_at)
    event.add("dtstart", one.starts_at)
    event.add("dtend", one.ends_at)
    event.add("summary", one.title)
    event.add("location", one.place)
    event.add("description", _description(order, one))
    event.add("status", "CONFIRMED" if one.is_alive else "CANCELLED")
    event.add("sequence", 0 if one.is_alive else 1)
    if one.offer.latitude is not None and one.offer.longitude is not None:
        event.add("geo", (one.offer.latitude, one.offer.longitude))
    return event


def _description(order: Order, one: SoldLine) -> str:
    parts = [_("Booking %(reference)s") % {"reference": order.reference}]
    if one.provider.phone:
        parts.append(
            _("%(name)s, phone %(phone)s")
            % {
                "name": names(one.provider.host_names) or one.provider.name,
                "phone": phone(one.provider.phone),
            }
        )
    return "\n".join(parts)
