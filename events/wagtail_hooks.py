"""What events add to Wagtail's admin."""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from wagtail import hooks

from booking.models import Offer
from destination.mentions import ADDRESS_HOOK, HOLDERS_HOOK
from events.models import Event
from events.viewsets import EventGroup


@hooks.register("register_admin_viewset")
def register_desk() -> list[Any]:
    """Register the lists of events."""
    return [EventGroup()]


@hooks.register(ADDRESS_HOOK)
def address_of_event(thing: Model) -> tuple[str, str] | None:
    """Return the route and the slug of an event's page (destination/mentions.py)."""
    return ("events:event", thing.slug) if isinstance(thing, Event) else None


@hooks.register(HOLDERS_HOOK)
def events_with(thing: Model) -> list[Model]:
    """Return the event whose tickets an offer is."""
    return list(Event.objects.filter(ticket_offer=thing)) if isinstance(thing, Offer) else []
