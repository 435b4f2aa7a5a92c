"""What the rules of stay decide beyond the table of nights, in the words of the database.

What the rules would refuse is left out before anything is loaded. `booking.rules.stay` decides
what is shown and what is sold; the test of the chips compares both. Each condition names the
tariffs that refuse, once for the whole statement: a subquery for each unit costs more than all
the rest of a search.
"""

from __future__ import annotations

from datetime import date

from booking.holes import taken_on

NIGHTS = "(%(departure)s::date - %(arrival)s::date)"


def _rules(kind: str, day: str) -> str:
    """Return the SQL of the rules of stay of a kind that hold on a day."""
    return (
        f"FROM booking_stayrestriction r WHERE r.kind = '{kind}'"
        f" AND r.dates @> {day} AND r.weekday IN (-1, extract(isodow FROM {day})::int - 1)"
    )


SHUT = f"SELECT r.tariff_id {_rules('closed_to_departure', '%(departure)s::date')}"
LONGEST = _rules("max_stay", "%(arrival)s::date")
# A rule of the day replaces what the tariff says of every day.
TOO_LONG = f"""
    SELECT r.tariff_id {LONGEST} GROUP BY r.tariff_id HAVING min(r.value) < {NIGHTS}
    UNION ALL
    SELECT t.id FROM booking_tariff t WHERE t.max_stay < {NIGHTS}
    AND NOT EXISTS (SELECT 1 {LONGEST} AND r.tariff_id = t.id)
"""  # noqa: S608 - constants of this project
TOO_SHORT_THROUGH = f"""
    SELECT r.tariff_id FROM booking_stayrestriction r
    WHERE r.kind = 'min_stay_through' AND r.value > {NIGHTS} AND EXISTS (
        SELECT 1 FROM generate_series(
            %(arrival)s::date + 1, %(departure)s::date - 1, interval '1 day'
        ) AS g(day)
        WHERE r.dates @> g.day::date AND r.weekday IN (-1, extract(isodow FROM g.day)::int - 1)
    )
"""  # noqa: S608 - constants of this project
FILLING = "SELECT t.id FROM booking_tariff t WHERE t.fills_gaps"
# They speak of `u`, the unit.
EXACT = [
    f"u.tariff_id NOT IN ({SHUT})",
    f"u.tariff_id NOT IN ({TOO_LONG})",
    f"(u.tariff_id NOT IN ({TOO_SHORT_THROUGH}) OR (u.tariff_id IN ({FILLING})"
    f" AND {taken_on('u.id', '%(arrival)s::date - 1')}"
    f" AND {taken_on('u.id', '%(departure)s::date')}))",
]


def exact_values(arrival: date, departure: date) -> dict[str, date]:
    """Return the parameters of EXACT; no stay is longer than the platform's longest."""
    return {"arrival": arrival, "departure": departure}
