"""The one place that says "free": stays searched, and the units of a lodging for some nights.

Lists read the derived table and the sold counts; whatever sells asks again under its lock.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import connection
from django.utils.functional import cached_property

from booking.catalogue import TURN_SQL, Catalogue, catalogue, communes_on
from booking.channels.freshness import SILENT_FEED, SILENT_SALE, units_on_request
from booking.filters import Filters, Sieved, sieve
from booking.fitting import SLACK_SQL, find_fits, room_for
from booking.holes import bounded_on_both_sides
from booking.loading import load_sold_units, load_units
from booking.models import Offer, Unit
from booking.models.calendar import meets_stay
from booking.quoting import TaxBook, check_unit, policy_of, quote_unit, stay_hours, supplement_terms
from booking.refusals import BadInput, Trouble, trouble
from booking.rules.people import Guest
from booking.rules.pricing import OptionChoice, Quote, Reduction, SupplementTerms
from booking.rules.refunds import deadlines
from destination.models import Pole
from destination.models.territory import pole_by_commune
from destination.zones import Zone
from members.models import Provider
from oti.lib.dates import ONE_DAY, count_nights
from oti.lib.dates import today as day_of
from oti.lib.memo import remembered_each
from oti.lib.plans import planned_anew

PAGE_SIZE = 12


@dataclass(frozen=True)
class StaySearch:
    """What a visitor asks for: half-open nights, a party with ages, and some wishes."""

    arrival: date
    departure: date
    adults: int
    child_ages: tuple[int, ...] = ()
    pole: str = ""
    lodging_type: str = ""
    features: tuple[str, ...] = ()
    sort: str = "relevance"
    page: int = 1
    commune: str = ""
    stars: tuple[int, ...] = ()
    labels: tuple[str, ...] = ()
    text: str = ""
    near: str = ""
    zone: Zone | None = None

    @property
    def filters(self) -> Filters:
        """Return what is wished beside dates and party."""
        return Filters(
            pole=self.pole,
            commune=self.commune,
            lodging_type=self.lodging_type,
            stars=self.stars,
            features=self.features,
            labels=self.labels,
            text=self.text,
            near=self.near,
            zone=self.zone,
        )

    @property
    def guests(self) -> tuple[Guest, ...]:
        """Return the party, adults first."""
        return (Guest(),) * self.adults + tuple(Guest(age) for age in self.child_ages)


@dataclass(frozen=True)
class StayResult:
    """One offer with its cheapest fitting unit, at the price that will be charged."""

    offer: Offer
    unit: Unit
    quote: Quote
    nights: int
    free_cancellation_until: datetime | None
    pole: Pole | None
    # Its host answers first: it wants to, or its calendar elsewhere has been silent for a day.
    is_on_request: bool = False


@dataclass(frozen=True)
class StayResults:
    """One page of results; `count` is all that fit, `sieved` what fits before any filter."""

    results: list[StayResult]
    count: int
    page: int
    pages: int
    sieved: Sieved


@dataclass(frozen=True)
class UnitChoice:
    """A unit of one offer for these nights: its price, or every reason why not."""

    unit: Unit
    quote: Quote | None
    troubles: list[Trouble]
    options: tuple[SupplementTerms, ...] = ()
    # Its host answers first.
    is_on_request: bool = False

    @property
    def is_free(self) -> bool:
        """Whether it can be added as it is."""
        return self.quote is not None and not self.troubles


def check_dates(arrival: date, departure: date, *, today: date) -> list[Trouble]:
    """Return what is wrong with dates whatever the offer."""
    troubles = []
    if departure <= arrival:
        troubles.append(trouble("dates_reversed", field="departure"))
    elif count_nights(arrival, departure) > settings.LONGEST_STAY_NIGHTS:
        troubles.append(trouble("max_stay", field="departure", nights=settings.LONGEST_STAY_NIGHTS))
    if arrival < today:
        troubles.append(trouble("in_the_past", field="arrival"))
    elif departure > today + timedelta(days=settings.SEARCH_HORIZON_DAYS):
        troubles.append(trouble("too_far", field="arrival"))
    return troubles


def check_days(offer: Offer, first: date, after: date, *, today: date) -> list[Trouble]:
    """Return what is wrong with the days `[first, after)` for which something is asked."""
    if after <= first:
        return [trouble("days_reversed", field="departure")]
    troubles = check_dates(first, after, today=today)
    most = min(offer.kind_rules.most_days, settings.LONGEST_STAY_NIGHTS)
    if count_nights(first, after) > most:
        # What is lent has no nights: the limit of stays is said in days.
        troubles = [one for one in troubles if one.code != "max_stay"]
        troubles.append(trouble("rental_too_long", field="departure", days=most))
    return troubles


def check_party(adults: int, child_ages: Sequence[int]) -> list[Trouble]:
    """Return what is wrong with a party whatever the offer."""
    troubles = []
    if adults < 1:
        troubles.append(trouble("no_adult", field="adults"))
    if adults + len(child_ages) > settings.MAX_PARTY:
        troubles.append(trouble("too_many_people", field="adults", max=settings.MAX_PARTY))
    if any(age < 0 or age > 17 for age in child_ages):
        troubles.append(trouble("age_unreadable", field="ages"))
    return troubles


def search_stays(criteria: StaySearch, *, now: datetime, size: int = PAGE_SIZE) -> StayResults:
    """Return lodgings free for all these nights and this party, with the full price of each.

    The database answers what is free and allowed, in the order of the search; the rules decide
    again for those shown, `size` a page, and the next one replaces one that they refuse (core.md 3,
    4). Raises BadInput with every trouble of dates and party.
    """
    today = day_of(now)
    troubles = check_dates(criteria.arrival, criteria.departure, today=today)
    troubles += check_party(criteria.adults, criteria.child_ages)
    if troubles:
        raise BadInput(*troubles)
    loading = StayLoader(now)
    fits = find_fits(
        criteria.arrival,
        criteria.departure,
        criteria.guests,
        criteria.filters,
        loading.tax_book,
        now=now,
    )
    ranked = fits.ranked(criteria.sort)
    shown: list[StayResult] = []
    refused, start = 0, (criteria.page - 1) * size
    while len(shown) < size and start < len(ranked):
        next_ones = ranked[start : start + size]
        results = loading.results([(one.unit_id, criteria) for one in next_ones])
        shown += [one for one in results if one is not None]
        refused += results.count(None)
        start += size
    asking = units_on_request(now=now)
    shown = [
        replace(one, is_on_request=one.offer.is_on_request or one.unit.pk in asking)
        for one in shown[:size]
    ]
    if criteria.sort in {"price", "price_desc"}:
        shown.sort(key=lambda one: one.quote.total, reverse=criteria.sort == "price_desc")
    count = len(ranked) - refused
    return StayResults(
        results=shown,
        count=count,
        page=criteria.page,
        pages=max(1, math.ceil(count / size)),
        sieved=fits.sieved,
    )


class StayLoader:
    """Turns candidates of the table into results: the rules' word and the price to be paid.

    Poles and the councils' tariffs are read once, units in a bounded number of statements.
    """

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.today = today = day_of(now)
        self.poles = pole_by_commune(today)
        self.tax_book = TaxBook()

    @cached_property
    def communes(self) -> list[int]:
        """Return the communes where something is sold."""
        return communes_on(self.today)

    @cached_property
    def listed(self) -> Catalogue:
        """Return what is on sale."""
        return catalogue(self.today)

    def results(self, candidates: Sequence[tuple[int, StaySearch]]) -> list[StayResult | None]:
        """Return the result of each (unit, search), None where the rules refuse it."""
        units = _load_units({unit_id for unit_id, _criteria in candidates})
        holes: dict[tuple[date, date], frozenset[int]] = {}
        for days in {(one.arrival, one.departure) for _unit_id, one in candidates}:
            filling = {
                unit_id
                for unit_id, one in candidates
                if (one.arrival, one.departure) == days and _fills_gaps(units.get(unit_id))
            }
            holes[days] = bounded_on_both_sides(filling, days[0] - ONE_DAY, days[1])
        return [
            self._result(units.get(unit_id), one, holes=holes[one.arrival, one.departure])
            for unit_id, one in candidates
        ]

    def _result(
        self, unit: Unit | None, criteria: StaySearch, *, holes: frozenset[int]
    ) -> StayResult | None:
        arrival, departure, guests = criteria.arrival, criteria.departure, criteria.guests
        if unit is None or not _is_on_sale(unit.offer):
            return None
        if check_unit(unit, arrival, departure, guests, now=self.now, holes=holes):
            return None
        quote, _troubles = quote_unit(unit, arrival, departure, guests, (), self.tax_book)
        if quote is None:
            return None
        until = free_until(unit.offer, stay_hours(unit.offer, arrival, departure)[0])
        return StayResult(
            offer=unit.offer,
            unit=unit,
            quote=quote,
            nights=count_nights(arrival, departure),
            # On its last day the hour may be over: nothing is promised then.
            free_cancellation_until=until if until and day_of(until) > self.today else None,
            pole=self.poles.get(unit.offer.commune_id),
        )


def _fills_gaps(unit: Unit | None) -> bool:
    return unit is not None and unit.tariff is not None and unit.tariff.fills_gaps


def _is_on_sale(offer: Offer) -> bool:
    """Tell whether an offer that the catalogue knew is still sold."""
    is_active = offer.provider.state == Provider.State.ACTIVE
    return is_active and offer.state == Offer.State.PUBLISHED


# The day's rotation shows the same lodgings all day, whatever the dates.
@remembered_each(most=200)
def _load_units(unit_ids: Collection[int]) -> dict[int, Unit]:
    return {unit.pk: unit for unit in load_units(unit_ids)}


STAY_TABLES = """
    booking_unitday d
    JOIN booking_unitday e ON e.unit_id = d.unit_id
    JOIN booking_unit u ON u.id = d.unit_id
    JOIN booking_offer o ON o.id = u.offer_id
    JOIN members_provider p ON p.id = o.provider_id
