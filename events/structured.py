"""What the page of an event says to machines, from the same data as the page (S05)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.urls import reverse

from booking.structured import price
from destination.structured import Node, in_commune
from events.models import Event

SCHEDULED = "https://schema.org/EventScheduled"
CANCELLED = "https://schema.org/EventCancelled"
ON_SITE = "https://schema.org/OfflineEventAttendanceMode"
MOST_SESSIONS = 20


def of_event(
    event: Event, sessions: Sequence[dict[str, Any]], *, lowest: Decimal | None, origin: str
) -> list[Node]:
    """Return a node for each session that the page shows; a cancelled one says so."""
    url = f"{origin}{reverse('events:event', args=[event.slug])}"
    place = {"@type": "Place", "name": event.place or event.commune.name}
    shared: Node = {
        "@type": "Event",
        "name": event.title,
        "description": event.summary,
        "url": url,
        "eventAttendanceMode": ON_SITE,
        "location": place | in_commune(event.commune.name),
        "organizer": {"@type": "Organization", "name": event.organiser.name},
        "isAccessibleForFree": event.is_free,
    }
    if lowest is not None:
        shared["offers"] = {**price(lowest), "url": url}
    return [
        {
            **shared,
            "startDate": one["starts_at"].isoformat(),
            "endDate": one["ends_at"].isoformat(),
            "eventStatus": CANCELLED if one["is_cancelled"] else SCHEDULED,
        }
        for one in sessions[:MOST_SESSIONS]
    ]
