"""Since when something is new to a household, and which offers are (features.md N13).

New is what visitors saw first, or what the office called new again, after the household's last
known presence: a stay that it has said, « we are here », or something of its orders that took
place. An edited text is nothing new. What it has had before is marked, and comes after the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Exists, Max, Min, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Greatest

from booking.models import Offer, OrderLine, Slot
from booking.presences import Standing
from booking.rules import states
from booking.rules.kinds import SLEPT
from members.models import Household
from oti.lib.dates import at_paris

HAD = (states.SOLD, states.HONOURED)
# Of a household that hasn't said when it was here.
UNKNOWN = timedelta(days=365)
# Of a stay without an end, and how far ahead something is looked for without any stay.
OPEN_STAY, AHEAD = timedelta(days=21), timedelta(days=120)


@dataclass(frozen=True)
class Since:
    """The moment after which something is new to a household; a guess where it hasn't said."""

    at: datetime
    is_guess: bool


@dataclass(frozen=True)
class Window:
    """Within what it is looked for: the days of the household's next stay, else those to come."""

    begins: datetime
    ends: datetime
    is_stay: bool


@dataclass(frozen=True)
class NewOffer:
    """An offer that is new to a household, with its next date in the window."""

    offer: Offer
    at: datetime
    is_renewed: bool
    is_had: bool
    next_at: datetime | None


def since_of(household: Household, standing: Standing, *, now: datetime) -> Since:
    """Return since when something is new to a household. One statement.

    What it did during the stay that it is in doesn't count: the stay under way hides nothing.
    """
    before = at_paris(standing.here.arrival, time.min) if standing.here else now
    lines = OrderLine.objects.filter(
        order__user__household_member__household=household, state__in=HAD, ends_at__lt=before
    )
    ended: datetime | None = lines.aggregate(last=Max("ends_at"))["last"]
    left = at_paris(standing.left_on, time.min) if standing.left_on else None
    known = max((one for one in (ended, left) if one is not None), default=None)
    return Since(known, is_guess=False) if known else Since(now - UNKNOWN, is_guess=True)


def window_of(standing: Standing, *, now: datetime) -> Window:
    """Return the days in which the household can have something new."""
    if standing.next is None:
        return Window(now, now + AHEAD, is_stay=False)
    arrival, departure = standing.next
    begins = max(now, at_paris(arrival, time.min))
    ends = at_paris(departure, time.max) if departure else begins + OPEN_STAY
    return Window(begins, ends, is_stay=True)


def new_offers(
    household: Household, since: Since, window: Window, *, today: date, most: int
) -> list[NewOffer]:
    """Return the offers that are new to a household and have a date in the window.

    Those that it hasn't had first, the newest of them before; lodgings are for others. One
    statement.
    """
    dates = Slot.objects.filter(
        offer_id=OuterRef("pk"),
        is_closed=False,
        starts_at__gte=window.begins,
        starts_at__lte=window.ends,
    )
    had = OrderLine.objects.filter(
        offer_id=OuterRef("pk"),
        order__user__household_member__household=household,
        state__in=HAD,
    )
    first = dates.order_by().values("offer_id").annotate(first=Min("starts_at")).values("first")
    rows = (
        Offer.objects.on_sale(today)
        .exclude(kind__in=SLEPT)
        .filter(Q(first_published_at__gt=since.at) | Q(renewed_at__gt=since.at))
        .annotate(next_at=Subquery(first), is_had=Exists(had))
        .filter(next_at__isnull=False)
        .annotate(
            new_at=Greatest(
                Coalesce("renewed_at", "first_published_at"),
                Coalesce("first_published_at", "renewed_at"),
            )
        )
        .select_related("commune", "provider")
        .order_by("is_had", "-new_at", "pk")[:most]
    )
    return [
        NewOffer(
            offer=one,
            at=one.new_at,
            is_renewed=one.renewed_at is not None and one.renewed_at > since.at,
            is_had=one.is_had,
            next_at=one.next_at,
        )
        for one in rows
    ]