"""
# What an offer is ranked by, beside its price (booking/RANKING.md).
RANKED = f"{SLACK_SQL} AS slack, {TURN_SQL.format(offer='u.offer_id')} AS turn"


def _in_window(children: int, infants: int) -> list[str]:
    """Return what the table can say of the nights of a window `w`, as SQL conditions."""
    nights = "(w.departure - w.arrival)"
    return [
        "d.day = w.arrival",
        "e.day = w.departure",
        f"d.free_run >= {nights}",
        f"d.min_stay <= {nights}",
        "d.arrival_ok",
        "u.is_active",
        "u.max_adults >= %(adults)s",
        *room_for(children, infants),
        "o.state = 'published'",
        "p.state = 'active'",
        "o.commune_id = ANY(%(communes)s)",
        f"NOT EXISTS ({SILENT_FEED})",
        "NOT EXISTS (SELECT 1 FROM booking_stay h WHERE h.unit_id = u.id AND h.state = 'held'"  # noqa: S608
        f" AND h.expires_at > %(now)s AND {meets_stay('h', 'w.arrival', 'w.departure', 'u')})",
    ]


@planned_anew()
def find_in_windows(
    criteria: StaySearch,
    windows: Sequence[tuple[date, date]],
    loading: StayLoader,
    *,
    now: datetime,
    most: int,
    offer_id: int | None = None,
) -> list[tuple[date, date, int]]:
    """Return (arrival, departure, unit) for each of these nights, at most `most` offers each.

    One statement whatever the number of windows, best rank first within each.
    """
    children = len(criteria.child_ages)
    infants = sum(age < settings.INFANT_BELOW_AGE for age in criteria.child_ages)
    where = _in_window(children, infants)
    kept: list[int] = []
    if criteria.filters != Filters():
        kept = [one.id for one in sieve(loading.listed.values(), criteria.filters).kept]
        where.append("o.id = ANY(%(kept)s)")
    if offer_id is not None:
        where.append("o.id = %(offer)s")
    else:
        # What is proposed instead can be had at once.
        where.append("o.confirmation = 'instant'")
    query = f"""
        WITH fitting AS (
            SELECT DISTINCT ON (w.arrival, w.departure, u.offer_id)
                   w.arrival, w.departure, u.offer_id, u.id AS unit_id,
                   e.cum_cents - d.cum_cents AS base_cents, {RANKED}
            FROM unnest(%(arrivals)s::date[], %(departures)s::date[]) AS w(arrival, departure),
                 {STAY_TABLES}
            WHERE {" AND ".join(where)}
            ORDER BY w.arrival, w.departure, u.offer_id, e.cum_cents - d.cum_cents, u.id
        ), ranked AS (
            SELECT *, row_number() OVER (
                PARTITION BY arrival, departure ORDER BY slack, turn, base_cents, offer_id
            ) AS rank FROM fitting
        )
        SELECT arrival, departure, unit_id FROM ranked WHERE rank <= %(most)s
        ORDER BY arrival, departure, rank
    """  # noqa: S608 - every part is a constant of this module; values are parameters
    with connection.cursor() as cursor:
        cursor.execute(
            query,
            {
                "adults": criteria.adults,
                "children": children,
                "infants": infants,
                "party": criteria.adults + children,
                "communes": loading.communes,
                "now": now,
                "turn": loading.today.isoformat(),
                "arrivals": [arrival for arrival, _departure in windows],
                "departures": [departure for _arrival, departure in windows],
                "most": most,
                "kept": kept,
                "offer": offer_id,
                "silent": now - SILENT_SALE,
            },
        )
        return [(row[0], row[1], row[2]) for row in cursor.fetchall()]


def free_until(offer: Offer, starts_at: datetime) -> datetime | None:
    """Return until when cancelling gives everything back, None if it never does."""
    policy = policy_of(offer)
    for until, percent in deadlines(policy, starts_at):
        if percent == 100 and policy.flat_fee == 0:
            return until
    return None


def stay_choices(
    offer: Offer,
    *,
    arrival: date,
    departure: date,
    guests: Sequence[Guest],
    options: Sequence[OptionChoice] = (),
    units: Sequence[Unit] | None = None,
    reduction: Reduction | None = None,
    now: datetime,
    except_basket: int | None = None,
) -> list[UnitChoice]:
    """Return every sold unit of a lodging for these nights, those that can be had first.

    Each refused one says every reason; prices count the options, and a `reduction` where no host
    answers first. `units` are the sold ones in their order where they are loaded already as
    `load_units` does. Raises BadInput for dates that no lodging could take.
    """
    today = day_of(now)
    troubles = check_dates(arrival, departure, today=today)
    if troubles:
        raise BadInput(*troubles)
    if units is None:
        units = load_sold_units(offer)
    taken, closed = _taken_and_closed(
        [unit.pk for unit in units], arrival, departure, now=now, except_basket=except_basket
    )
    asking = units_on_request(now=now)
    tax_book = TaxBook()
    choices = []
    for unit in units:
        reasons = check_unit(unit, arrival, departure, guests, now=now)
        if not reasons and unit.pk in taken | closed:
            reasons = [trouble("closed" if unit.pk in closed else "sold_out", field="arrival")]
        is_on_request = offer.is_on_request or unit.pk in asking
        lowered = None if is_on_request else reduction
        quote, no_quote = quote_unit(unit, arrival, departure, guests, options, tax_book, lowered)
        choices.append(
            UnitChoice(
                unit=unit,
                quote=quote,
                troubles=reasons + [one for one in no_quote if one not in reasons],
                options=tuple(one for one in supplement_terms(unit.offer) if not one.is_mandatory),
                is_on_request=is_on_request,
            )
        )
    choices.sort(
        key=lambda one: (
            not one.is_free,
            one.quote.total if one.quote else Decimal("Infinity"),
            one.unit.pk,
        )
    )
    return choices


# Of a stay `w`: neither sold, held nor closed, but what one basket holds.
NOBODY_HAS = f"""
NOT EXISTS (
    SELECT 1 FROM booking_stay s JOIN booking_unit su ON su.id = s.unit_id
    WHERE s.unit_id = w.unit AND {meets_stay("s", "w.arrival", "w.departure", "su")}
      AND (s.state IN ('sold', 'blocked') OR (s.state = 'held' AND s.expires_at > %(now)s))
      AND NOT EXISTS (SELECT 1 FROM booking_basketline l
                      WHERE l.id = s.line_id AND l.basket_id = %(basket)s)
) AND NOT EXISTS (
    SELECT 1 FROM booking_closure c
    WHERE c.unit_id = w.unit AND c.dates && daterange(w.arrival, w.departure)
)
"""  # noqa: S608 - names of this project
FREE_STAYS = f"""
SELECT w.unit, w.arrival, w.departure
FROM unnest(%(units)s::bigint[], %(arrivals)s::date[], %(departures)s::date[])
     AS w(unit, arrival, departure)
