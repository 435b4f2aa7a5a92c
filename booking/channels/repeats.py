"""Events that repeat: the moments at which one begins, within a bounded time and count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from dateutil.rrule import rrulestr
from icalendar import Event, vDDDLists

# By the day or longer: nights are what is asked about.
FREQUENCIES = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}
MOST_TIMES = 5_000
# An event that began so long ago may still be under way.
LONGEST = timedelta(days=366)


class TooOften(Exception):
    """It repeats more often, or for longer, than nights can."""


def starts_of(event: Event, start: date, *, since: date, until: date) -> Iterator[date]:
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
    for rule in _many(event.get("RRULE")):
        begins |= set(_by_rule(rule, first, zone, since=since, last=last))
    begins.add(first)
    for wall in sorted(begins - left_out):
        if wall >= last or wall.date() in days_left_out:
            continue
        if zone is not None:
            yield wall.replace(tzinfo=zone)
        else:
            yield wall.date()


def _by_rule(
    rule: Any, first: datetime, zone: tzinfo | None, *, since: date, last: datetime
) -> Iterator[datetime]:
    """Give the wall times that a rule makes, its own end and count kept by hand."""
    told = {str(name).upper(): values for name, values in rule.items()}
    if not set(told.get("FREQ", ())) <= FREQUENCIES or {"BYHOUR", "BYMINUTE", "BYSECOND"} & set(
        told
    ):
        raise TooOften
    count = int(told["COUNT"][0]) if "COUNT" in told else None
    ends = min([last, *(_end(one, zone) for one in told.get("UNTIL", ()))])
    parts = [
        part
        for part in rule.to_ical().decode().split(";")
        if part.partition("=")[0].upper() not in {"COUNT", "UNTIL"}
    ]
    since_wall = datetime.combine(since, time.min) - LONGEST
    if count is None:
        first = _nearer(told, first, since_wall)
    for number, wall in enumerate(rrulestr(";".join(parts), dtstart=first).replace(until=ends)):
        if count is not None and number >= count:
            return
        if number > MOST_TIMES:
            raise TooOften
        if wall >= since_wall:
            yield wall


def _nearer(told: Mapping[str, Any], first: datetime, wanted: datetime) -> datetime:
    """Return a later beginning that makes the same times: years need not be counted by the day."""
    days = {"DAILY": 1, "WEEKLY": 7}.get(str(told["FREQ"][0]).upper())
    if days is None or first >= wanted:
        return first
    step = days * int(told.get("INTERVAL", [1])[0])
    return first + timedelta(days=step * ((wanted - first).days // step)) if step > 0 else first


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
    if len(found) > MOST_TIMES:
        raise TooOften
    return found


def _many(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
