"""Who came back, counted in the database: the tallies of `booking.rules.retention`.

A household is the family of the person whom a stay's identity means now, merged persons with it.
Stays whose person nobody knows count in what is covered, and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from booking import locks
from booking.models import KeptReturns
from booking.rules.retention import (
    ALL,
    FAMILY,
    KINDS,
    LANGUAGE,
    PARTIES,
    PARTY,
    POLE,
    Cell,
    Rate,
    Tally,
    rates,
)
from oti.lib.dates import today as day_of

# As many years are looked back on: a board reads no more, and the answer stays small.
MOST_YEARS = 10

# A second home is told by the stay itself, or by the family of who stayed, as long as it had the
# house. Whether a family came again is said of each stay once; then cells are counted, without a
# row for each family and trait: 300,000 stays would make a million of them. Kinds and parties are
# places in KINDS and PARTIES, which sort faster than words.
TALLIES = """
WITH stay AS MATERIALIZED (
    SELECT extract(year FROM s.last_day)::int AS year, c.family_id AS family,
        CASE WHEN s.household_id IS NOT NULL OR h.id IS NOT NULL THEN 1
            WHEN s.is_group THEN 2 ELSE 0 END AS kind,
        s.poles, s.language COLLATE "C" AS language, s.is_demo,
        CASE WHEN s.children > 0 THEN 0 WHEN s.adults = 2 THEN 1
            WHEN s.adults > 0 THEN 2 ELSE -1 END AS party
    FROM booking_paststay s
    LEFT JOIN members_customeridentity i ON i.id = s.identity_id
    LEFT JOIN members_customer c ON c.id = i.customer_id
    LEFT JOIN members_family f ON f.id = c.family_id
    LEFT JOIN members_household h ON h.id = f.household_id AND (
        h.ended_at IS NULL OR (h.ended_at AT TIME ZONE 'Europe/Paris')::date > s.last_day
    )
    WHERE s.last_day BETWEEN %(first)s AND %(until)s
), came AS MATERIALIZED (
    SELECT DISTINCT family, year FROM stay WHERE family IS NOT NULL
), seen AS MATERIALIZED (
    SELECT stay.*, CASE WHEN came.family IS NOT NULL THEN stay.family END AS back
    FROM stay LEFT JOIN came ON came.family = stay.family AND came.year = stay.year + 1
), cell AS (
    SELECT year, kind,
        CASE WHEN grouping(language) = 0 THEN %(language)s WHEN grouping(party) = 0 THEN %(party)s
            ELSE %(all)s END AS dimension,
        coalesce(language, (%(parties)s::text[])[party + 1], '') AS value,
        count(DISTINCT family), count(DISTINCT back), count(*), count(family), bool_or(is_demo)
    FROM seen
    GROUP BY GROUPING SETS ((year, kind), (year, kind, language), (year, kind, party))
    UNION ALL
    SELECT year, kind, %(pole)s, pole, count(DISTINCT family), count(DISTINCT back),
        count(*), count(family), bool_or(is_demo)
    FROM seen, LATERAL (SELECT DISTINCT unnest(poles) COLLATE "C" AS pole) its
    GROUP BY year, kind, pole
)
SELECT * FROM cell WHERE dimension = %(all)s OR value <> ''
"""


@dataclass(frozen=True)
class Returns:
    """The rates up to a day, by cell; `is_demo` where stays of the demonstration are among them.

    `counted_at` says when, where it wasn't now.
    """

    until: date
    rates: dict[Cell, Rate]
    is_demo: bool = False
    counted_at: datetime | None = None

    def years(self) -> list[int]:
        """Return the years that have a rate, the newest first."""
        return sorted({cell.year for cell in self.rates}, reverse=True)

    def values(self, dimension: str) -> list[str]:
        """Return what the families of some year are told apart by."""
        own = {cell for cell in self.rates if cell.dimension == dimension}
        return sorted({cell.value for cell in own if cell.kind == FAMILY})

    def rate(
        self, year: int, kind: str = FAMILY, dimension: str = ALL, value: str = ""
    ) -> Rate | None:
        """Return one rate; None where nobody stayed the year before."""
        found = self.rates.get(Cell(year, kind, dimension, value))
        return found if found and found.households else None

    def is_running(self, year: int) -> bool:
        """Tell whether a year isn't over: who still comes isn't counted yet."""
        return year == self.until.year and self.until < date(year, 12, 31)


def count_returns(*, until: date) -> Returns:
    """Return the rates of stays that ended up to a day, of its year and those before it.

    One statement.
    """
    return _returns(_counted(until), until=until)


def kept_returns(*, until: date) -> Returns:
    """Return the same as last counted for that day, in a moment; counted now if it never was."""
    kept = KeptReturns.objects.filter(until=until).first()
    if kept is None:
        return count_returns(until=until)
    return _returns(kept.cells, until=until, counted_at=kept.counted_at)


def keep_returns(*, now: datetime) -> None:
    """Count who came back up to today and keep it, instead of what was kept before."""
    until = day_of(now)
    cells = _counted(until)
    with locks.write_transaction():
        KeptReturns.objects.exclude(until=until).delete()
        KeptReturns.objects.update_or_create(
            until=until, defaults={"counted_at": now, "cells": cells}
        )


def _counted(until: date) -> list[list[Any]]:
    first = date(until.year - MOST_YEARS, 1, 1)
    with connection.cursor() as cursor:
        cursor.execute(TALLIES, {**WORDS, "first": first, "until": until})
        return [list(row) for row in cursor.fetchall()]


def _returns(cells: list[list[Any]], *, until: date, counted_at: datetime | None = None) -> Returns:
    tallies = {
        Cell(year, KINDS[kind], dimension, value): Tally(*figures)
        for year, kind, dimension, value, *figures, _demo in cells
    }
    return Returns(
        until=until,
        rates=rates(tallies, until=until.year),
        is_demo=any(row[-1] for row in cells),
        counted_at=counted_at,
    )


def day_a_year_before(day: date) -> date:
    """Return the same day of the year before; of a 29 February, the 28th."""
    if (day.month, day.day) == (2, 29):
        return date(day.year - 1, 2, 28)
    return day.replace(year=day.year - 1)


WORDS: dict[str, Any] = {
    "all": ALL,
    "pole": POLE,
    "language": LANGUAGE,
    "party": PARTY,
    "parties": list(PARTIES),
}
