"""Tickets: issued once for each participant of an event line, revoked with it."""

from datetime import datetime

from booking.models import Offer, Order, OrderLine
from booking.rules import states
from events.models import Ticket


def issue_tickets(order: Order, *, now: datetime) -> list[Ticket]:
    """Issue one ticket per participant of each sold event line of `order`; once only.

    Called inside the transaction that confirms the order.
    """
    lines = order.lines.filter(kind=Offer.Kind.EVENT_TICKET, state=states.SOLD)
    tickets = [
        Ticket(line=line, participant=participant, issued_at=now)
        for line in lines.prefetch_related("participants")
        for participant in line.participants.all()
    ]
    return Ticket.objects.bulk_create(tickets, ignore_conflicts=True) if tickets else []


def revoke_tickets(line: OrderLine) -> int:
    """Make the tickets of a cancelled line worthless; returns how many there were."""
    return line.tickets.filter(state=Ticket.State.VALID).update(state=Ticket.State.REVOKED)
