"""Which lodgings are free for these nights and fit this party: one statement, then the catalogue.

The statement reads what changes with every sale (nights, holds) and what the rules of stay refuse;
pole, features, order of the day come from the catalogue that a process keeps. A list and the
counts on its chips are two readings of the same answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, cached_property
from operator import attrgetter
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection

from booking.catalogue import catalogue
from booking.exact import EXACT, exact_values
from booking.filters import Filters, Listed, Sieved, sieve
from booking.models.calendar import meets_stay
from booking.quoting import TaxBook
from booking.rules.people import ADULT_AGE, Guest
from oti.lib.dates import today as day_of
from oti.lib.packed import packed, unpacked
from oti.lib.plans import planned_anew

# Beds too many, in steps of two: who fits best (booking/RANKING.md).
SLACK_SQL = "least(greatest(u.max_guests - %(party)s, 0) / 2, 2)"


class Fit(NamedTuple):
    """The cheapest fitting unit of an offer, by the price of its nights."""

    base_cents: int
    unit_id: int
    slack: int
    offer: Listed


# What comes before the rotation of the day, and whether the highest comes first: who fits best or
# the price, never payment (features.md N24, N34).
SORTS = {
    "relevance": (attrgetter("slack"), False),
    "price": (attrgetter("base_cents"), False),
    "price_desc": (attrgetter("base_cents"), True),
}
_turn = attrgetter("offer.turn")


@dataclass(frozen=True)
class Fits:
    """What fits: one unit of each offer by the offer's id, held against the filters."""

    by_offer: dict[int, Fit]
    filters: Filters

    @cached_property
    def sieved(self) -> Sieved:
        """Return the offers with the filters that each of them fails."""
        return sieve((one.offer for one in self.by_offer.values()), self.filters)

    def ranked(self, sort: str) -> list[Fit]:
        """Return what the filters keep in the order of the list."""
        kept = sorted((self.by_offer[one.id] for one in self.sieved.kept), key=_turn)
        key, is_reversed = SORTS.get(sort, SORTS["relevance"])
        # A sort leaves equals as they stand: in the rotation of the day.
        return sorted(kept, key=key, reverse=is_reversed)


def find_fits(
    arrival: date,
    departure: date,
    guests: Sequence[Guest],
    filters: Filters,
    tax_book: TaxBook,
    *,
    now: datetime,
) -> Fits:
    """Return what is free from `arrival` to `departure` for these guests; dates are right.

    A lodging without a tariff of the tourist tax can't be priced: it is left out.
    """
    today = day_of(now)
    # An adult who gave no age is known to be 18 and no better (`check_ages`).
    ages = [ADULT_AGE if guest.age is None else guest.age for guest in guests]
    limits = (arrival - today).days, min(ages), max(ages)
    listed = catalogue(today)
    is_taxed = cache(lambda line: tax_book.is_known(line, arrival))
    found: dict[int, Fit] = {}
    for offer_id, unit_id, base_cents, slack in _fitting_units(arrival, departure, ages, now=now):
        known = found.get(offer_id)
        if known is not None:
            if (base_cents, unit_id) < known[:2]:
                found[offer_id] = Fit(base_cents, unit_id, slack, known.offer)
            continue
        offer = listed.get(offer_id)
        if offer is not None and offer.takes(*limits) and is_taxed(offer.tax_line):
            found[offer_id] = Fit(base_cents, unit_id, slack, offer)
    return Fits(found, filters)


@planned_anew()
def _fitting_units(
    arrival: date, departure: date, ages: Sequence[int], *, now: datetime
) -> Iterator[tuple[int, ...]]:
    """Return (offer, unit, price of the nights in cents, slack) of every unit that fits.

    In the order of the units.
    """
    children = sum(age < ADULT_AGE for age in ages)
    infants = sum(age < settings.INFANT_BELOW_AGE for age in ages)
    size = " AND ".join(["u.max_adults >= %(adults)s", *room_for(children, infants)])
    values: dict[str, Any] = {
        **exact_values(arrival, departure),
        "nights": (departure - arrival).days,
        "adults": len(ages) - children,
        "children": children,
        "infants": infants,
        "party": len(ages),
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(FITTING.format(size=size), values)
        return unpacked(cursor.fetchone())


HELD = (
    "SELECT h.unit_id FROM booking_stay h JOIN booking_unit hu ON hu.id = h.unit_id"  # noqa: S608
    " WHERE h.state = 'held' AND h.expires_at > %(now)s"
    f" AND {meets_stay('h', '%(arrival)s', '%(departure)s', 'hu')}"
)
# What is asked inside is planned for itself: it has statistics, and its order lets three indexes
# be read side by side. Of what is refused outside the planner knows nothing: mixed with the rest it
# looked up each unit.
FITTING = f"""
SELECT {packed("u.offer_id", "u.id", "u.base_cents", "u.slack")} FROM (
    SELECT u.id, u.offer_id, u.tariff_id, e.cum_cents - d.cum_cents AS base_cents,
           {SLACK_SQL} AS slack
    FROM booking_unitday d
    JOIN booking_unitday e ON e.unit_id = d.unit_id
    JOIN booking_unit u ON u.id = d.unit_id
    WHERE d.day = %(arrival)s::date AND e.day = %(departure)s::date
      AND d.free_run >= %(nights)s AND d.min_stay <= %(nights)s AND d.arrival_ok
      AND u.is_active AND {{size}}
    ORDER BY d.unit_id
) AS u
WHERE u.id NOT IN ({HELD}) AND {" AND ".join(EXACT)}
"""  # noqa: S608 - constants of this module


def room_for(children: int, infants: int) -> list[str]:
    """Return what a unit's size must be; said as plainly as possible, so that it is well planned.

    An infant takes a cot where there is one; the rules decide exactly.
    """
    if infants:
        return [
            "u.max_children + least(u.max_infants, %(infants)s) >= %(children)s",
            "u.max_guests + least(u.max_infants, %(infants)s) >= %(party)s",
        ]
    of_children = ["u.max_children >= %(children)s"] if children else []
    return [*of_children, "u.max_guests >= %(party)s"]
