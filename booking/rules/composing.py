"""Which things make a stay together: nobody in two places, time to get there, days not too full.

It chooses among things that can be had, on plain values: it never asks what is free and never
speaks a language. The same things in give the same stay out; equals are chosen in the order of
their `turn`, the rotation of the day, and nothing that is paid is known here (booking/RANKING.md).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from booking.rules.moments import absolute

Position = tuple[float, float]

# A road of the Velay against the straight line, how fast one drives there, and what it takes to
# leave and to park (features.md N02: 10 minutes).
DETOUR = 1.35
KM_AN_HOUR = 48
BUFFER_MINUTES = 10
EARTH_KM = 6371.0
# Two places of one village are reached on foot.
SAME_PLACE_KM = 0.8
# So many assignments are looked at before the first that suits is taken for each step.
MOST_TRIED = 4000
# A day's distance from the bed counts in steps of so many minutes; beyond the last nobody goes.
NEARNESS = 20
FARTHEST = 60


@dataclass(frozen=True)
class Choice:
    """One thing that can be had: `key` names the offer, `persons` who takes part.

    `[starts_at, ends_at)` are aware; one that doesn't take time (a museum) clashes with nothing.
    `wished` counts the wishes that it meets, `turn` is its place in the rotation.
    """

    key: str
    starts_at: datetime
    ends_at: datetime
    persons: frozenset[str] = frozenset()
    takes_time: bool = True
    cents: int = 0
    kind: str = ""
    position: Position | None = None
    wished: int = 0
    turn: str = ""

    @property
    def day(self) -> date:
        """Return the day on which it begins, where its hours are written."""
        return self.starts_at.date()


@dataclass(frozen=True)
class DayRoom:
    """What may be planned on a day: at most `most` things within `[opens_at, closes_at]`."""

    day: date
    most: int
    opens_at: datetime
    closes_at: datetime


def minutes_between(first: Position | None, second: Position | None) -> int:
    """Return about how long one drives from one place to another, in minutes, 0 if unknown.

    Without the time to leave and to park.
    """
    if first is None or second is None:
        return 0
    km = km_between(first, second)
    if km < SAME_PLACE_KM:
        return 0
    return math.ceil(km * DETOUR / KM_AN_HOUR * 60)


def km_between(first: Position, second: Position) -> float:
    """Return the straight line between two places in kilometres."""
    lat1, lon1, lat2, lon2 = map(math.radians, (*first, *second))
    arc = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    )
    return 2 * EARTH_KM * math.asin(math.sqrt(min(1.0, arc)))


def clashes(first: Choice, second: Choice, *, with_travel: bool) -> bool:
    """Tell whether somebody would have to be at both, or couldn't get from one to the other."""
    if not (first.takes_time and second.takes_time and first.persons & second.persons):
        return False
    early, late = sorted((first, second), key=lambda one: absolute(one.starts_at))
    gap = absolute(late.starts_at) - absolute(early.ends_at)
    if gap < timedelta(0):
        return True
    if not with_travel:
        return False
    minutes = minutes_between(early.position, late.position)
    return bool(minutes) and gap < timedelta(minutes=minutes + BUFFER_MINUTES)


def suits(one: Choice, beside: Iterable[Choice], *, with_travel: bool) -> bool:
    """Tell whether a thing can stand beside others: no clash, and never the same offer twice."""
    return not any(
        one.key == other.key or clashes(one, other, with_travel=with_travel) for other in beside
    )


def arrange(
    steps: Sequence[Sequence[Choice]], taken: Sequence[Choice] = (), *, with_travel: bool = False
) -> list[Choice | None]:
    """Choose one thing for each step, the first wishes of the first steps before all others.

    Each step gives what can be had in the order of preference. If no way gives every step its
    thing, each takes the first that suits those before it, None where nothing does. `taken` is
    planned already and stays.
    """
    tried = 0
    chosen: list[Choice] = []

    def place(number: int) -> bool:
        nonlocal tried
        if number == len(steps):
            return True
        for one in steps[number]:
            tried += 1
            if tried > MOST_TRIED:
                return False
            if suits(one, [*taken, *chosen], with_travel=with_travel):
                chosen.append(one)
                if place(number + 1):
                    return True
                chosen.pop()
        return False

    if place(0):
        return list(chosen)
    found: list[Choice | None] = []
    for step in steps:
        beside = [*taken, *(one for one in found if one is not None)]
        found.append(
            next((one for one in step if suits(one, beside, with_travel=with_travel)), None)
        )
    return found


