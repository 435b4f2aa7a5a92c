"""Reading a calendar file: a set of events with their nights, or why it can't be believed.

Pure: bytes in, `OuterEvent`s out (domain.md 5.2). Whatever names a guest (title, description,
reservation address, phone) is read to tell a booking from a closure and kept nowhere.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

from icalendar import Calendar, Event

from booking.channels.lines import TooMuch, lines_of
from booking.channels.repeats import starts_of
from booking.channels.steps import Steps, TooOften
from booking.channels.zones import OwnZone, own_zones
from booking.rules.channels import OuterEvent, kind_of
from oti.lib.dates import ONE_DAY, PARIS, paris

MOST_EVENTS = 5_000
MOST_SERIES = 200
# Nothing is sold so far ahead: what lasts longer is cut there, so that it stays a span of days.
YEARS_AHEAD = 4
BEGIN, END = b"BEGIN:VCALENDAR", b"END:VCALENDAR"
# Without these an event has no nights; another line that can't be read changes nothing.
NEEDED = {"DTSTART", "DTEND", "DURATION", "RRULE", "RECURRENCE-ID"}


class Doubt(StrEnum):
    """Why a file isn't believed."""

    EMPTY = "empty"
    NOT_A_CALENDAR = "not_a_calendar"
    CUT_SHORT = "cut_short"
    UNREADABLE = "unreadable"
    BAD_EVENT = "bad_event"
    TOO_MANY_EVENTS = "too_many_events"


class Unbelievable(Exception):
    """This is no calendar, or not all of one: nothing may be concluded from it."""

    def __init__(self, code: Doubt) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Reading:
    """What a calendar says of the nights from `today` on; `warnings` are short words."""

    events: tuple[OuterEvent, ...]
    warnings: tuple[str, ...] = ()


def read_calendar(body: bytes, *, today: date, platform: str = "") -> Reading:
    """Return the events that aren't over on `today`, each once, in order; raises Unbelievable.

    `platform` (`booking.rules.channels.PLATFORMS`) tells what its words mean. Whatever the file
    says, reading it takes a bounded number of steps.
    """
    steps = Steps()
    try:
        events, zones = _events_in(body, steps)
        sheet = _Sheet(today=today, steps=steps, zones=zones, platform=platform)
        for uid, parts in _by_uid(events).items():
            sheet.take_all(uid, parts)
    except (TooMuch, TooOften) as error:
        raise Unbelievable(Doubt.TOO_MANY_EVENTS) from error
    return Reading(tuple(sorted(sheet.found)), tuple(sorted(sheet.warnings)))


def _events_in(body: bytes, steps: Steps) -> tuple[list[Event], dict[str, OwnZone]]:
    """Return every event of a whole calendar, and the zones that only it knows.

    Raises Unbelievable, TooMuch.
    """
    text = body.removeprefix(b"\xef\xbb\xbf").strip()
    if not text:
        raise Unbelievable(Doubt.EMPTY)
    if not text[: len(BEGIN)].upper() == BEGIN:
        raise Unbelievable(Doubt.NOT_A_CALENDAR)
    if not text[-len(END) :].upper() == END:
        raise Unbelievable(Doubt.CUT_SHORT)
    try:
        lines = lines_of(text)
        if lines.events > MOST_EVENTS:
            raise Unbelievable(Doubt.TOO_MANY_EVENTS)
        zones = own_zones(lines.zones, steps)
        calendars = Calendar.from_ical(lines.text, multiple=True)
        events = [
            event for one in calendars for event in one.walk("VEVENT") if isinstance(event, Event)
        ]
    except (ValueError, KeyError, IndexError, TypeError, OverflowError, RecursionError) as error:
        raise Unbelievable(Doubt.UNREADABLE) from error
    if not calendars or len(events) != lines.events:
        raise Unbelievable(Doubt.CUT_SHORT)
    return events, zones


def _by_uid(events: list[Event]) -> dict[str, list[Event]]:
    """Put together the events that speak of one thing; those without a name stay alone."""
    found: dict[str, list[Event]] = defaultdict(list)
    for number, event in enumerate(events):
        found[str(event.get("UID") or f"\0{number}")].append(event)
    return found


