"""A provider's nights as its calendar shows them: what each costs and asks, who has it.

It reads and judges nothing: what may be sold is said by the rules, what is free by the search.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import QuerySet

from booking.models import Closure, Offer, Stay, Unit
from booking.quoting import stay_limits, stay_terms
from booking.rules.pricing import StayTerms, night_amount
from booking.rules.stay import StayLimits, arrival_allowed, departure_allowed, min_stay_on
from booking.search_table import PREPARATION
from members.models import Provider
from oti.lib.dates import nights

SOLD, HELD, BLOCKED, CLOSED = "sold", "held", "blocked", "closed"
# Kept free after a stay that is sold.
PREPARED = "prep"
# Which one is shown where several speak of a night: what binds somebody comes first.
ORDER = (SOLD, HELD, BLOCKED, PREPARED, CLOSED)


@dataclass(frozen=True)
class NightTerms:
    """What the night that begins on a day costs, and what a stay from that day on is asked."""

    price: Decimal | None
    min_stay: int
    arrival_ok: bool
    departure_ok: bool


@dataclass(frozen=True)
class Taken:
    """Nights `[starts_on, ends_on)` of a unit that can't be sold, and why.

    `line` is the sold line's key, `guest` the first name of who booked, `until` the end of a hold,
    `reason` a closure's; `is_before` says of nights kept free that a stay follows them.
    """

    unit_id: int
    state: str
    starts_on: date
    ends_on: date
    stay: int | None = None
    line: int | None = None
    reference: str = ""
    guest: str = ""
    until: datetime | None = None
    reason: str = ""
    is_before: bool = False


def units_of(provider: Provider) -> QuerySet[Unit]:
    """Return the units of a provider that still are its business, with what terms are read from."""
    return (
        Unit.objects.filter(offer__provider=provider)
        .exclude(offer__state=Offer.State.ARCHIVED)
        .select_related("tariff", "offer")
        .prefetch_related("tariff__price_rules", "tariff__restrictions", "offer__supplements")
        .order_by("offer__title", "offer_id", "pk")
    )


def night_terms(
    terms: StayTerms, limits: StayLimits, days: Iterable[date]
) -> dict[date, NightTerms]:
    """Return the terms of some days, by the rules that price and judge a stay."""
    return {
        day: NightTerms(
            price=night_amount(terms, day),
            min_stay=min_stay_on(limits, day),
            arrival_ok=arrival_allowed(limits, day),
            departure_ok=departure_allowed(limits, day),
        )
        for day in days
    }


def terms_by_tariff(
    units: Iterable[Unit], days: Sequence[date]
) -> dict[int | None, dict[date, NightTerms]]:
    """Return the terms of some days once for each tariff of these units."""
    found: dict[int | None, dict[date, NightTerms]] = {}
    for unit in units:
        if unit.tariff_id not in found:
            found[unit.tariff_id] = night_terms(stay_terms(unit), stay_limits(unit), days)
    return found


def taken_nights(
    unit_ids: Collection[int], first: date, ends_on: date, *, now: datetime
) -> list[Taken]:
    """Return what takes nights of `[first, ends_on)`: sold, on hold at `now`, elsewhere, closed.

    Nights of preparation after what is sold too.
    """
    window = DateRange(first, ends_on)
    since = DateRange(first - PREPARATION, ends_on)
    stays = (
        Stay.objects.filter(unit_id__in=unit_ids, dates__overlap=since)
        .exclude(state=Stay.State.CANCELLED)
        .exclude(state=Stay.State.HELD, expires_at__lte=now)
        .order_by("unit_id", "dates")
        .values_list(
            "unit_id",
            "state",
            "dates",
            "pk",
            "order_line_id",
            "order_line__order__reference",
            "order_line__order__first_name",
            "expires_at",
            "preparation",
        )
    )
    found = [
        Taken(
            unit_id=unit_id,
            state=state,
            starts_on=dates.lower,
            ends_on=dates.upper,
            stay=stay,
            line=line,
            reference=reference or "",
            guest=guest or "",
            until=until if state == HELD else None,
        )
        for unit_id, state, dates, stay, line, reference, guest, until, _after in stays
        if dates.upper > first
    ]
    found += [
        Taken(unit_id, PREPARED, dates.upper, dates.upper + timedelta(days=after))
        for unit_id, state, dates, *_rest, after in stays
        if state == SOLD and after and dates.upper + timedelta(days=after) > first
        if dates.upper < ends_on
    ]
    closures = (
        Closure.objects.filter(unit_id__in=unit_ids, dates__overlap=window)
        .order_by("unit_id", "dates", "pk")
        .values_list("unit_id", "dates", "reason")
    )
    found += [
        Taken(unit_id, CLOSED, dates.lower, dates.upper, reason=reason)
        for unit_id, dates, reason in closures
    ]
    return found


def kept_free(
    unit_ids: Collection[int], first: date, ends_on: date, *, now: datetime
) -> list[Taken]:
    """Return the nights of `[first, ends_on)` that can't be sold for what is beside them.

    Those before a stay, which are too few for somebody else's and its preparation; those after one
    that is on hold or booked elsewhere (what is sold is in `taken_nights`).
    """
    around = DateRange(first - PREPARATION, ends_on + PREPARATION)
    stays = (
        Stay.objects.filter(unit_id__in=unit_ids, dates__overlap=around)
        .exclude(state=Stay.State.CANCELLED)
        .exclude(state=Stay.State.HELD, expires_at__lte=now)
        .order_by("unit_id", "dates")
        .values_list("unit_id", "state", "dates", "preparation", "unit__preparation_nights")
    )
    found = []
    for unit_id, state, dates, after, asked in stays:
        begins, ends = dates.lower - timedelta(days=asked), dates.upper + timedelta(days=after)
        if asked:
            found.append(Taken(unit_id, PREPARED, begins, dates.lower, is_before=True))
        if after and state != SOLD:
            found.append(Taken(unit_id, PREPARED, dates.upper, ends))
    return [one for one in found if one.starts_on < ends_on and one.ends_on > first]


def by_night(taken: Iterable[Taken], first: date, ends_on: date) -> dict[int, dict[date, Taken]]:
    """Return, by unit and night of `[first, ends_on)`, what takes it.

    What is kept free before a stay is said of nights of which there is nothing else to say.
    """
    found: dict[int, dict[date, Taken]] = defaultdict(dict)
    for one in sorted(taken, key=lambda one: (one.is_before, ORDER.index(one.state))):
        of_unit = found[one.unit_id]
        for day in nights(max(one.starts_on, first), min(one.ends_on, ends_on)):
            of_unit.setdefault(day, one)
    return found
