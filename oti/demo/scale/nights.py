"""Nights that are taken, and the search table of all units written by a few statements.

The rules price and open the nights of one unit of each plan (`booking.search_table`); SQL copies
them to the units that share the plan and counts the free nights around what is taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection

from booking.models import Stay, UnitDay
from booking.search_table import NO_PRICE, compute_rows
from oti.demo.scale.rows import insert_from, pick, run
from oti.lib.dates import ONE_DAY

if TYPE_CHECKING:
    from oti.demo.scale.ground import Ground, Scale
    from oti.demo.scale.lodgings import Keys

# So that sorting stays in memory.
UNITS_AT_ONCE = 5000


def take_nights(scale: Scale, ground: Ground, keys: Keys) -> int:
    """Mark stays of two to seven nights as taken elsewhere, at most one a week and unit."""
    share = round(scale.sold_share * 1000)
    draw = "u.n * 1000 + w.week"
    return insert_from(
        Stay,
        "scale_unit u CROSS JOIN generate_series(0, %(weeks)s - 1) AS w(week)"
        " CROSS JOIN LATERAL (SELECT %(day)s::date + w.week * 7"
        f" + {pick(draw, 11, 3)}::int AS starts_on, 2 + {pick(draw, 12, 3)}::int AS nights) AS s"
        f" WHERE {pick(draw, 10, 1000)} < {share}",
        {
            "unit_id": "%(first)s + u.n + 1",
            "dates": "daterange(s.starts_on, s.starts_on + s.nights)",
            "state": f"'{Stay.State.BLOCKED}'",
        },
        first=keys.units,
        weeks=max(1, scale.horizon // 7),
        day=ground.first_day,
        seed=scale.seed,
        now=ground.now,
    )


COPY = f"""
INSERT INTO {UnitDay._meta.db_table}
    (unit_id, day, price_cents, cum_cents, free_run, min_stay, arrival_ok)
SELECT u.id, p.day, p.price_cents, p.cum_cents,
       CASE WHEN p.price_cents = {NO_PRICE} THEN 0
            ELSE least(%(longest)s, coalesce(min(p.day)
                FILTER (WHERE p.price_cents = {NO_PRICE} OR t.day IS NOT NULL) OVER ahead,
                %(end)s::date) - p.day)
       END,
       p.min_stay, p.arrival_ok
FROM (SELECT %(first)s + s.n + 1 AS id, o.plan
      FROM scale_unit s JOIN scale_offer o USING (offer)
      WHERE s.n >= %(start)s AND s.n < %(stop)s) AS u
JOIN scale_night p USING (plan)
LEFT JOIN (SELECT DISTINCT y.unit_id, d.day::date AS day
           FROM {Stay._meta.db_table} y
           CROSS JOIN LATERAL generate_series(lower(y.dates), upper(y.dates) - 1, '1 day') AS d(day)
           WHERE y.unit_id > %(first)s + %(start)s AND y.unit_id <= %(first)s + %(stop)s) AS t
       ON t.unit_id = u.id AND t.day = p.day
WINDOW ahead AS (PARTITION BY u.id ORDER BY p.day ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
"""


def write_table(scale: Scale, ground: Ground, keys: Keys) -> int:
    """Write the nights of every unit up to the horizon; returns how many."""
    _write_plan_nights(ground, keys)
    written = 0
    for start in range(0, scale.lodgings, UNITS_AT_ONCE):
        written += run(
            COPY,
            first=keys.units,
            start=start,
            stop=min(start + UNITS_AT_ONCE, scale.lodgings),
            longest=settings.LONGEST_STAY_NIGHTS,
            end=ground.last_day + ONE_DAY,
        )
    return written


def _write_plan_nights(ground: Ground, keys: Keys) -> None:
    """Keep what the rules say of the nights of one unit of each plan."""
    run(
        "CREATE TEMPORARY TABLE scale_night (plan int, day date, price_cents int,"
        " cum_cents bigint, min_stay int, arrival_ok bool) ON COMMIT DROP"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT %s + min(u.n) + 1, o.plan FROM scale_unit u JOIN scale_offer o USING (offer)"
            " GROUP BY o.plan",
            [keys.units],
        )
        plan_of = dict(cursor.fetchall())
        cursor.executemany(
            "INSERT INTO scale_night VALUES (%s, %s, %s, %s, %s, %s)",
            [
                (plan_of[unit_id], day, price, total, min_stay, arrival_ok)
                for unit_id, day, price, total, _run, min_stay, arrival_ok in compute_rows(
                    plan_of, today=ground.first_day
                )
                if day <= ground.last_day
            ],
        )
    run("ANALYZE scale_night")
