"""What each house sold here in a civil year, as the tax office is told: by quarter and property.

An operation belongs to the quarter in which its payment reached the platform, in Paris; what was
given back of it, whenever, is taken off that quarter (oti/decisions/0020-dac7.md). Sums are in
SQL, whatever the number of houses; decimal euros, without tourist tax.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.db import connection

from booking.models import Offer, Order
from booking.rules import kinds, sellers, states
from booking.rules.sellers import Sold, exclusion_of
from booking.seller_data import address_of
from members.models import Provider
from oti.lib.dates import at_paris
from oti.lib.money import ZERO

FIRST_YEAR = 2023

# One row a line that was sold and not wholly given back: what was kept of it, services and tax. The
# commission of a part is cut among its lines by what was kept, to the cent, nothing left over.
LINES = """
WITH line AS (
    SELECT l.id, l.sub_order_id, s.provider_id, s.commission_amount AS commission,
        CASE WHEN l.kind = ANY(%(slept)s) THEN l.offer_id END AS offer_id, did.activity,
        extract(quarter FROM o.confirmed_at AT TIME ZONE 'Europe/Paris')::int AS quarter,
        l.gross_amount - coalesce(back.services, 0) AS kept,
        l.tourist_tax_amount - coalesce(back.tax, 0) AS tax
    FROM booking_order o
    JOIN booking_orderline l ON l.order_id = o.id
    JOIN booking_suborder s ON s.id = l.sub_order_id
    JOIN unnest(%(kinds)s::text[], %(activities)s::text[]) AS did(kind, activity)
        ON did.kind = l.kind
    LEFT JOIN LATERAL (
        SELECT sum(r.amount - r.tourist_tax_amount) AS services, sum(r.tourist_tax_amount) AS tax
        FROM booking_refund r WHERE r.line_id = l.id
    ) back ON true
    WHERE o.confirmed_at >= %(first)s AND o.confirmed_at < %(after)s AND o.channel = %(site)s
        AND l.state <> ALL(%(never)s) AND (%(everybody)s OR s.provider_id = ANY(%(houses)s))
), counted AS (
    SELECT line.*, sum(kept) OVER part AS whole, sum(kept) OVER (part ORDER BY id) AS upto
    FROM line WINDOW part AS (PARTITION BY sub_order_id)
), share AS (
    SELECT counted.*, CASE WHEN whole > 0 THEN round(commission * upto / whole, 2)
        - round(commission * (upto - kept) / whole, 2) ELSE 0 END AS fee
    FROM counted
)
"""
BY_QUARTER = """
SELECT provider_id, activity, offer_id, quarter, count(*), sum(kept), sum(fee), sum(tax)
FROM share WHERE kept > 0 GROUP BY 1, 2, 3, 4
"""
BY_HOUSE = """
SELECT provider_id, count(*), count(*) FILTER (WHERE activity = 'goods'),
    coalesce(sum(kept) FILTER (WHERE activity = 'goods'), 0)
FROM share WHERE kept > 0 GROUP BY 1
"""
RENTALS = """
SELECT provider_id, max(times) FROM (
    SELECT share.provider_id, share.offer_id, count(*) AS times
    FROM share JOIN booking_offer f ON f.id = share.offer_id AND f.lodging_type = 'hotel'
    WHERE kept > 0 GROUP BY 1, 2
) let GROUP BY 1
"""
# Days of the year on which somebody had a bed there, whenever they were paid.
DAYS = """
SELECT s.provider_id, l.offer_id, count(DISTINCT day)
FROM booking_orderline l
JOIN booking_order o ON o.id = l.order_id
JOIN booking_suborder s ON s.id = l.sub_order_id,
generate_series(
    greatest(l.arrival, %(first_day)s::date), least(l.departure, %(after_day)s::date) - 1,
    interval '1 day'
) day
WHERE l.kind = ANY(%(slept)s) AND l.state = ANY(%(took_place)s) AND o.channel = %(site)s
    AND o.confirmed_at IS NOT NULL AND l.arrival < %(after_day)s AND l.departure > %(first_day)s
    AND (%(everybody)s OR s.provider_id = ANY(%(houses)s))
GROUP BY 1, 2
"""


@dataclass(frozen=True)
class Quarter:
    """What was paid for in a quarter, in euros: `gross` for the services, of it `fees` kept here.

    `taxes` is the tourist tax that the platform collected besides.
    """

    operations: int = 0
    gross: Decimal = ZERO
    fees: Decimal = ZERO
    taxes: Decimal = ZERO

    @property
    def net(self) -> Decimal:
        """Return what the directive calls the consideration: net of what the platform kept."""
        return self.gross - self.fees

    def plus(self, other: Quarter) -> Quarter:
        """Return both together."""
        return Quarter(
            self.operations + other.operations,
            self.gross + other.gross,
            self.fees + other.fees,
            self.taxes + other.taxes,
        )


NOTHING = Quarter()


def total_of(quarters: Iterable[Quarter]) -> Quarter:
    """Return quarters together."""
    total = NOTHING
    for one in quarters:
        total = total.plus(one)
    return total


@dataclass(frozen=True)
class Part:
    """One activity of a house, or one property that it let: what was paid, and days let."""

    activity: str
    offer: Offer | None = None
    quarters: tuple[Quarter, ...] = (NOTHING,) * 4
    days: int = 0

    @property
    def total(self) -> Quarter:
        """Return the year."""
        return total_of(self.quarters)

    @property
    def title(self) -> str:
        """Return the name of the property, in French; "" for what is none."""
        return self.offer.title_fr if self.offer else ""  # type: ignore[attr-defined]

    @property
    def address(self) -> str:
        """Return where the property stands; "" for what is none, or isn't known."""
        return address_of(self.offer) if self.offer else ""

    @property
    def property_type(self) -> str:
        """Return the code of its kind in the declaration; "" for what is no property."""
        if self.offer is None:
            return ""
        return sellers.PROPERTY_TYPES.get(self.offer.lodging_type, sellers.OTHER_PROPERTY)

    @property
    def registration(self) -> str:
        """Return the number under which the property is registered."""
        return self.offer.registration_number if self.offer else ""


