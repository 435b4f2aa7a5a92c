"""What people wrote long ago goes: messages of guests and hosts, mails that were sent, invitations.

Each night, a batch a transaction and some batches a call: the rest goes the next night. The journal
says how many went, never whose. How long each is kept is in the settings (`..._KEPT_DAYS`) and
told on the page of privacy.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from booking import locks
from booking.models import OrderLine, OutboxMessage, Talk
from members.journal import SYSTEM, record
from members.models import HouseholdInvitation, Invitation

Row = TypeVar("Row", Talk, OutboxMessage, Invitation, HouseholdInvitation)
BATCH = 500
MOST_BATCHES = 20
OVER = (
    OutboxMessage.State.SENT,
    OutboxMessage.State.FAILED,
    OutboxMessage.State.DROPPED,
)


def forget_talks(*, now: datetime) -> int:
    """Delete the threads whose order ended TALKS_KEPT_DAYS ago; returns how many.

    Nobody could write there any more since long before. Locks: threads.
    """
    before = now - timedelta(days=settings.TALKS_KEPT_DAYS)
    lasts = Exists(OrderLine.objects.filter(order=OuterRef("order"), ends_at__gte=before))
    old = Talk.objects.filter(~lasts, last_at__lt=before)
    return _in_batches(old, lambda rows: rows.delete(), "old threads deleted", now=now)


def forget_mails(*, now: datetime) -> int:
    """Empty the messages that were sent MESSAGES_KEPT_DAYS ago; returns how many.

    Address and what they told go; that one of this kind was sent, when and of which order, stays,
    and so does its key: it is never sent twice. Locks: messages.
    """
    before = now - timedelta(days=settings.MESSAGES_KEPT_DAYS)
    is_old = Q(sent_at__lt=before) | Q(sent_at=None, created_at__lt=before)
    old = OutboxMessage.objects.filter(is_old, state__in=OVER).exclude(recipient="")

    def empty(rows: QuerySet[OutboxMessage]) -> None:
        # What was given up can't be sent any more: it is nobody's task.
        rows.filter(state=OutboxMessage.State.FAILED).update(state=OutboxMessage.State.DROPPED)
        rows.update(recipient="", data={}, last_error="", message_id="")

    return _in_batches(old, empty, "old messages emptied", now=now)


def forget_invitations(*, now: datetime) -> int:
    """Delete invitations that were accepted, taken back or ended INVITATIONS_KEPT_DAYS ago.

    Those to the team of a house and those to a household; returns how many. Locks: invitations; one
    that still opens something stays, however old.
    """
    before = now - timedelta(days=settings.INVITATIONS_KEPT_DAYS)
    # Each ends on a day, whatever became of it: what came of it earlier counts from then.
    is_over = Q(accepted_at__lt=before) | Q(withdrawn_at__lt=before) | Q(expires_at__lt=before)
    verb = "old invitations deleted"
    to_teams, to_households = Invitation.objects, HouseholdInvitation.objects
    gone = _in_batches(to_teams.filter(is_over), lambda rows: rows.delete(), verb, now=now)
    return gone + _in_batches(
        to_households.filter(is_over), lambda rows: rows.delete(), verb, now=now
    )


def forget_letters(*, now: datetime) -> dict[str, int]:
    """Let everything go whose time is over; returns how many `talks`, `mails`, `invitations`."""
    return {
        "talks": forget_talks(now=now),
        "mails": forget_mails(now=now),
        "invitations": forget_invitations(now=now),
    }


def _in_batches(
    old: QuerySet[Row], let_go: Callable[[QuerySet[Row]], object], verb: str, *, now: datetime
) -> int:
    """Let rows go, some hundred a transaction; those under way elsewhere wait for the next call."""
    gone = 0
    for _batch in range(MOST_BATCHES):
        with locks.write_transaction():
            rows = locks.lock_free_rows(old.order_by("pk"))[:BATCH]
            found = list(rows.values_list("pk", flat=True))
            if found:
                let_go(old.model._default_manager.filter(pk__in=found))
                record(verb, "letters:old", actor=SYSTEM, at=now, count=len(found))
        gone += len(found)
        if len(found) < BATCH:
            break
    return gone
