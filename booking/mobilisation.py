"""How second-home families take part, for the office: sums alone, and no small ones (M09).

Who is here is theirs: how many households are here is told from five on, never of one pole.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Q, QuerySet, Sum

from booking.models import Order, OrderLine
from booking.newness import HAD
from booking.rules import states
from destination.models.territory import pole_by_commune
from members.models import Advantage, Household, HouseholdMember, Presence
from oti.lib.dates import today as day_of

# As few as nobody can be known by.
FEWEST = 5
YEAR = timedelta(days=365)
MONTH = timedelta(days=30)


@dataclass(frozen=True)
class OfPole:
    """The households of a pole; `name` is "" beside the poles."""

    name: str
    declared: int
    verified: int


@dataclass(frozen=True)
class Mobilisation:
    """What the office reads. `present` is None where too few are here to say it."""

    poles: list[OfPole]
    declared: int
    verified: int
    people: int
    present: int | None
    ordering: int
    orders: int
    lines: int
    advantages: int


def present_households(today: date) -> int | None:
    """Return how many households said that they were here in the last thirty days; None for few."""
    was_here = Q(departure__isnull=True) | Q(departure__gt=today - MONTH)
    rows = Presence.objects.filter(was_here, arrival__lte=today).exclude(household__state="ended")
    count = rows.values("household").distinct().count()
    return count if count >= FEWEST else None


def mobilisation(*, now: datetime) -> Mobilisation:
    """Return the figures of a day; orders are those of the last year."""
    today = day_of(now)
    alive = Household.objects.exclude(state=Household.State.ENDED)
    poles = pole_by_commune(today)
    counted: Counter[tuple[str, str]] = Counter()
    for row in alive.values("commune_id", "state").annotate(count=Count("pk")).order_by():
        pole = poles.get(row["commune_id"])
        counted[pole.name if pole else "", row["state"]] += row["count"]
    rows = [
        OfPole(name, counted[name, "declared"], counted[name, "verified"])
        for name in sorted({name for name, _state in counted}, key=lambda one: (not one, one))
    ]
    orders = Order.objects.filter(
        state=states.CONFIRMED,
        placed_at__gte=now - YEAR,
        user__household_member__household__in=alive.values("pk"),
    )
    of_orders = orders.aggregate(
        orders=Count("pk"), households=Count("user__household_member__household", distinct=True)
    )
    lines = OrderLine.objects.filter(order__in=orders.values("pk"), state__in=HAD)
    return Mobilisation(
        poles=rows,
        declared=sum(one.declared for one in rows),
        verified=sum(one.verified for one in rows),
        people=_people(alive),
        present=present_households(today),
        ordering=of_orders["households"],
        orders=of_orders["orders"],
        lines=lines.count(),
        advantages=Advantage.objects.filter(
            ended_at=None, first_day__lte=today, last_day__gte=today
        ).count(),
    )


def _people(alive: QuerySet[Household]) -> int:
    members = HouseholdMember.objects.filter(household__in=alive.values("pk")).count()
    return members + (alive.aggregate(sum=Sum("children"))["sum"] or 0)
