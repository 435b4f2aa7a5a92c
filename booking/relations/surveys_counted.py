"""What answers amount to over a period: by pole, and all together.

A stay counts on its last day, for the pole where its guests slept.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from booking.models import Survey
from booking.rules.satisfaction import Recommendation, recommendation
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
    rows = Survey.objects.filter(last_day__range=(first, last)).values_list(
        "commune_id", "recommend"
    )
    poles = pole_by_commune(today)
    known: dict[int | None, Pole | None] = {None: None}
    by_pole: dict[int | None, list[int | None]] = defaultdict(list)
    for commune, recommend in rows:
        pole = poles.get(commune)
        number = pole.pk if pole else None
        known[number] = pole
        by_pole[number].append(recommend)
    counted = [Counted(known[number], recommendation(given)) for number, given in by_pole.items()]
    counted.sort(key=lambda one: (one.pole is None, one.pole.name if one.pole else ""))
    total = recommendation(value for given in by_pole.values() for value in given)
    return total, counted
