"""When a stay may be: its length, its arrival and departure days, and clashes within it.

It judges dates and hours; it never knows whether a place is free nor what it costs.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import combinations

from booking.rules.moments import absolute
from booking.rules.people import Problem
from oti.lib.dates import count_nights, nights

MIN_STAY_ARRIVAL = "min_stay_arrival"
MIN_STAY_THROUGH = "min_stay_through"
MAX_STAY = "max_stay"
CLOSED_TO_ARRIVAL = "closed_to_arrival"
CLOSED_TO_DEPARTURE = "closed_to_departure"
MINIMA = frozenset({MIN_STAY_ARRIVAL, MIN_STAY_THROUGH})
KINDS = MINIMA | {MAX_STAY, CLOSED_TO_ARRIVAL, CLOSED_TO_DEPARTURE}


@dataclass(frozen=True)
class Restriction:
    """One rule of a provider's calendar over `[starts_on, ends_on)`, of one weekday if given.

    A missing date leaves that side open; with neither date the rule is undated, even if it
    names a weekday (Monday is 0). `value` is a number of nights for minima and the maximum.
    """

    kind: str
    starts_on: date | None = None
    ends_on: date | None = None
    weekday: int | None = None
    value: int = 0

    def __post_init__(self) -> None:
        """Refuse an unknown kind with ValueError."""
        if self.kind not in KINDS:
            msg = f"unknown restriction {self.kind!r}"
            raise ValueError(msg)

    @property
    def is_dated(self) -> bool:
        """Tell whether the rule belongs to a period."""
        return self.starts_on is not None or self.ends_on is not None

    def applies_to(self, day: date) -> bool:
        """Tell whether the rule speaks of that day."""
        return (
            (self.starts_on is None or self.starts_on <= day)
            and (self.ends_on is None or day < self.ends_on)
            and self.weekday in (None, day.weekday())
        )


@dataclass(frozen=True)
class StayLimits:
    """What a unit accepts: nights, days in advance, and its calendar of restrictions (A04)."""

    min_stay: int = 1
    max_stay: int | None = None
    min_advance_days: int = 0
    max_advance_days: int | None = None
    restrictions: tuple[Restriction, ...] = ()


def min_stay_on(limits: StayLimits, arrival: date) -> int:
    """Return the least number of nights of a stay that arrives on that day, at least 1.

    A dated minimum replaces the undated ones and may be lower; of several that speak of the
    same day the longest counts (A04).
    """
    return max([1, *_minima(limits, arrival, MINIMA)])


def max_stay_on(limits: StayLimits, arrival: date) -> int | None:
    """Return the greatest number of nights from that arrival, None without a limit.

    A dated maximum replaces the undated ones; of several the shortest counts.
    """
    rules = _of_kinds(limits, arrival, {MAX_STAY})
    dated = [rule.value for rule in rules if rule.is_dated]
    if dated:
        return min(dated)
    undated = [rule.value for rule in rules]
    if limits.max_stay is not None:
        undated.append(limits.max_stay)
    return min(undated, default=None)


def arrival_allowed(limits: StayLimits, day: date) -> bool:
    """Tell whether a stay may begin on that day; closures add up (A04)."""
    return not _of_kinds(limits, day, {CLOSED_TO_ARRIVAL})


def departure_allowed(limits: StayLimits, day: date) -> bool:
    """Tell whether a stay may end on that day; closures add up (A04)."""
    return not _of_kinds(limits, day, {CLOSED_TO_DEPARTURE})


def min_stay_for(limits: StayLimits, arrival: date, departure: date) -> int:
    """Return the least number of nights asked of `[arrival, departure)`.

    The minimum of the arrival day, and every `min_stay_through` that the nights touch.
    """
    through = [
        value
        for day in nights(arrival, departure)
        if day != arrival
        for value in _minima(limits, day, {MIN_STAY_THROUGH})
    ]
    return max([min_stay_on(limits, arrival), *through])


def check_stay(
    limits: StayLimits,
    arrival: date,
    departure: date,
    today: date,
    *,
    fills_hole: bool = False,
) -> list[Problem]:
    """Return every reason why `[arrival, departure)` is refused, an empty list when it is not.

    `fills_hole`: these are all the nights between two occupations, and no minimum is asked of
    them (A05); arrival and departure days, the maximum and the notice stay.

    Codes: `dates_reversed`, `in_the_past` {today}, `too_soon` {days, earliest}, `too_far`
    {days, latest}, `min_stay` {nights, asked}, `max_stay` {nights, asked},
    `closed_to_arrival` {day}, `closed_to_departure` {day}. `today` is the day in Paris.
    """
    problems = _check_notice(limits, arrival, today)
    asked = count_nights(arrival, departure)
    if asked <= 0:
        problems.insert(0, Problem("dates_reversed", {"arrival": arrival, "departure": departure}))
    else:
        problems += _check_length(limits, arrival, departure, asked, fills_hole=fills_hole)
    if not arrival_allowed(limits, arrival):
        problems.append(Problem(CLOSED_TO_ARRIVAL, {"day": arrival}))
    if not departure_allowed(limits, departure):
        problems.append(Problem(CLOSED_TO_DEPARTURE, {"day": departure}))
    return problems


def _check_notice(limits: StayLimits, arrival: date, today: date) -> list[Problem]:
    ahead = (arrival - today).days
    if ahead < 0:
        return [Problem("in_the_past", {"today": today})]
    problems = []
    if ahead < limits.min_advance_days:
        earliest = today + timedelta(days=limits.min_advance_days)
        problems.append(
            Problem("too_soon", {"days": limits.min_advance_days, "earliest": earliest})
        )
    if limits.max_advance_days is not None and ahead > limits.max_advance_days:
        latest = today + timedelta(days=limits.max_advance_days)
        problems.append(Problem("too_far", {"days": limits.max_advance_days, "latest": latest}))
    return problems


def _check_length(
    limits: StayLimits, arrival: date, departure: date, asked: int, *, fills_hole: bool
) -> list[Problem]:
    problems = []
    minimum = min_stay_for(limits, arrival, departure)
    maximum = max_stay_on(limits, arrival)
    if asked < minimum and not fills_hole:
        problems.append(Problem("min_stay", {"nights": minimum, "asked": asked}))
    if maximum is not None and asked > maximum:
        problems.append(Problem(MAX_STAY, {"nights": maximum, "asked": asked}))
    return problems


def _of_kinds(limits: StayLimits, day: date, kinds: Iterable[str]) -> list[Restriction]:
    return [rule for rule in limits.restrictions if rule.kind in kinds and rule.applies_to(day)]


def _minima(limits: StayLimits, day: date, kinds: Iterable[str]) -> list[int]:
    """Return the minima of these kinds that hold on a day, dated ones instead of undated."""
    rules = _of_kinds(limits, day, MINIMA)
    if any(rule.is_dated for rule in rules):
        return [rule.value for rule in rules if rule.is_dated and rule.kind in kinds]
    values = [rule.value for rule in rules if rule.kind in kinds]
    return [*values, limits.min_stay] if MIN_STAY_ARRIVAL in kinds else values


@dataclass(frozen=True)
class Entry:
    """One thing of a stay's day: aware hours `[starts_at, ends_at)`, who is there, and where.

    `is_blocking` is False for what is open all day (a museum): it never clashes (A09).
    """

    key: str
    starts_at: datetime
    ends_at: datetime
    persons: frozenset[str]
    is_blocking: bool = True
    place: str = ""

    def __post_init__(self) -> None:
        """Refuse naive hours and an end before its start with ValueError."""
        if absolute(self.ends_at) < absolute(self.starts_at):
            msg = f"{self.key} ends before it starts"
            raise ValueError(msg)


@dataclass(frozen=True)
class Clash:
    """Two entries that some persons cannot both attend, the earlier one first."""

    first_key: str
    second_key: str
    persons: frozenset[str]


def no_travel(_first: Entry, _second: Entry) -> int:
    """Return no minutes between any two places."""
    return 0


def find_clashes(
    entries: Iterable[Entry], travel_minutes: Callable[[Entry, Entry], int] = no_travel
) -> list[Clash]:
    """Return each pair of blocking entries that share persons and leave them no time.

    Half open: the one that ends at 14:00 and the one that starts at 14:00 do not clash, unless
    `travel_minutes(earlier, later)` asks for more. Source: features.md N02.
    """
    blocking = sorted(
        (entry for entry in entries if entry.is_blocking),
        key=lambda entry: (absolute(entry.starts_at), absolute(entry.ends_at), entry.key),
    )
    clashes = []
    for first, second in combinations(blocking, 2):
        shared = first.persons & second.persons
        if shared and (_overlap(first, second) or _is_too_far(first, second, travel_minutes)):
            clashes.append(Clash(first.key, second.key, shared))
    return clashes


def _overlap(first: Entry, second: Entry) -> bool:
    starts = max(absolute(first.starts_at), absolute(second.starts_at))
    return starts < min(absolute(first.ends_at), absolute(second.ends_at))


def _is_too_far(first: Entry, second: Entry, travel_minutes: Callable[[Entry, Entry], int]) -> bool:
    minutes = timedelta(minutes=travel_minutes(first, second))
    gap = absolute(second.starts_at) - absolute(first.ends_at)
    return bool(minutes) and gap < minutes
