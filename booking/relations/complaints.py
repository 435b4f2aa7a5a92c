"""Complaints: a number and an acknowledgement at once, an answer in time, the mediator after that.

Code de la consommation L612-1: who complained in writing and has no answer after two months (60
days in practice), or no good one, may go to the mediator; each answer says so.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError

from booking import locks
from booking.messages import write_message
from booking.models import Complaint, Order
from booking.refusals import BadInput, NotAllowed, Refusal, WrongState, trouble
from booking.rules import states
from booking.rules.talks import LONGEST, plain_text
from booking.rules.working_days import after_working_days
from members.journal import SYSTEM, Actor, record
from oti.lib.dates import today as day_of

logger = logging.getLogger(__name__)
# More at a time about one stay are one complaint.
MOST_OPEN = 3
BOUGHT = {states.CONFIRMED, states.CANCELLED}
RECEIVED, ANSWERED, MEDIATION = "complaint_received", "complaint_answered", "complaint_mediation"


def complaints_of(order: Order) -> Sequence[Complaint]:
    """Return what was complained of about an order, the newest first."""
    return list(order.complaints.order_by("-opened_at", "-pk"))


def complain(head: Order, text: str, *, channel: str, actor: Actor, now: datetime) -> Complaint:
    """Open a complaint about an order; guest and office are told. Locks the order.

    Raises BadInput `message_empty`, `message_too_long`; WrongState `wrong_state` for an order that
    was never bought; NotAllowed `complaints_open` past three at a time; Busy.
    """
    words = _words(text)
    with locks.write_transaction():
        order = locks.lock_order(head.pk)
        if order.state not in BOUGHT:
            raise WrongState(trouble("wrong_state"))
        if order.complaints.filter(answered_at__isnull=True).count() >= MOST_OPEN:
            raise NotAllowed(trouble("complaints_open"))
        complaint = Complaint.objects.create(
            order=order,
            channel=channel,
            words=words,
            opened_at=now,
            due_on=after_working_days(day_of(now), settings.COMPLAINT_WORKING_DAYS),
        )
        # The words stand in their row.
        record(
            "complaint opened",
            f"order:{order.reference}",
            actor=actor,
            at=now,
            number=complaint.number,
        )
        _tell_guest(RECEIVED, complaint, order, now=now)
        write_message(
            "complaint_office",
            key=f"complaint:{complaint.number}:office",
            recipient=settings.OFFICE["email"],
            language="fr",
            order=order,
            data={"complaint": complaint.pk},
            now=now,
        )
    return complaint


def answer_complaint(head: Complaint, text: str, *, actor: Actor, now: datetime) -> None:
    """Answer a complaint, once; the guest gets it by mail, with the mediator's name.

    Raises BadInput `message_empty`, `message_too_long`; WrongState `complaint_answered`; Busy.
    Locks the order.
    """
    words = _words(text)
    with locks.write_transaction():
        order = locks.lock_order(head.order_id)
        complaint = Complaint.objects.get(pk=head.pk)
        if complaint.answered_at is not None:
            raise WrongState(trouble("complaint_answered"))
        complaint.answer, complaint.answered_at = words, now
        complaint.answered_by_id = actor.user_id
        complaint.save(update_fields=["answer", "answered_at", "answered_by"])
        record(
            "complaint answered",
            f"order:{order.reference}",
            actor=actor,
            at=now,
            number=complaint.number,
        )
        _tell_guest(ANSWERED, complaint, order, now=now)


def tell_of_mediation(*, now: datetime) -> int:
    """Tell guests whom nobody answered in 60 days of the mediator; returns how many. Once each.

    Locks each order.
    """
    until = now - timedelta(days=settings.MEDIATION_AFTER_DAYS)
    waiting = Complaint.objects.filter(
        answered_at__isnull=True, mediation_told_at__isnull=True, opened_at__lte=until
    )
    told = 0
    for pk, order_id in list(waiting.order_by("pk").values_list("pk", "order_id")):
        try:
            told += _tell_of_mediation(pk, order_id, now=now)
        except (Refusal, DatabaseError) as error:
            # One must not keep the others from their right.
            logger.warning("complaint %s not told of the mediator: %s", pk, error)
    return told


def _tell_of_mediation(pk: int, order_id: int, *, now: datetime) -> bool:
    with locks.write_transaction():
        order = locks.lock_order(order_id)
        complaint = Complaint.objects.get(pk=pk)
        if complaint.answered_at is not None or complaint.mediation_told_at is not None:
            return False
        complaint.mediation_told_at = now
        complaint.save(update_fields=["mediation_told_at"])
        record(
            "mediation told of",
            f"order:{order.reference}",
            actor=SYSTEM,
            at=now,
            number=complaint.number,
        )
        _tell_guest(MEDIATION, complaint, order, now=now)
    return True


def _words(text: str) -> str:
    words = plain_text(text)
    if not words:
        raise BadInput(trouble("message_empty", field="text"))
    if len(words) > LONGEST:
        raise BadInput(trouble("message_too_long", field="text", most=LONGEST))
    return words


def _tell_guest(kind: str, complaint: Complaint, order: Order, *, now: datetime) -> None:
    write_message(
        kind,
        key=f"complaint:{complaint.number}:{kind}",
        recipient=order.email,
        language=order.language,
        order=order,
        data={"complaint": complaint.pk},
        now=now,
    )
