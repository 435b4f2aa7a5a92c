"""What a date has: lines that take of it, orders that await their payment, requests for it.

A date is asked for with the capacities that stand beside its places (bicycles, bags).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from booking.models import BookingRequest, CalledOff, Order, OrderLine, Slot, SlotTake
from booking.rules import states


def with_sides(slots: Collection[Slot]) -> list[int]:
    """Return dates with the capacities that stand beside their places."""
    found = Q(pk__in=[slot.pk for slot in slots])
    for slot in slots:
        found |= Q(offer_id=slot.offer_id, starts_at=slot.starts_at)
    return sorted(Slot.stocks.filter(found).values_list("pk", flat=True)) if slots else []


def _taking(ids: Collection[int]) -> QuerySet[OrderLine]:
    """Return the lines that take of these slots, in whatever state, each once."""
    takes = SlotTake.objects.filter(line=OuterRef("pk"), slot__in=list(ids))
    return OrderLine.objects.filter(Exists(takes))


def sold_lines_of(ids: Collection[int], *, after: datetime) -> QuerySet[OrderLine]:
    """Return the lines that take of these slots and begin after a moment; what has begun stays."""
    return _taking(ids).filter(state=states.SOLD, starts_at__gt=after)


def begun_lines_of(ids: Collection[int], *, at: datetime) -> QuerySet[OrderLine]:
    """Return the lines that take of these slots and had begun at a moment."""
    return _taking(ids).filter(state__in=states.TAKES_PLACE, starts_at__lte=at)


def orders_left(row: CalledOff, ids: Sequence[int]) -> QuerySet[Order]:
    """Return the orders of which a date that was called off still has something to cancel."""
    lines = sold_lines_of(ids, after=row.at).filter(order=OuterRef("pk"))
    return Order.objects.filter(Exists(lines))


def unpaid_orders_of(ids: Collection[int]) -> QuerySet[Order]:
    """Return the orders that await their payment for something of these slots."""
    lines = _taking(ids).filter(order=OuterRef("pk"))
    return Order.objects.filter(Exists(lines), state=states.AWAITING_PAYMENT)


def requests_of(slots: Collection[Slot]) -> QuerySet[BookingRequest]:
    """Return what is asked for dates and may still become a booking, days of a rental too."""
    asked = Q(slot__in=[slot.pk for slot in slots])
    for slot in slots:
        day = Q(arrival__lte=slot.day, departure__gt=slot.day)
        asked |= Q(day, offer_id=slot.offer_id, unit=None)
    open_ones = Q(state=states.REQUESTED) | Q(
        state=states.ACCEPTED, order__confirmed_at__isnull=True
    )
    return BookingRequest.objects.filter(asked, open_ones)


def concerns(slots: Collection[Slot], *, now: datetime) -> bool:
    """Tell whether somebody is to be cancelled, stopped or answered."""
    ids = with_sides(slots)
    return (
        sold_lines_of(ids, after=now).exists()
        or unpaid_orders_of(ids).exists()
        or requests_of(slots).exists()
    )
