"""Baskets that nobody comes back to go, with the ages that they keep.

It never touches one that was ordered from, or that a payment is under way for.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from booking import locks
from booking.models import Basket, BasketLine, Order

# As long as the visitor's cookie keeps its key.
KEPT = timedelta(days=30)
# Anybody may make an empty one, by the API too.
KEPT_EMPTY = timedelta(days=1)
BATCH = 500
MOST_BATCHES = 10


def tidy_baskets(*, now: datetime) -> int:
    """Delete open baskets without an order that nobody touched for 30 days; returns how many.

    Empty ones go after a day. A batch a transaction, some batches a call: the rest goes next time.
    Locks: baskets; one that is being changed is passed over.
    """
    deleted = 0
    for _batch in range(MOST_BATCHES):
        with locks.write_transaction():
            rows = locks.lock_free_rows(_abandoned(now).order_by("pk"))[:BATCH]
            found = [one.pk for one in rows]
            Basket.objects.filter(pk__in=found).delete()
        deleted += len(found)
        if len(found) < BATCH:
            break
    return deleted


def _abandoned(now: datetime) -> QuerySet[Basket]:
    has_line = Exists(BasketLine.objects.filter(basket=OuterRef("pk")))
    has_order = Exists(Order.objects.filter(basket=OuterRef("pk")))
    is_old = Q(updated_at__lt=now - KEPT) | Q(~has_line, updated_at__lt=now - KEPT_EMPTY)
    return Basket.objects.filter(is_old, ~has_order, state=Basket.State.OPEN)
