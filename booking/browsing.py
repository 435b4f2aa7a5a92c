"""Looking round: lodgings before any date is given, and what is free near a date that isn't.

It reads the derived table only. Whoever sells, or shows a price to be paid, asks `availability`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import connection
from django.db.models import F, Max, Min, Q, QuerySet, Value
from django.db.models.functions import Least

from booking.availability import NOBODY_HAS, PAGE_SIZE
from booking.catalogue import catalogue
from booking.experience_search import ExperienceResults, search_experiences
from booking.filters import Filters, Sieved, sieve
from booking.models import Offer, Supplement, Unit, UnitDay
from booking.rules.kinds import SLEPT
from booking.rules.people import Guest, check_ages
from destination.models import Pole
from destination.models.territory import poles_on
from oti.lib.dates import today as day_of
from oti.lib.joins import grouped, keep_related
from oti.lib.memo import remembered
from oti.lib.money import from_cents
from oti.lib.plans import planned_anew
from oti.lib.together import read_together


@dataclass(frozen=True)
class ShelfResult:
    """A lodging with its lowest price of a free night, None when nothing is free."""

    offer: Offer
    pole: Pole | None
    from_amount: Decimal | None
    max_guests: int | None


@dataclass(frozen=True)
class Shelf:
    """One page of lodgings without dates; `sieved` are all of them before any filter."""

    results: list[ShelfResult]
    count: int
    page: int
    pages: int
    sieved: Sieved


@planned_anew()
def browse_lodgings(
    *,
    filters: Filters | None = None,
    guests: Sequence[Guest] = (),
    page: int = 1,
    now: datetime,
    size: int = PAGE_SIZE,
) -> Shelf:
    """Return lodgings on sale, in the day's rotation, `size` a page (features.md N24, N34).

    With a party, only those that hold all of it in one unit: without dates the rules decide no
    more than that.
    """
    today = day_of(now)
    sieved = _lodgings(filters, today, guests)
    chosen, page, pages = _page_of(sieved, page, size)
    return Shelf(
        results=_shelf(chosen, today),
        count=len(sieved.kept),
        page=page,
        pages=pages,
        sieved=sieved,
    )


def lodgings_on_sale(
    *, filters: Filters, page: int, size: int, now: datetime
) -> tuple[list[Offer], int]:
    """Return a page of the lodgings that `browse_lodgings` shows, and how many pages there are.

    Without what they cost: for a map. A page that doesn't exist has none.
    """
    today = day_of(now)
    chosen, number, pages = _page_of(_lodgings(filters, today), page, size)
    if number != page:
        return [], pages
    by_id = Offer.objects.on_sale(today).select_related("commune").in_bulk(chosen)
    return [by_id[pk] for pk in chosen if pk in by_id], pages


def _lodgings(filters: Filters | None, today: date, guests: tuple[Guest, ...] = ()) -> Sieved:
    lodgings = [one for one in catalogue(today).values() if one.kind in SLEPT]
    if guests:
        holding = _holding(
            sum(guest.is_adult for guest in guests),
            sum(not guest.is_adult for guest in guests),
            sum(guest.is_below(settings.INFANT_BELOW_AGE) for guest in guests),
        )
        lodgings = [
            one
            for one in lodgings
            if one.id in holding and not check_ages(one.min_age, one.max_age, guests)
        ]
    return sieve(lodgings, filters or Filters())


def _page_of(sieved: Sieved, page: int, size: int) -> tuple[list[int], int, int]:
    """Return the offers of a page, its number, the last one's if there are fewer, and how many."""
    pages = max(1, math.ceil(len(sieved.kept) / size))
    page = min(max(page, 1), pages)
    chosen = [one.id for one in sieved.kept[(page - 1) * size : page * size]]
    return chosen, page, pages


@remembered(most=32, by_language=False)
def _holding(adults: int, children: int, infants: int) -> frozenset[int]:
    """Return the offers with a unit for that many; `children` count the infants in it.

    An infant takes a cot where there is one (`rules.people.check_occupancy`).
    """
    units = Unit.objects.filter(is_active=True, max_adults__gte=adults).annotate(
        cots=Least(F("max_infants"), Value(infants))
    )
    fitting = units.filter(
        max_children__gte=children - F("cots"), max_guests__gte=adults + children - F("cots")
    )
    return frozenset(fitting.values_list("offer_id", flat=True))


