"""What the office says is new again: another theme, route or menu, never an edited text (N13).

It stands beside what is written and is changed here alone, with its reason in the journal.
"""

from __future__ import annotations

from datetime import datetime

from booking import locks
from booking.models import Offer
from booking.refusals import BadInput, WrongState, trouble
from destination.models import ItineraryPage, ItineraryRenewal
from members.journal import Actor, record

MOST_SIGNS = 160


def clean_reason(reason: str) -> str:
    """Return why something is new; raises BadInput `renewal_reason_missing` for nothing."""
    words = " ".join(reason.split())[:MOST_SIGNS]
    if not words:
        raise BadInput(trouble("renewal_reason_missing", field="reason"))
    return words


def renew_offer(offer: Offer, *, reason: str, actor: Actor, now: datetime) -> None:
    """Say that an offer is new again. Raises as `clean_reason`; WrongState `not_shown_yet`."""
    words = clean_reason(reason)
    with locks.write_transaction():
        shown = Offer.objects.filter(pk=offer.pk, state=Offer.State.PUBLISHED)
        if not shown.update(renewed_at=now, renewal_reason=words):
            raise WrongState(trouble("not_shown_yet"))
        record("offer renewed", f"offer:{offer.pk}", actor=actor, at=now, reason=words)


def take_offer_renewal_back(offer: Offer, *, actor: Actor, now: datetime) -> None:
    """Take a decision back that was a mistake; without one nothing is done."""
    with locks.write_transaction():
        renewed = Offer.objects.filter(pk=offer.pk, renewed_at__isnull=False)
        if renewed.update(renewed_at=None, renewal_reason=""):
            record("renewal taken back", f"offer:{offer.pk}", actor=actor, at=now)


def renew_itinerary(page: ItineraryPage, *, reason: str, actor: Actor, now: datetime) -> None:
    """Say that an itinerary is new again, in every language.

    Raises as `clean_reason`; WrongState `not_shown_yet`.
    """
    words = clean_reason(reason)
    if not page.live:
        raise WrongState(trouble("not_shown_yet"))
    with locks.write_transaction():
        ItineraryRenewal.objects.update_or_create(
            itinerary=page.translation_key, defaults={"renewed_at": now, "reason": words}
        )
        record("itinerary renewed", f"page:{page.pk}", actor=actor, at=now, reason=words)


def take_itinerary_renewal_back(page: ItineraryPage, *, actor: Actor, now: datetime) -> None:
    """Take a decision back that was a mistake; without one nothing is done."""
    with locks.write_transaction():
        gone, _by_model = ItineraryRenewal.objects.filter(itinerary=page.translation_key).delete()
        if gone:
            record("renewal taken back", f"page:{page.pk}", actor=actor, at=now)