@dataclass
class _Sheet:
    """What is found while a calendar is read."""

    today: date
    steps: Steps
    zones: dict[str, OwnZone]
    platform: str = ""
    found: set[OuterEvent] = field(default_factory=set)
    warnings: set[str] = field(default_factory=set)
    series: int = 0

    @property
    def last(self) -> date:
        """Return the day after the last night that is read."""
        return date(self.today.year + YEARS_AHEAD, 1, 1)

    def masters(self, events: list[Event]) -> list[Event]:
        """Return those events of one identifier that say when it is, in their last version."""
        newest: dict[Any, int] = {}
        for event in events:
            part = _moment_key(event)
            newest[part] = max(newest.get(part, 0), _sequence(event))
        return [one for one in events if _sequence(one) == newest[_moment_key(one)]]

    def take_all(self, uid: str, events: list[Event]) -> None:
        """Add the nights of the events of one identifier."""
        moved = {
            self._local(one, "RECURRENCE-ID")
            for one in events
            if len(events) > 1 and "RECURRENCE-ID" in one
        }
        known = hashed(uid if not uid.startswith("\0") else "no name")
        for event in self.masters(events):
            self.take(known, event, moved)

    def take(self, uid: str, event: Event, moved: set[date]) -> None:
        """Add the nights of one event, of each time that it takes place but for the moved ones."""
        self._check(event)
        if _is_free(event):
            return
        start = self._local(event, "DTSTART")
        length = self._length(event, start)
        name, told = str(event.get("SUMMARY") or ""), str(event.get("UID") or "")
        for begins in self._starts(event, start, moved):
            first, after = self._nights(begins, length)
            if after <= self.today or first >= self.last:
                continue
            after = min(after, self.last)
            kind = kind_of(name, told, first_night=first, departure=after, platform=self.platform)
            self.found.add(OuterEvent(uid, first, after, kind))
            if len(self.found) > MOST_EVENTS:
                raise Unbelievable(Doubt.TOO_MANY_EVENTS)

    def _check(self, event: Event) -> None:
        broken = {str(name).upper() for name, _why in event.errors if name}
        if broken & NEEDED or "DTSTART" not in event:
            raise Unbelievable(Doubt.BAD_EVENT)
        if broken:
            self.warnings.add("unread_lines")

    def _starts(self, event: Event, start: date, moved: set[date]) -> Iterator[date]:
        if "RECURRENCE-ID" in event or not ({"RRULE", "RDATE"} & set(event)):
            yield start
            return
        self.series += 1
        if self.series > MOST_SERIES:
            raise Unbelievable(Doubt.TOO_MANY_EVENTS)
        try:
            for begins in starts_of(
                event, start, until=self.last, since=self.today, steps=self.steps
            ):
                if begins not in moved:
                    yield begins
        except (ValueError, LookupError, TypeError, AttributeError, OverflowError) as error:
            raise Unbelievable(Doubt.BAD_EVENT) from error

    def _local(self, event: Event, name: str) -> date:
        """Return a moment of an event as a day, or as the wall time that it has in Paris or there.

        One without a zone, or in one that nobody knows, is in the time of Paris.
        """
        try:
            value: Any = event.decoded(name)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Unbelievable(Doubt.BAD_EVENT) from error
        if isinstance(value, list) or not isinstance(value, date):
            raise Unbelievable(Doubt.BAD_EVENT)
        if isinstance(value, datetime) and value.tzinfo is None:
            zone = getattr(event.get(name), "params", {}).get("TZID")
            if zone is not None and str(zone) not in self.zones:
                self.warnings.add("unknown_zone")
            value = value.replace(tzinfo=self.zones.get(str(zone), PARIS))
        if not 1970 <= value.year <= 2200:
            raise Unbelievable(Doubt.BAD_EVENT)
        moment: date = value
        return moment

    def _length(self, event: Event, start: date) -> timedelta:
        """Return how long it lasts: to its end, for its duration, or one day."""
        if "DTEND" in event:
            end = self._local(event, "DTEND")
            if isinstance(end, datetime) != isinstance(start, datetime):
                return _day_of(end) - _day_of(start)
            return end - start
        if "DURATION" in event:
            length = event.decoded("DURATION")
            if not isinstance(length, timedelta):
                raise Unbelievable(Doubt.BAD_EVENT)
            return length
        return ONE_DAY if not isinstance(start, datetime) else timedelta(0)

    def _nights(self, begins: date, length: timedelta) -> tuple[date, date]:
        """Return the nights, half open: one at least, also where the end is before the start."""
        try:
            # A moment as it is, not as the wall shows it: the clock may change meanwhile.
            ends = begins + length if not isinstance(begins, datetime) else _later(begins, length)
        except OverflowError as error:
            raise Unbelievable(Doubt.BAD_EVENT) from error
        first, after = _day_of(begins), _day_of(ends)
        if length < timedelta(0):
            self.warnings.add("end_before_start")
        return first, max(after, first + ONE_DAY)


def hashed(uid: str) -> str:
    """Return an identifier as it is kept: platforms may have put a guest's address into it."""
    return hashlib.sha256(uid.encode("utf-8", "replace")).hexdigest()[:40]


def _later(moment: datetime, length: timedelta) -> datetime:
    return (moment.astimezone(UTC) + length).astimezone(moment.tzinfo)


def _day_of(moment: date) -> date:
    return paris(moment).date() if isinstance(moment, datetime) else moment


def _sequence(event: Event) -> int:
    try:
        return int(event.get("SEQUENCE") or 0)
    except (ValueError, TypeError):
        return 0


def _moment_key(event: Event) -> str:
    """Return which part of a series an event speaks of; "" for the whole of it."""
    told = event.get("RECURRENCE-ID")
    return "" if told is None else str(told.to_ical() if hasattr(told, "to_ical") else told)


def _is_free(event: Event) -> bool:
    """Tell whether an event takes nothing: cancelled, or shown as free."""
    status = str(event.get("STATUS") or "").strip().upper()
    return status == "CANCELLED" or str(event.get("TRANSP") or "").upper() == "TRANSPARENT"
