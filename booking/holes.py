"""Holes between two stays: nights that a minimum would leave empty for ever (features.md A05).

A hole is bounded by nights that nobody can have: sold, taken elsewhere, or closed. What is on
hold makes none: it can lapse. Whether a hole may be filled is said by the tariff.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from django.db import connection

# The nights around a stay that nobody else can sleep: those of preparation after it, and those
# before it that who leaves then needs.
UNSOLD_AROUND = (
    "daterange(lower({stay}.dates) - {unit}.preparation_nights,"
    " upper({stay}.dates) + {stay}.preparation)"
)


def taken_on(unit: str, day: str) -> str:
    """Return the SQL condition that nobody can have `unit` on the night `day`, holds aside."""
    return (
        f"(EXISTS (SELECT 1 FROM booking_stay t JOIN booking_unit tu ON tu.id = t.unit_id"  # noqa: S608 - names of this project
        f" WHERE t.unit_id = {unit} AND t.state IN ('sold', 'blocked')"
        f" AND {UNSOLD_AROUND.format(stay='t', unit='tu')} @> ({day})::date)"
        f" OR EXISTS (SELECT 1 FROM booking_closure t WHERE t.unit_id = {unit}"
        f" AND t.dates @> ({day})::date))"
    )


BOUNDED = f"""
SELECT u.id FROM unnest(%(units)s::bigint[]) AS u(id)
WHERE {taken_on("u.id", "%(before)s")} AND {taken_on("u.id", "%(after)s")}
"""  # noqa: S608 - parameters only


def bounded_on_both_sides(unit_ids: Collection[int], before: date, after: date) -> frozenset[int]:
    """Return which of these units are taken on the night `before` and on the night `after`.

    Where the nights between them are free, they are a hole. One statement, none without units.
    """
    if not unit_ids:
        return frozenset()
    with connection.cursor() as cursor:
        cursor.execute(BOUNDED, {"units": list(unit_ids), "before": before, "after": after})
        return frozenset(row[0] for row in cursor.fetchall())


def is_hole(day: date, run: int, taken: Collection[date]) -> bool:
    """Tell whether the `run` free nights from `day` on stand between two of the nights `taken`."""
    return run > 0 and day - timedelta(days=1) in taken and day + timedelta(days=run) in taken
