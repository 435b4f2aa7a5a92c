"""Stays bought as a guest become those of an account, by its verified addresses and nothing else.

An account is proposed after the payment, never before (ux.md §1.2.1). Typing an address claims
nothing: only one that a code sent there has proved.
"""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import Q, QuerySet

from booking import locks
from booking.models import Order
from members.addresses import verified_addresses
from members.journal import Actor, record
from members.models import User


def claim_orders(user: User, *, now: datetime) -> int:
    """Attach to an account the stays that its verified addresses bought; returns how many.

    Only stays that were confirmed: their mail went to that address, so that whoever reads it
    knows of them already. One that has an account stays its own. Twice is the same as once; an
    order that somebody else is writing is left for the next time. Locks: orders.
    """
    if not _unclaimed(user).exists():
        return 0
    with locks.write_transaction():
        orders = list(locks.lock_free_rows(_unclaimed(user).order_by("pk")))
        for order in orders:
            order.user = user
            order.save(update_fields=["user"])
            record("order claimed", f"order:{order.reference}", actor=Actor.person(user), at=now)
    return len(orders)


def _unclaimed(user: User) -> QuerySet[Order]:
    addresses = verified_addresses(user)
    if not addresses:
        return Order.objects.none()
    bought = reduce(or_, (Q(email__iexact=address) for address in addresses))
    return Order.objects.filter(bought, user__isnull=True, confirmed_at__isnull=False)
