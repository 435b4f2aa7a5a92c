"""What must come back of a share that went: taken back at the bank, or kept from later shares.

A cancellation after the transfer writes a reversal; the bank is asked after the commit. What it
can't take back is a debt of the provider, kept from its next pay-outs (domain.md §4.1.6).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import DatabaseError, transaction
from django.db.models import Q, Sum

from booking import locks
from booking.gateways import get_gateway
from booking.gateways.base import (
    Gateway,
    GatewayError,
    GatewayRefused,
    GatewayUnavailable,
    ReversalRequest,
    ReversalTruth,
)
from booking.messages import ask_for_task
from booking.models import Payout, PayoutNetting, PayoutReversal
from booking.refusals import Refusal
from booking.rules import states
from booking.rules.payouts import Kept, claim_back, keep_for_debts
from members.journal import BANK, SYSTEM, record
from oti.lib.money import ZERO, to_cents

logger = logging.getLogger(__name__)

# A worker that died while it asked the bank is replaced after this time.
LEASE = timedelta(minutes=5)


def claim_excess(payout: Payout, *, now: datetime) -> None:
    """Write what must come back of a locked pay-out that went, now that less is owed.

    Nothing if nothing must. Called inside the transaction that made the debt smaller.
    """
    alive = payout.reversals.exclude(state=states.CANCELLED)
    claim = claim_back(
        owed=payout.amount,
        sent=payout.sent_amount,
        netted=payout.netted_amount,
        claimed=alive.aggregate(sum=Sum("amount"))["sum"] or ZERO,
    )
    if claim.from_transfer > ZERO:
        row = PayoutReversal.objects.create(
            payout=payout, amount=claim.from_transfer, created_at=now
        )
        pk = row.pk
        transaction.on_commit(lambda: ask_for_task("booking.tasks.reverse_payout", pk))
    if claim.as_debt > ZERO:
        PayoutReversal.objects.create(
            payout=payout, amount=claim.as_debt, state=states.OWED, created_at=now
        )
        _tell(payout, "payout owed back", claim.as_debt, now=now)


def forget_claims(payout: Payout) -> None:
    """Drop what was to come back of a locked pay-out of which nothing went after all."""
    payout.reversals.filter(state=states.CREATED).update(state=states.CANCELLED)


def reverse_payout(reversal_id: int, *, now: datetime) -> str:
    """Ask the bank to take back what must come back, once; returns the reversal's state.

    A transfer that is still under way is waited for. The same reversal always carries the same
    key, and is looked for on the transfer before it is asked for again.
    """
    ask = _claim(reversal_id, now=now)
    if ask is None:
        return PayoutReversal.objects.values_list("state", flat=True).get(pk=reversal_id)
    gateway = get_gateway()
    try:
        truth = _find(gateway, ask) if ask.may_have_gone else None
    except GatewayError as error:
        # Nothing is known: it stays under way, whatever the bank had against the question.
        return _note_silence(reversal_id, str(error))
    try:
        truth = truth or gateway.reverse_transfer(ask.request)
    except GatewayUnavailable as error:
        return _note_silence(reversal_id, str(error))
    except GatewayRefused as error:
        return _settle(reversal_id, states.OWED, error=str(error), now=now)
    return _settle(reversal_id, states.DONE, truth=truth, now=now)


def reverse_payouts(*, now: datetime, limit: int = 100) -> int:
    """Ask the bank again for what it hasn't taken back; returns how many are done."""
    waiting = (
        PayoutReversal.objects.filter(
            Q(state=states.CREATED, payout__state=states.PAID)
            | Q(state=states.PENDING, asked_at__lte=now - LEASE)
        )
        .order_by("pk")
        .values_list("pk", flat=True)[:limit]
    )
    done = 0
    for pk in list(waiting):
        try:
            done += reverse_payout(pk, now=now) == states.DONE
        except (Refusal, DatabaseError) as error:
            # One row must not hide the others.
            logger.warning("reversal %s not pursued: %s", pk, error)
    return done


