"""What to propose when nothing fits: the same stay a few days away, elsewhere, or in two beds.

Every proposal is a stay that can be had now, at the price that will be charged, with what was
relaxed to find it (features.md A13). The work is bounded: one statement for all shifted dates,
one for each filter let go, one for the cuts of a stay in two.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings

from booking.availability import StayLoader, StayResult, StaySearch, check_dates, find_in_windows
from booking.free_slots import slot_choices
from booking.models import Offer
from booking.rules.people import Guest
from oti.lib.dates import count_nights
from oti.lib.dates import today as day_of

SHIFTS = (-1, 1, -2, 2, -3, 3)
WEEKS = (-7, 7)
# Candidates of one question: the rules may refuse some of them.
TRIED = 3
MOST_SHIFTED = 3
MOST_ELSEWHERE = 2
MOST_FILTERS = 4
# A stay is cut in two only up to this many nights.
LONGEST_CUT = 14
# How far around its dates one offer is looked at.
NEAR_DAYS = 28
NEAREST = 3


@dataclass(frozen=True)
class Relaxed:
    """What was relaxed: days of shift, or the filter let go and its value.

    `condition` is the filter's name in `Filters.conditions`.
    """

    days: int = 0
    name: str = ""
    value: str = ""
    condition: str = ""


@dataclass(frozen=True)
class Proposal:
    """A stay that can be had, with what was relaxed for it."""

    search: StaySearch
    result: StayResult
    relaxed: Relaxed


@dataclass(frozen=True)
class Cut:
    """A stay in two places, one after the other; each is added on its own."""

    first: Proposal
    second: Proposal

    @property
    def total(self) -> Decimal:
        """Return the price of both, in euros."""
        return self.first.result.quote.total + self.second.result.quote.total


@dataclass(frozen=True)
class Alternatives:
    """Everything that was found; `cut` only where nothing else keeps the dates.

    `weeks` are stays a week earlier or later.
    """

    shifted: list[Proposal]
    weeks: list[Proposal]
    elsewhere: list[Proposal]
    loosened: list[Proposal]
    cut: Cut | None

    def __bool__(self) -> bool:
        """Tell whether something was found."""
        found = (self.shifted, self.weeks, self.elsewhere, self.loosened, self.cut)
        return any(found)


def find_alternatives(criteria: StaySearch, *, now: datetime) -> Alternatives:
    """Return the nearest stays to one that can't be had; dates and party are right already."""
    loading = StayLoader(now)
    shifted, weeks = _shifted(criteria, loading, now=now)
    elsewhere, loosened = _loosened(criteria, loading, now=now)
    cut = None if elsewhere or loosened else _in_two(criteria, loading, now=now)
    return Alternatives(shifted, weeks, elsewhere, loosened, cut)


def _shifted(
    criteria: StaySearch, loading: StayLoader, *, now: datetime
) -> tuple[list[Proposal], list[Proposal]]:
    """Return the best stay of as many nights on each of the nearest dates, and a week away."""
    shifts = {
        criteria.arrival + timedelta(days=days): days
        for days in (*SHIFTS, *WEEKS)
        if _is_open(criteria, days, loading.today)
    }
    stay = criteria.departure - criteria.arrival
    windows = [(arrival, arrival + stay) for arrival in shifts]
    found = _first_of_each(criteria, windows, loading, now=now)
    proposals = [
        Proposal(search, result, Relaxed(days=shifts[search.arrival]))
        for search, result in found.values()
    ]
    proposals.sort(key=lambda one: (abs(one.relaxed.days), one.relaxed.days))
    near = [one for one in proposals if one.relaxed.days in SHIFTS]
    return near[:MOST_SHIFTED], [one for one in proposals if one.relaxed.days in WEEKS]


def _is_open(criteria: StaySearch, days: int, today: date) -> bool:
    shift = timedelta(days=days)
    return not check_dates(criteria.arrival + shift, criteria.departure + shift, today=today)


def _first_of_each(
    criteria: StaySearch,
    windows: Sequence[tuple[date, date]],
    loading: StayLoader,
    *,
    now: datetime,
    most: int = TRIED,
    offer_id: int | None = None,
) -> dict[tuple[date, date], tuple[StaySearch, StayResult]]:
    """Return, for each of these nights, the first stay that the rules accept."""
    if not windows:
        return {}
    tried = [
        (unit_id, replace(criteria, arrival=arrival, departure=departure, page=1))
        for arrival, departure, unit_id in find_in_windows(
            criteria, windows, loading, now=now, most=most, offer_id=offer_id
        )
    ]
    found: dict[tuple[date, date], tuple[StaySearch, StayResult]] = {}
    for (_unit_id, search), result in zip(tried, loading.results(tried), strict=True):
        if result is not None:
            found.setdefault((search.arrival, search.departure), (search, result))
    return found


