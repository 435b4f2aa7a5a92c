"""A change that a host asks for, and what it makes of the rows that say what nights cost and ask.

Pure but for the rows that it reads: a season cut where another is laid over it, closures between
what is bound. `booking.night_plan` says what differs, `booking.night_edits` writes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Self

from booking.models import Unit
from booking.night_sheet import CLOSED, HELD, SOLD, Taken
from booking.rules.day_spans import (
    WEEK,
    Span,
    days_of,
    joined,
    laid_over,
    runs_of,
    without_days,
    without_weekdays,
)
from booking.rules.pricing import LEVELS
from booking.rules.stay import (
    CLOSED_TO_ARRIVAL,
    CLOSED_TO_DEPARTURE,
    KINDS,
    MIN_STAY_ARRIVAL,
    MINIMA,
)

SEASON, WEEKDAY, EXCEPTION = LEVELS
# A season's price leaves those of weekdays and exceptions alone; the second one replaces them.
EVERY_NIGHT = "all"
CLOSE, OPEN = "close", "open"

# A row of prices (level) or of rules (kind): its name, first day, day after, weekday or -1, value.
Row = tuple[str, date, date, int, Any]
ClosedRow = tuple[date, date, str]


@dataclass(frozen=True)
class NightsChange:
    """What is asked for the nights `[first_night, ends_on)` of some units; None changes nothing.

    `weekdays` (Monday is 0, none for all) narrow nights that are priced, closed, opened or given
    a least length. `arrival_days` and `departure_days` are the weekdays on which one may arrive
    or leave in these dates, an empty set for none. `price` is in euros.
    """

    unit_ids: tuple[int, ...]
    first_night: date
    ends_on: date
    weekdays: frozenset[int] = frozenset()
    sale: str = ""
    reason: str = ""
    price: Decimal | None = None
    price_as: str = SEASON
    min_stay: int | None = None
    min_stay_kind: str = MIN_STAY_ARRIVAL
    arrival_days: frozenset[int] | None = None
    departure_days: frozenset[int] | None = None

    @property
    def changes_terms(self) -> bool:
        """Whether it speaks of prices or rules, which units of one tariff share."""
        return (
            self.price is not None
            or self.min_stay is not None
            or self.arrival_days is not None
            or self.departure_days is not None
        )

    @property
    def days(self) -> list[date]:
        """The nights of which it speaks, of its weekdays only."""
        return days_of(self.first_night, self.ends_on, self.weekdays)

    def to_json(self) -> dict[str, Any]:
        """Return plain values for the journal."""

        def days(chosen: frozenset[int] | None) -> list[int] | None:
            return None if chosen is None else sorted(chosen)

        return {
            "first_night": self.first_night.isoformat(),
            "ends_on": self.ends_on.isoformat(),
            "weekdays": days(self.weekdays),
            "sale": self.sale,
            "reason": self.reason,
            "price": None if self.price is None else str(self.price),
            "price_as": self.price_as,
            "min_stay": self.min_stay,
            "min_stay_kind": self.min_stay_kind,
            "arrival_days": days(self.arrival_days),
            "departure_days": days(self.departure_days),
        }


@dataclass(frozen=True)
class State:
    """The rows that a change can touch: those of tariffs by their key, closures by unit."""

    prices: Mapping[int, Sequence[Row]]
    rules: Mapping[int, Sequence[Row]]
    closures: Mapping[int, Sequence[ClosedRow]]

    def to_json(self) -> dict[str, Any]:
        """Return plain values, from which `from_json` gives back an equal state."""
        return {
            "prices": {str(key): [_plain(row) for row in self.prices[key]] for key in self.prices},
            "rules": {str(key): [_plain(row) for row in self.rules[key]] for key in self.rules},
            "closures": {
                str(key): [
                    [start.isoformat(), end.isoformat(), reason] for start, end, reason in own
                ]
                for key, own in self.closures.items()
            },
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""

        def rows(own: Iterable[Sequence[Any]], read: Any) -> list[Row]:
            return [
                (name, date.fromisoformat(start), date.fromisoformat(end), weekday, read(value))
                for name, start, end, weekday, value in own
            ]

        return cls(
            prices={int(key): rows(own, Decimal) for key, own in data["prices"].items()},
            rules={int(key): rows(own, int) for key, own in data["rules"].items()},
            closures={
                int(key): [
                    (date.fromisoformat(start), date.fromisoformat(end), reason)
                    for start, end, reason in own
                ]
                for key, own in data["closures"].items()
            },
        )


def state_of(
    units: Iterable[Unit],
    taken: Iterable[Taken],
    tariffs: Collection[int | None],
    closing: Collection[int],
) -> State:
    """Return the rows of these tariffs, and of these units the closures among what is taken."""
    prices: dict[int, list[Row]] = {}
    rules: dict[int, list[Row]] = {}
    for unit in units:
        tariff = unit.tariff
        if tariff is None or tariff.pk not in tariffs or tariff.pk in prices:
            continue
        prices[tariff.pk] = sorted(
            (row.level, row.dates.lower, row.dates.upper, row.weekday, row.amount)
            for row in tariff.price_rules.all()
        )
        rules[tariff.pk] = sorted(
            (row.kind, row.dates.lower, row.dates.upper, row.weekday, row.value)
            for row in tariff.restrictions.all()
        )
    closures: dict[int, list[ClosedRow]] = {pk: [] for pk in closing}
    for one in taken:
        if one.state == CLOSED and one.unit_id in closures:
            closures[one.unit_id].append((one.starts_on, one.ends_on, one.reason))
    return State(prices, rules, {pk: sorted(own) for pk, own in closures.items()})


# --- After ---------------------------------------------------------------------------------------
def state_after(
    before: State, change: NightsChange, taken: Mapping[int, Mapping[date, Taken]]
) -> State:
    """Return the rows as a change would leave them; `taken` says, by unit, what has which night."""
    return State(
        prices={key: _prices_after(rows, change) for key, rows in before.prices.items()},
        rules={key: _rules_after(rows, change) for key, rows in before.rules.items()},
        closures={
            key: _closures_after(rows, change, taken.get(key, {}))
            for key, rows in before.closures.items()
        },
    )


def _prices_after(rows: Sequence[Row], change: NightsChange) -> list[Row]:
    """Lay the price over its level; other levels stay, unless every night is to have it."""
    if change.price is None:
        return list(rows)
    spans = _spans(rows, LEVELS)
    first, end, weekdays = change.first_night, change.ends_on, change.weekdays
    days = change.days
    if change.price_as in {EXCEPTION, EVERY_NIGHT}:
        spans[EXCEPTION] = without_days(spans[EXCEPTION], days)
    if change.price_as == EXCEPTION:
        new = [Span(start, stop, None, change.price) for start, stop in runs_of(days)]
        spans[EXCEPTION] = joined([*spans[EXCEPTION], *new])
        return _rows(spans)
    if change.price_as == EVERY_NIGHT or weekdays:
        spans[WEEKDAY] = without_weekdays(spans[WEEKDAY], first, end, weekdays)
    level = WEEKDAY if weekdays else SEASON
    kept = spans[level] if weekdays else without_weekdays(spans[level], first, end)
    spans[level] = joined([*kept, *laid_over(first, end, weekdays, change.price)])
    return _rows(spans)


def _rules_after(rows: Sequence[Row], change: NightsChange) -> list[Row]:
    spans = _spans(rows, KINDS)
    first, end = change.first_night, change.ends_on
    if change.min_stay is not None:
        for kind in MINIMA:
            spans[kind] = without_weekdays(spans[kind], first, end, change.weekdays)
        new = laid_over(first, end, change.weekdays, change.min_stay)
        spans[change.min_stay_kind] = joined([*spans[change.min_stay_kind], *new])
    for kind, allowed in (
        (CLOSED_TO_ARRIVAL, change.arrival_days),
        (CLOSED_TO_DEPARTURE, change.departure_days),
    ):
        if allowed is not None:
            kept = without_weekdays(spans[kind], first, end)
            refused = set(WEEK) - allowed
            spans[kind] = joined([*kept, *(laid_over(first, end, refused, 0) if refused else [])])
    return _rows(spans)


def _closures_after(
    rows: Sequence[ClosedRow], change: NightsChange, taken: Mapping[date, Taken]
) -> list[ClosedRow]:
    spans = [Span(start, end, None, reason) for start, end, reason in rows]
    days = change.days
    if change.sale == OPEN:
        left = without_days(spans, days)
    else:
        closed = {day for span in spans for day in span.days()}
        bound = {day for day, one in taken.items() if one.state in {SOLD, HELD}}
        new = runs_of(day for day in days if day not in closed and day not in bound)
        left = [*spans, *(Span(start, end, None, change.reason) for start, end in new)]
    return sorted((one.starts_on, one.ends_on, one.value) for one in left)


def _spans(rows: Iterable[Row], names: Iterable[str]) -> dict[str, list[Span]]:
    found: dict[str, list[Span]] = {name: [] for name in names}
    for name, start, end, weekday, value in rows:
        found[name].append(Span(start, end, weekday if weekday >= 0 else None, value))
    return found


def _rows(spans: Mapping[str, Iterable[Span]]) -> list[Row]:
    return sorted(
        (name, one.starts_on, one.ends_on, -1 if one.weekday is None else one.weekday, one.value)
        for name, own in spans.items()
        for one in own
    )


def _plain(row: Row) -> list[Any]:
    name, start, end, weekday, value = row
    shown = str(value) if isinstance(value, Decimal) else value
    return [name, start.isoformat(), end.isoformat(), weekday, shown]
