"""Dates as their own house changes them: those of tickets stand in a programme that isn't its own.

The floor above keeps the programme and gives each of its dates its places. A date that came in
from here would be sold and missing in the agenda; one that was struck there would be sold again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from booking import locks, slots
from booking.hook_outbox import tell_slots
from booking.models import Offer, Slot
from booking.refusals import NotAllowed, trouble
from members.journal import Actor


def check_may_add(offer: Offer) -> None:
    """Raise NotAllowed `programme_date` for an offer whose dates the office enters."""
    if offer.kind_rules.is_in_programme:
        raise NotAllowed(trouble("programme_date", field="offer"))


def change_own_date(
    slot: Slot,
    *,
    capacity: int,
    sides: Mapping[str, int] | None = None,
    is_closed: bool,
    reason: str,
    actor: Actor,
    now: datetime,
) -> Slot:
    """Change a date of one's own house as `slots.change_slot` does, and raise as it does.

    What is sold isn't closed (`slot_sold`). A date of a programme that was closed is opened again
    by the office alone: NotAllowed `programme_date_closed`. Locks the slot.
    """
    if not slot.offer.kind_rules.is_in_programme:
        return slots.change_slot(
            slot,
            capacity=capacity,
            sides=sides,
            is_closed=is_closed,
            reason=reason,
            may_close_sold=False,
            actor=actor,
            now=now,
        )
    # Tickets have no capacities beside their places: this slot is all that is locked.
    with locks.write_transaction():
        fresh = next(iter(locks.lock_slots([slot.pk])), None)
        if fresh is None:
            raise NotAllowed(trouble("slot_removed"))
        if fresh.is_closed and not is_closed:
            raise NotAllowed(trouble("programme_date_closed", field="is_closed"))
        if is_closed and not fresh.is_closed and fresh.sold:
            raise NotAllowed(trouble("slot_sold", field="is_closed", sold=fresh.sold))
        slots.change_locked_slot(
            fresh, capacity=capacity, is_closed=is_closed, reason=reason, actor=actor, now=now
        )
        tell_slots(fresh.offer, fresh.pk, now=now)
    return fresh
