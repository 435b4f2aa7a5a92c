"""The nights that calendars of other platforms take, as stays that nobody can have.

The union of what every calendar of a unit says, without what was sold here: the database refuses
that two have one night. Whoever changes one of the two, under the unit's lock, calls
`write_blocks`: the one place where imported nights become nights that are taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange

from booking.models import FeedEvent, Stay
from booking.models.calendar import occupied
from booking.rules.channels import Nights, union, without
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
    rows = Stay.objects.filter(
        unit_id=unit_id,
        is_imported=True,
        state=Stay.State.BLOCKED,
        dates__endswith__gt=today,
    )
    had = {(max(row.dates.lower, today), row.dates.upper): row for row in rows}
    closed = [one for one in wanted if one not in had]
    opened = [one for one in had if one not in set(wanted)]
    if not closed and not opened:
        return Blocks()
    _open([had[one] for one in opened], today=today)
    lost = _end_holds(unit_id, closed)
    Stay.objects.bulk_create(
        Stay(
            unit_id=unit_id,
            dates=DateRange(*one),
            state=Stay.State.BLOCKED,
            is_imported=True,
        )
        for one in closed
    )
    touched = [*closed, *opened]
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


def _open(rows: list[Stay], *, today: date) -> None:
    """Take away blocked stays, of one that is under way its nights from `today` on."""
    begun = [row for row in rows if row.dates.lower < today]
    Stay.objects.filter(pk__in=[row.pk for row in rows if row not in begun]).delete()
    for row in begun:
        row.dates = DateRange(row.dates.lower, today)
        row.save(update_fields=["dates"])


def _end_holds(unit_id: int, spans: list[Nights]) -> int:
    """Delete the holds, live or lapsed, on nights that are taken elsewhere; returns how many."""
    if not spans:
        return 0
    firsts, afters = (list(column) for column in zip(*spans, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(END_HOLDS, {"unit": unit_id, "firsts": firsts, "afters": afters})
        return int(cursor.rowcount)
