"""Finding an order again by mail: the link goes to the address that bought, to nobody else."""

from __future__ import annotations

from datetime import datetime

from booking import locks
from booking.messages import write_message
from booking.models import Order

# One mail for an order in this time, however often it is asked for.
SECONDS_BETWEEN = 300


def send_order_link(*, email: str, reference: str, now: datetime) -> None:
    """Send the link of an order to its buyer, if this address bought it; says nothing either way.

    Nobody learns from it whether an order exists (ux.md §2.1, "Retrouver").
    """
    order = Order.objects.filter(reference=reference, email__iexact=email).first()
    if order is None:
        return
    with locks.write_transaction():
        write_message(
            "find_order",
            key=f"order:{order.reference}:link:{int(now.timestamp()) // SECONDS_BETWEEN}",
            recipient=order.email,
            language=order.language,
            order=order,
            now=now,
        )
