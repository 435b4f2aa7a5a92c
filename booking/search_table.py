"""The table derived for searching: what each unit offers from each night on.

Built from prices, sold and blocked stays and closures; holds are not in it (core.md 3). Whoever
changes one of those calls `rebuild_units` or `refresh_runs` under the unit's lock, in the same
transaction; `find_drift` compares the table with the truth.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from booking.holes import is_hole
from booking.loading import load_units
from booking.models import Stay, Unit, UnitDay
from booking.quoting import stay_limits, stay_terms
from booking.rules.pricing import night_amount
from booking.rules.stay import StayLimits, arrival_allowed, min_stay_on
from oti.lib.dates import ONE_DAY
from oti.lib.money import to_cents

NO_PRICE = -1
PREPARATION = timedelta(days=7)
BATCH = 200

UPSERT = """
INSERT INTO booking_unitday (unit_id, day, price_cents, cum_cents, free_run, min_stay, arrival_ok)
SELECT * FROM unnest(%s::bigint[], %s::date[], %s::int[], %s::bigint[], %s::smallint[],
                     %s::smallint[], %s::boolean[])
ON CONFLICT (unit_id, day) DO UPDATE SET price_cents = EXCLUDED.price_cents,
    cum_cents = EXCLUDED.cum_cents, free_run = EXCLUDED.free_run,
    min_stay = EXCLUDED.min_stay, arrival_ok = EXCLUDED.arrival_ok
"""
SET_RUNS = """
UPDATE booking_unitday AS target SET free_run = fresh.free_run
FROM unnest(%s::bigint[], %s::date[], %s::smallint[]) AS fresh(unit_id, day, free_run)
WHERE target.unit_id = fresh.unit_id AND target.day = fresh.day
  AND target.free_run <> fresh.free_run
"""

# Nights before the first one taken are followed by free ones up to it, and no further.
SHORTEN_RUNS = """
UPDATE booking_unitday SET free_run = greatest(%(first)s::date - day, 0)
WHERE unit_id = %(unit)s AND day > %(first)s::date - %(longest)s::int
  AND day < %(departure)s::date AND free_run > greatest(%(first)s::date - day, 0)
"""

TAKEN = f"""
SELECT s.unit_id, lower(s.dates) - u.preparation_nights, upper(s.dates) + s.preparation
FROM booking_stay s JOIN booking_unit u ON u.id = s.unit_id
WHERE s.unit_id = ANY(%(units)s) AND s.state IN ('{Stay.State.SOLD}', '{Stay.State.BLOCKED}')
  AND upper(s.dates) + s.preparation > %(first)s
UNION ALL
SELECT unit_id, lower(dates), upper(dates) FROM booking_closure
WHERE unit_id = ANY(%(units)s) AND upper(dates) > %(first)s
"""  # noqa: S608

# Whether it fills holes, its nights of preparation, and those of the stay that begins then.
UNIT_OF_SALE = """
SELECT coalesce(tariff.fills_gaps, false), unit.preparation_nights, coalesce((
    SELECT max(s.preparation) FROM booking_stay s
    WHERE s.unit_id = unit.id AND s.state IN ('sold', 'blocked') AND lower(s.dates) = %(first)s), 0)
FROM booking_unit unit LEFT JOIN booking_tariff tariff ON tariff.id = unit.tariff_id
WHERE unit.id = %(unit)s
"""
SET_MINIMA = """
UPDATE booking_unitday AS target SET min_stay = fresh.min_stay
FROM unnest(%s::bigint[], %s::date[], %s::smallint[]) AS fresh(unit_id, day, min_stay)
WHERE target.unit_id = fresh.unit_id AND target.day = fresh.day
  AND target.min_stay <> fresh.min_stay
