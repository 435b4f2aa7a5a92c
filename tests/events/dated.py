"""An event whose tickets are sold, as several tests want it."""

from __future__ import annotations

from booking.models import Offer
from events.models import Event


def an_event_of(tickets: Offer) -> Event:
    """Make a published event of these tickets, without a date yet."""
    return Event.objects.create(
        slug="choeur",
        state="published",
        title="Chœur et grand orgue",
        summary="Une soirée à l’abbatiale.",
        organiser=tickets.provider,
        commune=tickets.commune,
        ticket_offer=tickets,
    )
