"""Seasons of the demonstration: summer for all poles, winter for the Mézenc (features.md N06)."""

from __future__ import annotations

from datetime import date

from django.db.backends.postgresql.psycopg_any import DateRange

from booking.models import PoleSeason
from booking.rules.campaigns import HIGH, WING
from destination.models import Pole

MEZENC = "massif-du-mezenc"
# Month and day of the first day and of the day after, with what they are.
USUAL = ((WING, (4, 10), (7, 3)), (HIGH, (7, 3), (8, 29)), (WING, (8, 29), (11, 4)))
SNOW = (HIGH, (12, 18), (3, 8))


def add_seasons(day: date) -> int:
    """Date the seasons of two years for the poles that have none; returns how many were added."""
    bare = Pole.objects.active_on(day).filter(seasons__isnull=True)
    rows = []
    for pole in bare:
        for year in (day.year, day.year + 1):
            rows += [
                PoleSeason(
                    pole=pole, level=level, dates=DateRange(date(year, *first), date(year, *after))
                )
                for level, first, after in USUAL
            ]
            if pole.slug == MEZENC:
                level, first, after = SNOW
                dates = DateRange(date(year, *first), date(year + 1, *after))
                rows.append(PoleSeason(pole=pole, level=level, dates=dates))
    PoleSeason.objects.bulk_create(rows)
    return len(rows)
