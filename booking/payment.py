"""Money through the bank: one session per order, events stored first, refunds pursued.

The bank is asked outside any transaction; what it answers is applied under the locks by whoever
called (core.md 10).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import F, Q
from django.utils.translation import gettext, override

from booking import locks
from booking.gateways import get_gateway
from booking.gateways.base import (
    GatewayRefused,
    GatewayUnavailable,
    Locale,
    RefundRequest,
    RefundTruth,
    SessionRequest,
    SessionTruth,
    session_deadline,
)
from booking.models import GatewayEvent, Order, OrderLine, Payment, Refund
from booking.referral_keys import card_mark
from booking.refusals import Refusal, Unavailable, WrongState, trouble
from booking.rules import states
from booking.task_queue import ask_for_task
from members.journal import BANK, Actor, record
from oti.lib.money import ZERO, from_cents, to_cents

# One more language is one more here, once the bank's page speaks it.
SPOKEN_BY_THE_BANK: dict[str, Locale] = {"fr": "fr", "en": "en", "de": "de"}

logger = logging.getLogger(__name__)

# How long after a refund was promised the bank is asked how often about it; then every six hours.
REFUND_SILENCES = (
    (timedelta(hours=1), timedelta(minutes=2)),
    (timedelta(days=1), timedelta(minutes=30)),
)
LONG_SILENCE = timedelta(hours=6)
# Told twice at once it is one row.
STORE_EVENT = """
INSERT INTO booking_gatewayevent
    (event_id, kind, object_id, payload, received_at, outcome, attempts, error)
VALUES (%(event)s, %(kind)s, %(object)s, %(payload)s::jsonb, %(now)s, '', 1, '')
ON CONFLICT (event_id) DO UPDATE SET attempts =
    booking_gatewayevent.attempts + (booking_gatewayevent.processed_at IS NULL)::int
RETURNING *
"""


def payment_deadline(now: datetime) -> datetime:
    """Return until when a session opened at `now` may be paid."""
    return datetime.fromtimestamp(
        session_deadline(now=int(now.timestamp()), minutes=settings.PAYMENT_SESSION_MINUTES),
        tz=UTC,
    )


def order_deadline(paid_before: datetime) -> datetime:
    """Return until when an order keeps what it holds: the session's end and a grace."""
    return paid_before + timedelta(minutes=settings.PAYMENT_GRACE_MINUTES)


def open_session(
    payment: Payment,
    order: Order,
    sold: Iterable[OrderLine],
    *,
    success_url: str,
    cancel_url: str,
) -> SessionTruth:
    """Ask the bank for the page of this attempt; the same attempt always gets the same page.

    `sold` are the lines of the order. Raises Unavailable `bank_unavailable` when the bank doesn't
    answer or refuses.
    """
    lines = tuple(
        (line.titles.get(order.language) or line.titles["fr"], to_cents(line.gross_amount), 1)
        for line in sold
        if line.gross_amount > 0
    )
    if order.tourist_tax_amount:
        with override(order.language):
            label = gettext("Tourist tax")
        lines += ((label, to_cents(order.tourist_tax_amount), 1),)
    request = SessionRequest(
        order_reference=order.reference,
        attempt=payment.attempt,
        amount_cents=to_cents(payment.amount),
        currency="eur",
        description_lines=lines,
        customer_email=order.email,
        success_url=success_url,
        cancel_url=cancel_url,
        expires_at=int(payment.expires_at.timestamp()),
        locale=SPOKEN_BY_THE_BANK.get(order.language, "en"),
        idempotency_key=f"session:{order.reference}:{payment.attempt}",
        metadata={"order": order.reference, "payment": str(payment.pk)},
    )
    try:
        return get_gateway().create_session(request)
    except (GatewayUnavailable, GatewayRefused) as error:
        logger.warning("no session for %s: %s", order.reference, error)
        raise Unavailable(trouble("bank_unavailable")) from error


def record_gateway_event(raw_body: bytes, signature: str, *, now: datetime) -> GatewayEvent:
    """Store a message of the bank as it came, once; raises BadSignature before anything.

    It is returned with the attempt to act on it that is about to be made counted, unless somebody
    has acted on it already.
    """
    event = get_gateway().verify_event(raw_body, signature)
    values = {
        "event": event.event_id,
        "kind": event.kind,
        "object": event.object_id or "",
        "payload": json.dumps(event.payload),
        "now": now,
    }
    (row,) = GatewayEvent.objects.raw(STORE_EVENT, values)
    return row


def create_refund(
    payment: Payment,
    amount: Decimal,
    *,
    reason: str,
    line_id: int | None = None,
    tourist_tax: Decimal = ZERO,
    now: datetime,
) -> Refund | None:
    """Promise money back, inside the caller's transaction and under the payment's lock.

    `tourist_tax` is the part of the amount that isn't the provider's, in euros as it is. The
    database refuses a sum above what was captured. Asking the bank starts after the commit.
    Returns None for nothing.
    """
    if amount <= 0:
        return None
    payment.refunded_amount += amount
    payment.save(update_fields=["refunded_amount"])
    refund = Refund.objects.create(
        payment=payment,
        line_id=line_id,
        amount=amount,
        tourist_tax_amount=tourist_tax,
        reason=reason[:200],
        created_at=now,
    )
    pk = refund.pk
    transaction.on_commit(lambda: ask_for_task("booking.tasks.pursue_refund", pk))
    return refund


