"""The calendar of seasons: what is high season, a wing or low, pole by pole, month by month (N06).

The office dates them: the winter of the Mézenc is a season of its own, its neighbours' is none.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.backends.postgresql.psycopg_any import DateRange

from booking.models import PoleSeason
from booking.rules.campaigns import LOW
from booking.rules.periods import month_of
from destination.models import Pole
from oti.lib.dates import ONE_DAY

MONTHS = 12


@dataclass(frozen=True)
class Span:
    """Days of one month, both included, that are one season of a pole."""

    level: str
    first: date
    last: date


@dataclass(frozen=True)
class Strip:
    """Twelve months of a pole, each in its spans: together, every day once."""

    pole: Pole
    months: tuple[tuple[date, tuple[Span, ...]], ...]


def strips(today: date) -> list[Strip]:
    """Return twelve months of each active pole, from the present one on (2 SQL)."""
    poles = list(Pole.objects.active_on(today).order_by("position", "pk"))
    month = month_of(today.year, today.month)
    months = [month.moved(step) for step in range(MONTHS)]
    window = DateRange(months[0].first, months[-1].ends_on)
    by_pole: dict[int, list[PoleSeason]] = defaultdict(list)
    for one in PoleSeason.objects.filter(pole__in=poles, dates__overlap=window).order_by("dates"):
        by_pole[one.pole_id].append(one)
    return [
        Strip(
            pole,
            tuple((one.first, _spans(one.first, one.ends_on, by_pole[pole.pk])) for one in months),
        )
        for pole in poles
    ]


def level_on(pole_id: int, day: date) -> str:
    """Return the season of a pole on a day: high, a wing, or low where nothing is said (1 SQL)."""
    found = PoleSeason.objects.filter(pole=pole_id, dates__contains=day).first()
    return found.level if found else LOW


def _spans(first: date, after: date, seasons: list[PoleSeason]) -> tuple[Span, ...]:
    """Cut some days by the seasons in them."""
    found: list[Span] = []
    day = first
    while day < after:
        here = next((one for one in seasons if one.dates.lower <= day < one.dates.upper), None)
        to_come = [one.dates.lower for one in seasons if one.dates.lower > day]
        end = here.dates.upper if here else min(to_come, default=after)
        last = min(end, after) - ONE_DAY
        found.append(Span(here.level if here else LOW, day, last))
        day = last + timedelta(days=1)
    return tuple(found)
