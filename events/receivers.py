"""The only listener of the domain signals: tickets live and die with their line."""

from collections.abc import Sequence
from typing import Any

from django.dispatch import receiver

from booking.models import Order, OrderLine
from booking.signals import line_cancelled, order_confirmed
from events import programme, ticketing


@receiver(order_confirmed)
def issue_tickets_of_order(
    sender: Any, *, order: Order, lines: Sequence[OrderLine], **kwargs: Any
) -> None:
    """Issue tickets of the sold lines in the transaction that confirms the order."""
    ticketing.issue_tickets(lines, now=order.confirmed_at)


@receiver(line_cancelled)
def revoke_tickets_of_line(sender: Any, *, line: OrderLine, **kwargs: Any) -> None:
    """Revoke tickets in the transaction that cancels the line; strike its date if that is why."""
    if ticketing.revoke_tickets(line):
        programme.strike_if_called_off(line)
