"""Time zones that a calendar describes itself: left out where the name says enough, else followed.

They are followed here and not by the library that reads the events: it keeps each zone for the
whole process under the name that a stranger gave it, and counts its rules out from their first
year for each moment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from functools import cache
from zoneinfo import available_timezones

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from booking.channels.lines import named
from booking.channels.recurrence import Rule, days_of, rule_of
from booking.channels.steps import Steps

MOST_ZONES, MOST_CHANGES = 5, 60
# "The last Sunday of March", with its end: what clocks do.
PARTS = {b"FREQ", b"INTERVAL", b"BYMONTH", b"BYDAY", b"BYMONTHDAY", b"UNTIL", b"WKST"}
NEVER = datetime.combine(date.max, time.min)
OFFSET = re.compile(rb"([+-]?)(\d\d)([0-5]\d)([0-5]\d)?")


@dataclass(frozen=True)
class Change:
    """A clock that is set: when for the first time, to what, and when again."""

    begins: datetime
    offset: timedelta
    rule: Rule | None = None
    ends: datetime = NEVER
    more: tuple[datetime, ...] = ()

    def times_in(self, year: int, steps: Steps) -> list[datetime]:
        """Return when its rule sets the clock in a year."""
        if self.rule is None or year < self.begins.year:
            return []
        first, last = date(year, 1, 1), date(year, 12, 31)
        begins = self.begins.date()
        days = days_of(self.rule, begins, since=max(first, begins), last=last, steps=steps)
        times = (datetime.combine(day, self.begins.time()) for day in days)
        return [one for one in times if one <= self.ends]


class OwnZone(tzinfo):
    """A zone as a calendar describes it; each question takes steps."""

    def __init__(self, changes: Sequence[Change], steps: Steps) -> None:
        self._changes = changes
        self._steps = steps
        self._known: dict[tuple[int, int], list[datetime]] = {}

    def utcoffset(self, dt: datetime | None) -> timedelta:
        """Return what the clock was set to last."""
        if dt is None:
            return timedelta(0)
        self._steps.spend(len(self._changes))
        wall = dt.replace(tzinfo=None)
        found = [
            (at, change.offset)
            for number, change in enumerate(self._changes)
            for at in (change.begins, *change.more, *self._times(number, wall))
            if at <= wall
        ]
        # Before all changes the first one counts.
        return max(found)[1] if found else self._changes[0].offset

    def _times(self, number: int, wall: datetime) -> Iterator[datetime]:
        """Give when a change comes again in the year of a moment, or of its end, and before."""
        change = self._changes[number]
        year = min(wall, change.ends).year
        for one in (year, year - 1):
            if (number, one) not in self._known:
                self._known[number, one] = change.times_in(one, self._steps)
            yield from self._known[number, one]

    def dst(self, dt: datetime | None) -> timedelta:
        """Return nothing: what is summer time in it is part of the offset."""
        return timedelta(0)

    def tzname(self, dt: datetime | None) -> None:
        """Return nothing: its name is a stranger's."""

    def fromutc(self, dt: datetime) -> datetime:
        """Return the wall time of a moment."""
        near = dt + self.utcoffset(dt)
        return dt + self.utcoffset(near)


def own_zones(described: Sequence[list[bytes]], steps: Steps) -> dict[str, OwnZone]:
    """Return the zones of a calendar that nobody knows by their name.

    Raises ValueError where it describes a zone that no clock has, or too many of them.
    """
    found: dict[str, OwnZone] = {}
    for lines in described:
        name = next((value for told, _more, value in named(lines) if told == b"TZID"), b"")
        if name in _names():
            continue
        found[name.decode("utf-8", "replace")] = OwnZone(_changes(lines), steps)
        if len(found) > MOST_ZONES:
            msg = "too many zones of its own"
            raise ValueError(msg)
    return found


def _changes(lines: list[bytes]) -> list[Change]:
    found: list[Change] = []
    told: list[tuple[bytes, bytes]] = []
    for name, _more, value in named(lines):
        if name == b"BEGIN":
            told = []
        elif name == b"END":
            found.append(_change(told))
        else:
            told.append((name, value))
        if len(found) > MOST_CHANGES or len(told) > MOST_CHANGES:
            msg = "too many changes in a zone"
            raise ValueError(msg)
    if not found:
        msg = "a zone without a clock"
        raise ValueError(msg)
    return found


def _change(told: list[tuple[bytes, bytes]]) -> Change:
    """Return a change from its lines; raises ValueError for one that no clock makes."""
    by_name = dict(told)
    rules = [value for name, value in told if name == b"RRULE"]
    if len(rules) > 1 or b"EXRULE" in by_name:
        msg = "no clock changes like that"
        raise ValueError(msg)
    begins = by_name.get(b"DTSTART")
    if begins is None or b"TZOFFSETTO" not in by_name:
        msg = "a change without its time"
        raise ValueError(msg)
    offset = _offset(by_name[b"TZOFFSETTO"])
    before = _offset(by_name.get(b"TZOFFSETFROM", by_name[b"TZOFFSETTO"]))
    more = [one for name, value in told if name == b"RDATE" for one in value.split(b",")]
    if len(more) > MOST_CHANGES:
        msg = "too many changes in a zone"
        raise ValueError(msg)
    rule, ends = _yearly(rules[0], before) if rules else (None, NEVER)
    return Change(
        begins=_moment(begins),
        offset=offset,
        rule=rule,
        ends=ends,
        more=tuple(_moment(one) for one in more),
    )


def _offset(told: bytes) -> timedelta:
    found = OFFSET.fullmatch(told)
    if found is None:
        msg = "no offset of a clock"
        raise ValueError(msg)
    sign, hours, minutes, seconds = found.groups()
    ahead = timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds or 0))
    if ahead >= timedelta(days=1):
        msg = "a clock is never a day ahead"
        raise ValueError(msg)
    return -ahead if sign == b"-" else ahead


def _yearly(told: bytes, before: timedelta) -> tuple[Rule, datetime]:
    """Return the rule of a change and when it ends: one month of each year, nothing else.

    Its end is a moment, mostly that of the last change: `before` makes it the time of that clock.
    """
    parts = dict(part.partition(b"=")[::2] for part in told.upper().split(b";") if part)
    is_once = b"BYMONTH" in parts and not any(b"," in value for value in parts.values())
    if not set(parts) <= PARTS or parts.get(b"FREQ") != b"YEARLY" or not is_once:
        msg = "no clock changes like that"
        raise ValueError(msg)
    until = parts.pop(b"UNTIL", b"")
    ends = _moment(until) + (before if until.endswith(b"Z") else timedelta(0)) if until else NEVER
    rule = rule_of({name.decode(): [value.decode()] for name, value in parts.items()})
    if rule.interval != 1:
        msg = "no clock changes like that"
        raise ValueError(msg)
    return rule, ends


def _moment(told: bytes) -> datetime:
    text = told.decode("ascii").strip().removesuffix("Z")
    return datetime.strptime(text, "%Y%m%dT%H%M%S" if "T" in text else "%Y%m%d")  # noqa: DTZ007


@cache
def _names() -> frozenset[bytes]:
    return frozenset(name.encode() for name in {*available_timezones(), *WINDOWS_TO_OLSON})
