"""How many children one carer may mind: the ratio of an offer's own authorisation (N05).

What is held or sold keeps the units that it took: more children for a carer may be said at any
time, fewer only while nobody is booked on a date to come. So no carer ever has more of them than
the authorisation says.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from booking import locks
from booking.models import Offer, OfferPermit, OrderLine, Slot, SlotHold
from booking.refusals import Busy, NotAllowed, trouble
from booking.rules import states
from booking.rules.kinds.childcare import Ratio, is_stricter, ratio_of

# Of what is booked: an order that awaits its payment has taken its units already.
BOOKED = (states.HELD, states.SOLD)


def ratio_in_force(offer: Offer) -> Ratio:
    """Return the ratio of an offer as it is written now. One statement."""
    rows = OfferPermit.objects.filter(offer_id=offer.pk)
    found = rows.values_list("children_below_six", "children_from_six").first()
    return ratio_of(*(found or (None, None)))


@contextmanager
def keeping_ratio(offer: Offer, *, now: datetime) -> Iterator[None]:
    """Let the block change an authorisation; refuse fewer children for a carer than are booked by.

    Within a transaction, after its units. Locks: the dates to come of an offer with carers. Raises
    NotAllowed `ratio_below_sold` with the first of these dates; nothing was written then.
    """
    if offer.pk is None or not offer.kind_rules.needs_permit:
        yield
        return
    dates = Slot.objects.filter(offer_id=offer.pk, ends_at__gt=now)
    locks.lock_slots(dates.values_list("pk", flat=True))
    before = ratio_in_force(offer)
    yield
    if not is_stricter(ratio_in_force(offer), before):
        return
    booked = list(_booked(dates, now=now).order_by("day").values_list("day", flat=True))
    if booked:
        raise NotAllowed(trouble("ratio_below_sold", day=booked[0], count=len(booked)))


def check_ratio(offer: Offer) -> None:
    """Raise Busy where the ratio changed since the offer was read: what it takes is another.

    Under the lock of the date: the next try reads it anew.
    """
    if not offer.kind_rules.needs_permit:
        return
    permit = next(iter(offer.permits.all()), None)
    read = (permit.children_below_six, permit.children_from_six) if permit else (None, None)
    if ratio_of(*read) != ratio_in_force(offer):
        raise Busy(trouble("busy"))


def _booked(dates: QuerySet[Slot], *, now: datetime) -> QuerySet[Slot]:
    held = SlotHold.objects.filter(slot=OuterRef("pk"), expires_at__gt=now)
    ordered = OrderLine.objects.filter(takes__slot=OuterRef("pk"), state__in=BOOKED)
    return dates.filter(Q(sold__gt=0) | Exists(held) | Exists(ordered))
