"""Keeping nights and units of slots for a basket until a moment, and letting them go.

Called inside the transactions of `booking.basket`, in the order of the house (`LOCKING.md`).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from booking import locks
from booking.models import (
    Basket,
    BasketLine,
    Closure,
    SlotHold,
    Stay,
)
from booking.people import guests_of
from booking.quoting import (
    check_unit,
)
from booking.refusals import (
    NotAllowed,
    Unavailable,
    trouble,
)
from booking.stay_view import (
    hold_cap,
)
from booking.takes import SlotAsk, Takes, check_takes, find_takes
from booking.wishes import Wish
from oti.lib.dates import today as day_of

INSERT_STAY = """
INSERT INTO booking_stay (unit_id, dates, state, expires_at)
VALUES (%s, daterange(%s, %s), 'held', %s)
ON CONFLICT ON CONSTRAINT no_two_stays_in_one_unit DO NOTHING RETURNING id
"""


def take(
    wish: Wish, *, now: datetime, until: datetime, basket_id: int, except_line: int | None = None
) -> int | None:
    """Hold nights, or lock the slots and check their places; returns the new stay's id."""
    if wish.unit is not None and wish.days is not None:
        stay_id = hold_nights(wish.unit.pk, *wish.days, now=now, until=until)
        # A hole may have widened while this waited: the rules are asked again (features.md A05).
        guests = guests_of(wish.people, wish.keys)
        refused = check_unit(wish.unit, *wish.days, guests, today=day_of(now))
        if refused:
            raise NotAllowed(*refused)
        return stay_id
    if wish.takes is not None:
        locks.lock_slots(wish.takes.slot_ids)
        places_left(wish.takes.ask, now=now, except_line=except_line)
    return None


def hold_nights(
    unit_id: int,
    arrival: date | None,
    departure: date | None,
    *,
    now: datetime,
    until: datetime,
) -> int:
    """Hold nights of a unit; the database refuses two holders.

    Expired holds that it would meet go first. A closure is looked for after the insert: the
    insert waits for whoever holds the unit's lock, and then sees what they wrote.
    """
    Stay.objects.filter(
        unit_id=unit_id,
        state=Stay.State.HELD,
        expires_at__lte=now,
        dates__overlap=(arrival, departure),
    ).delete()
    with connection.cursor() as cursor:
        cursor.execute(INSERT_STAY, [unit_id, arrival, departure, until])
        row = cursor.fetchone()
    if row is None:
        raise Unavailable(trouble("gone"))
    if Closure.objects.filter(unit_id=unit_id, dates__overlap=(arrival, departure)).exists():
        raise Unavailable(trouble("closed"))
    return int(row[0])


def places_left(ask: SlotAsk, *, now: datetime, except_line: int | None) -> Takes:
    """Return what is taken of locked slots beside others' live holds; raises Unavailable."""
    (takes,) = find_takes([ask], now=now, except_line=except_line)
    troubles = check_takes(takes, now=now)
    if troubles:
        raise Unavailable(*troubles)
    return takes


def attach(line: BasketLine, wish: Wish, stay_id: int | None, until: datetime) -> None:
    if stay_id is not None:
        Stay.objects.filter(pk=stay_id).update(line=line, expires_at=until)
    elif wish.takes is not None:
        put_slot_holds(line, wish.takes, until)


def put_slot_holds(line: BasketLine, takes: Takes, until: datetime) -> None:
    SlotHold.objects.bulk_create(
        (
            SlotHold(line=line, slot=one.slot, quantity=one.units, expires_at=until)
            for one in takes.rows
        ),
        update_conflicts=True,
        unique_fields=["line", "slot"],
        update_fields=["quantity", "expires_at"],
    )


def release(line: BasketLine) -> None:
    Stay.objects.filter(line=line, state=Stay.State.HELD).delete()
    SlotHold.objects.filter(line=line).delete()


def lines_to_hold(basket: Basket) -> QuerySet[BasketLine]:
    """Load lines with what holding them again reads."""
    return basket.lines.select_related("slot", "offer", "unit", "stay_hold").prefetch_related(
        "slot_holds", "offer__supplements"
    )


def new_deadline(basket: Basket, *, now: datetime) -> datetime:
    """Return the deadline after an add: 15 minutes from now, within the cap, never shorter.

    When nothing was held any more, the clock starts again.
    """
    live = basket.expires_at is not None and basket.expires_at > now
    if not live:
        basket.first_held_at = now
        basket.extensions = 0
    until = min(now + timedelta(minutes=settings.HOLD_MINUTES), hold_cap(basket, now=now))
    if live and basket.expires_at is not None:
        until = max(until, basket.expires_at)
    return until


def keep(basket: Basket, *, until: datetime, now: datetime) -> None:
    """Give every live hold of the basket one deadline, and write it down."""
    Stay.objects.filter(line__basket=basket, state=Stay.State.HELD, expires_at__gt=now).update(
        expires_at=until
    )
    SlotHold.objects.filter(line__basket=basket, expires_at__gt=now).update(expires_at=until)
    basket.expires_at = until
    basket.save()
