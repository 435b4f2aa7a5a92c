"""The one place that says "free": searching stays, calendars, slots and what is left in them.

Lists read the derived table and the sold counts; whatever sells asks again under its lock.
"""

from __future__ import annotations

import calendar as months
import math
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.conf import settings
from django.db import connection
from django.db.models import Case, F, Q, QuerySet, Sum, Value, When
from django.db.models.expressions import Combinable
from django.utils.functional import cached_property
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from booking.catalogue import TURN_SQL, Catalogue, catalogue, communes_on
from booking.channels.freshness import SILENT_FEED, SILENT_SALE, units_on_request
from booking.filters import MONTHS, Filters, Sieved, sieve
from booking.fitting import SLACK_SQL, find_fits, room_for
from booking.holes import UNSOLD_AROUND, bounded_on_both_sides
from booking.kept_offers import kept_offers_beside
from booking.loading import load_sold_units, load_units
from booking.models import Offer, Slot, SlotHold, Unit
from booking.models.calendar import meets_stay, slots_with_free
from booking.models.resources import blocked_dates
from booking.quoting import (
    TaxBook,
    asked_of,
    check_places,
    check_unit,
    notice_days,
    policy_of,
    quote_places,
    quote_unit,
    stay_hours,
    supplement_terms,
)
from booking.refusals import BadInput, Trouble, trouble
from booking.rules.kinds import KINDS, PLACES
from booking.rules.people import ADULT_AGE, Guest
from booking.rules.pricing import OptionChoice, Quote, Reduction, SupplementTerms
from booking.rules.refunds import deadlines
from booking.rules.resources import lacking
from booking.takes import check_takes, takes_of_slots
from destination.models import Pole
from destination.models.territory import pole_by_commune
from destination.zones import Zone
from members.models import Provider
from oti.lib.dates import ONE_DAY, at_paris, count_nights
from oti.lib.dates import today as day_of
from oti.lib.html import weekday_name
from oti.lib.memo import remembered_each
from oti.lib.money import from_cents
from oti.lib.plans import planned_anew
from oti.lib.together import Written, read_together

PAGE_SIZE = 12
# Of dates, where no last day is asked for.
DAYS_SHOWN = 28
LOW_SHARE = 2
# A stay: over a longer time everything stands at its first date.
MOST_DAYS_SPREAD = 31


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


@dataclass(frozen=True)
class CalendarDay:
    """A day of an offer's calendar; the reason is said where it can't be slept."""

    day: date
    is_past: bool
    is_free: bool
    can_arrive: bool
    price: Decimal | None
    reason: str
    is_closed: bool = False


@dataclass(frozen=True)
class CalendarMonth:
    """A month as weeks from Monday; None pads the first and the last one."""

    year: int
    month: int
    weeks: list[list[CalendarDay | None]]
    previous: tuple[int, int] | None
    next: tuple[int, int] | None
    rule: str


@dataclass(frozen=True)
class SlotChoice:
    """A slot for these persons: what is left, what it costs, and every reason why not."""

    slot: Slot
    free: int
    status: str
    quote: Quote | None
    troubles: list[Trouble] = field(default_factory=list)

    @property
    def is_free(self) -> bool:
        """Whether it can be added as it is."""
        return self.quote is not None and not self.troubles


@dataclass(frozen=True)
class ExperienceResult:
    """An offer sold by places, with its next open slot."""

    offer: Offer
    slot: Slot | None
    free: int
    from_amount: Decimal | None
    quote: Quote | None
    pole: Pole | None


@dataclass(frozen=True)
class ExperienceResults:
    """One page of experiences; `sieved` is what has a place before any filter."""

    results: list[ExperienceResult]
    count: int
    page: int
    pages: int
    sieved: Sieved


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


class _Night(NamedTuple):
    """What the table says of one unit's night: a month of a hotel has hundreds."""

    unit_id: int
    day: date
    price_cents: int
    free_run: int
    min_stay: int
    arrival_ok: bool


AROUND = UNSOLD_AROUND.format(stay="s", unit="u")
HELD_IN_MONTH = f"""
SELECT s.unit_id, lower({AROUND}), upper({AROUND})
FROM booking_stay s JOIN booking_unit u ON u.id = s.unit_id
WHERE u.offer_id = %(offer)s AND s.state = 'held' AND s.expires_at > %(now)s
  AND {AROUND} && daterange(%(first)s, %(after)s)
"""  # noqa: S608 - names of this project
NIGHTS_OF_MONTH = f"""
SELECT {", ".join(f"d.{name}" for name in _Night._fields)}
FROM booking_unitday d JOIN booking_unit u ON u.id = d.unit_id
WHERE u.offer_id = %(offer)s AND u.is_active AND d.day >= %(first)s AND d.day < %(after)s
"""  # noqa: S608 - the names of our own columns