def _shelf(ids: Sequence[int], today: date) -> list[ShelfResult]:
    offers, supplements, nights = read_together(
        Offer.objects.on_sale(today)
        .filter(pk__in=ids)
        .with_pole(today)
        .select_related("commune", "provider")
        .annotate(most_guests=Max("units__max_guests", filter=Q(units__is_active=True))),
        Supplement.objects.filter(offer__in=ids),
        _lowest_of(ids, today=today),
    )
    supplements_of = grouped(supplements, "offer_id")
    for offer in offers:
        keep_related(offer, "supplements", supplements_of[offer.pk])
    by_id = {offer.pk: offer for offer in offers}
    poles = {pole.pk: pole for pole in poles_on(today)}
    lowest = _in_euros(nights)
    return [
        ShelfResult(
            offer=by_id[pk],
            pole=poles.get(by_id[pk].pole_id),  # type: ignore[attr-defined]
            from_amount=lowest.get(pk),
            max_guests=by_id[pk].most_guests,  # type: ignore[attr-defined]
        )
        for pk in ids
        if pk in by_id
    ]


@remembered(most=32, ignoring=("now",))
@planned_anew()
def listed_experiences(
    *,
    kinds: tuple[str, ...],
    pole: str = "",
    from_day: date | None = None,
    to_day: date | None = None,
    arrives_at: time | None = None,
    guests: tuple[Guest, ...] = (),
    filters: Filters | None = None,
    size: int = PAGE_SIZE,
    now: datetime,
) -> ExperienceResults:
    """Return what `search_experiences` does, for a list: what is left may be some seconds old.

    Adding asks again: a list may be a minute old, what sells computes.
    """
    return search_experiences(
        kinds=kinds,
        pole=pole,
        from_day=from_day,
        to_day=to_day,
        arrives_at=arrives_at,
        guests=guests,
        filters=filters,
        size=size,
        now=now,
    )


def lowest_nights(offer_ids: Iterable[int], *, today: date) -> dict[int, Decimal]:
    """Return the lowest price of a free night of each lodging, in euros, without supplements."""
    return _in_euros(_lowest_of(offer_ids, today=today))


def _lowest_of(offer_ids: Iterable[int], *, today: date) -> QuerySet[UnitDay, dict[str, int]]:
    free = UnitDay.objects.filter(
        unit__offer__in=list(offer_ids),
        unit__is_active=True,
        day__gte=today,
        free_run__gt=0,
        price_cents__gte=0,
    )
    # Without an order of its own: each column that rows are sorted by would part the groups.
    return free.order_by().values("unit__offer").annotate(lowest=Min("price_cents"))


def _in_euros(rows: Iterable[dict[str, int]]) -> dict[int, Decimal]:
    return {row["unit__offer"]: from_cents(row["lowest"]) for row in rows}


EQUALS_LEFT = f"""
SELECT w.shown, count(*) FILTER (WHERE {NOBODY_HAS})
FROM (
    SELECT s.id AS shown, u.id AS unit,
           %(arrival)s::date AS arrival, %(departure)s::date AS departure
    FROM booking_unit s JOIN booking_unit u ON u.tariff_id = s.tariff_id
     AND u.max_adults = s.max_adults AND u.max_children = s.max_children
     AND u.max_guests = s.max_guests
    WHERE s.id = ANY(%(shown)s) AND u.is_active
) AS w GROUP BY w.shown HAVING count(*) > 1
"""  # noqa: S608 - constants of this project


def equals_left(
    units: Iterable[Unit], arrival: date, departure: date, *, now: datetime
) -> dict[int, int]:
    """Return how many units equal to each of these are free, by unit id, where there are several.

    Equal: of one tariff and one size. A unit that is alone of its sort is left out: that it is
    one says nothing about how many want it.
    """
    shown = [unit.pk for unit in units]
    if not shown:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            EQUALS_LEFT,
            {
                "shown": shown,
                "arrival": arrival,
                "departure": departure,
                "now": now,
                "basket": None,
            },
        )
        return dict(cursor.fetchall())


def last_departure(offer: Offer, arrival: date) -> date | None:
    """Return the latest departure that the nights free from an arrival allow, None for none."""
    run = UnitDay.objects.filter(unit__offer=offer, unit__is_active=True, day=arrival).aggregate(
        run=Max("free_run")
    )["run"]
    return arrival + timedelta(days=run) if run else None


def first_open_month(offer: Offer, *, today: date) -> tuple[int, int]:
    """Return the month of the first free night of a lodging, this month without any."""
    day = UnitDay.objects.filter(
        unit__offer=offer, unit__is_active=True, day__gte=today, free_run__gt=0
    ).aggregate(first=Min("day"))["first"]
    day = day or today
    return day.year, day.month
