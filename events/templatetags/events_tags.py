"""What other pages show of the programme: a page gives criteria, these tags query."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import Context
from django.urls import reverse
from django.utils import timezone

from booking.models import Offer
from destination.live import NOTHING, Live
from events import live
from events.models import Event

register = template.Library()

# Rows of a block that doesn't say how many.
ROWS = 4


@register.simple_tag(takes_context=True)
def live_agenda(context: Context, block: Any) -> Live:
    """Return what a block of the agenda finds today (`events.live`)."""
    if context.get("finds_nothing"):
        return Live(why=NOTHING)
    return live.live_agenda(
        pole=block.get("pole") or "",
        commune=block.get("commune") or "",
        when=block.get("when") or "",
        count=block.get("count") or ROWS,
        now=timezone.now(),
    )


@register.simple_tag(takes_context=True)
def next_sessions(context: Context, count: int, pole: str = "") -> list[dict[str, Any]]:
    """Return the next sessions for `agenda_list.html`, one of each event first."""
    return live_agenda(context, {"count": count, "pole": pole}).cards


@register.simple_tag
def event_address(offer: Offer) -> str:
    """Return the page of the event that an offer sells tickets of, "" for other offers."""
    if offer.kind != Offer.Kind.EVENT_TICKET:
        return ""
    slug = Event.objects.published().filter(ticket_offer=offer).values_list("slug", flat=True)
    return reverse("events:event", args=[slug[0]]) if slug else ""
