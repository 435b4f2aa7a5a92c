"""The office's side of dates: entering slots, changing, closing and removing them, plan B.

A slot's capacities beside its places follow it. It never sells and never cancels an order.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db.models import Max, ProtectedError, Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from booking import locks
from booking.hook_outbox import tell_slots
from booking.messages import write_message
from booking.models import Offer, Order, OrderLine, Slot, SlotHold
from booking.offers import subject_of
from booking.quoting import facts_of, slot_end
from booking.refusals import BadInput, NotAllowed, Trouble, trouble, troubles_of
from booking.rules import states
from booking.rules.kinds import PLACES
from members.journal import Actor, record
from oti.lib.dates import LAST_DAY, ONE_DAY, is_on_the_clock, nights, paris
from oti.lib.dates import today as day_of

LONGEST_SERIES_DAYS = 800
MOST_SLOTS_AT_ONCE = 3000
MOST_UNITS = 1_000_000


def add_slots(
    offer: Offer,
    *,
    first_day: date,
    last_day: date,
    weekdays: Collection[int],
    start_times: Collection[time],
    capacity: int,
    sides: Mapping[str, int] | None = None,
    skip_days: Collection[date] = (),
    actor: Actor,
    now: datetime,
) -> int:
    """Add a slot at each of these times on each of these weekdays, both days included.

    `capacity` is what the office counts: places, items, carers; `sides` the capacities of their
    own beside it, by resource. Monday is 0. Days of `skip_days` and moments that have passed are
    left out; a slot that exists is left as it is, so that twice is the same as once. What is lent
    by the day has one time a day. Returns how many were added. Raises BadInput.
    """
    check_series(offer, first_day, last_day, weekdays, start_times, capacity, now)
    wanted = _moments(first_day, last_day, weekdays, start_times, skip_days)
    with locks.write_transaction():
        return put_slots(offer, wanted, capacity=capacity, sides=sides, actor=actor, now=now)


@dataclass(frozen=True)
class Series:
    """What a series of slots would make: the new ones with their ends, and what is left out."""

    new: tuple[tuple[datetime, datetime], ...]
    known: int
    past: int


def preview_slots(
    offer: Offer,
    *,
    first_day: date,
    last_day: date,
    weekdays: Collection[int],
    start_times: Collection[time],
    capacity: int,
    sides: Mapping[str, int] | None = None,
    skip_days: Collection[date] = (),
    now: datetime,
) -> Series:
    """Return what `add_slots` would add, and write nothing. Raises BadInput as it does."""
    check_series(offer, first_day, last_day, weekdays, start_times, capacity, now)
    wanted = _moments(first_day, last_day, weekdays, start_times, skip_days)
    known = _check_wanted(offer, wanted, sides)
    moments = [slot_end(day, start, offer.duration_minutes) for day, start in wanted]
    new = tuple(
        moment
        for (day, start), moment in zip(wanted, moments, strict=True)
        if (day, start) not in known and moment[0] > now
    )
    past = sum(starts_at <= now for starts_at, _ends_at in moments)
    return Series(new=new, known=len(known & set(wanted)), past=past)


def _moments(
    first_day: date,
    last_day: date,
    weekdays: Collection[int],
    start_times: Collection[time],
    skip_days: Collection[date],
) -> list[tuple[date, time]]:
    """Return the days and times of a series; raises BadInput `too_many`."""
    left_out, starts = set(skip_days), sorted(set(start_times))
    wanted = [
        (day, start)
        for day in nights(first_day, last_day + ONE_DAY)
        if day.weekday() in weekdays and day not in left_out
        for start in starts
    ]
    if len(wanted) > MOST_SLOTS_AT_ONCE:
        message = _("That makes %(count)s dates: enter a shorter period.")
        raise BadInput(Trouble("too_many", message % {"count": len(wanted)}, field="last_day"))
    return wanted


def _check_wanted(
    offer: Offer, wanted: Sequence[tuple[date, time]], sides: Mapping[str, int] | None
) -> set[tuple[date, time]]:
    """Raise BadInput for what can't take place so; return the moments that exist already."""
    _sides_of(offer, sides or {})
    _check_days(offer, [day for day, _start in wanted])
    known = set(
        Slot.objects.filter(offer=offer, day__in={day for day, _start in wanted}).values_list(
            "day", "start_time"
        )
    )
    _check_times(offer, wanted, known)
    _check_clock(wanted)
    return known