@dataclass(frozen=True)
class SellerYear:
    """One house in one civil year."""

    year: int
    parts: tuple[Part, ...] = ()
    exclusion: str = ""
    quarters: tuple[Quarter, ...] = field(default=(NOTHING,) * 4)

    @property
    def total(self) -> Quarter:
        """Return the year."""
        return total_of(self.quarters)


# --- Reading ------------------------------------------------------------------------------------
def houses_of_year(year: int) -> list[int]:
    """Return the keys of the houses that sold or had guests in a civil year."""
    values = _values(year, None)
    with connection.cursor() as cursor:
        cursor.execute(LINES + BY_HOUSE, values)
        found = {row[0] for row in cursor.fetchall()}
        cursor.execute(DAYS, values)
        return sorted(found | {row[0] for row in cursor.fetchall()})


def sold_in_year(year: int) -> dict[int, Sold]:
    """Return what each house that sold something in a civil year sold, by its key: counts only."""
    values = _values(year, None)
    with connection.cursor() as cursor:
        cursor.execute(LINES + RENTALS, values)
        rentals = dict(cursor.fetchall())
        cursor.execute(LINES + BY_HOUSE, values)
        return {
            house: Sold(operations, goods, amount, rentals.get(house, 0))
            for house, operations, goods, amount in cursor.fetchall()
        }


def years_of_houses(houses: Collection[Provider], year: int) -> dict[int, SellerYear]:
    """Return the year of each of some houses, by its key. Three statements, however many."""
    values = _values(year, [one.pk for one in houses])
    with connection.cursor() as cursor:
        cursor.execute(LINES + BY_QUARTER, values)
        sums = cursor.fetchall()
        cursor.execute(DAYS, values)
        days = {(house, offer): count for house, offer, count in cursor.fetchall()}
    keys = {row[2] for row in sums if row[2]} | {offer for _house, offer in days}
    lodgings = Offer.objects.filter(pk__in=keys).select_related("commune", "provider")
    offers = {one.pk: one for one in lodgings}
    quarters: dict[int, dict[tuple[str, int | None], list[Quarter]]] = defaultdict(dict)
    for house, offer in days:
        quarters[house][sellers.PROPERTY, offer] = [NOTHING] * 4
    for house, activity, offer, quarter, *counts in sums:
        cut = quarters[house].setdefault((activity, offer), [NOTHING] * 4)
        cut[quarter - 1] = Quarter(*counts)
    return {
        one.pk: _year_of(one, year, quarters[one.pk], offers=offers, days=days) for one in houses
    }


def _year_of(
    house: Provider,
    year: int,
    cut: Mapping[tuple[str, int | None], list[Quarter]],
    *,
    offers: Mapping[int, Offer],
    days: Mapping[tuple[int, int], int],
) -> SellerYear:
    parts = [
        Part(
            activity,
            offers[offer] if offer else None,
            tuple(quarters),
            days.get((house.pk, offer), 0) if offer else 0,
        )
        for (activity, offer), quarters in cut.items()
    ]
    parts.sort(key=lambda one: (sellers.ACTIVITIES.index(one.activity), one.title))
    whole = tuple(total_of(part.quarters[at] for part in parts) for at in range(4))
    exclusion = exclusion_of(
        _sold(parts, total_of(whole)),
        is_public=house.is_public_body,
        is_entity=house.is_professional,
    )
    return SellerYear(year, tuple(parts), exclusion, whole)


def _sold(parts: Iterable[Part], whole: Quarter) -> Sold:
    parts = list(parts)
    goods = total_of(one.total for one in parts if one.activity == sellers.GOODS)
    hotels = [
        one.total.operations
        for one in parts
        if one.offer is not None and one.offer.lodging_type == sellers.HOTEL
    ]
    return Sold(whole.operations, goods.operations, goods.gross, max(hotels, default=0))


def _values(year: int, houses: list[int] | None) -> dict[str, Any]:
    return {
        "first": start_of(year),
        "after": start_of(year + 1),
        "first_day": date(year, 1, 1),
        "after_day": date(year + 1, 1, 1),
        "site": Order.Channel.SITE.value,
        "slept": list(kinds.SLEPT),
        "kinds": list(sellers.ACTIVITY_OF_KIND),
        "activities": list(sellers.ACTIVITY_OF_KIND.values()),
        "never": [states.HELD, states.RELEASED],
        "took_place": list(states.TAKES_PLACE),
        "everybody": houses is None,
        "houses": houses or [],
    }


def start_of(year: int) -> datetime:
    """Return the first moment of a civil year, in Paris."""
    return at_paris(date(year, 1, 1), time(0))
