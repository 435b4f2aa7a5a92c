"""The rows of a host's calendar: each unit's nights, what stands together as one block."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from booking.forms.nights import CalendarQuery, Picked, month_after
from booking.models import Offer, Unit
from booking.night_sheet import BLOCKED, CLOSED, PREPARED, SOLD, NightTerms, Taken
from oti.lib.dates import ONE_DAY, nights


@dataclass(frozen=True)
class Block:
    """Nights `[first, last]` in the window that something takes together."""

    taken: Taken
    first: date
    last: date

    @property
    def nights(self) -> int:
        """How many nights of it are shown."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True)
class UnitRow:
    """A unit with the terms of each day shown and what takes its nights."""

    unit: Unit
    terms: Mapping[date, NightTerms]
    taken: Mapping[date, Taken]
    picked: Picked | None
    shows_offer: bool

    @property
    def is_on_sale(self) -> bool:
        """Whether visitors may buy it at all."""
        return self.unit.is_active and self.unit.offer.state == Offer.State.PUBLISHED

    def parts(self, days: Sequence[date]) -> list[date | Block]:
        """Return the days one by one, those that one thing takes as one block."""
        found: list[date | Block] = []
        for day in days:
            one = self.taken.get(day)
            before = found[-1] if found else None
            if one is None:
                found.append(day)
            elif isinstance(before, Block) and before.taken == one:
                found[-1] = Block(one, before.first, day)
            else:
                found.append(Block(one, day, day))
        return found

    def is_picked(self, day: date) -> bool:
        """Tell whether a night is one of those chosen."""
        chosen = self.picked
        return chosen is not None and chosen.first <= day <= chosen.last


def weeks_of(first: date) -> list[list[date | None]]:
    """Return a month as weeks from Monday on, None where no day of it is."""
    days: list[date | None] = [None] * first.weekday()
    days += nights(first, month_after(first, 1))
    days += [None] * (-len(days) % 7)
    return [days[start : start + 7] for start in range(0, len(days), 7)]


def figures(rows: Iterable[UnitRow], days: Sequence[date]) -> dict[str, Any]:
    """Return what a month comes to: nights sold, and their share of those that aren't closed."""
    sold = taken = open_nights = 0
    for row in rows:
        for day in days:
            one = row.taken.get(day)
            state = one.state if one else ""
            sold += state == SOLD
            taken += state in {SOLD, BLOCKED}
            open_nights += state not in {CLOSED, PREPARED}
    share = round(100 * taken / open_nights) if open_nights else 0
    return {"sold": sold, "share": share, "free": open_nights - taken}


def arrivals(rows: Iterable[UnitRow], query: CalendarQuery) -> list[dict[str, Any]]:
    """Return the stays that begin in the days shown, in order."""
    found = {
        one.stay: {"taken": one, "unit": row.unit, "nights": (one.ends_on - one.starts_on).days}
        for row in rows
        for one in row.taken.values()
        if one.state == SOLD and query.first <= one.starts_on < query.ends_on
    }
    return sorted(found.values(), key=lambda one: (one["taken"].starts_on, one["taken"].stay))


def picked_words(picked: Picked) -> dict[str, Any]:
    """Return what the form's heading says of the nights chosen."""
    return {
        "first": picked.first,
        "last": picked.last,
        "leaving": picked.last + ONE_DAY,
        "nights": (picked.last - picked.first + timedelta(days=1)).days,
        "is_open": picked.is_open,
    }