def net_debts(payout: Payout, *, now: datetime) -> Kept:
    """Keep a provider's debts from a locked pay-out that is about to go, and say what goes.

    Locks the debts, so that two pay-outs never keep the same one.
    """
    provider = payout.sub_order.provider
    debts = locks.lock_reversals(
        PayoutReversal.objects.filter(
            payout__sub_order__provider=provider, state=states.OWED
        ).exclude(payout=payout)
    )
    kept = keep_for_debts(
        payout.amount, [(one.pk, one.amount - one.netted_amount) for one in debts]
    )
    by_key = {one.pk: one for one in debts}
    for key, amount in kept.kept:
        debt = by_key[key]
        PayoutNetting.objects.create(reversal=debt, payout=payout, amount=amount)
        _add_netted(debt, amount)
    if kept.kept:
        _tell(payout, "payout kept back", kept.netted, now=now)
    return kept


def give_debts_back(payout: Payout) -> None:
    """Undo what was kept from a locked pay-out that didn't go: those debts are open again."""
    nettings = {one.reversal_id: one for one in payout.nettings.all()}
    for debt in locks.lock_reversals(PayoutReversal.objects.filter(pk__in=nettings)):
        _add_netted(debt, -nettings[debt.pk].amount)
    payout.nettings.all().delete()


@dataclass(frozen=True)
class _Ask:
    """What to ask the bank for; `may_have_gone` if somebody asked before."""

    request: ReversalRequest
    may_have_gone: bool


def _claim(reversal_id: int, *, now: datetime) -> _Ask | None:
    """Take a reversal for this worker, unless it waits for its transfer or another has it."""
    head = PayoutReversal.objects.get(pk=reversal_id)
    with locks.write_transaction():
        payout = locks.lock_payout(head.payout_id)
        row = locks.lock_reversal(reversal_id)
        if payout.state != states.PAID or row.state not in {states.CREATED, states.PENDING}:
            return None
        may_have_gone = row.state == states.PENDING
        if may_have_gone and row.asked_at is not None and row.asked_at > now - LEASE:
            return None
        row.state = states.PENDING
        row.asked_at = now
        row.save(update_fields=["state", "asked_at"])
    request = ReversalRequest(
        transfer_id=payout.transfer_id,
        amount_cents=to_cents(row.amount),
        idempotency_key=f"reversal:{payout.sub_order.order.reference}:{row.pk}",
        metadata={"reversal": str(row.pk), "payout": str(payout.pk)},
    )
    return _Ask(request, may_have_gone)


def _find(gateway: Gateway, ask: _Ask) -> ReversalTruth | None:
    transfer = gateway.fetch_transfer(ask.request.transfer_id)
    own = ask.request.metadata["reversal"]
    return next((one for one in transfer.reversals if one.metadata.get("reversal") == own), None)


def _note_silence(reversal_id: int, error: str) -> str:
    PayoutReversal.objects.filter(pk=reversal_id).update(last_error=error[:2000])
    return states.PENDING


def _settle(
    reversal_id: int,
    state: str,
    *,
    truth: ReversalTruth | None = None,
    error: str = "",
    now: datetime,
) -> str:
    head = PayoutReversal.objects.get(pk=reversal_id)
    with locks.write_transaction():
        payout = locks.lock_payout(head.payout_id)
        row = locks.lock_reversal(reversal_id)
        if not states.can_move(states.REVERSAL, row.state, state):
            return row.state
        row.state = state
        row.last_error = error[:2000]
        if truth is not None:
            row.gateway_id = truth.reversal_id
            row.done_at = now
        row.save()
        if state == states.DONE:
            done = payout.reversals.filter(state=states.DONE).aggregate(sum=Sum("amount"))["sum"]
            payout.reversed_amount = max(payout.reversed_amount, done)
            payout.save(update_fields=["reversed_amount"])
        verb = "payout taken back" if state == states.DONE else "payout owed back"
        _tell(payout, verb, row.amount, error=error, now=now)
    return state


def _add_netted(debt: PayoutReversal, amount: Decimal) -> None:
    debt.netted_amount += amount
    debt.state = states.NETTED if debt.netted_amount == debt.amount else states.OWED
    debt.save(update_fields=["netted_amount", "state"])


def _tell(payout: Payout, verb: str, amount: Decimal, *, error: str = "", now: datetime) -> None:
    record(
        verb,
        f"order:{payout.sub_order.order.reference}",
        actor=BANK if verb == "payout taken back" else SYSTEM,
        at=now,
        amount=str(amount),
        provider=payout.sub_order.provider.name,
        error=error[:200],
    )
