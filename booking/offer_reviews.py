"""A host sends an offer to the office, which reads it: approved, or sent back with remarks (H01).

A first offer is published by its approval; of one that visitors know, the texts and photographs
that waited take the place of the old ones. Each move is journalled and told by mail.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings

from booking import locks
from booking.messages import write_message
from booking.models import Offer, OfferReview
from booking.offer_content import (
    Edit,
    apply_pending,
    begin_edit,
    has_pending,
    is_to_read,
    live_photos,
    photos_of,
)
from booking.offer_photos import forget_unused
from booking.offer_tasks import missing_of
from booking.offer_words import REMARK_WORDS
from booking.offers import changing_units, publish_locked, subject_of, units_of
from booking.refusals import BadInput, NotAllowed, WrongState, trouble
from booking.rules.offer_review import IN_HAND, SUBMITTED, TO_FIX, can_move
from members.journal import Actor, record
from oti.lib.dates import today as day_of

# What became of it, as the mail to the host says it.
PUBLISHED, CHANGED, SENT_BACK = "published", "changed", "to_fix"


# --- The host ----------------------------------------------------------------------------------
def submit_offer(offer: Offer, *, actor: Actor, now: datetime) -> None:
    """Send an offer, or the changes of one that visitors know, to the office.

    Raises BadInput with everything that is missing, NotAllowed `nothing_to_send`, WrongState
    `offer_in_review` or `offer_archived`.
    """
    with locks.write_transaction():
        edit = begin_edit(offer)
        review = edit.review
        if is_to_read(edit.offer, review):
            raise WrongState(trouble("offer_in_review"))
        if edit.is_shown and not has_pending(review):
            raise NotAllowed(trouble("nothing_to_send"))
        missing = missing_of(edit.offer, review, today=day_of(now))
        if missing:
            raise BadInput(*missing)
        _move(review, SUBMITTED)
        review.submitted_at, review.remarks, review.note = now, {}, ""
        review.save()
        record("offer submitted", subject_of(edit.offer), actor=actor, at=now)
        write_message(
            "offer_submitted",
            key=f"offer:{offer.pk}:submitted:{now:%Y%m%d%H%M%S%f}",
            recipient=settings.OFFICE["email"],
            language="fr",
            data={"offer": offer.pk, "is_new": not edit.is_shown},
            now=now,
        )


def drop_changes(offer: Offer, *, actor: Actor, now: datetime) -> None:
    """Forget what waited of an offer that visitors know: it stays as they see it."""
    with locks.write_transaction():
        edit = begin_edit(offer)
        if not has_pending(edit.review):
            return
        gone = _images_left_out(edit)
        edit.review.pending = {}
        _close(edit.review)
        record("offer changes dropped", subject_of(edit.offer), actor=actor, at=now)
    forget_unused(gone, of=offer.provider_id)


# --- The office --------------------------------------------------------------------------------
def approve_offer(offer: Offer, *, seen: int, actor: Actor, now: datetime, note: str = "") -> Offer:
    """Publish what the office read: a new offer, or the changes of one that visitors know.

    `seen` is the edition that was read. Raises WrongState `offer_reread` when the host changed
    something since, `offer_moved` when it isn't to be read any more; NotAllowed with everything
    that keeps it from being sold. Locks its units, then its review.
    """
    with changing_units(units_of(offer), now=now):
        edit = _read(offer, seen)
        missing = missing_of(edit.offer, edit.review, today=day_of(now))
        if missing:
            raise NotAllowed(*missing)
        replaced = [one.image for one in live_photos(edit.offer)] if edit.is_shown else []
        outcome = CHANGED if edit.is_shown else PUBLISHED
        apply_pending(edit)
        if not edit.is_shown:
            publish_locked(edit.offer, actor=actor, now=now)
        _close(edit.review, note=note.strip())
        record("offer approved", subject_of(edit.offer), actor=actor, at=now, reason=note.strip())
        _tell_host(edit, outcome, now=now)
    forget_unused(replaced, of=offer.provider_id)
    return edit.offer


def send_back(
    offer: Offer,
    *,
    remarks: Mapping[str, str],
    note: str,
    seen: int,
    actor: Actor,
    now: datetime,
) -> None:
    """Give an offer back to its host, with a remark beside each field to be put right.

    What visitors see stays as it is. Raises BadInput `remark_missing`, WrongState `offer_reread`
    or `offer_moved`.
    """
    asked = {
        name: words.strip()
        for name, words in remarks.items()
        if words.strip() and name in REMARK_WORDS
    }
    if not asked and not note.strip():
        raise BadInput(trouble("remark_missing", field="note"))
    with locks.write_transaction():
        edit = _read(offer, seen)
        _move(edit.review, TO_FIX)
        edit.review.remarks, edit.review.note = asked, note.strip()
        edit.review.save()
        record(
            "offer sent back",
            subject_of(edit.offer),
            actor=actor,
            at=now,
            reason=note.strip(),
            remarks=asked,
        )
        _tell_host(edit, SENT_BACK, now=now)


def _read(offer: Offer, seen: int) -> Edit:
    edit = begin_edit(offer)
    if not is_to_read(edit.offer, edit.review):
        raise WrongState(trouble("offer_moved"))
    if edit.review.edition != seen:
        raise WrongState(trouble("offer_reread"))
    return edit


def _move(review: OfferReview, to: str) -> None:
    if not can_move(review.state, to):
        raise WrongState(trouble("offer_moved"))
    review.state = to


def _close(review: OfferReview, *, note: str = "") -> None:
    """Give a review into its host's hand again, with nothing that waits."""
    review.state, review.remarks, review.note = IN_HAND, {}, note
    review.edition += 1
    review.save()


def _images_left_out(edit: Edit) -> list[int]:
    shown = {one.image for one in live_photos(edit.offer)}
    return [one.image for one in photos_of(edit.offer, edit.review) if one.image not in shown]


def _tell_host(edit: Edit, outcome: str, *, now: datetime) -> None:
    provider = edit.offer.provider
    write_message(
        "offer_reviewed",
        key=f"offer:{edit.offer.pk}:{outcome}:{now:%Y%m%d%H%M%S%f}",
        recipient=provider.email,
        language=provider.language,
        data={
            "offer": edit.offer.pk,
            "outcome": outcome,
            "note": edit.review.note,
            "remarks": edit.review.remarks,
        },
        now=now,
    )
