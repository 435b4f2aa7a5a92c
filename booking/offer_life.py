"""A host takes its offer off the pages, puts it back, puts it away (ux.md §2.2).

What is sold stays sold. What the office paused is the office's to take up again.
"""

from __future__ import annotations

from datetime import datetime

from booking import locks
from booking.models import Offer, OrderLine
from booking.offer_content import begin_edit
from booking.offers import changing_units, move_offer, publish_locked, units_of
from booking.refusals import NotAllowed, Unavailable, WrongState, trouble
from booking.rules import states
from members.journal import Actor
from oti.lib.dates import paris

# A line in one of these states still takes place, or may be paid for in a moment.
TO_COME = (states.HELD, states.SOLD, states.REQUESTED, states.ACCEPTED)


def pause_by_host(offer: Offer, *, actor: Actor, now: datetime) -> None:
    """Take an offer off the pages until its host takes it up again; bookings are honoured.

    Raises WrongState unless it is published or paused already, `offer_archived`.
    """
    with locks.write_transaction():
        edit = begin_edit(offer)
        if edit.offer.state == Offer.State.PAUSED:
            return
        if edit.offer.state != Offer.State.PUBLISHED:
            raise WrongState(trouble("wrong_state"))
        move_offer(edit.offer, Offer.State.PAUSED, "offer paused", actor=actor, now=now)
        edit.review.is_paused_by_host = True
        edit.review.save(update_fields=["is_paused_by_host"])


def resume_by_host(offer: Offer, *, actor: Actor, now: datetime) -> None:
    """Show and sell again what its host paused.

    Raises NotAllowed `paused_by_office`, or with everything that keeps it from being sold;
    WrongState unless it is paused or published already.
    """
    with changing_units(units_of(offer), now=now):
        edit = begin_edit(offer)
        if edit.offer.state == Offer.State.PUBLISHED:
            return
        if edit.offer.state != Offer.State.PAUSED:
            raise WrongState(trouble("wrong_state"))
        if not edit.review.is_paused_by_host:
            raise NotAllowed(trouble("paused_by_office"))
        publish_locked(edit.offer, actor=actor, now=now)
        edit.review.is_paused_by_host = False
        edit.review.save(update_fields=["is_paused_by_host"])


def archive_by_host(offer: Offer, *, actor: Actor, now: datetime) -> None:
    """Put an offer away: off the pages, the calendar and the list of what is prepared.

    Raises Unavailable `offer_booked` with the last day while bookings are to come: its host
    pauses it until then. Locks its units, so that no sale of nights comes between.
    """
    with changing_units(units_of(offer), now=now):
        if Offer.objects.filter(pk=offer.pk, state=Offer.State.ARCHIVED).exists():
            return
        edit = begin_edit(offer)
        coming = OrderLine.objects.filter(
            offer_id=offer.pk, state__in=TO_COME, ends_at__gt=now
        ).order_by("-ends_at")
        last = coming.first()
        if last is not None:
            raise Unavailable(trouble("offer_booked", day=paris(last.ends_at).date()))
        move_offer(edit.offer, Offer.State.ARCHIVED, "offer archived", actor=actor, now=now)
