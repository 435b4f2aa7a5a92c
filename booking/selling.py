"""What a paid order takes for good: its nights and its places, and the rows that say so.

Called inside the transaction of `booking.settlement`, under its locks: units, slots, basket,
order, payment. It gives no money back and tells nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from booking.models import Basket, Closure, Order, OrderLine, Payment, Slot, SlotHold
from booking.models.calendar import meets_stay, slots_with_free
from booking.refusals import Busy, trouble
from booking.rules import states
from booking.rules.resources import lacking
from booking.search_table import take_nights
from oti.lib.plans import one_of

# A live hold keeps the host from closing; one that lapsed doesn't.
SELL_HELD_NIGHTS = """
UPDATE booking_stay
SET state = 'sold', order_line_id = %(line)s, line_id = NULL, expires_at = NULL
WHERE line_id = %(basket_line)s AND unit_id = %(unit)s AND state = 'held'
AND dates = daterange(%(arrival)s, %(departure)s)
AND NOT EXISTS (
    SELECT 1 FROM booking_closure
    WHERE unit_id = %(unit)s AND dates && daterange(%(arrival)s, %(departure)s)
)
"""
DELETE_EXPIRED = f"""
DELETE FROM booking_stay s USING booking_unit u
WHERE s.unit_id = %(unit)s AND u.id = s.unit_id
AND {meets_stay("s", "%(arrival)s", "%(departure)s", "u")}
AND s.state = 'held' AND s.expires_at <= %(now)s
"""  # noqa: S608 - names of this project
INSERT_SOLD_STAY = """
INSERT INTO booking_stay (unit_id, dates, state, order_line_id, preparation)
SELECT id, daterange(%(arrival)s, %(departure)s), 'sold', %(line)s, preparation_nights
FROM booking_unit WHERE id = %(unit)s
ON CONFLICT ON CONSTRAINT no_two_stays_in_one_unit DO NOTHING RETURNING id
"""
# One statement: the payment, the lines, the places, their holds, the basket, the order.
CONFIRM = f"""
WITH paid AS (
    UPDATE booking_payment SET state = %(paid)s, captured_amount = %(captured)s,
        fee_amount = %(fee)s, payment_intent_id = %(intent)s, charge_id = %(charge)s,
        card_key = coalesce(%(card)s, ''), checked_at = %(checked_at)s, paid_at = %(paid_at)s
    WHERE id = %(payment)s
), sold AS (
    UPDATE booking_orderline SET state = 'sold' WHERE id {one_of("%(sold)s")}
), lost AS (
    UPDATE booking_orderline SET state = 'released'
    WHERE id {one_of("%(lost)s")} AND state = 'held'
), counted AS (
    UPDATE booking_slot SET sold = booking_slot.sold + take.units
    FROM unnest((SELECT %(slots)s::bigint[]), (SELECT %(units)s::int[])) AS take(slot_id, units)
    WHERE booking_slot.id = take.slot_id
), let_go AS (
    DELETE FROM booking_slothold WHERE line_id {one_of("%(basket_lines)s")}
), ordered AS (
    UPDATE booking_basket SET state = 'ordered', updated_at = %(written)s WHERE id = %(basket)s
)
UPDATE booking_order SET state = %(confirmed)s, confirmed_at = %(confirmed_at)s
WHERE id = %(order)s
"""  # noqa: S608 - names of this project


def take_lines(
    lines: Sequence[OrderLine],
    basket: Basket | None,
    *,
    locked: Collection[int],
    now: datetime,
) -> tuple[list[OrderLine], list[OrderLine]]:
    """Take the nights of an order and see which of its places are there: (had, lost).

    Units and slots are locked, `locked` are the slots. Places are counted as sold by
    `write_sale`. Raises Busy where a date that shares a resource isn't among them.
    """
    slots = _slots_of(lines, basket, now=now)
    if _beyond(slots, locked):
        raise Busy(trouble("busy"))
    booked: set[int] = set()
    had: list[OrderLine] = []
    lost: list[OrderLine] = []
    for line in lines:
        is_had = _sell_nights(line, now=now) if line.unit_id else _sell_places(line, slots, booked)
        (had if is_had else lost).append(line)
    for line in had:
        if line.unit_id and line.arrival and line.departure:
            take_nights(line.unit_id, line.arrival, line.departure)
    return had, lost


def write_sale(
    order: Order,
    payment: Payment | None,
    basket: Basket | None,
    *,
    sold: Sequence[OrderLine],
    lost: Sequence[OrderLine],
    now: datetime,
) -> None:
    """Write that an order is confirmed: what is sold counts, what was held for it is let go.

    The payment is written as it is given; None where the bank has no part in it.
    """
    order.state = states.CONFIRMED
    order.confirmed_at = now
    if basket is not None:
        basket.state, basket.updated_at = Basket.State.ORDERED, timezone.now()
    units = _units_of(sold)
    with connection.cursor() as cursor:
        cursor.execute(
            CONFIRM,
            {
                **_paid(payment),
                "sold": [one.pk for one in sold],
                "lost": [one.pk for one in lost],
                "slots": list(units),
                "units": list(units.values()),
                "basket_lines": _basket_lines([*sold, *lost]),
                "basket": basket.pk if basket else None,
                "written": basket.updated_at if basket else None,
                "order": order.pk,
                "confirmed": order.state,
                "confirmed_at": now,
            },
        )


def _paid(payment: Payment | None) -> dict[str, Any]:
    """Return what is written of a payment; without one nothing is."""
    columns = {
        "payment": "pk",
        "paid": "state",
        "captured": "captured_amount",
        "fee": "fee_amount",
        "intent": "payment_intent_id",
        "charge": "charge_id",
        "card": "card_key",
        "checked_at": "checked_at",
        "paid_at": "paid_at",
    }
    return {name: getattr(payment, column, None) for name, column in columns.items()}


def release_lines(lines: Sequence[OrderLine]) -> None:
    """Let go of an order's lines of which nothing could be had, and of their places."""
    SlotHold.objects.filter(line_id__in=_basket_lines(lines)).delete()
    OrderLine.objects.filter(pk__in=[one.pk for one in lines], state=states.HELD).update(
        state=states.RELEASED
    )


