"""Who came back, counted in the database: the tallies of `booking.rules.retention`.

A household is the family of the person whom a stay's identity means now, merged persons with it.
Stays whose person nobody knows count in what is covered, and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import connection

from booking.rules.retention import (
    ALL,
    COUPLE,
    FAMILY,
    GROUP,
    LANGUAGE,
    OTHER_PARTY,
    PARTY,
    POLE,
    SECOND_HOME,
    WITH_CHILDREN,
    Cell,
    Rate,
    Tally,
    rates,
)

# As many years are looked back on: a board reads no more, and the answer stays small.
MOST_YEARS = 10

# One row a family, year, kind and trait of its stays, then one a cell. A second home is told by the
# stay itself, or by the family of who stayed, as long as it had the house.
TALLIES = """
WITH stay AS MATERIALIZED (
    SELECT extract(year FROM s.last_day)::int AS year, c.family_id AS family,
        CASE WHEN s.household_id IS NOT NULL OR h.id IS NOT NULL THEN %(second_home)s
            WHEN s.is_group THEN %(group)s ELSE %(family)s END AS kind,
        s.poles, s.language, s.is_demo,
        CASE WHEN s.children > 0 THEN %(with_children)s WHEN s.adults = 2 THEN %(couple)s
            WHEN s.adults > 0 THEN %(other_party)s ELSE '' END AS party
    FROM booking_paststay s
    LEFT JOIN members_customeridentity i ON i.id = s.identity_id
    LEFT JOIN members_customer c ON c.id = i.customer_id
    LEFT JOIN members_family f ON f.id = c.family_id
    LEFT JOIN members_household h ON h.id = f.household_id AND (
        h.ended_at IS NULL OR (h.ended_at AT TIME ZONE 'Europe/Paris')::date > s.last_day
    )
    WHERE s.last_day BETWEEN %(first)s AND %(until)s
), trait AS (
    SELECT year, family, kind, %(all)s AS dimension, '' AS value, is_demo FROM stay
    UNION ALL
    SELECT year, family, kind, %(language)s, language, is_demo FROM stay WHERE language <> ''
    UNION ALL
    SELECT year, family, kind, %(party)s, party, is_demo FROM stay WHERE party <> ''
    UNION ALL
    SELECT year, family, kind, %(pole)s, pole, is_demo
    FROM stay, LATERAL (SELECT DISTINCT unnest(poles) AS pole) its
), of_family AS (
    SELECT year, family, kind, dimension, value, count(*) AS stays, bool_or(is_demo) AS is_demo
    FROM trait GROUP BY 1, 2, 3, 4, 5
), came AS (
    SELECT DISTINCT family, year FROM stay WHERE family IS NOT NULL
)
SELECT o.year, o.kind, o.dimension, o.value, count(o.family), count(came.family),
    sum(o.stays)::bigint, coalesce(sum(o.stays) FILTER (WHERE o.family IS NOT NULL), 0)::bigint,
    bool_or(o.is_demo)
FROM of_family o LEFT JOIN came ON came.family = o.family AND came.year = o.year + 1
GROUP BY 1, 2, 3, 4
"""


@dataclass(frozen=True)
class Returns:
    """The rates up to a day, by cell; `is_demo` where stays of the demonstration are among them."""

    until: date
    rates: dict[Cell, Rate]
    is_demo: bool = False

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
    first = date(until.year - MOST_YEARS, 1, 1)
    tallies: dict[Cell, Tally] = {}
    is_demo = False
    with connection.cursor() as cursor:
        cursor.execute(TALLIES, {**WORDS, "first": first, "until": until})
        for year, kind, dimension, value, households, back, stays, known, demo in cursor:
            tallies[Cell(year, kind, dimension, value)] = Tally(households, back, stays, known)
            is_demo |= demo
    return Returns(until=until, rates=rates(tallies, until=until.year), is_demo=is_demo)


def day_a_year_before(day: date) -> date:
    """Return the same day of the year before; of a 29 February, the 28th."""
    if (day.month, day.day) == (2, 29):
        return date(day.year - 1, 2, 28)
    return day.replace(year=day.year - 1)


WORDS = {
    "family": FAMILY,
    "second_home": SECOND_HOME,
    "group": GROUP,
    "with_children": WITH_CHILDREN,
    "couple": COUPLE,
    "other_party": OTHER_PARTY,
    "all": ALL,
    "pole": POLE,
    "language": LANGUAGE,
    "party": PARTY,
}