def stay_calendar(offer: Offer, *, year: int, month: int, now: datetime) -> CalendarMonth:
    """Return one month of a lodging: which nights are free, where one may arrive, from how much.

    A night is free if one unit has it; the price is the lowest of the free ones.
    """
    today = day_of(now)
    last = today + timedelta(days=settings.SEARCH_HORIZON_DAYS)
    earliest = today + timedelta(days=notice_days(offer, now))
    first_day = date(year, month, 1)
    next_first = (first_day.replace(day=28) + timedelta(days=4)).replace(day=1)
    rows: dict[date, list[_Night]] = defaultdict(list)
    held: dict[int, list[tuple[date, date]]] = defaultdict(list)
    values = {"offer": offer.pk, "first": first_day, "after": next_first, "now": now}
    spans, nights = read_together(
        Written(HELD_IN_MONTH, width=3, values=values),
        Written(NIGHTS_OF_MONTH, width=len(_Night._fields), values=values),
    )
    for unit_id, start, end in spans:
        held[unit_id].append((start, end))
    for row in nights:
        rows[row[1]].append(_Night(*row))
    weeks: list[list[CalendarDay | None]] = [
        [
            _calendar_day(day, rows[day], held, today=today, earliest=earliest)
            if day.month == month
            else None
            for day in week
        ]
        for week in months.Calendar().monthdatescalendar(year, month)
    ]
    previous = first_day - ONE_DAY
    return CalendarMonth(
        year=year,
        month=month,
        weeks=weeks,
        previous=(previous.year, previous.month) if first_day > today else None,
        next=(next_first.year, next_first.month) if next_first <= last else None,
        rule=_calendar_rule(rows),
    )


def _calendar_day(
    day: date,
    rows: list[_Night],
    held: dict[int, list[tuple[date, date]]],
    *,
    today: date,
    earliest: date,
) -> CalendarDay:
    free = [
        row
        for row in rows
        if row.free_run > 0 and not any(start <= day < end for start, end in held[row.unit_id])
    ]
    arrivals = [row for row in free if row.arrival_ok and row.free_run >= row.min_stay]
    reason = ""
    is_closed = not free and not any(row.price_cents >= 0 for row in rows)
    if day < today:
        reason = _("Past")
    elif not free:
        reason = _("Closed") if is_closed else _("Sold out")
    elif not arrivals:
        reason = _("Free, no arrival on that day")
    elif day < earliest:
        reason = _("Free, but too late to book an arrival")
    return CalendarDay(
        day=day,
        is_past=day < today,
        is_free=bool(free) and day >= today,
        can_arrive=bool(arrivals) and day >= earliest,
        price=from_cents(min(row.price_cents for row in free)) if free else None,
        reason=reason,
        is_closed=is_closed,
    )


def _calendar_rule(rows: dict[date, list[_Night]]) -> str:
    """Say the month's rule of arrival and length in a sentence, where there is one."""
    known = [row for day_rows in rows.values() for row in day_rows if row.price_cents >= 0]
    if not known:
        return _("Closed in this month.")
    sentences = []
    weekdays = sorted({row.day.weekday() for row in known if row.arrival_ok})
    if len(weekdays) == 1:
        name = weekday_name(weekdays[0], get_language() or settings.LANGUAGE_CODE)
        sentences.append(
            _(
                "In this month, arrivals are on %(weekday)s. Days without a lozenge are free, "
                "but nobody arrives then."
            )
            % {"weekday": name}
        )
    lengths = {row.min_stay for row in known if row.arrival_ok} or {1}
    least, most = min(lengths), max(lengths)
    if least < most:
        sentences.append(
            _("From %(least)s to %(most)s nights at least, depending on the day of arrival.")
            % {"least": least, "most": most}
        )
    elif least > 1:
        sentences.append(
            ngettext("%(nights)s night at least.", "%(nights)s nights at least.", least)
            % {"nights": least}
        )
    return " ".join(sentences)


# The first day that is shown: the one asked for, else that of the first date to come.
FIRST_DAY_SHOWN = """, LATERAL (
    SELECT coalesce(%(from)s, min(f.day), %(today)s) AS day FROM booking_slot f
    WHERE f.offer_id = %(offer)s AND f.resource = %(places)s AND f.day >= %(today)s
      AND NOT f.is_closed AND f.{until} > %(now)s
) start"""
DATES_SHOWN = """
s.offer_id = %(offer)s AND s.resource = %(places)s AND s.{until} > %(now)s
AND s.day BETWEEN start.day AND coalesce(%(to)s, start.day + %(days)s)
"""