def fill_days(
    rooms: Sequence[DayRoom],
    choices: Sequence[Choice],
    *,
    bed: Position | None = None,
    taken: Sequence[Choice] = (),
    limit_cents: int | None = None,
    used: Collection[str] = (),
) -> list[Choice]:
    """Plan days: at most so many things on each, in the order of their hours.

    First what is wished, then a kind that the stay has least, what other proposals (`used`) don't
    have, what is near the bed, the rotation; nothing further than an hour. All of them together
    cost at most `limit_cents`; what comes first leaves for each later place what the cheapest thing
    for it costs, so that a day isn't empty because another was dear.
    """
    planned: list[Choice] = []
    left = limit_cents
    kept = _kept_cents(rooms, choices, bed, limit_cents)
    for number, room in enumerate(rooms):
        here: list[Choice] = []
        for _place in range(room.most):
            # What was kept for this place may be spent on it.
            if kept[number]:
                kept[number].pop()
            spend = left if left is None else left - sum(map(sum, kept[number:]))
            one = best_of(
                (
                    one
                    for one in choices
                    if one.day == room.day and fits_room(one, room) and _affordable(one, spend)
                ),
                beside=[*taken, *planned, *here],
                bed=bed,
                used=used,
            )
            if one is None:
                break
            here.append(one)
            if left is not None:
                left -= one.cents
        planned += here
    return sorted(planned, key=lambda one: (absolute(one.starts_at), one.key))


def _kept_cents(
    rooms: Sequence[DayRoom],
    choices: Sequence[Choice],
    bed: Position | None,
    limit_cents: int | None,
) -> list[list[int]]:
    """Return, for each day, what is kept of a limit for its places: the cheapest that they cost.

    Where the limit isn't enough for all places it is kept for the cheapest of them. Each offer
    counts once.
    """
    if limit_cents is None:
        return [[] for _room in rooms]
    counted: set[str] = set()
    places: list[tuple[int, int]] = []
    near = [one for one in choices if minutes_between(bed, one.position) <= FARTHEST]
    for number, room in enumerate(rooms):
        here = (one for one in near if one.day == room.day and fits_room(one, room))
        cheapest = sorted(
            (one for one in here if one.key not in counted), key=lambda one: (one.cents, one.key)
        )
        keys = list(dict.fromkeys(one.key for one in cheapest))[: room.most]
        counted |= set(keys)
        cents = {one.key: one.cents for one in reversed(cheapest)}
        places += [(cents[key], number) for key in keys]
    kept: list[list[int]] = [[] for _room in rooms]
    left = limit_cents
    for cents_of_place, number in sorted(places):
        left -= cents_of_place
        if left < 0:
            break
        kept[number].append(cents_of_place)
    return kept


def fits_room(one: Choice, room: DayRoom) -> bool:
    """Tell whether a thing takes place within the hours of a day."""
    return absolute(room.opens_at) <= absolute(one.starts_at) and absolute(one.ends_at) <= absolute(
        room.closes_at
    )


def best_of(
    choices: Iterable[Choice],
    *,
    beside: Sequence[Choice],
    bed: Position | None,
    used: Collection[str] = (),
) -> Choice | None:
    """Return the thing that is planned first among those that suit, None if none does."""
    kinds = [one.kind for one in beside]

    def rank(one: Choice) -> tuple[object, ...]:
        return (
            -one.wished,
            kinds.count(one.kind),
            one.key in used,
            minutes_between(bed, one.position) // NEARNESS,
            one.turn,
            absolute(one.starts_at),
            one.key,
        )

    near = (one for one in choices if minutes_between(bed, one.position) <= FARTHEST)
    for one in sorted(near, key=rank):
        if suits(one, beside, with_travel=True):
            return one
    return None


def _affordable(one: Choice, left: int | None) -> bool:
    return left is None or one.cents <= left


def things_a_day(pace: str, *, is_whole: bool, number: int) -> int:
    """Return how many things a day has at a pace: `calm`, `balanced` or `full`.

    `is_whole` is a day between two nights there; `number` counts the days from 0. A calm stay has
    something every other day, and nothing on the days of coming and leaving unless it has no
    other.
    """
    if pace == "calm":
        return int(is_whole and number % 2 == 1)
    if pace == "full":
        return 2 if is_whole else 1
    return int(is_whole)
