"""Keeping nights and units of slots for a basket until a moment, and letting them go.

Called inside the transactions of `booking.basket`, in the order of the house (`LOCKING.md`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from booking import locks
from booking.care_ratios import check_ratio
from booking.models import (
    Basket,
    BasketLine,
    Slot,
    SlotHold,
    Stay,
)
from booking.models.calendar import meets_stay
from booking.people import guests_of
from booking.quoting import (
    check_unit,
)
from booking.refusals import (
    Busy,
    NotAllowed,
    Trouble,
    Unavailable,
    trouble,
)
from booking.stay_view import (
    hold_cap,
)
from booking.takes import SlotAsk, Takes, check_takes, find_takes
from booking.wishes import Wish, check_clash

CLOSURE = """
SELECT 1 FROM booking_closure WHERE unit_id = %s AND dates && daterange(%s, %s) LIMIT 1
"""
DELETE_EXPIRED = f"""
DELETE FROM booking_stay s USING booking_unit u
WHERE s.unit_id = %s AND u.id = s.unit_id AND {meets_stay("s", "%s", "%s", "u")}
AND s.state = 'held' AND s.expires_at <= %s
"""  # noqa: S608 - names of this project
INSERT_STAY = """
INSERT INTO booking_stay (unit_id, dates, state, expires_at, preparation)
SELECT id, daterange(%(arrival)s, %(departure)s), 'held', %(until)s, preparation_nights
FROM booking_unit WHERE id = %(unit)s
ON CONFLICT ON CONSTRAINT no_two_stays_in_one_unit DO NOTHING RETURNING id
"""
# What the same basket holds of a unit that new nights would meet: its nights before what is kept
# free around them.
OWN_STAY = f"""
SELECT s.line_id, s.dates && daterange(%(arrival)s, %(departure)s) AS is_same
FROM booking_stay s JOIN booking_unit u ON u.id = s.unit_id
JOIN booking_basketline line ON line.id = s.line_id
WHERE s.unit_id = %(unit)s AND line.basket_id = %(basket)s AND s.state = 'held'
AND {meets_stay("s", "%(arrival)s", "%(departure)s", "u")}
ORDER BY is_same DESC, s.id LIMIT 1
"""  # noqa: S608 - names of this project


@dataclass(frozen=True)
class Taken:
    """What a line took under the locks: a stay of its own, or units of slots."""

    stay_id: int | None = None
    takes: Takes | None = None

    @property
    def slot(self) -> Slot | None:
        """Return the slot that people see, if places were taken."""
        return self.takes.main if self.takes else None


def take(
    wish: Wish, *, now: datetime, until: datetime, replacing: BasketLine | None = None
) -> Taken:
    """Hold nights, or lock the slots and check their places; raises with every trouble.

    `replacing` is a line that gives what it has for it: it lets go under the locks. Locks: units
    (shared), those of the lines that the wish takes the place of too; slots.
    """
    old_units = [line.unit_id for line in (replacing, *wish.replaced) if line]
    units = {one for one in (wish.unit.pk if wish.unit else None, *old_units) if one}
    locks.share_units(units)
    if wish.unit is not None and wish.days is not None:
        # What it takes the place of is let go by the caller, once these nights are held: before
        # only where they are of the same unit.
        same = [line for line in wish.replaced if line.unit_id == wish.unit.pk]
        for line in (replacing, *same):
            if line is not None:
                release(line)
        stay_id = hold_nights(
            wish.unit.pk, *wish.days, basket_id=wish.basket_id, now=now, until=until
        )
        # A hole may have widened before the unit was had: the rules are asked again (A05).
        guests = guests_of(wish.people, wish.keys)
        refused = check_unit(wish.unit, *wish.days, guests, now=now)
        if refused:
            raise NotAllowed(*refused)
        return Taken(stay_id=stay_id)
    if wish.ask is None:
        msg = "a wish is for nights or for places"
        raise AssertionError(msg)
    locked = lock_places([wish], now=now)
    if replacing is not None:
        release(replacing)
    return take_places(wish, locked, now=now, except_line=replacing.pk if replacing else None)


def lock_places(wishes: Sequence[Wish], *, now: datetime) -> set[int]:
    """Lock the slots of all these wishes in one go, as the order of the house asks."""
    ids = {pk for wish in wishes if wish.ask for pk in _slots_of(wish.ask, now=now)}
    return {slot.pk for slot in locks.lock_slots(ids)}


def take_places(
    wish: Wish, locked: set[int], *, now: datetime, except_line: int | None = None
) -> Taken:
    """Check the places of a wish among locked slots; raises Unavailable, Clash or Busy."""
    if wish.ask is None:
        msg = "nights have no slots"
        raise AssertionError(msg)
    takes = places_left(wish.ask, now=now, except_line=except_line)
    if not locked.issuperset(takes.slot_ids):
        # A date that shares a resource was added meanwhile, or a resource named.
        raise Busy(trouble("busy"))
    if takes.main is not None:
        check_clash(wish, takes.main)
    return Taken(takes=takes)


def _slots_of(ask: SlotAsk, *, now: datetime) -> list[int]:
    """Return the slots to be locked; what takes one alone names it itself."""
    if not ask.days and len(ask.offer.kind_rules.needs(ask.asked)) == 1:
        alone = [ask.slot_id] if ask.slot_id else []
        return locks.slots_beside(alone) if ask.offer.uses_resources else alone
    (takes,) = find_takes([ask], now=now)
    return takes.slot_ids


def hold_nights(
    unit_id: int,
    arrival: date | None,
    departure: date | None,
    *,
    basket_id: int,
    now: datetime,
    until: datetime,
) -> int:
    """Hold nights of a unit for a basket; the database refuses two holders.

    The caller has the unit, shared or locked: no closure can be written meanwhile. Nothing is
    held when it raises. Expired holds that it would meet go first. Raises Unavailable: `closed`,
    `gone`, or with the line of this basket `already_yours` (a second click) or `beside_yours`.
    """
    with connection.cursor() as cursor:
        cursor.execute(CLOSURE, [unit_id, arrival, departure])
        if cursor.fetchone():
            raise Unavailable(trouble("closed"))
        cursor.execute(DELETE_EXPIRED, [unit_id, arrival, departure, now])
        cursor.execute(
            INSERT_STAY,
            {"unit": unit_id, "arrival": arrival, "departure": departure, "until": until},
        )
        row = cursor.fetchone()
    if row is None:
        raise Unavailable(_whose(unit_id, arrival, departure, basket_id=basket_id))
    return int(row[0])


def _whose(
    unit_id: int, arrival: date | None, departure: date | None, *, basket_id: int
) -> Trouble:
    """Tell one's own nights from others': what was written meanwhile is seen.

    Its own nights of preparation keep a stay from having the same unit again right beside them.
    """
    asked = {"unit": unit_id, "arrival": arrival, "departure": departure, "basket": basket_id}
    with connection.cursor() as cursor:
        cursor.execute(OWN_STAY, asked)
        for line_id, is_same in cursor.fetchall():
            return trouble("already_yours" if is_same else "beside_yours", line=line_id)
    return trouble("gone")


def places_left(
    ask: SlotAsk, *, now: datetime, except_line: int | None, host_agrees: bool = False
) -> Takes:
    """Return what is taken of locked slots beside others' live holds; raises Unavailable, Busy.

    `host_agrees` as in `check_takes`: the host itself says yes, however near it is.
    """
    (takes,) = find_takes([ask], now=now, except_line=except_line)
    check_ratio(ask.offer)
    troubles = check_takes(takes, now=now, host_agrees=host_agrees)
    if troubles:
        raise Unavailable(*troubles)
    return takes


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


def let_go(taken: Taken) -> None:
    """Give back what was taken only to see whether it is there."""
    if taken.stay_id is not None:
        Stay.objects.filter(pk=taken.stay_id).delete()


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


def keep_plan(basket: Basket, *, now: datetime) -> None:
    """Write a locked basket down whose newest line holds nothing; no other is held longer."""
    basket.first_held_at = basket.first_held_at or now
    if not basket.lines.filter(is_on_request=False).exists():
        basket.expires_at, basket.extensions = None, 0
    basket.save(update_fields=["people", "first_held_at", "expires_at", "extensions", "updated_at"])


# One statement: what the line took, the deadline of everything else, the basket.
KEEP = """
WITH new_places AS (
    INSERT INTO booking_slothold (line_id, slot_id, quantity, expires_at)
    SELECT %(line)s::bigint, place.slot, place.units, %(until)s
    FROM unnest(%(slots)s::bigint[], %(units)s::int[]) AS place(slot, units)
    ON CONFLICT (line_id, slot_id)
    DO UPDATE SET quantity = EXCLUDED.quantity, expires_at = EXCLUDED.expires_at
), new_nights AS (
    UPDATE booking_stay SET line_id = %(line)s, expires_at = %(until)s WHERE id = %(stay)s
), places AS (
    UPDATE booking_slothold hold SET expires_at = %(until)s FROM booking_basketline line
    WHERE hold.line_id = line.id AND line.basket_id = %(basket)s
    AND line.id IS DISTINCT FROM %(line)s::bigint AND hold.expires_at > %(now)s
), nights AS (
    UPDATE booking_stay stay SET expires_at = %(until)s FROM booking_basketline line
    WHERE stay.line_id = line.id AND line.basket_id = %(basket)s
    AND line.id IS DISTINCT FROM %(line)s::bigint
    AND stay.state = 'held' AND stay.expires_at > %(now)s
)
UPDATE booking_basket SET people = %(people)s::jsonb, first_held_at = %(first)s,
    expires_at = %(until)s, extensions = %(extensions)s, updated_at = %(written)s
WHERE id = %(basket)s
"""


def keep(
    basket: Basket,
    *,
    until: datetime,
    now: datetime,
    line: BasketLine | None = None,
    taken: Taken | None = None,
) -> None:
    """Give `line` what was taken for it and every live hold one deadline; write the basket down.

    The basket is locked.
    """
    rows = taken.takes.rows if taken and taken.takes else ()
    basket.expires_at = until
    basket.updated_at = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            KEEP,
            {
                "line": line.pk if line else None,
                "slots": [one.slot.pk for one in rows],
                "units": [one.units for one in rows],
                "stay": taken.stay_id if taken else None,
                "basket": basket.pk,
                "now": now,
                "until": until,
                "people": json.dumps(basket.people),
                "first": basket.first_held_at,
                "extensions": basket.extensions,
                "written": basket.updated_at,
            },
        )