def put_slots(
    offer: Offer,
    wanted: Sequence[tuple[date, time]],
    *,
    capacity: int,
    sides: Mapping[str, int] | None = None,
    actor: Actor,
    now: datetime,
) -> int:
    """Add a slot at each of these moments, inside the caller's transaction; returns how many.

    What exists is left as it is, what has passed is left out. Raises BadInput for days on which
    this kind may not be sold, `no_such_hour` for a time that the spring change skips,
    `side_unknown` for a capacity that this kind doesn't count, and `one_time_a_day` for a second
    time of what is lent by the day.
    """
    stocks = {PLACES: capacity * offer.kind_rules.units_per_entry, **_sides_of(offer, sides or {})}
    known = _check_wanted(offer, wanted, sides)
    slots: list[Slot] = []
    for day, start in wanted:
        starts_at, ends_at = slot_end(day, start, offer.duration_minutes)
        if (day, start) in known or starts_at <= now:
            continue
        slots += [
            Slot(
                offer=offer,
                day=day,
                start_time=start,
                starts_at=starts_at,
                ends_at=ends_at,
                resource=resource,
                capacity=stock,
            )
            for resource, stock in stocks.items()
        ]
    Slot.stocks.bulk_create(slots, ignore_conflicts=True)
    count = len(slots) // len(stocks)
    if slots:
        record(
            "slots added",
            subject_of(offer),
            actor=actor,
            at=now,
            count=count,
            first_day=wanted[0][0].isoformat(),
            last_day=wanted[-1][0].isoformat(),
            capacity=capacity,
        )
        tell_slots(offer, None, now=now)
    return count


def _sides_of(offer: Offer, sides: Mapping[str, int]) -> dict[str, int]:
    """Return the capacities beside the places that this kind has, none below zero.

    An optional one that isn't given isn't watched; another is 0 then. One of another kind is
    refused: it would be thought to be counted.
    """
    found = {}
    known = {side.resource for side in offer.kind_rules.sides}
    for resource in sorted(set(sides) - known):
        if sides[resource]:
            raise BadInput(trouble("side_unknown", field=f"side_{resource}"))
    for side in offer.kind_rules.sides:
        given = sides.get(side.resource)
        if given is None and side.is_optional:
            continue
        if given is not None and not 0 <= given <= MOST_UNITS:
            message = _("A whole number from 0 on.")
            raise BadInput(Trouble("bad_capacity", message, field=f"side_{side.resource}"))
        found[side.resource] = given or 0
    return found


def _check_days(offer: Offer, days: Collection[date]) -> None:
    """Raise BadInput for days on which this kind may not be sold, naming the first one."""
    facts = facts_of(offer)
    for day in days:
        problems = offer.kind_rules.check_slot(facts, day, offer.duration_minutes or 0)
        if problems:
            field = "offer" if problems[0].code == "care_too_long" else "last_day"
            raise BadInput(*troubles_of(problems, field=field))


def _check_clock(wanted: Sequence[tuple[date, time]]) -> None:
    """Raise BadInput for a time that no clock shows on its day, naming the first one."""
    for day, start in wanted:
        if not is_on_the_clock(day, start):
            field = "start_times" if len(wanted) > 1 else "start_time"
            raise BadInput(trouble("no_such_hour", field=field, day=day, time=f"{start:%H:%M}"))


def _check_times(
    offer: Offer, wanted: Sequence[tuple[date, time]], known: Collection[tuple[date, time]]
) -> None:
    """Raise BadInput where a day of something lent would begin twice: it is lent by whole days."""
    if not offer.is_sold_by_day:
        return
    times = dict(known)
    for day, start in wanted:
        if (day, start) not in known and times.setdefault(day, start) != start:
            field = "start_times" if len(wanted) > 1 else "start_time"
            shown = f"{times[day]:%H:%M}"
            raise BadInput(trouble("one_time_a_day", field=field, day=day, time=shown))


def check_series(
    offer: Offer,
    first_day: date,
    last_day: date,
    weekdays: Collection[int],
    start_times: Collection[time],
    capacity: int,
    now: datetime,
) -> None:
    """Raise BadInput with everything that keeps a series of slots from being added."""
    troubles = []
    if offer.is_lodging:
        message = _("A lodging is sold by the night: it has no dates of its own.")
        troubles.append(Trouble("not_for_lodging", message, field="offer"))
    if last_day < first_day:
        message = _("The last day must not come before the first one.")
        troubles.append(Trouble("dates_reversed", message, field="last_day"))
    elif (last_day - first_day).days > LONGEST_SERIES_DAYS:
        message = _("Two years at most in one go.")
        troubles.append(Trouble("too_long", message, field="last_day"))
    elif last_day > LAST_DAY:
        troubles.append(trouble("too_far", field="last_day"))
    if last_day < day_of(now):
        troubles.append(trouble("in_the_past", field="last_day"))
    if not weekdays:
        message = _("Choose at least one day of the week.")
        troubles.append(Trouble("weekday_missing", message, field="weekdays"))
    if not start_times:
        message = _("Give at least one time.")
        troubles.append(Trouble("time_missing", message, field="start_times"))
    if capacity < 1:
        message = _("At least one place.")
        troubles.append(Trouble("bad_capacity", message, field="capacity"))
    if troubles:
        raise BadInput(*troubles)


