"""What the rules of stay decide beyond the table of nights, in the words of the database.

For counts and for the pages of a list after the first one: what the rules would refuse is left
out before anything is loaded. `booking.rules.stay` decides what is shown and what is sold; the
test of the chips compares both.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from django.conf import settings

from booking.holes import taken_on
from booking.rules.people import ADULT_AGE, Guest

NIGHTS = "(%(departure)s::date - %(arrival)s::date)"


def _rules(kind: str, day: str, more: str = "") -> str:
    """Return the SQL of the rules of stay of a kind that hold on a day."""
    return (
        f"FROM booking_stayrestriction r WHERE r.tariff_id = u.tariff_id AND r.kind = '{kind}'"
        f" AND r.dates @> {day} AND r.weekday IN (-1, extract(isodow FROM {day})::int - 1){more}"
    )


EXACT = [
    f"NOT EXISTS (SELECT 1 {_rules('closed_to_departure', '%(departure)s::date')})",
    f"coalesce((SELECT min(r.value) {_rules('max_stay', '%(arrival)s::date')}),"
    f" least(t.max_stay, %(longest)s)) >= {NIGHTS}",
    "(NOT EXISTS (SELECT 1 FROM generate_series(%(arrival)s::date + 1, %(departure)s::date - 1,"  # noqa: S608
    " interval '1 day') AS g(day) WHERE EXISTS (SELECT 1 "
    + _rules("min_stay_through", "g.day::date", f" AND r.value > {NIGHTS}")
    + f")) OR (t.fills_gaps AND {taken_on('u.id', '%(arrival)s::date - 1')}"
    f" AND {taken_on('u.id', '%(departure)s::date')}))",
    "o.min_advance_days <= %(ahead)s",
    "least(coalesce(nullif(o.max_advance_days, 0), %(horizon)s), %(horizon)s) >= %(ahead)s",
    "(o.min_age IS NULL OR o.min_age <= %(youngest)s)",
    "(o.max_age IS NULL OR o.max_age >= %(oldest)s)",
]
# EXACT speaks of `t` beside what the table's conditions speak of.
TARIFF = "JOIN booking_tariff t ON t.id = u.tariff_id"


def exact_values(arrival: date, guests: Collection[Guest], today: date) -> dict[str, Any]:
    """Return the parameters of EXACT; an adult without an age is known to be 18 and no better."""
    ages = [ADULT_AGE if guest.age is None else guest.age for guest in guests]
    return {
        "longest": settings.LONGEST_STAY_NIGHTS,
        "horizon": settings.SEARCH_HORIZON_DAYS,
        "ahead": (arrival - today).days,
        "youngest": min(ages),
        "oldest": max(ages),
    }
