"""What a change of nights would do: prices, rules of stay and closures before and after it.

It reads and reckons; `booking.night_edits` writes, from the same plan made again under the locks.
Prices and rules belong to a tariff, so equal units that share one change together, and the plan
says so; closures belong to each unit. Nights that are sold stay as they were sold.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from booking.models import Unit
from booking.night_changes import (
    OPEN,
    ClosedRow,
    NightsChange,
    State,
    state_after,
    state_of,
)
from booking.night_sheet import (
    CLOSED,
    HELD,
    SOLD,
    NightTerms,
    Taken,
    by_night,
    night_terms,
    taken_nights,
    units_of,
)
from booking.quoting import stay_limits, stay_terms
from booking.refusals import BadInput, trouble
from booking.rules.day_spans import days_of
from booking.rules.pricing import NightRule
from booking.rules.stay import Restriction, max_stay_on
from members.models import Provider


@dataclass(frozen=True)
class Difference:
    """Nights of some units that change alike: `what` is price, min_stay, arrival, departure, sale.

    Or `kept`: nights that a season's price leaves at a price of their own. `last` is the last
    night concerned, `nights` counts those of every unit.
    """

    units: tuple[str, ...]
    what: str
    before: Any
    after: Any
    first: date
    last: date
    nights: int


@dataclass(frozen=True)
class Plan:
    """A change with all that it does; `mark` is another one as soon as anything in it differs.

    `shared` are units that change without having been chosen: they share a chosen unit's prices.
    """

    change: NightsChange
    units: tuple[Unit, ...]
    shared: tuple[Unit, ...]
    before: State
    after: State
    differences: tuple[Difference, ...]
    sold: tuple[Taken, ...]
    held: tuple[Taken, ...]
    nights: int
    mark: str

    @property
    def unit_ids(self) -> list[int]:
        """The keys of every unit that it touches."""
        return sorted(one.pk for one in (*self.units, *self.shared))

    @property
    def kept(self) -> tuple[Difference, ...]:
        """The nights that keep a price of their own."""
        return tuple(one for one in self.differences if one.what == "kept")

    @property
    def changed(self) -> tuple[Difference, ...]:
        """What really changes."""
        return tuple(one for one in self.differences if one.what != "kept")


def plan_change(provider: Provider, change: NightsChange, *, now: datetime) -> Plan:
    """Return what a change would do to a provider's nights.

    Raises BadInput `unit_unknown` for a unit that isn't the provider's, `unit_without_prices`
    for prices or rules of a unit that has none yet, `min_over_max` for a least stay above the
    greatest one. Two statements for the nights that are taken, four for the units.
    """
    own = list(units_of(provider))
    units = _chosen(own, change)
    tariffs = {one.tariff_id for one in units} if change.changes_terms else set()
    chosen = {one.pk for one in units}
    shared = [one for one in own if one.tariff_id in tariffs and one.pk not in chosen]
    touched = [*units, *shared]
    taken = taken_nights([one.pk for one in touched], change.first_night, change.ends_on, now=now)
    before = state_of(touched, taken, tariffs, chosen if change.sale else ())
    nights_taken = by_night(taken, change.first_night, change.ends_on)
    after = state_after(before, change, nights_taken)
    differences, nights = differences_of(change, units, touched, before, after, nights_taken)
    return Plan(
        change=change,
        units=tuple(units),
        shared=tuple(shared),
        before=before,
        after=after,
        differences=differences,
        sold=_of_state(SOLD, taken, change),
        held=_of_state(HELD, taken, change),
        nights=nights,
        mark=_mark(before, after),
    )


def touched_units(provider: Provider, change: NightsChange) -> set[int]:
    """Return the provider's units that a change touches, with those that share their prices."""
    own = list(Unit.objects.filter(offer__provider=provider).values_list("pk", "tariff_id"))
    chosen = {pk for pk, _tariff in own if pk in set(change.unit_ids)}
    tariffs = {tariff for pk, tariff in own if pk in chosen and tariff and change.changes_terms}
    return chosen | {pk for pk, tariff in own if tariff in tariffs}


def _chosen(own: Sequence[Unit], change: NightsChange) -> list[Unit]:
    units = [one for one in own if one.pk in set(change.unit_ids)]
    if len(units) != len(set(change.unit_ids)) or not units:
        raise BadInput(trouble("unit_unknown", field="units"))
    for unit in units if change.changes_terms else ():
        if unit.tariff_id is None:
            raise BadInput(trouble("unit_without_prices", field="units", unit=unit.name))
    if change.min_stay is not None:
        _check_longest(units, change)
    return units


def _check_longest(units: Sequence[Unit], change: NightsChange) -> None:
    """Raise BadInput where the least stay would be above the greatest one."""
    for unit in {one.tariff_id: one for one in units}.values():
        limits = stay_limits(unit)
        longest = min(
            (most for day in change.days if (most := max_stay_on(limits, day)) is not None),
            default=None,
        )
        if longest is not None and (change.min_stay or 0) > longest:
            raise BadInput(
                trouble("min_over_max", field="min_stay", unit=unit.name, nights=longest)
            )


