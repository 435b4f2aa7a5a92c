"""What a house sees of its bookings: found again by a few words, and one day as it will be.

It reads; it changes nothing. Every function is given the lines that a person may see
(`booking.access.lines_of_providers`), and never looks for others. Days are those of Paris.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from django.db.models import Q, QuerySet, prefetch_related_objects

from booking.booked_lines import BookedLine, booked_line
from booking.models import OrderLine, Slot
from booking.own_labels import own_labels
from booking.rules import states
from booking.sold_lines import has_tickets
from destination.spoken import in_language
from members.models import Provider
from oti.lib.dates import ONE_DAY, at_paris, paris

COMING, RUNNING, PAST, CANCELLED = "a-venir", "en-cours", "passees", "annulees"
WHENS = (COMING, RUNNING, PAST, CANCELLED)


@dataclass(frozen=True)
class Occasion:
    """A date of a house on one day, its places, and who comes to it."""

    title: str
    starts_at: datetime
    sold: int
    capacity: int
    lines: tuple[BookedLine, ...]


@dataclass(frozen=True)
class HouseDay:
    """One day of a house: who arrives, who leaves, who stays, what takes place, what is lent."""

    day: date
    arrivals: tuple[BookedLine, ...]
    departures: tuple[BookedLine, ...]
    staying: tuple[BookedLine, ...]
    occasions: tuple[Occasion, ...]
    lent: tuple[BookedLine, ...]

    @property
    def is_quiet(self) -> bool:
        """Whether nobody is there and nothing takes place."""
        return not (self.arrivals or self.departures or self.staying or self.occasions or self.lent)


def with_words(lines: QuerySet[OrderLine]) -> QuerySet[OrderLine]:
    """Return lines read with what `booked_line` asks of them."""
    return lines.select_related("order", "offer", "slot", "sub_order__provider").prefetch_related(
        "participants"
    )


def told(lines: QuerySet[OrderLine] | Sequence[OrderLine], *, now: datetime) -> list[BookedLine]:
    """Put lines that are loaded `with_words` into what their provider may know."""
    rows = list(lines)
    labels = own_labels(rows)
    prefetch_related_objects([one for one in rows if has_tickets(one)], "tickets")
    return [
        replace(
            booked_line(one, first=_first_arrival(one), now=now, labels=labels),
            tickets=_codes(one),
        )
        for one in rows
    ]


def _codes(line: OrderLine) -> tuple[str, ...]:
    """Return the codes of the tickets that let somebody in."""
    if not has_tickets(line):
        return ()
    return tuple(one.code for one in line.tickets.all() if one.state == one.State.VALID)


def _first_arrival(line: OrderLine) -> date | None:
    """Return when the stay begins with a bed, as `lines_of_providers` annotates it."""
    first: date | None = line.first_arrival  # type: ignore[attr-defined]
    return first


def title_of(line: OrderLine) -> str:
    """Return the name under which a line was sold, in the active language."""
    return in_language(line.titles)


def lines_when(lines: QuerySet[OrderLine], when: str, *, now: datetime) -> QuerySet[OrderLine]:
    """Return the lines to come, running, past or cancelled at `now`, the nearest first."""
    if when == CANCELLED:
        return lines.filter(state=states.CANCELLED).order_by("-starts_at", "-pk")
    alive = lines.exclude(state=states.CANCELLED)
    if when == PAST:
        return alive.filter(ends_at__lte=now).order_by("-starts_at", "-pk")
    if when == RUNNING:
        return alive.filter(starts_at__lte=now, ends_at__gt=now).order_by("starts_at", "pk")
    return alive.filter(starts_at__gt=now).order_by("starts_at", "pk")


def lines_of_words(lines: QuerySet[OrderLine], words: str) -> QuerySet[OrderLine]:
    """Return the lines of a reference, or of guests whose first name holds these words.

    Only what a provider is shown is searched: a family name or an address of the buyer finds
    nothing, so that nobody learns it by trying.
    """
    reference = "".join(words.split()).upper()
    own = OrderLine.participants.through.objects.filter(
        participant__first_name__icontains=words
    ).values("orderline_id")
    return lines.filter(
        Q(order__reference=reference) | Q(order__first_name__icontains=words) | Q(pk__in=own)
    )


def lines_between(
    lines: QuerySet[OrderLine], first: date | None, last: date | None
) -> QuerySet[OrderLine]:
    """Return the lines that touch the days from `first` to `last`, both included, None: open."""
    if first is not None:
        lines = lines.filter(ends_at__gte=at_paris(first, time()))
    if last is not None:
        lines = lines.filter(starts_at__lt=at_paris(last + ONE_DAY, time()))
    return lines


def day_of_house(
    lines: QuerySet[OrderLine], providers: Sequence[Provider], day: date, *, now: datetime
) -> HouseDay:
    """Return one day of some providers; `lines` are those that this person may see.

    Four statements at most, however many come; five where tickets are among them.
    """
    start, end = at_paris(day, time()), at_paris(day + ONE_DAY, time())
    # A bed is left on the morning of its departure: its line ends within that day. An evening
    # that ends at midnight is none of the next day.
    found = with_words(lines.exclude(state=states.CANCELLED)).filter(
        starts_at__lt=end, ends_at__gt=start, sub_order__provider__in=providers
    )
    arrivals, departures, staying, lent = [], [], [], []
    at_date: dict[int, list[BookedLine]] = defaultdict(list)
    rows = list(found.order_by("starts_at", "pk"))
    for line, booked in zip(rows, told(rows, now=now), strict=True):
        if line.unit_id is None and line.slot_id and not line.offer.is_sold_by_day:
            at_date[line.slot_id].append(booked)
        elif line.unit_id is None:
            lent.append(booked)
        elif line.arrival == day:
            arrivals.append(booked)
        elif line.departure == day:
            departures.append(booked)
        else:
            staying.append(booked)
    return HouseDay(
        day,
        tuple(arrivals),
        tuple(departures),
        tuple(staying),
        tuple(_occasions(providers, day, at_date)),
        tuple(lent),
    )


def _occasions(
    providers: Sequence[Provider], day: date, at_date: dict[int, list[BookedLine]]
) -> list[Occasion]:
    """Return the dates of a day: the open ones, and closed ones to which somebody comes still."""
    slots = Slot.objects.filter(
        Q(offer__provider__in=providers, day=day, is_closed=False) | Q(pk__in=list(at_date))
    ).select_related("offer")
    return [
        Occasion(
            title=one.offer.title,
            starts_at=paris(one.starts_at),
            sold=one.sold,
            capacity=one.capacity,
            lines=tuple(at_date.get(one.pk, ())),
        )
        for one in slots.order_by("starts_at", "pk")
        if not one.offer.is_sold_by_day
    ]
