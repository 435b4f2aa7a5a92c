"""Tickets: issued once for each participant of an event line, revoked with it."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import prefetch_related_objects

from booking.models import Offer, OrderLine
from events.models import Ticket


def issue_tickets(sold: Iterable[OrderLine], *, now: datetime) -> list[Ticket]:
    """Issue one ticket per participant of those lines just sold that are of an event; once only.

    Called inside the transaction that confirms their order.
    """
    lines = [line for line in sold if line.kind == Offer.Kind.EVENT_TICKET]
    prefetch_related_objects(lines, "participants")
    tickets = [
        Ticket(line=line, participant=participant, issued_at=now)
        for line in lines
        for participant in line.participants.all()
    ]
    return Ticket.objects.bulk_create(tickets, ignore_conflicts=True) if tickets else []


def revoke_tickets(line: OrderLine) -> int:
    """Make the tickets of a cancelled line worthless; returns how many there were."""
    return line.tickets.filter(state=Ticket.State.VALID).update(state=Ticket.State.REVOKED)
