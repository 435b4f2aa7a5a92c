"""What can be lived or tasted on some days, for a list: the rules are in booking/RANKING.md."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.conf import settings
from django.db.models import Case, F, Q, QuerySet, Sum, Value, When
from django.db.models.expressions import Combinable

from booking.availability import PAGE_SIZE
from booking.catalogue import catalogue
from booking.filters import MONTHS, Filters, Sieved, sieve
from booking.kept_offers import kept_offers_beside
from booking.models import Offer, Slot, SlotHold
from booking.models.resources import blocked_dates
from booking.quoting import check_places, quote_places
from booking.rules.kinds import KINDS
from booking.rules.people import ADULT_AGE, Guest
from booking.rules.pricing import Quote
from destination.models import Pole
from destination.models.territory import pole_by_commune
from oti.lib.dates import at_paris
from oti.lib.dates import today as day_of
from oti.lib.plans import planned_anew

# A stay: over a longer time everything stands at its first date.
MOST_DAYS_SPREAD = 31


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