def _dates_shown(
    offer: Offer,
    *,
    from_day: date | None,
    to_day: date | None,
    now: datetime,
    except_basket: int | None,
) -> list[Slot]:
    """Return the dates of an offer that aren't over, in their order, with what is free."""
    until = "starts_at" if offer.kind_rules.begins else "ends_at"
    slots = slots_with_free(
        DATES_SHOWN.format(until=until),
        {
            "offer": offer.pk,
            "places": PLACES,
            "from": from_day,
            "to": to_day,
            "today": day_of(now),
            "days": DAYS_SHOWN,
        },
        tables=FIRST_DAY_SHOWN.format(until=until),
        now=now,
        except_basket=except_basket,
    )
    for slot in slots:
        slot.offer = offer
    return slots


def slot_choices(
    offer: Offer,
    *,
    from_day: date | None = None,
    to_day: date | None = None,
    guests: Sequence[Guest],
    quantity: int = 1,
    options: Sequence[OptionChoice] = (),
    reduction: Reduction | None = None,
    now: datetime,
    except_basket: int | None = None,
) -> list[SlotChoice]:
    """Return the slots of `[from_day, to_day]` with what is left and the price for these persons.

    From the first date to come where no day is given, over four weeks. `offer` comes from
    `kept_offers`. A `reduction` lowers the price of the days it speaks of.
    """
    slots = _dates_shown(
        offer, from_day=from_day, to_day=to_day, now=now, except_basket=except_basket
    )
    reasons = check_places(offer, guests, quantity, options)
    quote, no_quote = (None, []) if reasons else quote_places(offer, guests, quantity, options)
    lower = quote
    if quote is not None and reduction is not None:
        lower, _none = quote_places(offer, guests, quantity, options, reduction=reduction)
    asked = asked_of(offer, guests, quantity, options)
    found = takes_of_slots(offer, asked, slots, now=now, except_basket=except_basket)
    return [
        SlotChoice(
            slot=takes.main,
            free=offer.stock_rules.places_left(takes.main.free, guests),
            status=slot_status(takes.main),
            quote=lower if reduction and reduction.holds_on(takes.main.day) else quote,
            troubles=[*reasons, *no_quote, *check_takes(takes, now=now)],
        )
        for takes in found
        if takes.main is not None
    ]


def slot_status(slot: Slot) -> str:
    """Return one word for a slot annotated by `with_free` (features.md A08)."""
    if slot.is_closed:
        return "closed"
    if slot.sold >= slot.capacity:
        return "sold_out"
    if slot.free <= 0:
        return "held_by_others"
    if lacking(slot.claims):
        return "resource_busy"
    return "limited" if slot.free * LOW_SHARE < slot.capacity else "available"


@planned_anew()
def search_experiences(
    *,
    kinds: Sequence[str],
    pole: str = "",
    from_day: date | None = None,
    to_day: date | None = None,
    arrives_at: time | None = None,
    guests: Sequence[Guest] = (),
    filters: Filters | None = None,
    season: str = "",
    page: int = 1,
    size: int = PAGE_SIZE,
    now: datetime,
) -> ExperienceResults:
    """Return what can be lived or tasted on these days, soonest first, then in the day's rotation.

    On the days of a stay they are spread: in the rotation each offer takes that of its days which
    has the fewest yet, and a page shows some of each day, in their order. What begins on the first
    day before they arrive (`arrives_at`, local) comes last. `season` keeps the dates of summer or
    winter (`filters.MONTHS`). With a party, an offer that no one of it may join is left out and
    the price is theirs.
    """
    today = day_of(now)
    start = max(from_day or today, today)
    end = to_day or today + timedelta(days=settings.SEARCH_HORIZON_DAYS)
    listed = {
        pk: one
        for pk, one in catalogue(today).items()
        if one.kind in kinds and (not pole or one.pole == pole)
    }
    sharing = [pk for pk, one in listed.items() if one.uses_resources]
    is_spread = bool(from_day and to_day) and (end - start).days <= MOST_DAYS_SPREAD
    each = ["offer_id", "day"] if is_spread else ["offer_id"]
    # Every offer with its first date, or its first one on each day; then those of the page.
    dates: dict[int, list[_Dated]] = defaultdict(list)
    offer_of: dict[int, int] = {}
    for pk, offer_id, day, is_early in (
        Slot.objects.filter(
            offer__in=Offer.objects.published()
            .filter(_joined_by(guests), kind__in=kinds)
            .values("pk")
        )
        .filter(day__gte=start, day__lte=end)
        .to_come(now)
        .in_time(now)
        .allowed()
        .filter(capacity__gt=F("sold"))
        .exclude(pk__in=_held_by_others(now))
        .exclude(pk__in=blocked_dates(sharing, start, end, now=now))
        .filter(day__month__in=MONTHS.get(season, range(1, 13)))
        .annotate(is_early=_is_early(from_day, arrives_at))
        .order_by(*each, "is_early", "starts_at")
        .distinct(*each)
        .values_list("pk", "offer_id", "day", "is_early")
    ):
        dates[offer_id].append(_Dated(is_early, day, pk))
        offer_of[pk] = offer_id
    sieved = sieve((one for pk, one in listed.items() if pk in dates), filters or Filters())
    # In the day's rotation already: what begins first is put first.
    in_turn = [dates[one.id] for one in sieved.kept]
    ranked = _spread(in_turn) if is_spread else sorted((one[0] for one in in_turn), key=_order)
    pages = max(1, math.ceil(len(ranked) / size))
    page = min(max(page, 1), pages)
    shown = ranked[(page - 1) * size : page * size]
    if is_spread:
        shown.sort(key=_order)
    return ExperienceResults(
        results=_experiences([one.pk for one in shown], offer_of, guests, today=today, now=now),
        count=len(ranked),
        page=page,
        pages=pages,
        sieved=sieved,
    )