WHERE {NOBODY_HAS}
"""  # noqa: S608 - constants of this module


def free_stays(
    stays: Sequence[tuple[int, date, date]], *, now: datetime, except_basket: int | None = None
) -> set[tuple[int, date, date]]:
    """Return which (unit, arrival, departure) nobody has: neither sold, held nor closed.

    One statement, none without stays. Holds of `except_basket` don't count.
    """
    if not stays:
        return set()
    units, arrivals, departures = (list(column) for column in zip(*stays, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            FREE_STAYS,
            {
                "units": units,
                "arrivals": arrivals,
                "departures": departures,
                "now": now,
                "basket": except_basket,
            },
        )
        return {(row[0], row[1], row[2]) for row in cursor.fetchall()}


TAKEN_AND_CLOSED = f"""
SELECT s.unit_id, false FROM booking_stay s JOIN booking_unit u ON u.id = s.unit_id
WHERE s.unit_id = ANY(%(units)s::bigint[])
  AND {meets_stay("s", "%(arrival)s", "%(departure)s", "u")}
  AND (s.state IN ('sold', 'blocked') OR (s.state = 'held' AND s.expires_at > %(now)s))
  AND NOT EXISTS (SELECT 1 FROM booking_basketline l
                  WHERE l.id = s.line_id AND l.basket_id = %(basket)s)
UNION ALL
SELECT c.unit_id, true FROM booking_closure c
WHERE c.unit_id = ANY(%(units)s::bigint[]) AND c.dates && daterange(%(arrival)s, %(departure)s)
"""  # noqa: S608 - names of this project


def _taken_and_closed(
    unit_ids: Sequence[int],
    arrival: date,
    departure: date,
    *,
    now: datetime,
    except_basket: int | None = None,
) -> tuple[set[int], set[int]]:
    """Return which units somebody has for some of these nights, and which their host closed."""
    taken: set[int] = set()
    closed: set[int] = set()
    if not unit_ids:
        return taken, closed
    with connection.cursor() as cursor:
        cursor.execute(
            TAKEN_AND_CLOSED,
            {
                "units": list(unit_ids),
                "arrival": arrival,
                "departure": departure,
                "now": now,
                "basket": except_basket,
            },
        )
        for unit_id, is_closed in cursor.fetchall():
            (closed if is_closed else taken).add(unit_id)
    return taken, closed
