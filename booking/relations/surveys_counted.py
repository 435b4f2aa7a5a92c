"""What answers amount to over a period: by pole, and all together.

A stay counts on its last day, for the pole where its guests slept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q

from booking.models import Survey
from booking.rules.satisfaction import DETRACTS_UNTIL, PROMOTES_FROM, Recommendation
from destination.models import Pole
from destination.models.territory import pole_by_commune


@dataclass(frozen=True)
class Counted:
    """The figures of one pole; None stands for stays beside the perimeter."""

    pole: Pole | None
    figures: Recommendation


def count_surveys(first: date, last: date, *, today: date) -> tuple[Recommendation, list[Counted]]:
    """Return what the stays that ended from `first` to `last` (both included) amount to.

    All together, then pole by pole as the poles of `today` are, by name. Two statements.
    """
    poles = pole_by_commune(today)
    known: dict[int | None, Pole | None] = {None: None}
    by_pole: dict[int | None, Recommendation] = defaultdict(_nobody)
    for commune, figures in _by_commune(first, last):
        pole = poles.get(commune)
        number = pole.pk if pole else None
        known[number] = pole
        by_pole[number] = by_pole[number].plus(figures)
    counted = [Counted(known[number], figures) for number, figures in by_pole.items()]
    counted.sort(key=lambda one: (one.pole is None, one.pole.name if one.pole else ""))
    total = _nobody()
    for one in counted:
        total = total.plus(one.figures)
    return total, counted


def _nobody() -> Recommendation:
    return Recommendation(asked=0, answered=0, promoters=0, detractors=0)


def _by_commune(first: date, last: date) -> Iterator[tuple[int, Recommendation]]:
    """Count in the database: a year of answers is a row a commune here."""
    rows = Survey.objects.filter(last_day__range=(first, last)).values("commune_id")
    counted = rows.annotate(
        asked=Count("pk"),
        answered=Count("recommend"),
        promoters=Count("pk", filter=Q(recommend__gte=PROMOTES_FROM)),
        detractors=Count("pk", filter=Q(recommend__lte=DETRACTS_UNTIL)),
    )
    names = ("commune_id", "asked", "answered", "promoters", "detractors")
    for commune, *figures in counted.order_by().values_list(*names):
        yield commune, Recommendation(*figures)
