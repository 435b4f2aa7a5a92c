"""A whole stay put into the basket: each line on its own, under the locks of any other add.

What was refused meanwhile is told with its reason and with something that can be had instead;
the rest is kept. Asked for twice, nothing is added twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from booking.availability import StayResult, StaySearch, search_stays
from booking.basket import add_to_basket
from booking.ideas import Idea, find_ideas
from booking.models import Basket, BasketLine, Offer, Slot
from booking.people import people_from
from booking.refusals import Busy, Refusal, Trouble
from booking.wishes import LineRequest
from oti.lib.dates import today as day_of


@dataclass(frozen=True)
class Refused:
    """A line that couldn't be added, with what can be had instead: a bed or an idea of its day."""

    request: LineRequest
    offer: Offer | None
    troubles: tuple[Trouble, ...]
    bed: StayResult | None = None
    idea: Idea | None = None


@dataclass
class Adopted:
    """What became of each line of a stay."""

    added: list[BasketLine] = field(default_factory=list)
    # Lines that the basket had already.
    known: int = 0
    refused: list[Refused] = field(default_factory=list)


def adopt_stay(basket: Basket, requests: Sequence[LineRequest], *, now: datetime) -> Adopted:
    """Add every line that can be had, beds first; never raises for one that can't.

    Locks: those of `add_to_basket`, for each line in a transaction of its own: a whole stay in
    one would hold slots while it waits for beds, against the order of the house. A line that the
    basket has already is left as it is.
    """
    found = Adopted()
    refused: list[tuple[LineRequest, tuple[Trouble, ...]]] = []
    for request in sorted(requests, key=lambda one: one.unit_id is None):
        try:
            whole = replace(request, is_once=True, is_sold_whole=len(requests) > 1)
            found.added.append(_add(basket, whole, now=now))
        except Refusal as refusal:
            if refusal.code == "already_yours" or _has_already(basket, request):
                found.known += 1
            else:
                refused.append((request, refusal.troubles))
    if refused:
        offers = Offer.objects.in_bulk([request.offer_id for request, _troubles in refused])
        found.refused = [
            _with_alternative(basket, request, offers.get(request.offer_id), troubles, now=now)
            for request, troubles in refused
        ]
    return found


def _add(basket: Basket, request: LineRequest, *, now: datetime) -> BasketLine:
    """Add a line; where another press writes the same basket all the while, try once more."""
    with suppress(Busy):
        return add_to_basket(basket, request, now=now)
    basket.refresh_from_db()
    return add_to_basket(basket, request, now=now)


def _has_already(basket: Basket, request: LineRequest) -> bool:
    """Tell whether another press has put the line there meanwhile; the basket is read again."""
    basket.refresh_from_db()
    return basket.lines.filter(
        offer=request.offer_id,
        unit=request.unit_id,
        slot=request.slot_id,
        arrival=request.arrival,
        departure=request.departure,
    ).exists()


def _with_alternative(
    basket: Basket,
    request: LineRequest,
    offer: Offer | None,
    troubles: tuple[Trouble, ...],
    *,
    now: datetime,
) -> Refused:
    refused = Refused(request, offer, troubles)
    if basket.state != Basket.State.OPEN:
        return refused
    if request.unit_id is not None:
        return replace(refused, bed=_another_bed(basket, request, now=now))
    return replace(refused, idea=_another_thing(basket, request, offer, now=now))


def _another_bed(basket: Basket, request: LineRequest, *, now: datetime) -> StayResult | None:
    """Return the best bed of the same nights, None where they sleep somewhere already."""
    if request.arrival is None or request.departure is None:
        return None
    if basket.lines.filter(
        unit__isnull=False, arrival__lt=request.departure, departure__gt=request.arrival
    ).exists():
        return None
    ages = [age for age in request.party if age is not None and age < 18]
    criteria = StaySearch(
        request.arrival, request.departure, len(request.party) - len(ages), tuple(ages)
    )
    try:
        results = search_stays(criteria, now=now).results
    except Refusal:
        return None
    return next((one for one in results if one.offer.pk != request.offer_id), None)


def _another_thing(
    basket: Basket, request: LineRequest, offer: Offer | None, *, now: datetime
) -> Idea | None:
    """Return something else of that day for those who come, of the same kind if there is any."""
    slot = Slot.objects.filter(pk=request.slot_id or 0).first()
    people = people_from(basket.people)
    if slot is None or slot.day < day_of(now) or not people:
        return None
    for kind in dict.fromkeys((offer.kind if offer else "", "")):
        days, _kinds = find_ideas(
            basket, people, first=slot.day, last=slot.day, kind=kind, per_day=2, now=now
        )
        ideas = [idea for day in days for idea in day.ideas if idea.offer.pk != request.offer_id]
        if ideas:
            return ideas[0]
    return None