def pursue_refund(refund_id: int, *, now: datetime) -> str:
    """Ask the bank to give a refund back, or how it stands; returns the refund's state.

    The same refund always carries the same key: asking twice gives back once.
    """
    refund = Refund.objects.select_related("payment").get(pk=refund_id)
    if refund.state == states.DONE:
        return refund.state
    gateway = get_gateway()
    try:
        if refund.gateway_id and refund.state == states.PENDING:
            truth = gateway.fetch_refund(refund.gateway_id)
        else:
            truth = gateway.refund(
                RefundRequest(
                    payment_intent_id=refund.payment.payment_intent_id,
                    amount_cents=to_cents(refund.amount),
                    reason_text=refund.reason,
                    # Another key only after somebody asked again: the bank replays its answers.
                    idempotency_key=f"refund:{refund.pk}:{refund.attempts}"
                    if refund.attempts
                    else f"refund:{refund.pk}",
                    metadata={"refund": str(refund.pk)},
                )
            )
    except GatewayUnavailable as error:
        Refund.objects.filter(pk=refund.pk).update(checked_at=now, last_error=str(error)[:2000])
        return refund.state
    except GatewayRefused as error:
        return _mark_refund(refund.pk, states.FAILED, "", str(error), now=now)
    return apply_refund_truth(refund.pk, truth, now=now)


def ask_refund_again(refund_id: int, *, actor: Actor, now: datetime) -> None:
    """Ask the bank once more for a refund that it refused or that failed later.

    Raises WrongState `wrong_state` for one that isn't failed.
    """
    with locks.write_transaction():
        refund = locks.lock_refund(refund_id)
        if refund.state != states.FAILED:
            raise WrongState(trouble("wrong_state"))
        refund.attempts += 1
        refund.save(update_fields=["attempts"])
        record(
            "refund asked again",
            f"order:{refund.payment.order.reference}",
            actor=actor,
            at=now,
            amount=str(refund.amount),
        )
        transaction.on_commit(lambda: ask_for_task("booking.tasks.pursue_refund", refund_id))


def apply_refund_truth(refund_id: int, truth: RefundTruth, *, now: datetime) -> str:
    """Write what the bank says of a refund; "given back" only when it says so (E09)."""
    state = {
        "succeeded": states.DONE,
        "failed": states.FAILED,
        "canceled": states.FAILED,
    }.get(truth.status, states.PENDING)
    return _mark_refund(refund_id, state, truth.refund_id, truth.failure_reason or "", now=now)


def _mark_refund(refund_id: int, state: str, gateway_id: str, error: str, *, now: datetime) -> str:
    with locks.write_transaction():
        refund = locks.lock_refund(refund_id)
        if refund.state == state or not states.can_move(states.REFUND, refund.state, state):
            Refund.objects.filter(pk=refund.pk).update(checked_at=now, last_error=error[:2000])
            return str(refund.state)
        refund.state = state
        refund.checked_at = now
        refund.gateway_id = gateway_id or refund.gateway_id
        refund.last_error = error[:2000]
        if state == states.DONE:
            refund.done_at = now
        refund.save()
        record(
            f"refund {state}",
            f"order:{refund.payment.order.reference}",
            actor=BANK,
            at=now,
            amount=str(refund.amount),
            error=error[:200],
        )
    return state


def pursue_refunds(*, now: datetime, limit: int = 100) -> int:
    """Pursue the refunds that aren't done: those the bank didn't take, each time; those it works
    on, less and less often.
    """
    waiting = (
        Refund.objects.filter(Q(state=states.CREATED) | _pending_and_due(now))
        # Those that the bank has not taken yet come first ("created" before "pending").
        .order_by("state", F("checked_at").asc(nulls_first=True), "pk")
        .values_list("pk", flat=True)[:limit]
    )
    done = 0
    for refund_id in list(waiting):
        try:
            done += pursue_refund(refund_id, now=now) == states.DONE
        except (Refusal, DatabaseError) as error:
            # One row must not hide the others.
            logger.warning("refund %s not pursued: %s", refund_id, error)
    return done


def _pending_and_due(now: datetime) -> Q:
    """Return which refunds under way are asked about: the older, the longer the silence."""
    due = Q(checked_at__isnull=True) | Q(checked_at__lte=now - LONG_SILENCE)
    for age, silence in REFUND_SILENCES:
        due |= Q(created_at__gt=now - age, checked_at__lte=now - silence)
    return Q(state=states.PENDING) & due


def captured(truth: SessionTruth) -> bool:
    """Whether the bank has the money."""
    return truth.status == "complete" and truth.payment_status in {"paid", "no_payment_required"}


def note_truth(payment: Payment, truth: SessionTruth, *, now: datetime) -> None:
    """Copy what the bank knows onto a locked payment, without changing its state."""
    payment.payment_intent_id = truth.payment_intent_id or payment.payment_intent_id
    payment.charge_id = truth.charge_id or payment.charge_id
    payment.card_key = card_mark(truth.card_fingerprint) or payment.card_key
    if truth.fee_cents is not None:
        payment.fee_amount = from_cents(truth.fee_cents)
    payment.checked_at = now