def change_slot(
    slot: Slot,
    *,
    capacity: int,
    sides: Mapping[str, int] | None = None,
    is_closed: bool,
    reason: str,
    may_close_sold: bool = True,
    actor: Actor,
    now: datetime,
) -> Slot:
    """Give a slot another number of places, close it or open it again.

    `capacity` and `sides` as in `add_slots`: a side that isn't in `sides` is 0 from now on, or no
    longer watched if it is optional. Without `sides` they stay as they are.
    Places sold or being booked are never taken away: NotAllowed `capacity_under_sold`,
    `capacity_under_held`, `side_used`. Closing one with sold places needs a reason: BadInput
    `reason_missing` says how many are sold. NotAllowed `slot_removed` for one that is no longer
    there. Who may not close what is sold (`may_close_sold`) is refused NotAllowed `slot_sold`, with
    how many are; `call_off_under_way` for opening one whose bookings are being cancelled. Locks
    the slot.
    """
    with locks.write_transaction():
        found = locks.lock_slots([slot.pk, *_beside(slot)])
        fresh = _still_there(slot, found)
        if fresh.is_closed and not is_closed:
            _check_not_called_off(fresh)
        if is_closed and not fresh.is_closed and fresh.sold and not may_close_sold:
            raise NotAllowed(trouble("slot_sold", field="is_closed", sold=fresh.sold))
        change_locked_slot(
            fresh, capacity=capacity, is_closed=is_closed, reason=reason, actor=actor, now=now
        )
        beside = [one for one in found if one.pk != fresh.pk]
        before = {one.resource: one.capacity for one in beside}
        given = before if sides is None else _sides_of(fresh.offer, sides)
        for side in beside:
            if side.resource in given:
                _change_side(side, given[side.resource], is_closed=is_closed, now=now)
            else:
                _stop_watching(side, now=now)
        _add_sides(fresh, given, before)
        if given != before:
            record(
                "slot changed",
                f"slot:{fresh.pk}",
                actor=actor,
                at=now,
                before={"sides": before},
                after={"sides": given},
            )
        tell_slots(fresh.offer, fresh.pk, now=now)
    return fresh


def _check_not_called_off(slot: Slot) -> None:
    """Raise NotAllowed while its bookings are being cancelled: who books next would be too."""
    if slot.called_off.filter(finished_at=None).exists():
        raise NotAllowed(trouble("call_off_under_way", field="is_closed"))


def _still_there(slot: Slot, locked: Sequence[Slot]) -> Slot:
    """Return the row of `slot` that was locked; raises NotAllowed: another tab removed it."""
    fresh = next((one for one in locked if one.pk == slot.pk), None)
    if fresh is None:
        raise NotAllowed(trouble("slot_removed"))
    return fresh


