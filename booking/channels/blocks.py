"""The nights that calendars of other platforms take, as stays that nobody can have.

The union of what every calendar of a unit says, without what was sold here: the database refuses
that two have one night. After what was booked there the unit is prepared too, as after what is sold
here, up to whatever comes next; closures ask for nothing. Whoever changes one of these, under the
unit's lock, calls `write_blocks`: the one place where imported nights become nights that are taken.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange

from booking.models import Closure, FeedEvent, Stay, Unit
from booking.models.calendar import occupied
from booking.rules.channels import BLOCKED, RESERVED, Nights, union, without
from booking.search_table import PREPARATION, refresh_runs

# One statement: a calendar has a hundred spans.
END_HOLDS = f"""
DELETE FROM booking_stay held
USING unnest(%(firsts)s::date[], %(afters)s::date[]) AS span(first, after)
WHERE held.unit_id = %(unit)s AND held.state = 'held'
AND {occupied("held")} && daterange(span.first, span.after)
"""  # noqa: S608 - names of this project


@dataclass(frozen=True)
class Blocks:
    """What changed: spans that are closed now, spans that no longer are, holds that lost theirs."""

    closed: tuple[Nights, ...] = ()
    opened: tuple[Nights, ...] = ()
    lost_holds: int = 0


def write_blocks(unit_id: int, *, today: date) -> Blocks:
    """Make the blocked stays of a unit what its calendars say; writes only what differs.

    Call it under the unit's lock. Nights that are over are left as they were. Holds of visitors on
    nights that are taken elsewhere end: they can't be sold any more, a payment under way is given
    back.
    """
    wanted = wanted_blocks(unit_id, today=today)
    kept = _preparations(unit_id, wanted, today=today)
    rows = Stay.objects.filter(
        unit_id=unit_id,
        is_imported=True,
        state=Stay.State.BLOCKED,
        dates__endswith__gt=today,
    )
    had = {(max(row.dates.lower, today), row.dates.upper): row for row in rows}
    closed = [one for one in wanted if one not in had]
    opened = [one for one in had if one not in set(wanted)]
    other = [one for one in wanted if one in had and had[one].preparation != kept[one]]
    if not closed and not opened and not other:
        return Blocks()
    _open([had[one] for one in opened], today=today)
    # What is asked less of makes room before anything is written there.
    _prepare([had[one] for one in other if kept[one] < had[one].preparation], kept, today=today)
    if closed:
        _cut_past(unit_id, closed[0][0], today=today)
    occupied_by = [(first, after + timedelta(kept[first, after])) for first, after in wanted]
    lost = _end_holds(unit_id, occupied_by)
    Stay.objects.bulk_create(
        Stay(
            unit_id=unit_id,
            dates=DateRange(*one),
            state=Stay.State.BLOCKED,
            is_imported=True,
            preparation=kept[one],
        )
        for one in closed
    )
    _prepare([had[one] for one in other if kept[one] > had[one].preparation], kept, today=today)
    touched = [*closed, *opened, *other]
    refresh_runs([unit_id], min(one[0] for one in touched), max(one[1] for one in touched))
    # Neighbours that became one span change rows, not nights: only nights are told.
    return Blocks(
        closed=tuple(without(union(closed), opened)),
        opened=tuple(without(union(opened), closed)),
        lost_holds=lost,
    )


def wanted_blocks(unit_id: int, *, today: date) -> list[Nights]:
    """Return the spans from `today` on that the calendars of a unit take and nobody here."""
    spans = FeedEvent.objects.filter(feed__unit_id=unit_id, dates__endswith__gt=today)
    told = union(
        (max(one.lower, today), one.upper) for one in spans.values_list("dates", flat=True)
    )
    if not told:
        return []
    others = Stay.objects.filter(
        unit_id=unit_id,
        state__in=[Stay.State.SOLD, Stay.State.BLOCKED],
        is_imported=False,
        dates__endswith__gt=told[0][0] - PREPARATION,
    ).values_list("dates", "preparation")
    # What it occupies can't be taken twice, its preparation either.
    return without(told, ((one.lower, one.upper + timedelta(days=after)) for one, after in others))


def _preparations(unit_id: int, wanted: list[Nights], *, today: date) -> dict[Nights, int]:
    """Return how many nights are kept free after each of these spans, up to what comes next.

    What may be a booking counts as one (« not available » of who says no more), unless it only
    says again what is closed here.
    """
    number = Unit.objects.values_list("preparation_nights", flat=True).get(pk=unit_id)
    if not number or not wanted:
        return dict.fromkeys(wanted, 0)
    since = today - PREPARATION
    of_unit = {"unit_id": unit_id, "dates__endswith__gt": since}
    closures = Closure.objects.filter(**of_unit).values_list("dates", flat=True)
    shut = [(one.lower, one.upper) for one in closures]
    told = FeedEvent.objects.filter(feed__unit_id=unit_id, dates__endswith__gt=since)
    booked = sorted(
        (dates.lower, dates.upper)
        for dates, kind in told.exclude(kind=BLOCKED).values_list("dates", "kind")
        if kind == RESERVED or without([(dates.lower, dates.upper)], shut)
    )
    others = Stay.objects.filter(state__in=[Stay.State.SOLD, Stay.State.BLOCKED], **of_unit)
    own = others.filter(is_imported=False).values_list("dates", flat=True)
    starts = sorted([first for first, _after in wanted] + [one.lower for one in own])
    kept: dict[Nights, int] = {}
    place, left_on = 0, date.min
    for first, after in sorted(wanted):
        while place < len(booked) and booked[place][0] < after:
            left_on = max(left_on, booked[place][1] + timedelta(days=number))
            place += 1
        following = bisect_left(starts, after)
        ready = min(left_on, starts[following]) if following < len(starts) else left_on
        kept[first, after] = max((ready - after).days, 0)
    return kept


def _prepare(rows: list[Stay], kept: dict[Nights, int], *, today: date) -> None:
    """Write how many nights are kept free after these stays."""
    for row in rows:
        row.preparation = kept[max(row.dates.lower, today), row.dates.upper]
        row.save(update_fields=["preparation"])


def _cut_past(unit_id: int, first: date, *, today: date) -> None:
    """End what is being prepared after a stay that is over where somebody else comes earlier."""
    over = Stay.objects.filter(
        unit_id=unit_id,
        is_imported=True,
        state=Stay.State.BLOCKED,
        preparation__gt=0,
        dates__endswith__lte=today,
        dates__endswith__gt=today - PREPARATION,
    )
    for row in over:
        left = max((first - row.dates.upper).days, 0)
        if left < row.preparation:
            row.preparation = left
            row.save(update_fields=["preparation"])


def _open(rows: list[Stay], *, today: date) -> None:
    """Take away blocked stays, of one that is under way its nights from `today` on."""
    begun = [row for row in rows if row.dates.lower < today]
    Stay.objects.filter(pk__in=[row.pk for row in rows if row not in begun]).delete()
    for row in begun:
        row.dates, row.preparation = DateRange(row.dates.lower, today), 0
        row.save(update_fields=["dates", "preparation"])


def _end_holds(unit_id: int, spans: list[Nights]) -> int:
    """Delete the holds, live or lapsed, on nights that are taken elsewhere; returns how many."""
    if not spans:
        return 0
    firsts, afters = (list(column) for column in zip(*spans, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(END_HOLDS, {"unit": unit_id, "firsts": firsts, "afters": afters})
        return int(cursor.rowcount)