# --- What differs --------------------------------------------------------------------------------
def differences_of(
    change: NightsChange,
    chosen: Sequence[Unit],
    touched: Sequence[Unit],
    before: State,
    after: State,
    taken: Mapping[int, Mapping[date, Taken]],
) -> tuple[tuple[Difference, ...], int]:
    """Return what changes, alike nights together, and how many nights of units that is."""
    found: dict[tuple[str, Any, Any], dict[int, list[date]]] = {}
    terms = _terms_that_differ(change, touched, after)
    for unit in touched:
        sold = {day for day, one in taken.get(unit.pk, {}).items() if one.state == SOLD}
        for (what, old, new), days in terms.get(unit.tariff_id or 0, {}).items():
            free = [day for day in days if day not in sold]
            if free:
                found.setdefault((what, old, new), {})[unit.pk] = free
    for unit in chosen if change.sale else ():
        closed = _closed_days(before.closures[unit.pk])
        now_closed = _closed_days(after.closures[unit.pk])
        days = sorted(closed ^ now_closed)
        if days:
            key = ("sale", CLOSED, OPEN) if change.sale == OPEN else ("sale", OPEN, CLOSED)
            found.setdefault(key, {})[unit.pk] = days
    nights = {
        (pk, day)
        for (what, _old, _new), own in found.items()
        if what != "kept"
        for pk, days in own.items()
        for day in days
    }
    return _told(found, {one.pk: one for one in touched}), len(nights)


def _terms_that_differ(
    change: NightsChange, touched: Sequence[Unit], after: State
) -> dict[int, dict[tuple[str, Any, Any], list[date]]]:
    """Return, for each tariff, the days whose terms change, by what changes and how."""
    found: dict[int, dict[tuple[str, Any, Any], list[date]]] = {}
    every_day = days_of(change.first_night, change.ends_on)
    priced = set(change.days) if change.price is not None else set()
    for unit in touched:
        key = unit.tariff_id or 0
        if key not in after.prices or key in found:
            continue
        olds = night_terms(stay_terms(unit), stay_limits(unit), every_day)
        news = _terms_after(unit, after, every_day)
        own: dict[tuple[str, Any, Any], list[date]] = defaultdict(list)
        for day in every_day:
            old, new = olds[day], news[day]
            for what, left, right in (
                ("price", old.price, new.price),
                ("min_stay", old.min_stay, new.min_stay),
                ("arrival", old.arrival_ok, new.arrival_ok),
                ("departure", old.departure_ok, new.departure_ok),
            ):
                if left != right:
                    own[what, left, right].append(day)
            if day in priced and new.price != change.price:
                own["kept", new.price, new.price].append(day)
        found[key] = own
    return found


def _terms_after(unit: Unit, after: State, days: Sequence[date]) -> dict[date, NightTerms]:
    key = unit.tariff_id or 0
    terms = replace(
        stay_terms(unit),
        night_rules=tuple(
            NightRule(level, start, end, value, weekday if weekday >= 0 else None)
            for level, start, end, weekday, value in after.prices[key]
        ),
    )
    limits = replace(
        stay_limits(unit),
        restrictions=tuple(
            Restriction(kind, start, end, weekday if weekday >= 0 else None, value)
            for kind, start, end, weekday, value in after.rules[key]
        ),
    )
    return night_terms(terms, limits, days)


def _closed_days(rows: Iterable[ClosedRow]) -> set[date]:
    return {day for start, end, _reason in rows for day in days_of(start, end)}


def _told(
    found: Mapping[tuple[str, Any, Any], Mapping[int, Sequence[date]]], units: Mapping[int, Unit]
) -> tuple[Difference, ...]:
    """Put units whose nights change alike, on the same days, into one line."""
    lines: dict[tuple[Any, ...], list[tuple[int, Sequence[date]]]] = {}
    for (what, old, new), own in found.items():
        for pk, days in own.items():
            key = (what, old, new, days[0], days[-1], len(days))
            lines.setdefault(key, []).append((pk, days))
    return tuple(
        Difference(
            units=tuple(units[pk].name for pk, _days in own),
            what=what,
            before=old,
            after=new,
            first=first,
            last=last,
            nights=sum(len(days) for _pk, days in own),
        )
        for (what, old, new, first, last, _count), own in lines.items()
    )


def _of_state(state: str, taken: Iterable[Taken], change: NightsChange) -> tuple[Taken, ...]:
    """Return the stays of a state that have one of the nights asked for."""
    days = set(change.days)
    return tuple(
        one
        for one in taken
        if one.state == state and any(day in days for day in days_of(one.starts_on, one.ends_on))
    )


def _mark(before: State, after: State) -> str:
    told = json.dumps([before.to_json(), after.to_json()], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:32]
