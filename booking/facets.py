"""How many offers each filter would show: one grouped statement for a whole page of chips.

A filter of one choice (pole, commune, kind) is counted as if its own choice were free; one that
adds up (features, labels) as if it were added; and each one in use as if it were let go. The
counts are those of the lists: what the rules of stay would refuse afterwards is left out here
too (features.md A12).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from booking.availability import STAY_TABLES, StaySearch, stay_conditions
from booking.exact import EXACT, TARIFF, exact_values
from booking.filters import JOINS, MONTHS, STARS_SQL, Filters, placed
from booking.rules.kinds import KINDS, SLEPT
from booking.rules.people import ADULT_AGE, Guest
from oti.lib.dates import today as day_of
from oti.lib.plans import planned_anew

# Which other filters count when one is counted.
GROUPS = {
    "pole": ("type", "kind", "stars", "features", "labels", "text"),
    "commune": ("pole", "type", "kind", "stars", "features", "labels", "text"),
    "type": ("pole", "commune", "stars", "features", "labels", "text"),
    "kind": ("pole", "commune", "features", "labels", "text"),
    "stars": ("pole", "commune", "type", "features", "labels", "text"),
    "features": ("pole", "commune", "type", "kind", "stars", "features", "labels", "text"),
    "labels": ("pole", "commune", "type", "kind", "stars", "features", "labels", "text"),
}
# Whoever leaves a pole leaves its commune.
WITH_IT = {"pole": ("pole", "commune")}
COLUMNS = {
    "pole": "f.pole",
    "commune": "f.commune",
    "type": "f.lodging_type",
    "kind": "f.kind",
    "stars": "f.stars::text",
    "features": "wish.code",
    "labels": "l.code",
}
FROM = {
    "features": "fitting f, jsonb_array_elements_text(f.features) AS wish(code)",
    "labels": "fitting f JOIN booking_offerlabel l ON l.offer_id = f.id"
    " AND l.valid_until >= %(f_day)s",
}


@dataclass(frozen=True)
class Facets:
    """How many offers each choice of each filter would show, and how many are shown now."""

    total: int = 0
    counts: dict[str, dict[str, int]] = field(default_factory=dict)

    def count(self, group: str, choice: object) -> int:
        """Return how many offers a choice would show."""
        return self.counts.get(group, {}).get(str(choice), 0)

    def count_without(self, name: str) -> int:
        """Return how many offers would be shown without the filter of that name in use."""
        return self.counts.get("without", {}).get(name, 0)

    def choices(self, group: str) -> list[str]:
        """Return the choices that would show something, in their own order."""
        return sorted(code for code, count in self.counts.get(group, {}).items() if count)


@planned_anew()
def stay_facets(criteria: StaySearch, *, now: datetime) -> Facets:
    """Count lodgings that are free for these nights and this party."""
    today = day_of(now)
    where, values = stay_conditions(
        criteria, now=now, without=criteria.filters.conditions(today)[0]
    )
    base = f"""
        SELECT DISTINCT u.offer_id FROM {STAY_TABLES}
        {TARIFF}
        WHERE {" AND ".join([*where, *EXACT])}
    """  # noqa: S608 - constants of this project
    return _count(
        base,
        criteria.filters,
        {**values, **exact_values(criteria.arrival, criteria.guests, today)},
        day=today,
    )


@planned_anew()
def shelf_facets(filters: Filters, *, now: datetime) -> Facets:
    """Count lodgings on sale, whatever the dates."""
    base = "SELECT o.id AS offer_id FROM booking_offer o WHERE o.kind = ANY(%(slept)s)"
    return _count(base, filters, {"slept": list(SLEPT)}, day=day_of(now))


@planned_anew()
def experience_facets(
    filters: Filters,
    *,
    kinds: Sequence[str],
    season: str = "",
    from_day: date | None = None,
    to_day: date | None = None,
    guests: Sequence[Guest] = (),
    now: datetime,
) -> Facets:
    """Count what has a place left on these days for somebody of the party."""
    today = day_of(now)
    base = """
        SELECT DISTINCT s.offer_id FROM booking_slot s JOIN booking_offer o ON o.id = s.offer_id
        WHERE o.kind = ANY(%(kinds)s) AND s.day >= %(from_day)s AND s.day <= %(to_day)s
          AND s.resource = '' AND NOT s.is_closed
          AND (s.starts_at > %(now)s OR o.kind = ANY(%(open_long)s) AND s.ends_at > %(now)s)
          AND (o.season_from_month IS NULL OR CASE
              WHEN o.season_from_month <= o.season_to_month
              THEN extract(month FROM s.day) BETWEEN o.season_from_month AND o.season_to_month
              ELSE extract(month FROM s.day) >= o.season_from_month
                OR extract(month FROM s.day) <= o.season_to_month END)
          AND (o.kind <> ALL(%(with_permit)s) OR EXISTS (SELECT 1 FROM booking_offerpermit t
              WHERE t.offer_id = o.id AND t.valid_until >= s.day))
          AND extract(month FROM s.day) = ANY(%(months)s)
          AND s.capacity > s.sold + coalesce((SELECT sum(h.quantity) FROM booking_slothold h
              WHERE h.slot_id = s.id AND h.expires_at > %(now)s), 0)
          AND (o.kind = ANY(%(by_item)s) OR cardinality(%(ages)s::int[]) = 0 OR EXISTS (
              SELECT 1 FROM unnest(%(ages)s::int[]) AS a(age)
              WHERE a.age >= coalesce(o.min_age, 0) AND a.age <= coalesce(o.max_age, 200)))
    """
    values = {
        "kinds": list(kinds),
        "open_long": [kind.code for kind in KINDS if not kind.begins],
        "with_permit": [kind.code for kind in KINDS if kind.needs_permit],
        "by_item": [kind.code for kind in KINDS if kind.is_by_item],
        "from_day": max(from_day or today, today),
        "to_day": to_day or today + timedelta(days=settings.SEARCH_HORIZON_DAYS),
        "months": list(MONTHS.get(season, range(1, 13))),
        "now": now,
        # An adult who gave no age is known to be 18 and no better (`check_ages`).
        "ages": [ADULT_AGE if guest.age is None else guest.age for guest in guests],
    }
    return _count(base, filters, values, day=today)


def _count(base: str, filters: Filters, values: dict[str, Any], *, day: date) -> Facets:
    conditions, parameters = filters.conditions(day)
    if "communes" not in values:
        communes, poles = placed(day)
        values = {**values, "communes": communes, "poles": poles}
    flags = "".join(f", ({condition}) AS in_{name}" for name, condition in conditions.items())

    def kept(names: Collection[str], but: Collection[str] = ()) -> str:
        used = [
            f"f.in_{name}"
            for name in conditions
            if name.split("_", 1)[0] in names and name not in but
        ]
        return " AND ".join(used) or "true"

    counts = [
        f"SELECT '{group}' AS facet, {COLUMNS[group]} AS choice, count(*)"  # noqa: S608
        f" FROM {FROM.get(group, 'fitting f')} WHERE {kept(others)} GROUP BY 2"
        for group, others in GROUPS.items()
    ]
    everything = {name.split("_", 1)[0] for name in conditions}
    counts.append(f"SELECT 'all', '', count(*) FROM fitting f WHERE {kept(everything)}")  # noqa: S608
    counts += [
        f"SELECT 'without', '{name}', count(*) FROM fitting f"  # noqa: S608
        f" WHERE {kept(everything, WITH_IT.get(name, (name,)))}"
        for name in conditions
    ]
    query = f"""
        WITH base AS ({base}), fitting AS (
            SELECT o.id, o.kind, o.lodging_type, o.features, {STARS_SQL} AS stars,
                   m.pole, c.slug AS commune{flags}
            FROM base b JOIN booking_offer o ON o.id = b.offer_id {JOINS}
            WHERE o.state = 'published' AND p.state = 'active'
        )
        {" UNION ALL ".join(counts)}
    """  # noqa: S608 - constants of this project
    with connection.cursor() as cursor:
        cursor.execute(query, {**values, **parameters, "f_day": day})
        rows = cursor.fetchall()
    found: dict[str, dict[str, int]] = {}
    for group, choice, count in rows:
        found.setdefault(group, {})[choice] = count
    return Facets(total=found.pop("all", {}).get("", 0), counts=found)