def filters_in_use(criteria: StaySearch) -> list[tuple[Relaxed, StaySearch]]:
    """Return each filter of a search with the search that lets it go; the pole comes first."""
    ways: list[tuple[Relaxed, StaySearch]] = []
    single: dict[str, tuple[str, dict[str, Any]]] = {
        "pole": ("pole", {"pole": "", "commune": ""}),
        "commune": ("commune", {"commune": ""}),
        "near": ("near", {"near": ""}),
        "zone": ("zone", {"zone": None}),
        "lodging_type": ("type", {"lodging_type": ""}),
        "text": ("text", {"text": ""}),
        "stars": ("stars", {"stars": ()}),
    }
    for name, (condition, change) in single.items():
        value = getattr(criteria, name)
        if value:
            shown = value if isinstance(value, str) else ""
            ways.append((Relaxed(0, name, shown, condition), replace(criteria, **change)))
    several: dict[str, tuple[str, ...]] = {
        "labels": criteria.labels,
        "features": criteria.features,
    }
    for name, codes in several.items():
        for number, code in enumerate(codes):
            change = {name: tuple(one for one in codes if one != code)}
            relaxed = Relaxed(0, name, code, f"{name}_{number}")
            ways.append((relaxed, replace(criteria, **change)))
    return ways


def _loosened(
    criteria: StaySearch, loading: StayLoader, *, now: datetime
) -> tuple[list[Proposal], list[Proposal]]:
    """Return stays of the same dates beyond the pole, and with one filter less."""
    tried: list[tuple[int, StaySearch, Relaxed]] = []
    for relaxed, search in filters_in_use(criteria)[:MOST_FILTERS]:
        window = [(search.arrival, search.departure)]
        most = TRIED + MOST_ELSEWHERE if relaxed.name == "pole" else TRIED
        for _arrival, _departure, unit_id in find_in_windows(
            search, window, loading, now=now, most=most
        ):
            tried.append((unit_id, replace(search, page=1), relaxed))
    results = loading.results([(unit_id, search) for unit_id, search, _relaxed in tried])
    elsewhere: list[Proposal] = []
    loosened: dict[Relaxed, Proposal] = {}
    for (_unit_id, search, relaxed), result in zip(tried, results, strict=True):
        if result is None:
            continue
        if relaxed.name == "pole":
            elsewhere.append(Proposal(search, result, relaxed))
        else:
            loosened.setdefault(relaxed, Proposal(search, result, relaxed))
    return elsewhere[:MOST_ELSEWHERE], list(loosened.values())


def _in_two(criteria: StaySearch, loading: StayLoader, *, now: datetime) -> Cut | None:
    """Return the cheapest stay in two places, one after the other, the party whole in each."""
    nights = count_nights(criteria.arrival, criteria.departure)
    if not 2 <= nights <= LONGEST_CUT:
        return None
    days = [criteria.arrival + timedelta(days=number) for number in range(1, nights)]
    windows = [(criteria.arrival, day) for day in days]
    windows += [(day, criteria.departure) for day in days]
    found = _first_of_each(criteria, windows, loading, now=now, most=2)
    cuts = []
    for day in days:
        first = found.get((criteria.arrival, day))
        second = found.get((day, criteria.departure))
        if first and second:
            relaxed = Relaxed(name="cut")
            cuts.append(Cut(Proposal(*first, relaxed), Proposal(*second, relaxed)))
    return min(cuts, key=lambda one: one.total, default=None)


# --- One offer -----------------------------------------------------------------------------------
def nearest_stays(
    offer: Offer, criteria: StaySearch, *, now: datetime, limit: int = NEAREST
) -> list[tuple[StaySearch, StayResult]]:
    """Return the free dates of one lodging nearest to those asked for, in the order of days.

    As many nights for the same party, at their price; one statement, then the rules.
    """
    loading = StayLoader(now)
    plain = StaySearch(criteria.arrival, criteria.departure, criteria.adults, criteria.child_ages)
    stay = criteria.departure - criteria.arrival
    windows = [
        (criteria.arrival + timedelta(days=days), criteria.arrival + timedelta(days=days) + stay)
        for days in _around(NEAR_DAYS)
        if _is_open(plain, days, loading.today)
    ]
    found = _first_of_each(plain, windows, loading, now=now, most=1, offer_id=offer.pk)
    nearest = [found[window] for window in windows if window in found][:limit]
    return sorted(nearest, key=lambda one: one[0].arrival)


def _around(most: int) -> Iterable[int]:
    """Yield -1, 1, -2, 2, … up to `most` days."""
    for days in range(1, most + 1):
        yield -days
        yield days


def nearest_slot_days(
    offer: Offer,
    *,
    from_day: date,
    to_day: date,
    guests: Sequence[Guest],
    quantity: int,
    now: datetime,
    limit: int = NEAREST,
) -> list[date]:
    """Return the days nearest to `[from_day, to_day]` on which these persons find their places.

    `offer` comes from `kept_offers`; looked for over four weeks on either side.
    """
    reach = timedelta(days=NEAR_DAYS)
    last = day_of(now) + timedelta(days=settings.SEARCH_HORIZON_DAYS)
    choices = slot_choices(
        offer,
        from_day=max(day_of(now), from_day - reach),
        to_day=min(to_day + reach, last),
        guests=guests,
        quantity=quantity,
        now=now,
    )
    free = {one.slot.day for one in choices if one.is_free}
    beside = [day for day in free if not from_day <= day <= to_day]
    nearest = sorted(beside, key=lambda day: (min(abs(day - from_day), abs(day - to_day)), day))
    return sorted(nearest[:limit])
