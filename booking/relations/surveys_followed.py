"""Guests who wouldn't come back: somebody calls within a day, and writes down what was done."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F, QuerySet

from booking import locks
from booking.models import FollowUp
from booking.refusals import BadInput, WrongState, trouble
from booking.rules.talks import LONGEST, plain_text
from members.journal import Actor, record


def follow_ups() -> QuerySet[FollowUp]:
    """Return what is to be done and what was, what is due first before all."""
    rows = FollowUp.objects.select_related("survey__order", "survey__commune", "done_by")
    return rows.order_by(F("done_at").desc(nulls_first=True), "due_at", "pk")


def finish_follow_up(head: FollowUp, comment: str, *, actor: Actor, now: datetime) -> None:
    """Write down what was done about a guest; it is done once. Locks the order.

    Raises BadInput `comment_missing`, `message_too_long`; WrongState `follow_up_done`; Busy.
    """
    words = plain_text(comment)
    if not words:
        raise BadInput(trouble("comment_missing", field="comment"))
    if len(words) > LONGEST:
        raise BadInput(trouble("message_too_long", field="comment", most=LONGEST))
    with locks.write_transaction():
        order = locks.lock_order(head.survey.order_id)
        fresh = FollowUp.objects.get(pk=head.pk)
        if fresh.done_at is not None:
            raise WrongState(trouble("follow_up_done"))
        fresh.done_at, fresh.done_by_id, fresh.comment = now, actor.user_id, words
        fresh.save(update_fields=["done_at", "done_by", "comment"])
        record("guest called back", f"order:{order.reference}", actor=actor, at=now)