class _Dated(NamedTuple):
    """One date of an offer; an early one is over, or has begun, before they arrive."""

    is_early: bool
    day: date
    pk: int


def _order(one: _Dated) -> tuple[bool, date]:
    return one.is_early, one.day


def _is_early(first: date | None, arrives_at: time | None) -> Combinable:
    """Return whether a date is over, or what begins at its hour has begun, before they arrive."""
    if first is None or arrives_at is None:
        return Value(value=False)
    moment = at_paris(first, arrives_at)
    open_till_its_end = [kind.code for kind in KINDS if not kind.takes_time]
    is_missed = Q(starts_at__lt=moment) & ~Q(offer__kind__in=open_till_its_end)
    return Case(
        When(is_missed | Q(ends_at__lte=moment), then=Value(value=True)),
        default=Value(value=False),
    )


def _spread(offers: Sequence[Sequence[_Dated]]) -> list[_Dated]:
    """Give each offer, in their order, that of its dates whose day has the fewest yet.

    Returned in turns: one of each day, then a second one of each, and so on.
    """
    taken: Counter[date] = Counter()
    turns: list[tuple[bool, int, _Dated]] = []
    for dates in offers:
        best = min(dates, key=lambda one: (one.is_early, taken[one.day], one.day))
        turns.append((best.is_early, taken[best.day], best))
        taken[best.day] += 1
    return [one for _early, _turn, one in sorted(turns, key=lambda row: (*row[:2], row[2].day))]


def _held_by_others(now: datetime) -> QuerySet[SlotHold, int]:
    """Return the slots of which every place left is on hold: few, found once for a whole list."""
    return (
        SlotHold.objects.filter(expires_at__gt=now)
        .order_by()
        .values("slot_id", "slot__capacity", "slot__sold")
        .annotate(held=Sum("quantity"))
        .filter(held__gte=F("slot__capacity") - F("slot__sold"))
        .values_list("slot_id", flat=True)
    )


def _joined_by(guests: Sequence[Guest]) -> Q:
    """Return the condition that somebody of the party may join, by age, as the chips count it."""
    if not guests:
        return Q()
    by_item = [kind.code for kind in KINDS if kind.is_by_item]
    condition = Q(kind__in=by_item)
    for age in {ADULT_AGE if guest.age is None else guest.age for guest in guests}:
        condition |= (Q(min_age=None) | Q(min_age__lte=age)) & (
            Q(max_age=None) | Q(max_age__gte=age)
        )
    return condition


def _experiences(
    slot_ids: Sequence[int],
    offer_of: Mapping[int, int],
    guests: Sequence[Guest],
    *,
    today: date,
    now: datetime,
) -> list[ExperienceResult]:
    """Load these dates with their offers, in their order, with the price of those who may join."""
    offers, found = kept_offers_beside(
        {offer_of[pk] for pk in slot_ids}, Slot.objects.filter(pk__in=slot_ids).with_free(now)
    )
    slots = {slot.pk: slot for slot in found}
    poles = pole_by_commune(today)
    results = []
    for slot in (slots[pk] for pk in slot_ids if pk in slots):
        offer = offers[slot.offer_id]
        quote = None
        if guests and not offer.is_sold_by_item:
            joining = [guest for guest in guests if not check_places(offer, [guest], 1)]
            quote, _troubles = quote_places(offer, joining, 1, ()) if joining else (None, [])
        amounts = [band.amount for band in offer.bands.all()]
        results.append(
            ExperienceResult(
                offer=offer,
                slot=slot,
                free=slot.free,
                from_amount=max(amounts) if amounts else None,
                quote=quote,
                pole=poles.get(offer.commune_id),
            )
        )
    return results
