"""Dated rules cut and laid anew: what a change of some days leaves of the rules around them.

It knows spans of days and what they say; it never knows a price's level nor a row.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from oti.lib.dates import ONE_DAY, nights

WEEK = range(7)


@dataclass(frozen=True)
class Span:
    """What holds over `[starts_on, ends_on)`, on one weekday (Monday is 0) or on every day."""

    starts_on: date
    ends_on: date
    weekday: int | None = None
    value: Any = None

    def days(self) -> list[date]:
        """Return the days of which it speaks, in order."""
        return [
            day
            for day in nights(self.starts_on, self.ends_on)
            if self.weekday in (None, day.weekday())
        ]


def days_of(starts_on: date, ends_on: date, weekdays: Collection[int] = ()) -> list[date]:
    """Return the days of `[starts_on, ends_on)`, of some weekdays if any are given."""
    return [day for day in nights(starts_on, ends_on) if not weekdays or day.weekday() in weekdays]


def runs_of(days: Iterable[date]) -> list[tuple[date, date]]:
    """Return days as half-open runs of days that follow each other."""
    runs: list[tuple[date, date]] = []
    for day in sorted(set(days)):
        if runs and runs[-1][1] == day:
            runs[-1] = (runs[-1][0], day + ONE_DAY)
        else:
            runs.append((day, day + ONE_DAY))
    return runs


def without_days(spans: Iterable[Span], days: Collection[date]) -> list[Span]:
    """Return spans of every weekday less some days: what is left of each, in runs."""
    cut = set(days)
    left: list[Span] = []
    for span in spans:
        if not any(day in cut for day in nights(span.starts_on, span.ends_on)):
            left.append(span)
            continue
        kept = (day for day in span.days() if day not in cut)
        left += [replace(span, starts_on=start, ends_on=end) for start, end in runs_of(kept)]
    return left


def without_weekdays(
    spans: Iterable[Span], starts_on: date, ends_on: date, weekdays: Collection[int] = ()
) -> list[Span]:
    """Return spans less `[starts_on, ends_on)`, of some weekdays only if any are given.

    A span of every day that loses some weekdays keeps the others, one span for each.
    """
    cut = set(weekdays) or set(WEEK)
    left: list[Span] = []
    for span in spans:
        first, last = max(span.starts_on, starts_on), min(span.ends_on, ends_on)
        if first >= last or (span.weekday is not None and span.weekday not in cut):
            left.append(span)
            continue
        if span.starts_on < first:
            left.append(replace(span, ends_on=first))
        if span.weekday is None:
            left += [
                replace(span, starts_on=first, ends_on=last, weekday=weekday)
                for weekday in WEEK
                if weekday not in cut
            ]
        if last < span.ends_on:
            left.append(replace(span, starts_on=last))
    return left


def laid_over(starts_on: date, ends_on: date, weekdays: Collection[int], value: Any) -> list[Span]:
    """Return what says `value` on `[starts_on, ends_on)`: one span, or one for each weekday."""
    if not weekdays or set(weekdays) == set(WEEK):
        return [Span(starts_on, ends_on, None, value)]
    return [Span(starts_on, ends_on, weekday, value) for weekday in sorted(weekdays)]


def joined(spans: Iterable[Span]) -> list[Span]:
    """Return spans in order, those that touch and say the same on the same weekdays as one."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda one: (_rank(one), one.starts_on)):
        before = found[-1] if found else None
        if (
            before is not None
            and (before.weekday, before.value) == (span.weekday, span.value)
            and before.ends_on == span.starts_on
        ):
            found[-1] = replace(before, ends_on=span.ends_on)
        else:
            found.append(span)
    return sorted(found, key=lambda one: (one.starts_on, _rank(one)))


def _rank(span: Span) -> tuple[int, str]:
    return (-1 if span.weekday is None else span.weekday, repr(span.value))