def _basket_lines(lines: Sequence[OrderLine]) -> list[int]:
    return [one.basket_line_id for one in lines if one.basket_line_id]


def _slots_of(
    lines: Sequence[OrderLine], basket: Basket | None, *, now: datetime
) -> dict[int, Slot]:
    """Return the slots of the lines with what is free of them beside the basket's own holds."""
    wanted = sorted({take.slot_id for one in lines for take in one.takes.all()})
    if not wanted:
        return {}
    found = slots_with_free(
        f"s.id {one_of('%(slots)s')}",
        {"slots": wanted},
        now=now,
        except_basket=basket.pk if basket else None,
    )
    return {slot.pk: slot for slot in found}


def _beyond(slots: Mapping[int, Slot], locked: Collection[int]) -> bool:
    """Tell whether a date that shares a resource isn't locked: it was added meanwhile."""
    return any(
        other.slot_id not in locked
        for slot in slots.values()
        for claim in slot.claims
        for other in claim.others
    )


def _sell_places(line: OrderLine, slots: Mapping[int, Slot], booked: set[int]) -> bool:
    """Take all that a line asks for from what is free, or nothing of it; the slots are locked.

    `booked` are the dates that this order has already: they need their resources too.
    """
    takes = [(slots[take.slot_id], take.quantity) for take in line.takes.all()]
    if not takes or any(slot.free < units or slot.is_closed for slot, units in takes):
        return False
    if any(lacking(slot.claims, also=booked) for slot, _units in takes):
        return False
    for slot, units in takes:
        slot.free -= units
        booked.add(slot.pk)
    return True


def _units_of(sold: Sequence[OrderLine]) -> Counter[int]:
    """Return how many units of each slot the sold lines take."""
    units: Counter[int] = Counter()
    for line in sold:
        for take in line.takes.all():
            units[take.slot_id] += take.quantity
    return units


def _sell_nights(line: OrderLine, *, now: datetime) -> bool:
    """Turn the hold into a sale, or take the nights again if nobody has them."""
    values = {
        "line": line.pk,
        "basket_line": line.basket_line_id,
        "unit": line.unit_id,
        "arrival": line.arrival,
        "departure": line.departure,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(SELL_HELD_NIGHTS, values)
        if cursor.rowcount:
            return True
    unit_id, dates = line.unit_id or 0, (line.arrival, line.departure)
    if Closure.objects.filter(unit_id=unit_id, dates__overlap=dates).exists():
        return False
    with connection.cursor() as cursor:
        cursor.execute(DELETE_EXPIRED, values)
        cursor.execute(INSERT_SOLD_STAY, values)
        return cursor.fetchone() is not None
