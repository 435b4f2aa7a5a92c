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
from django.db.models import F, Q, QuerySet, Sum

from booking import locks
from booking.gateways import get_gateway
from booking.gateways.base import (
    Gateway,
    GatewayError,
    GatewayRefused,
    GatewayUnavailable,
    ReversalRequest,
    ReversalTruth,
    TransferTruth,
)
from booking.models import Payout, PayoutNetting, PayoutReversal
from booking.refusals import Refusal
from booking.rules import states
from booking.rules.payouts import Kept, claim_back, keep_for_debts, over_claimed
from booking.task_queue import ask_for_task
from members.journal import BANK, SYSTEM, record
from oti.lib.money import ZERO, from_cents, to_cents

logger = logging.getLogger(__name__)

# A worker that died while it asked the bank is replaced after this time.
LEASE = timedelta(minutes=5)


def claim_excess(payout: Payout, *, now: datetime) -> None:
    """Write what must come back of a locked pay-out that went, now that less is owed.

    Nothing if nothing must. Called inside the transaction that made the debt smaller.
    """
    claim = claim_back(
        owed=payout.amount,
        sent=payout.sent_amount,
        netted=payout.netted_amount,
        claimed=_sum_of(payout.reversals.exclude(state=states.CANCELLED)),
        elsewhere=_taken_elsewhere(payout),
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


def note_taken_back(payout: Payout, truth: TransferTruth, *, now: datetime) -> None:
    """Write what the bank says has come back of a locked pay-out, whoever asked for it.

    Reversals of ours that it names are done. What somebody took back in the bank's own pages
    answers what is still to come back: the same money is never asked for twice. An older answer
    than the last one changes nothing.
    """
    named = {one.metadata.get("reversal", ""): one for one in truth.reversals}
    for row in locks.lock_reversals(payout.reversals.filter(state=states.PENDING)):
        if str(row.pk) in named:
            _finish(payout, row, named[str(row.pk)].reversal_id, now=now)
    own = {str(pk) for pk in payout.reversals.values_list("pk", flat=True)}
    known = from_cents(truth.reversed_cents)
    if sum(one.amount_cents for one in truth.reversals) == truth.reversed_cents:
        # The bank names the latest only. When these are all, what isn't ours is known, and one of
        # ours that is done since this answer was given still counts.
        others = [one for one in truth.reversals if one.metadata.get("reversal") not in own]
        known = from_cents(sum(one.amount_cents for one in others))
        known += _sum_of(payout.reversals.filter(state=states.DONE))
    payout.reversed_amount = min(payout.sent_amount, max(payout.reversed_amount, known))
    payout.save(update_fields=["reversed_amount"])
    _lower_claims(payout, now=now)


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
        .order_by(F("asked_at").asc(nulls_first=True), "pk")
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
        if truth is not None:
            _finish(payout, row, truth.reversal_id, now=now)
            return state
        row.state = state
        row.last_error = error[:2000]
        row.save()
        _tell(payout, "payout owed back", row.amount, error=error, now=now)
        # Perhaps there was too little left because the office had taken it back itself.
        _lower_claims(payout, now=now)
    return state


def _finish(payout: Payout, row: PayoutReversal, gateway_id: str, *, now: datetime) -> None:
    """Write that the bank took back one of ours; both rows are locked."""
    payout.reversed_amount = min(payout.sent_amount, payout.reversed_amount + row.amount)
    payout.save(update_fields=["reversed_amount"])
    row.state = states.DONE
    row.gateway_id = gateway_id
    row.last_error = ""
    row.done_at = now
    row.save()
    _tell(payout, "payout taken back", row.amount, now=now)


def _taken_elsewhere(payout: Payout) -> Decimal:
    """Return what came back of a transfer without any reversal of ours."""
    return max(ZERO, payout.reversed_amount - _sum_of(payout.reversals.filter(state=states.DONE)))


def _lower_claims(payout: Payout, *, now: datetime) -> None:
    """Lower what is still to come back of a locked pay-out by what came back otherwise.

    What the bank is being asked for is left alone: its answer says what becomes of it.
    """
    over = over_claimed(
        owed=payout.amount,
        sent=payout.sent_amount,
        netted=payout.netted_amount,
        claimed=_sum_of(payout.reversals.exclude(state=states.CANCELLED)),
        elsewhere=_taken_elsewhere(payout),
    )
    waiting = payout.reversals.filter(state__in=[states.OWED, states.CREATED])
    for row in reversed(locks.lock_reversals(waiting)):
        cut = min(over, row.amount - row.netted_amount)
        if cut <= ZERO:
            continue
        over -= cut
        if cut == row.amount:
            row.state = states.CANCELLED
        else:
            row.amount -= cut
            row.state = states.NETTED if row.amount == row.netted_amount else row.state
        row.save(update_fields=["amount", "state"])
        _tell(payout, "payout claim answered at the bank", cut, now=now)


def _sum_of(rows: QuerySet[PayoutReversal]) -> Decimal:
    return rows.aggregate(sum=Sum("amount"))["sum"] or ZERO


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
