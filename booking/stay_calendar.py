"""The calendar of a lodging: which nights are free, where one may arrive, from how much."""

from __future__ import annotations

import calendar as months
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.conf import settings
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from booking.holes import UNSOLD_AROUND
from booking.models import Offer
from booking.quoting import notice_days
from oti.lib.dates import ONE_DAY
from oti.lib.dates import today as day_of
from oti.lib.html import weekday_name
from oti.lib.money import from_cents
from oti.lib.together import Written, read_together


@dataclass(frozen=True)
class CalendarDay:
    """A day of an offer's calendar; the reason is said where it can't be slept."""

    day: date
    is_past: bool
    is_free: bool
    can_arrive: bool
    price: Decimal | None
    reason: str
    is_closed: bool = False


@dataclass(frozen=True)
class CalendarMonth:
    """A month as weeks from Monday; None pads the first and the last one."""

    year: int
    month: int
    weeks: list[list[CalendarDay | None]]
    previous: tuple[int, int] | None
    next: tuple[int, int] | None
    rule: str


class _Night(NamedTuple):
    """What the table says of one unit's night: a month of a hotel has hundreds."""

    unit_id: int
    day: date
    price_cents: int
    free_run: int
    min_stay: int
    arrival_ok: bool


AROUND = UNSOLD_AROUND.format(stay="s", unit="u")


HELD_IN_MONTH = f"""
SELECT s.unit_id, lower({AROUND}), upper({AROUND})
FROM booking_stay s JOIN booking_unit u ON u.id = s.unit_id
WHERE u.offer_id = %(offer)s AND s.state = 'held' AND s.expires_at > %(now)s
  AND {AROUND} && daterange(%(first)s, %(after)s)
"""  # noqa: S608 - names of this project


NIGHTS_OF_MONTH = f"""
SELECT {", ".join(f"d.{name}" for name in _Night._fields)}
FROM booking_unitday d JOIN booking_unit u ON u.id = d.unit_id
WHERE u.offer_id = %(offer)s AND u.is_active AND d.day >= %(first)s AND d.day < %(after)s
"""  # noqa: S608 - the names of our own columns


def stay_calendar(offer: Offer, *, year: int, month: int, now: datetime) -> CalendarMonth:
    """Return one month of a lodging: which nights are free, where one may arrive, from how much.

    A night is free if one unit has it; the price is the lowest of the free ones.
    """
    today = day_of(now)
    last = today + timedelta(days=settings.SEARCH_HORIZON_DAYS)
    earliest = today + timedelta(days=notice_days(offer, now))
    first_day = date(year, month, 1)
    next_first = (first_day.replace(day=28) + timedelta(days=4)).replace(day=1)
    rows: dict[date, list[_Night]] = defaultdict(list)
    held: dict[int, list[tuple[date, date]]] = defaultdict(list)
    values = {"offer": offer.pk, "first": first_day, "after": next_first, "now": now}
    spans, nights = read_together(
        Written(HELD_IN_MONTH, width=3, values=values),
        Written(NIGHTS_OF_MONTH, width=len(_Night._fields), values=values),
    )
    for unit_id, start, end in spans:
        held[unit_id].append((start, end))
    for row in nights:
        rows[row[1]].append(_Night(*row))
    weeks: list[list[CalendarDay | None]] = [
        [
            _calendar_day(day, rows[day], held, today=today, earliest=earliest)
            if day.month == month
            else None
            for day in week
        ]
        for week in months.Calendar().monthdatescalendar(year, month)
    ]
    previous = first_day - ONE_DAY
    return CalendarMonth(
        year=year,
        month=month,
        weeks=weeks,
        previous=(previous.year, previous.month) if first_day > today else None,
        next=(next_first.year, next_first.month) if next_first <= last else None,
        rule=_calendar_rule(rows),
    )


def _calendar_day(
    day: date,
    rows: list[_Night],
    held: dict[int, list[tuple[date, date]]],
    *,
    today: date,
    earliest: date,
) -> CalendarDay:
    free = [
        row
        for row in rows
        if row.free_run > 0 and not any(start <= day < end for start, end in held[row.unit_id])
    ]
    arrivals = [row for row in free if row.arrival_ok and row.free_run >= row.min_stay]
    reason = ""
    is_closed = not free and not any(row.price_cents >= 0 for row in rows)
    if day < today:
        reason = _("Past")
    elif not free:
        reason = _("Closed") if is_closed else _("Sold out")
    elif not arrivals:
        reason = _("Free, no arrival on that day")
    elif day < earliest:
        reason = _("Free, but too late to book an arrival")
    return CalendarDay(
        day=day,
        is_past=day < today,
        is_free=bool(free) and day >= today,
        can_arrive=bool(arrivals) and day >= earliest,
        price=from_cents(min(row.price_cents for row in free)) if free else None,
        reason=reason,
        is_closed=is_closed,
    )


def _calendar_rule(rows: dict[date, list[_Night]]) -> str:
    """Say the month's rule of arrival and length in a sentence, where there is one."""
    known = [row for day_rows in rows.values() for row in day_rows if row.price_cents >= 0]
    if not known:
        return _("Closed in this month.")
    sentences = []
    weekdays = sorted({row.day.weekday() for row in known if row.arrival_ok})
    if len(weekdays) == 1:
        name = weekday_name(weekdays[0], get_language() or settings.LANGUAGE_CODE)
        sentences.append(
            _(
                "In this month, arrivals are on %(weekday)s. Days without a lozenge are free, "
                "but nobody arrives then."
            )
            % {"weekday": name}
        )
    lengths = {row.min_stay for row in known if row.arrival_ok} or {1}
    least, most = min(lengths), max(lengths)
    if least < most:
        sentences.append(
            _("From %(least)s to %(most)s nights at least, depending on the day of arrival.")
            % {"least": least, "most": most}
        )
    elif least > 1:
        sentences.append(
            ngettext("%(nights)s night at least.", "%(nights)s nights at least.", least)
            % {"nights": least}
        )
    return " ".join(sentences)
