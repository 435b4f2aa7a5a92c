"""What every house had open and taken, month by month: counted each night, compared by pages.

Pages never count other houses themselves: they read the kept rows of one pole and family, a few
months of them, and tell what `booking.rules.secrecy` lets through.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Sum

from booking import locks
from booking.models import HouseMonth
from booking.rules.kinds import DATED, PLACES, SLEPT
from booking.rules.periods import Period, month_of
from booking.rules.secrecy import Share, middle_percent
from destination.models.territory import pole_by_commune
from members.models import Provider
from oti.lib.dates import today as day_of

# A year back, for what is booked late or counted anew; a year on, for what is sold already.
MONTHS_BACK, MONTHS_ON = 12, 12
# As `booking.rules.occupancy` counts for one house: a test holds them together.
# Every span is cut at the months it meets, once: joined to all months it would be read for each.
COUNT_NIGHTS = """
WITH span AS (
    SELECT %(first)s::date AS first, (%(last)s::date + interval '1 month')::date AS after
), unit AS MATERIALIZED (
    SELECT u.id, o.provider_id, CASE WHEN u.is_active AND o.state IN ('published', 'paused')
        THEN (o.created_at AT TIME ZONE 'Europe/Paris')::date END AS since
    FROM booking_unit u JOIN booking_offer o ON o.id = u.offer_id WHERE o.kind = ANY(%(kinds)s)
), offered AS (
    SELECT provider_id, since, count(*) AS units FROM unit WHERE since IS NOT NULL GROUP BY 1, 2
), capacity AS (
    SELECT provider_id, m::date AS month, sum(units * greatest(
        0, (m + interval '1 month')::date - greatest(m::date, since)
    )) AS nights
    FROM offered, span,
    generate_series(span.first, span.after - 1, interval '1 month') m GROUP BY 1, 2
), taken AS (
    SELECT unit.provider_id, m::date AS month,
        sum(least(upper(s.dates), (m + interval '1 month')::date)
            - greatest(lower(s.dates), m::date)) AS nights,
        sum(greatest(0, least(upper(s.dates), (m + interval '1 month')::date,
            coalesce(unit.since, upper(s.dates))) - greatest(lower(s.dates), m::date))) AS outside
    FROM span, booking_stay s JOIN unit ON unit.id = s.unit_id,
    generate_series(
        date_trunc('month', greatest(lower(s.dates), span.first)),
        least(upper(s.dates), span.after) - 1, interval '1 month'
    ) m
    WHERE s.state IN ('sold', 'blocked') AND s.dates && daterange(span.first, span.after)
    GROUP BY 1, 2
), shut AS (
    SELECT DISTINCT unit.id, unit.provider_id, day::date AS day
    FROM span, booking_closure c JOIN unit ON unit.id = c.unit_id AND unit.since IS NOT NULL,
    generate_series(
        greatest(lower(c.dates), span.first, unit.since),
        least(upper(c.dates), span.after) - 1, interval '1 day'
    ) day
    WHERE c.dates && daterange(span.first, span.after)
), occupied AS (
    SELECT s.unit_id, day::date AS day
    FROM span, booking_stay s,
    generate_series(
        greatest(lower(s.dates), span.first), least(upper(s.dates), span.after) - 1,
        interval '1 day'
    ) day
    WHERE s.state IN ('sold', 'blocked') AND s.dates && daterange(span.first, span.after)
    AND s.unit_id IN (SELECT id FROM shut)
), closed AS (
    SELECT provider_id, date_trunc('month', shut.day)::date AS month, count(*) AS nights
    FROM shut LEFT JOIN occupied ON occupied.unit_id = shut.id AND occupied.day = shut.day
    WHERE occupied.unit_id IS NULL GROUP BY 1, 2
), counted AS (
    SELECT provider_id, month, coalesce(capacity.nights, 0) + coalesce(taken.outside, 0)
        - coalesce(closed.nights, 0) AS open, coalesce(taken.nights, 0) AS taken
    FROM capacity FULL JOIN taken USING (provider_id, month)
    LEFT JOIN closed USING (provider_id, month)
)
"""
COUNT_PLACES = """
WITH counted AS (
    SELECT o.provider_id, date_trunc('month', s.day)::date AS month,
        sum(CASE WHEN s.is_closed THEN s.sold ELSE s.capacity END) AS open, sum(s.sold) AS taken
    FROM booking_slot s JOIN booking_offer o ON o.id = s.offer_id
    WHERE s.resource = %(places)s AND o.kind = ANY(%(kinds)s)
    AND s.day >= %(first)s AND s.day < (%(last)s::date + interval '1 month')::date
    GROUP BY 1, 2
)
"""
KEEP = """
INSERT INTO booking_housemonth
    (provider_id, pole_id, family, month, open_count, taken_count, counted_at)
SELECT counted.provider_id, place.pole, %(family)s, counted.month, counted.open, counted.taken,
    %(now)s
FROM counted JOIN members_provider p ON p.id = counted.provider_id AND p.state = 'active'
JOIN unnest(%(communes)s::bigint[], %(poles)s::bigint[]) AS place(commune, pole)
    ON place.commune = p.commune_id
ON CONFLICT (provider_id, family, month) DO UPDATE SET pole_id = EXCLUDED.pole_id,
    open_count = EXCLUDED.open_count, taken_count = EXCLUDED.taken_count,
    counted_at = EXCLUDED.counted_at
"""


def keep_house_months(*, now: datetime) -> int:
    """Count the months around today anew for every active house; returns how many rows.

    Months further back stay as they were counted last. Twice is the same as once.
    """
    today = day_of(now)
    this_month = month_of(today.year, today.month)
    first, last = this_month.moved(-MONTHS_BACK).first, this_month.moved(MONTHS_ON).first
    poles = pole_by_commune(today)
    values: dict[str, Any] = {
        "first": first,
        "last": last,
        "now": now,
        "places": PLACES,
        "communes": list(poles),
        "poles": [one.pk for one in poles.values()],
    }
    nights, places = HouseMonth.Family.NIGHTS.value, HouseMonth.Family.PLACES.value
    dated = [one.code for one in DATED]
    written = 0
    with locks.write_transaction(), connection.cursor() as cursor:
        cursor.execute(COUNT_NIGHTS + KEEP, {**values, "kinds": list(SLEPT), "family": nights})
        written += cursor.rowcount
        cursor.execute(COUNT_PLACES + KEEP, {**values, "kinds": dated, "family": places})
        written += cursor.rowcount
        # A house that sells no more is compared with nobody in months that can still change.
        HouseMonth.objects.filter(month__gte=first, counted_at__lt=now).delete()
    return int(written)


def middle_of_pole(
    house: Provider, family: str, period: Period, *, own: Collection[int], now: datetime
) -> int | None:
    """Return the middle occupancy of the pole's houses over a period, in percent to five points.

    None where the rule of secrecy forbids it, or for a house outside the perimeter. `own` are all
    the houses of whoever reads: they don't count among those that protect each other.
    """
    pole = pole_by_commune(day_of(now)).get(house.commune_id)
    if pole is None:
        return None
    return middle_percent(_shares(pole.pk, family, period.first, period.ends_on), own)


def _shares(pole_id: int, family: str, first: date, ends_on: date) -> list[Share]:
    rows = HouseMonth.objects.filter(
        pole_id=pole_id, family=family, month__gte=first, month__lt=ends_on
    )
    sums = rows.values("provider_id").annotate(open=Sum("open_count"), taken=Sum("taken_count"))
    return [
        Share(row["provider_id"], row["open"], row["taken"]) for row in sums.order_by("provider_id")
    ]
