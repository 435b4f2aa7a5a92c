"""How many nights were open, and who took them: counted from spans, part by part.

A night is open from the day its offer was entered and while nobody closed it; a night that
somebody has was open, whatever else is said of it (features.md P02: closures excluded).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from oti.lib.dates import nights

# Sold on the site, sold in the house's own widget, taken on another platform.
HERE, WIDGET, ELSEWHERE = "here", "widget", "elsewhere"

Nights = tuple[date, date]


@dataclass(frozen=True)
class Counts:
    """Nights or places of some days: how many were open, and who took how many of them."""

    open: int = 0
    here: int = 0
    widget: int = 0
    elsewhere: int = 0
    closed: int = 0

    @property
    def sold(self) -> int:
        """How many the platform sold, on the site or through the widget."""
        return self.here + self.widget

    @property
    def taken(self) -> int:
        """How many somebody has."""
        return self.sold + self.elsewhere

    @property
    def free(self) -> int:
        """How many are left."""
        return max(self.open - self.taken, 0)

    @property
    def percent(self) -> int | None:
        """Return the share of what was open that is taken, None where nothing was open."""
        return (200 * self.taken + self.open) // (2 * self.open) if self.open else None

    def __add__(self, other: Counts) -> Counts:
        """Return both together."""
        return Counts(
            self.open + other.open,
            self.here + other.here,
            self.widget + other.widget,
            self.elsewhere + other.elsewhere,
            self.closed + other.closed,
        )


@dataclass(frozen=True)
class TakenNights:
    """Nights `[first, after)` of a unit that somebody has, and how they came by them."""

    unit: int
    first: date
    after: date
    channel: str


def count_nights(
    units: Mapping[int, date | None],
    taken: Iterable[TakenNights],
    closed: Iterable[tuple[int, date, date]],
    parts: Sequence[Nights],
) -> list[Counts]:
    """Return the counts of each part.

    `units` says from which day each one counts as open, None for one that is no longer offered:
    of it only taken nights count. Taken nights of a unit don't overlap; closures may.
    """
    by_unit: dict[int, list[TakenNights]] = defaultdict(list)
    for one in taken:
        by_unit[one.unit].append(one)
    closures: dict[int, list[Nights]] = defaultdict(list)
    for unit, first, after in closed:
        closures[unit].append((first, after))
    found = []
    for part in parts:
        total = Counts()
        for unit, since in units.items():
            total += _count(since, by_unit[unit], closures[unit], part)
        found.append(total)
    return found


def _count(
    since: date | None, taken: Collection[TakenNights], closures: Collection[Nights], part: Nights
) -> Counts:
    first, after = part
    begins = after if since is None else min(max(first, since), after)
    by_channel = {HERE: 0, WIDGET: 0, ELSEWHERE: 0}
    before = 0
    for one in taken:
        inside = _clipped(one.first, one.after, first, after)
        by_channel[one.channel] += inside
        before += _clipped(one.first, one.after, first, begins)
    shut = {
        night
        for start, end in closures
        for night in nights(max(start, begins), min(end, after))
        if not any(one.first <= night < one.after for one in taken)
    }
    return Counts(
        open=(after - begins).days + before - len(shut),
        here=by_channel[HERE],
        widget=by_channel[WIDGET],
        elsewhere=by_channel[ELSEWHERE],
        closed=len(shut),
    )


def _clipped(start: date, end: date, first: date, after: date) -> int:
    return max((min(end, after) - max(start, first)).days, 0)
