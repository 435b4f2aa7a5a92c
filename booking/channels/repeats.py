"""Events that repeat: the moments at which one begins, within a bounded time and count."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from icalendar import Event, vDDDLists

from booking.channels.recurrence import days_of, rule_of
from booking.channels.steps import Steps, TooOften

MOST_DATES = 5_000
# An event that began so long ago may still be under way.
LONGEST = timedelta(days=366)
# A moment that is given is made a span of nights: dearer than a day that is looked at.
STEPS_A_START = 5


def starts_of(
    event: Event, start: date, *, since: date, until: date, steps: Steps
) -> Iterator[date]:
    """Give the moments at which a repeated event begins, from a year before `since` to `until`.

    `start` is a day or an aware moment; so is what is given. Exceptions are left out. Raises
    TooOften, ValueError.
    """
    zone = start.tzinfo if isinstance(start, datetime) else None
    first = _wall(start, zone)
    left_out = {_wall(one, zone) for one in _dates(event, "EXDATE")}
    days_left_out = {
        one for one in _dates(event, "EXDATE") if not isinstance(one, datetime) and zone
    }
    begins = {_wall(one, zone) for one in _dates(event, "RDATE")}
    last = datetime.combine(until, time.min)
    rules = _many(event.get("RRULE"))
    if len(rules) > 1:
        msg = "an event has one rule"
        raise ValueError(msg)
    for rule in rules:
        begins |= set(_by_rule(rule, first, zone, since=since, last=last, steps=steps))
    begins.add(first)
    for wall in sorted(begins - left_out):
        if wall >= last or wall.date() in days_left_out:
            continue
        steps.spend(STEPS_A_START)
        if zone is not None:
            yield wall.replace(tzinfo=zone)
        else:
            yield wall.date()


def _by_rule(
    rule: Any, first: datetime, zone: tzinfo | None, *, since: date, last: datetime, steps: Steps
) -> Iterator[datetime]:
    """Give the wall times that a rule makes, its own end and count kept by hand."""
    told = {str(name).upper(): list(values) for name, values in rule.items()}
    wanted = rule_of(told)
    count = int(told["COUNT"][0]) if "COUNT" in told else None
    ends = min([last, *(_end(one, zone) for one in told.get("UNTIL", ()))])
    since_wall = datetime.combine(since, time.min) - LONGEST
    # One that is counted is counted from its beginning.
    near = since_wall.date() if count is None else None
    days = days_of(wanted, first.date(), since=near, last=ends.date(), steps=steps)
    for number, day in enumerate(days):
        wall = datetime.combine(day, first.time())
        if wall > ends or (count is not None and number >= count):
            return
        if wall >= since_wall:
            yield wall


def _end(value: date, zone: tzinfo | None) -> datetime:
    if not isinstance(value, datetime):
        return datetime.combine(value, time.max)
    if value.tzinfo is not None and zone is None:
        return datetime.combine(value.date(), time.max)
    return _wall(value, zone)


def _wall(value: date, zone: tzinfo | None) -> datetime:
    """Return the wall time of a moment in a zone, without it."""
    if not isinstance(value, datetime):
        return datetime.combine(value, time.min)
    if zone is not None and value.tzinfo is not None:
        value = value.astimezone(zone)
    return value.replace(tzinfo=None)


def _dates(event: Event, name: str) -> list[date]:
    found: list[date] = []
    for values in _many(event.get(name)):
        # One that can't be read is no list: it leaves nothing out, and more is closed than less.
        for one in values.dts if isinstance(values, vDDDLists) else ():
            # A period says when it begins and when it ends.
            told = one.dt[0] if isinstance(one.dt, tuple) else one.dt
            if isinstance(told, date):
                found.append(told)
    if len(found) > MOST_DATES:
        raise TooOften
    return found


def _many(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
