"""The days of a rule that repeats (RFC 5545, 3.3.10), by the day or longer, in counted steps.

Days are counted here and not by a library: a rule that never comes true ("every day of February,
the 30th") keeps a library counting until the year 9999, and one that goes on by nothing for ever.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from booking.channels.steps import Steps, TooOften

FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
# Nights are what is asked about: not by the hour.
BY_HOURS = {"BYHOUR", "BYMINUTE", "BYSECOND"}
KNOWN = {
    "FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYMONTH", "BYMONTHDAY", "BYDAY", "BYYEARDAY",
    "BYSETPOS",
}  # fmt: skip
MOST_VALUES = 100


@dataclass(frozen=True)
class Rule:
    """When something comes again; months and days of the month count from 1, weekdays from 0."""

    frequency: str
    interval: int = 1
    months: frozenset[int] = frozenset()
    month_days: frozenset[int] = frozenset()
    year_days: frozenset[int] = frozenset()
    # The how manieth of its month or year, 0 for each of them; and the weekday.
    weekdays: frozenset[tuple[int, int]] = frozenset()
    positions: tuple[int, ...] = field(default=())
    week_begins: int = 0

    @property
    def names_days(self) -> bool:
        """Tell whether the rule itself says which days: else those of its beginning count."""
        return bool(self.month_days or self.year_days or self.weekdays)


def rule_of(told: Mapping[str, Sequence[Any]]) -> Rule:
    """Return a rule from its parts, names in capitals; raises ValueError, TooOften."""
    names = set(told)
    frequency = str(_one(told, "FREQ", "")).upper()
    if BY_HOURS & names or frequency in {"SECONDLY", "MINUTELY", "HOURLY"}:
        raise TooOften
    if not names <= KNOWN or frequency not in FREQUENCIES:
        msg = "a rule that isn't known"
        raise ValueError(msg)
    if sum(len(values) for values in told.values()) > MOST_VALUES:
        raise TooOften
    interval = int(_one(told, "INTERVAL", 1))
    if interval < 1:
        msg = "a rule that goes on by nothing"
        raise ValueError(msg)
    return Rule(
        frequency=frequency,
        interval=interval,
        months=_numbers(told, "BYMONTH", least=1, most=12),
        month_days=_numbers(told, "BYMONTHDAY", least=-31, most=31),
        year_days=_numbers(told, "BYYEARDAY", least=-366, most=366),
        weekdays=frozenset(_weekday(str(one)) for one in told.get("BYDAY", ())),
        positions=tuple(_numbers(told, "BYSETPOS", least=-366, most=366)),
        week_begins=WEEKDAYS.index(str(_one(told, "WKST", "MO")).upper()),
    )


def days_of(
    rule: Rule, first: date, *, since: date | None, last: date, steps: Steps
) -> Iterator[date]:
    """Give the days of a rule that begins on `first`, in order, to `last` at most.

    From the period of `since` on, where it is later: years need not be counted by the day. Raises
    TooOften when the steps are used up.
    """
    rule = _completed(rule, first)
    for days in _periods(rule, first, since=since or first, last=last, steps=steps):
        chosen = [day for day in days if _fits(rule, day)]
        if rule.positions:
            chosen = _at_positions(chosen, rule.positions)
        for day in chosen:
            if first <= day <= last:
                yield day


def _completed(rule: Rule, first: date) -> Rule:
    """Return a rule with what its beginning says where it says nothing itself."""
    if rule.names_days or rule.frequency == "DAILY":
        return rule
    told: dict[str, Any] = {}
    if rule.frequency == "WEEKLY":
        told["weekdays"] = frozenset({(0, first.weekday())})
    else:
        told["month_days"] = frozenset({first.day})
    if rule.frequency == "YEARLY" and not rule.months:
        told["months"] = frozenset({first.month})
    return Rule(**{**rule.__dict__, **told})


def _periods(
    rule: Rule, first: date, *, since: date, last: date, steps: Steps
) -> Iterator[list[date]]:
    """Give the days of each day, week, month or year that counts; each day is a step."""
    start = _number(rule, first)
    number = start + max(_number(rule, since) - start, 0) // rule.interval * rule.interval
    end = _number(rule, last)
    while number <= end:
        days = _days_in(rule, number)
        steps.spend(max(len(days), 1))
        yield days
        number += rule.interval


def _number(rule: Rule, day: date) -> int:
    """Return which day, week, month or year since the beginning of time a day is in."""
    if rule.frequency == "DAILY":
        return day.toordinal()
    if rule.frequency == "WEEKLY":
        # The first day of all was a Monday.
        return (day.toordinal() - 1 - rule.week_begins) // 7
    return day.year * 12 + day.month - 1 if rule.frequency == "MONTHLY" else day.year


def _days_in(rule: Rule, number: int) -> list[date]:
    if rule.frequency == "DAILY":
        return [date.fromordinal(number)]
    if rule.frequency == "WEEKLY":
        begins = number * 7 + 1 + rule.week_begins
        return [date.fromordinal(begins + n) for n in range(7)]
    if rule.frequency == "MONTHLY":
        months = [divmod(number, 12)]
    else:
        months = [(number, month) for month in range(12)]
    return [
        date(year, month + 1, day)
        for year, month in months
        if not rule.months or month + 1 in rule.months
        for day in range(1, monthrange(year, month + 1)[1] + 1)
    ]


def _fits(rule: Rule, day: date) -> bool:
    if rule.months and day.month not in rule.months:
        return False
    in_month = monthrange(day.year, day.month)[1]
    if rule.month_days and not {day.day, day.day - in_month - 1} & rule.month_days:
        return False
    in_year = date(day.year, 12, 31).timetuple().tm_yday
    of_year = day.timetuple().tm_yday
    if rule.year_days and not {of_year, of_year - in_year - 1} & rule.year_days:
        return False
    if not rule.weekdays:
        return True
    told = {number for number, weekday in rule.weekdays if weekday == day.weekday()}
    if rule.frequency in {"DAILY", "WEEKLY"}:
        return bool(told)
    is_by_month = rule.frequency == "MONTHLY" or bool(rule.months)
    at, among = (day.day, in_month) if is_by_month else (of_year, in_year)
    return bool(told & {0, (at - 1) // 7 + 1, -((among - at) // 7 + 1)})


def _at_positions(days: list[date], positions: tuple[int, ...]) -> list[date]:
    wanted = {at - 1 if at > 0 else len(days) + at for at in positions}
    return [day for at, day in enumerate(days) if at in wanted]


def _one(told: Mapping[str, Sequence[Any]], name: str, default: Any) -> Any:
    values = told.get(name, (default,))
    if len(values) != 1:
        msg = "one value was expected"
        raise ValueError(msg)
    return values[0]


def _numbers(
    told: Mapping[str, Sequence[Any]], name: str, *, least: int, most: int
) -> frozenset[int]:
    values = frozenset(int(one) for one in told.get(name, ()))
    if any(one == 0 or not least <= one <= most for one in values):
        msg = "no such day or month"
        raise ValueError(msg)
    return values


def _weekday(told: str) -> tuple[int, int]:
    """Return which weekday of its month or year is meant: "SA" is each, "-1SU" the last."""
    number, name = told.strip().upper()[:-2], told.strip().upper()[-2:]
    if name not in WEEKDAYS:
        msg = "no weekday"
        raise ValueError(msg)
    return int(number or 0), WEEKDAYS.index(name)
