"""What other pages show of the programme: a page gives criteria, these tags query."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse
from django.utils import timezone

from booking.models import Offer
from events import showings
from events.models import Event

register = template.Library()

# An event with many dates takes one row of a short list.
LOOKED_AT = 12


@register.simple_tag
def next_sessions(count: int, pole: str = "") -> list[dict[str, Any]]:
    """Return the next sessions for `agenda_list.html`, one of each event first."""
    now = timezone.now()
    found = showings.list_showings(pole=pole, limit=count * LOOKED_AT, now=now)
    seen: set[int] = set()
    first, again = [], []
    for one in found:
        (again if one.session.event_id in seen else first).append(one)
        seen.add(one.session.event_id)
    chosen = sorted((first + again)[:count], key=lambda one: one.session.starts_at)
    return [one.row for one in chosen]


@register.simple_tag
def event_address(offer: Offer) -> str:
    """Return the page of the event that an offer sells tickets of, "" for other offers."""
    if offer.kind != Offer.Kind.EVENT_TICKET:
        return ""
    slug = Event.objects.published().filter(ticket_offer=offer).values_list("slug", flat=True)
    return reverse("events:event", args=[slug[0]]) if slug else ""