"""

Row = tuple[int, date, int, int, int, int, bool]


def rebuild_all(*, today: date) -> int:
    """Write the whole table from `today` to the horizon; returns the number of rows.

    For loading and for the nightly job, which is alone on units it locks one batch at a time.
    """
    ids = list(Unit.objects.order_by("pk").values_list("pk", flat=True))
    UnitDay.objects.filter(day__lt=today).delete()
    return sum(
        rebuild_units(ids[start : start + BATCH], today=today)
        for start in range(0, len(ids), BATCH)
    )


def rebuild_units(unit_ids: Iterable[int], *, today: date) -> int:
    """Write every night of these units from `today` to the horizon; returns the number of rows.

    Call it under the units' lock after a change of prices, restrictions or units.
    """
    rows = compute_rows(unit_ids, today=today)
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        with connection.cursor() as cursor:
            cursor.execute(UPSERT, columns)
    return len(rows)


def refresh_runs(unit_ids: Sequence[int], first_night: date, departure: date) -> None:
    """Write again how many nights are free from each day that these nights can touch.

    Where holes are filled, also the least number of nights: a stay makes holes, or ends them.
    Call it under the units' lock after a stay was sold, cancelled or blocked, or a closure
    changed: `[first_night, departure)` and the longest stay before it.
    """
    longest = settings.LONGEST_STAY_NIGHTS
    # With what is prepared before and after, whatever it is.
    first_night, departure = first_night - PREPARATION, departure + PREPARATION
    first = first_night - timedelta(days=longest)
    days = UnitDay.objects.filter(
        unit_id__in=unit_ids, day__gte=first, day__lt=departure + timedelta(days=longest)
    ).order_by("unit_id", "day")
    priced: dict[int, dict[date, bool]] = defaultdict(dict)
    for unit_id, day, price in days.values_list("unit_id", "day", "price_cents"):
        priced[unit_id][day] = price != NO_PRICE
    # The eve of the first day too: whether it is taken decides if a hole begins there.
    taken = _taken_nights(unit_ids, first - ONE_DAY)
    filling = Unit.objects.filter(pk__in=unit_ids, tariff__fills_gaps=True)
    limits = {
        unit.pk: stay_limits(unit) for unit in load_units(filling.values_list("pk", flat=True))
    }
    fresh: list[tuple[int, date, int]] = []
    minima: list[tuple[int, date, int]] = []
    for unit_id, nights in priced.items():
        runs = _free_runs(nights, taken[unit_id])
        fresh += [(unit_id, day, runs[day]) for day in nights if day < departure]
        if unit_id in limits:
            # A hole may begin on the very day of departure.
            touched = [day for day in nights if day <= departure]
            minima += [
                (unit_id, day, _least(limits[unit_id], day, runs[day], taken[unit_id]))
                for day in touched
            ]
    for statement, rows in ((SET_RUNS, fresh), (SET_MINIMA, minima)):
        if rows:
            columns = [list(column) for column in zip(*rows, strict=True)]
            with connection.cursor() as cursor:
                cursor.execute(statement, columns)


def take_nights(unit_id: int, first_night: date, departure: date) -> None:
    """Write that `[first_night, departure)` was just taken: what `refresh_runs` would write.

    For a sale, from what the table says already; holes, where they are filled, are looked for
    anew. Call it under the unit's lock.
    """
    with connection.cursor() as cursor:
        cursor.execute(UNIT_OF_SALE, {"unit": unit_id, "first": first_night})
        fills_gaps, before, after = cursor.fetchone()
    if fills_gaps:
        refresh_runs([unit_id], first_night, departure)
        return
    values: dict[str, Any] = {
        "unit": unit_id,
        "first": first_night - timedelta(days=before),
        "departure": departure + timedelta(days=after),
        "longest": settings.LONGEST_STAY_NIGHTS,
    }
    with connection.cursor() as cursor:
        cursor.execute(SHORTEN_RUNS, values)


def compute_rows(unit_ids: Iterable[int], *, today: date) -> list[Row]:
    """Return what the table should say of these units, from the truth."""
    ids = list(unit_ids)
    horizon = [today + timedelta(days=n) for n in range(settings.SEARCH_HORIZON_DAYS + 1)]
    taken = _taken_nights(ids, today - ONE_DAY)
    rows: list[Row] = []
    by_tariff: dict[int | None, list[tuple[int, int, bool]]] = {}
    for unit in load_units(ids):
        if unit.tariff_id not in by_tariff:
            terms, limits = stay_terms(unit), stay_limits(unit)
            known = []
            for day in horizon:
                amount = night_amount(terms, day)
                known.append(
                    (
                        NO_PRICE if amount is None else to_cents(amount),
                        min_stay_on(limits, day),
                        arrival_allowed(limits, day),
                    )
                )
            by_tariff[unit.tariff_id] = known
        known = by_tariff[unit.tariff_id]
        is_sold = {
            day: unit.is_active and price != NO_PRICE
            for day, (price, _, _) in zip(horizon, known, strict=True)
        }
        runs = _free_runs(is_sold, taken[unit.pk])
        total = 0
        fills = unit.tariff is not None and unit.tariff.fills_gaps
        for day, (price, usual, arrival_ok) in zip(horizon, known, strict=True):
            min_stay = _within_hole(usual, day, runs[day], taken[unit.pk]) if fills else usual
            rows.append((unit.pk, day, price, total, runs[day], min_stay, arrival_ok))
            total += max(price, 0)
    return rows


def find_drift(*, today: date) -> list[int]:
    """Return the units whose rows differ from the truth: an empty list is the only good answer."""
    ids = list(Unit.objects.order_by("pk").values_list("pk", flat=True))
    drifted: set[int] = set()
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        truth = {(row[0], row[1]): row[2:] for row in compute_rows(batch, today=today)}
        stored: dict[tuple[int, date], tuple[Any, ...]] = {
            (row[0], row[1]): row[2:]
            for row in UnitDay.objects.filter(unit_id__in=batch, day__gte=today).values_list(
                "unit_id", "day", "price_cents", "cum_cents", "free_run", "min_stay", "arrival_ok"
            )
        }
        # Sums may start from another day: only their differences mean something.
        for key, row in truth.items():
            other = stored.get(key)
            if other is None or (row[0], *row[2:]) != (other[0], *other[2:]):
                drifted.add(key[0])
    return sorted(drifted)


def _taken_nights(unit_ids: Sequence[int], first: date) -> dict[int, set[date]]:
    """Return, for each unit, the nights from `first` on that can't be sold."""
    taken: dict[int, set[date]] = defaultdict(set)
    with connection.cursor() as cursor:
        cursor.execute(TAKEN, {"units": list(unit_ids), "first": first})
        rows = cursor.fetchall()
    for unit_id, begin, end in rows:
        day = max(begin, first)
        while day < end:
            taken[unit_id].add(day)
            day += ONE_DAY
    return taken


def _least(limits: StayLimits, day: date, run: int, taken: Collection[date]) -> int:
    return _within_hole(min_stay_on(limits, day), day, run, taken)


def _within_hole(usual: int, day: date, run: int, taken: Collection[date]) -> int:
    """Return the least number of nights from a day on: all of a hole, where it is shorter."""
    return min(usual, run) if is_hole(day, run, taken) else usual


def _free_runs(is_sold: dict[date, bool], taken: set[date]) -> dict[date, int]:
    """Return, for each day, how many nights in a row are free from it on, up to the longest."""
    longest = settings.LONGEST_STAY_NIGHTS
    runs: dict[date, int] = {}
    run = 0
    for day in sorted(is_sold, reverse=True):
        run = min(run + 1, longest) if is_sold[day] and day not in taken else 0
        runs[day] = run
    return runs