def change_locked_slot(
    slot: Slot,
    *,
    capacity: int,
    is_closed: bool,
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Change the places of a slot that the caller's transaction has locked; as `change_slot`."""
    units = capacity * slot.offer.kind_rules.units_per_entry
    _check_capacity(slot, units, now)
    if is_closed and slot.sold and not reason.strip():
        message = ngettext(
            "%(count)s place is sold: say why it is closed. Its order is to be cancelled by "
            "itself.",
            "%(count)s places are sold: say why it is closed. Their orders are to be "
            "cancelled by themselves.",
            slot.sold,
        )
        raise BadInput(
            Trouble(
                "reason_missing",
                message % {"count": slot.sold},
                field="closed_reason",
                params={"sold": slot.sold},
            )
        )
    before = {"capacity": slot.capacity, "is_closed": slot.is_closed}
    after = {"capacity": units, "is_closed": is_closed}
    slot.capacity = units
    slot.is_closed = is_closed
    slot.closed_reason = reason.strip() if is_closed else ""
    slot.save(update_fields=["capacity", "is_closed", "closed_reason"])
    if before != after:
        record(
            "slot changed",
            f"slot:{slot.pk}",
            actor=actor,
            at=now,
            before=before,
            after=after,
            reason=slot.closed_reason,
            sold=slot.sold,
        )


def _beside(slot: Slot) -> list[int]:
    """Return the capacities that stand beside the places of a slot."""
    rows = Slot.stocks.filter(offer_id=slot.offer_id, starts_at=slot.starts_at)
    return list(rows.exclude(pk=slot.pk).values_list("pk", flat=True))


def _change_side(side: Slot, capacity: int, *, is_closed: bool, now: datetime) -> None:
    if capacity != side.capacity:
        _check_capacity(side, capacity, now, field=f"side_{side.resource}")
        side.capacity = capacity
    side.is_closed = is_closed
    side.save(update_fields=["capacity", "is_closed"])


def _stop_watching(side: Slot, *, now: datetime) -> None:
    """Count an optional capacity no longer, unless a booking speaks of it."""
    field = f"side_{side.resource}"
    _check_capacity(side, 0, now, field=field)
    try:
        Slot.stocks.filter(pk=side.pk).delete()
    except ProtectedError as error:
        raise NotAllowed(trouble("side_used", field=field)) from error


def _add_sides(slot: Slot, given: Mapping[str, int], known: Collection[str]) -> None:
    Slot.stocks.bulk_create(
        Slot(
            offer_id=slot.offer_id,
            day=slot.day,
            start_time=slot.start_time,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            resource=resource,
            capacity=capacity,
            is_closed=slot.is_closed,
        )
        for resource, capacity in given.items()
        if resource not in known
    )


def _check_capacity(slot: Slot, capacity: int, now: datetime, field: str = "capacity") -> None:
    if capacity < slot.sold:
        raise NotAllowed(trouble("capacity_under_sold", field=field, sold=slot.sold))
    holds = slot.holds.filter(expires_at__gt=now).aggregate(
        places=Sum("quantity"), until=Max("expires_at")
    )
    taken = slot.sold + (holds["places"] or 0)
    if capacity < taken:
        message = _(
            "%(taken)s places are sold or being booked: keep at least those, or try again after "
            "%(time)s."
        )
        shown = {"taken": taken, "time": f"{paris(holds['until']):%H:%M}"}
        raise NotAllowed(Trouble("capacity_under_held", message % shown, field=field, params=shown))


def remove_slot(slot: Slot, *, actor: Actor, now: datetime) -> None:
    """Delete a slot that nobody ever put in a basket or bought.

    Raises NotAllowed `slot_used` otherwise: it is closed instead. Locks the slot.
    """
    with locks.write_transaction():
        found = locks.lock_slots([slot.pk, *_beside(slot)])
        fresh = next((one for one in found if one.pk == slot.pk), None)
        if fresh is None:
            return
        message = _("It is booked, in somebody's stay or in the programme: close it instead.")
        # A rental holds every one of its days, its basket line names the first only.
        if SlotHold.objects.filter(slot__in=found, expires_at__gt=now).exists():
            raise NotAllowed(Trouble("slot_used", message))
        try:
            Slot.stocks.filter(pk__in=[one.pk for one in found]).delete()
        except ProtectedError as error:
            raise NotAllowed(Trouble("slot_used", message)) from error
        record(
            "slot removed",
            subject_of(fresh.offer),
            actor=actor,
            at=now,
            day=fresh.day.isoformat(),
            start_time=f"{fresh.start_time:%H:%M}",
        )
        tell_slots(fresh.offer, fresh.pk, now=now)


# --- Plan B --------------------------------------------------------------------------------------
def apply_plan_b(slot: Slot, *, reason: str, actor: Actor, now: datetime) -> int:
    """Say that the steps foreseen for that case take place; every booking stands (N21).

    Writes to whoever booked and returns how many orders were told; the same reason twice tells
    nobody twice. Locks the slot. Raises BadInput `reason_missing`, NotAllowed `plan_b_unknown`,
    `slot_removed`.
    """
    if not reason.strip():
        raise BadInput(trouble("reason_missing", field="plan_b_reason"))
    with locks.write_transaction():
        fresh = _still_there(slot, locks.lock_slots([slot.pk]))
        if not fresh.offer.steps.exclude(plan_b_fr="").exists():
            raise NotAllowed(trouble("plan_b_unknown", field="plan_b_reason"))
        if fresh.plan_b_reason == reason.strip():
            return 0
        fresh.plan_b_reason = reason.strip()
        fresh.save(update_fields=["plan_b_reason"])
        record(
            "plan B applied",
            f"slot:{fresh.pk}",
            actor=actor,
            at=now,
            reason=fresh.plan_b_reason,
            sold=fresh.sold,
        )
        return _tell_plan_b(fresh, now=now)


def _tell_plan_b(slot: Slot, *, now: datetime) -> int:
    lines = OrderLine.objects.filter(slot=slot, state=states.SOLD).select_related("order")
    told: set[int] = set()
    for line in lines:
        order: Order = line.order
        write_message(
            "plan_b",
            key=f"order:{order.reference}:plan-b:{line.pk}:{now:%Y%m%d%H%M%S}",
            recipient=order.email,
            language=order.language,
            order=order,
            data={"line": line.pk, "reason": slot.plan_b_reason},
            now=now,
        )
        told.add(order.pk)
    return len(told)
