"""Who looks after the children while the grown-ups are elsewhere (features.md N05).

It only asks: a stay in which nobody is asked for stays as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from booking.availability import slot_choices
from booking.catalogue import catalogue
from booking.kept_offers import kept_offers
from booking.models import Offer, OrderLine, Slot
from booking.people import Person
from booking.quoting import check_places, quote_places
from booking.rules.kinds import BY_CODE, MINDING
from booking.rules.pricing import Quote
from booking.stay_view import BasketView, LineView
from oti.lib.dates import today as day_of


@dataclass(frozen=True)
class Unminded:
    """Children whom nobody is with during something that every grown-up takes part in."""

    line: LineView
    children: tuple[Person, ...]


@dataclass(frozen=True)
class Minder:
    """Childcare that covers something, with those children whom it can take then."""

    offer: Offer
    slot: Slot
    children: tuple[Person, ...]
    quote: Quote


# Carers looked at for one line: each is asked what it has left.
MOST_MINDERS = 24


def find_unminded(view: BasketView, *, now: datetime) -> list[Unminded]:
    """Return the lines that leave children alone, in the order of the stay.

    Nothing is returned while no childcare is sold: one more statement, only where a child is left.
    """
    children = [one for one in view.people if not one.is_adult]
    adults = {one.key for one in view.people if one.is_adult}
    if not children or not adults:
        return []
    found = []
    for line in view.counted:
        if not line.offer.kind_rules.takes_time or not adults <= set(line.people):
            continue
        left = tuple(one for one in children if not _is_busy(one, line, view))
        if left:
            found.append(Unminded(line, left))
    if found and not _is_sold(now):
        return []
    return found


def find_minders(unminded: Unminded, view: BasketView, *, now: datetime) -> list[Minder]:
    """Return who has room for these children during all of that line, the closest hours first.

    A child whom the carer doesn't take at that age, or who is elsewhere for a part of the carer's
    hours, is left out: what is shown can be added as it is.
    """
    line = unminded.line
    listed = catalogue(day_of(now))
    carers = [pk for pk, one in listed.items() if one.kind in MINDING]
    slots = list(
        Slot.objects.filter(
            offer__in=carers, starts_at__lte=line.starts_at, ends_at__gte=line.ends_at
        )
        .to_come(now)
        .allowed()
        .order_by("-starts_at", "pk")[:MOST_MINDERS]
    )
    found = []
    offers = kept_offers(slot.offer_id for slot in slots)
    for slot in slots:
        minder = _minder(offers[slot.offer_id], slot, unminded, view, now=now)
        if minder is not None:
            found.append(minder)
    found.sort(key=lambda one: (one.slot.ends_at - one.slot.starts_at, listed[one.offer.pk].turn))
    return found


def _minder(
    offer: Offer, slot: Slot, unminded: Unminded, view: BasketView, *, now: datetime
) -> Minder | None:
    """Return what one date of a carer can do for these children, None for nothing."""
    joining = tuple(
        one
        for one in unminded.children
        if not check_places(offer, [one.guest], 1)
        and quote_places(offer, [one.guest], 1, ())[0] is not None
        and not _is_elsewhere(one, slot, view)
    )
    if not joining:
        return None
    guests = [one.guest for one in joining]
    choices = slot_choices(offer, from_day=slot.day, to_day=slot.day, guests=guests, now=now)
    choice = next((one for one in choices if one.slot.pk == slot.pk), None)
    if choice is None or not choice.is_free or choice.quote is None:
        return None
    return Minder(offer, choice.slot, joining, choice.quote)


def _is_elsewhere(child: Person, slot: Slot, view: BasketView) -> bool:
    return any(
        child.key in one.people
        and one.offer.kind_rules.takes_time
        and one.starts_at < slot.ends_at
        and one.ends_at > slot.starts_at
        for one in view.lines
    )


def left_over(sold: Iterable[OrderLine], ending: Collection[OrderLine]) -> list[OrderLine]:
    """Return the childcare that the lines about to end leave without a reason.

    `sold` are the lines of one order. Childcare has lost its reason when something that ends lay
    within it and nothing else that stays does. Never the reverse: whoever no longer needs a carer
    may still want the dinner.
    """
    staying = [line for line in sold if line not in ending]
    minding = [line for line in staying if line.kind in MINDING]
    others = [line for line in staying if line.kind not in MINDING]
    return [
        care
        for care in minding
        if any(_lies_within(line, care) for line in ending)
        and not any(_lies_within(line, care) for line in others)
    ]


def _lies_within(line: OrderLine, care: OrderLine) -> bool:
    return (
        BY_CODE[line.kind].takes_time
        and care.starts_at <= line.starts_at
        and line.ends_at <= care.ends_at
    )


def _is_busy(child: Person, line: LineView, view: BasketView) -> bool:
    """Tell whether a child takes part in it, or in something that lasts at least as long."""
    return any(
        child.key in one.people
        and one.offer.kind_rules.takes_time
        and one.starts_at <= line.starts_at
        and one.ends_at >= line.ends_at
        for one in view.counted
    )


def _is_sold(now: datetime) -> bool:
    today = day_of(now)
    return Offer.objects.on_sale(today).filter(kind__in=MINDING).exists()
