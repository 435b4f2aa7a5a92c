"""What time does to invited stays: earned once the friend was here, taken back with the money."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import DatabaseError
from django.db.models import Exists, F, OuterRef, Q

from booking import locks
from booking.models import Order, OrderLine, Payment, Referral
from booking.refusals import BadInput, Refusal, WrongState, trouble
from booking.relations.referrals import decide_referral, kept_amount, tell_ambassador
from booking.rules import referrals as rules
from booking.rules import states
from members.journal import SYSTEM, Actor, record

logger = logging.getLogger(__name__)
CAME = (states.SOLD, states.HONOURED)
# Money that comes so late finds its order again (core.md 9); what wasn't paid by then never was.
UNPAID_KEPT = timedelta(days=3)


def follow_referrals(*, now: datetime, limit: int = 200) -> int:
    """Decide what waits, earn what is over, take back what was given back; returns how many moved.

    Also what a lost task would have decided. Locks each order, and all referrals to decide.
    """
    unpaid = Q(order__state=states.EXPIRED, order__deadline__lt=now - UNPAID_KEPT)
    Referral.objects.filter(unpaid, state=rules.CLAIMED).delete()
    moved = 0
    claimed = Referral.objects.filter(state=rules.CLAIMED).exclude(
        order__state__in=[states.AWAITING_PAYMENT, states.EXPIRED]
    )
    for order_id in list(claimed.order_by("pk").values_list("order_id", flat=True)[:limit]):
        moved += _tried(decide_referral, order_id, now=now) not in {None, rules.CLAIMED}
    for order_id in _due(now, limit):
        moved += bool(_tried(_move_on, order_id, now=now))
    return moved


def hand_over(referral: Referral, *, note: str, actor: Actor, now: datetime) -> None:
    """Say that an ambassador has had the thanks. Locks: order.

    Raises WrongState `referral_moved`, BadInput `note_too_long`.
    """
    if len(note) > 300:
        raise BadInput(trouble("note_too_long", field="note"))
    with locks.write_transaction():
        order = locks.lock_order(referral.order_id)
        row = Referral.objects.get(pk=referral.pk)
        if not rules.can_move(row.state, rules.HANDED):
            raise WrongState(trouble("referral_moved"))
        row.state, row.handed_at, row.note = rules.HANDED, now, note.strip()
        row.save(update_fields=["state", "handed_at", "note"])
        record(
            "thanks handed over",
            f"order:{order.reference}",
            actor=actor,
            at=now,
            ambassador=row.ambassador_id,
            reason=row.note,
        )


def _tried(move: Callable[..., str | bool], order_id: int, *, now: datetime) -> str | bool | None:
    try:
        return move(order_id, now=now)
    except (Refusal, DatabaseError) as error:
        # One order must not hide the others.
        logger.warning("invited stay of order %s not followed: %s", order_id, error)
        return None


def _due(now: datetime, limit: int) -> list[int]:
    lines = OrderLine.objects.filter(order=OuterRef("order"))
    to_come = Exists(lines.filter(state__in=states.TAKES_PLACE, ends_at__gt=now))
    given_back = Exists(
        Payment.objects.filter(
            order=OuterRef("order"),
            captured_amount__gt=0,
            refunded_amount__gte=F("captured_amount"),
        )
    )
    is_over = Q(state=rules.PENDING) & ~to_come
    is_back = Q(state__in=[rules.PENDING, rules.EARNED]) & (
        Q(given_back) | ~Q(order__state=states.CONFIRMED)
    )
    rows = Referral.objects.filter(is_over | is_back).order_by("pk")
    return list(rows.values_list("order_id", flat=True)[:limit])


def _move_on(order_id: int, *, now: datetime) -> bool:
    with locks.write_transaction():
        order = locks.lock_order(order_id)
        row = Referral.objects.select_related("ambassador__user").get(order=order)
        if row.state not in {rules.PENDING, rules.EARNED}:
            return False
        reason = _lost(order, now=now)
        if reason:
            _take_back(row, order, reason, now=now)
            return True
        is_over = not order.lines.filter(state__in=states.TAKES_PLACE, ends_at__gt=now).exists()
        if row.state == rules.EARNED or not is_over:
            return False
        row.state, row.earned_at = rules.EARNED, now
        row.save(update_fields=["state", "earned_at"])
        _note("thanks earned", row, order, now=now)
        tell_ambassador(row, rules.EARNED, now=now)
    return True


def _lost(order: Order, *, now: datetime) -> str:
    """Return why a stay that counted counts no more, "" where it does."""
    if order.state != states.CONFIRMED or not kept_amount(order):
        return rules.NOTHING_PAID
    if not order.lines.filter(state__in=CAME).exists():
        no_shows = order.lines.filter(state=states.NO_SHOW).exists()
        return rules.DID_NOT_COME if no_shows else rules.NOTHING_PAID
    return ""


def _take_back(row: Referral, order: Order, reason: str, *, now: datetime) -> None:
    """Take the thanks back; the household is new again, as if it hadn't come."""
    row.state, row.reason, row.ended_at = rules.TAKEN_BACK, reason, now
    row.save(update_fields=["state", "reason", "ended_at"])
    row.marks.all().delete()
    _note("thanks taken back", row, order, now=now)
    tell_ambassador(row, rules.TAKEN_BACK, now=now)


def _note(verb: str, row: Referral, order: Order, *, now: datetime) -> None:
    record(
        verb,
        f"order:{order.reference}",
        actor=SYSTEM,
        at=now,
        ambassador=row.ambassador_id,
        reason=row.reason,
    )
