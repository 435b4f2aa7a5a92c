"""Each provider's share of an order, sent once when its services are over.

A share goes by one transfer out of the very charge that the visitor paid. It waits for its
moment, for the provider's account, and while something is wrong with its order. The bank is asked
outside any transaction, what it says is written under the locks; a transfer that may have gone is
looked for before another one is asked for (domain.md §4.1.5, features.md C02, C03).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Case, F, Q, When

from booking import locks
from booking.gateways import get_gateway
from booking.gateways.base import (
    GatewayError,
    GatewayRefused,
    GatewayUnavailable,
    TransferRequest,
    TransferTruth,
)
from booking.models import Order, OrderLine, Payment, Payout, Refund, SellerAsk, SubOrder
from booking.payment import note_truth
from booking.payout_accounts import open_demo_accounts, refresh_account
from booking.refusals import Refusal, WrongState, trouble
from booking.reversals import (
    LEASE,
    claim_excess,
    forget_claims,
    give_debts_back,
    net_debts,
    note_taken_back,
)
from booking.rules import states
from booking.rules.payouts import release_moment
from booking.task_queue import ask_for_task
from members.journal import BANK, SYSTEM, Actor, record
from members.models import PayoutAccount, Provider
from oti.lib.money import ZERO, from_cents, to_cents

logger = logging.getLogger(__name__)

NEVER_SOLD = (states.HELD, states.RELEASED)
WAITING = (states.DUE, states.HELD, states.FAILED)
# What is held back is looked at again after this time: others come before it meanwhile.
HELD_REST = timedelta(hours=1)
# The account lost its right to receive: nothing went, and nothing is wrong with the share.
NOT_RECEIVING = "insufficient_capabilities_for_transfer"


# --- What is owed --------------------------------------------------------------------------------
def payouts_of(
    parts: Iterable[SubOrder], ends: Mapping[int, Sequence[datetime]], *, now: datetime
) -> list[Payout]:
    """Return what each provider of a confirmed order is owed, to be written in that transaction.

    `ends` says when the services of each part end, those that were just sold.
    """
    delay = timedelta(hours=settings.PAYOUT_DELAY_HOURS)
    return [
        Payout(
            sub_order=part,
            amount=part.payout_amount,
            release_on=release_moment(ends.get(part.pk, ()), delay),
            created_at=now,
        )
        for part in parts
    ]


def follow_order(order: Order, *, now: datetime) -> None:
    """Bring the pay-outs of a locked order to what its parts say now.

    A share that hasn't gone becomes smaller; of one that went, or is under way, what is too much
    must come back. Called inside the transaction that changed the parts.
    """
    payouts = locks.lock_payouts_of(order)
    moments = _release_moments([one.sub_order for one in payouts])
    for payout in payouts:
        payout.amount = payout.sub_order.payout_amount
        if payout.state in WAITING:
            payout.release_on = moments.get(payout.sub_order_id, payout.release_on)
        payout.save(update_fields=["amount", "release_on"])
        if payout.state in WAITING and payout.amount == ZERO:
            _move(payout, states.CANCELLED, actor=SYSTEM, now=now)
        elif payout.state in {states.PENDING, states.PAID}:
            claim_excess(payout, now=now)


def _release_moments(parts: Iterable[SubOrder]) -> dict[int, datetime]:
    """Return the moment of each part: its last service that takes place, or that was to."""
    delay = timedelta(hours=settings.PAYOUT_DELAY_HOURS)
    lines = OrderLine.objects.filter(sub_order__in=[one.pk for one in parts])
    ends: dict[int, list[tuple[bool, datetime]]] = {}
    for part, state, end in lines.exclude(state__in=NEVER_SOLD).values_list(
        "sub_order_id", "state", "ends_at"
    ):
        ends.setdefault(part, []).append((state in states.TAKES_PLACE, end))
    found = {}
    for part, rows in ends.items():
        alive = [end for takes_place, end in rows if takes_place]
        moment = release_moment(alive or [end for _alive, end in rows], delay)
        if moment is not None:
            found[part] = moment
    return found


# --- Sending it ----------------------------------------------------------------------------------
def release_payouts(*, now: datetime, limit: int = 100) -> int:
    """Send every share whose moment has come; returns how many are paid now.

    Those under way that nobody follows any more come first, then the longest due; what is held
    back comes last and only once an hour, so that it never keeps others from going.
    """
    open_demo_accounts(now=now)
    may_go = Q(sub_order__provider__payout_account__state=states.ACTIVE) | Q(amount=0)
    rested = Q(asked_at=None) | Q(asked_at__lte=now - HELD_REST)
    turn = Case(When(state=states.PENDING, then=0), When(state=states.DUE, then=1), default=2)
    waiting = (
        Payout.objects.filter(
            Q(state=states.PENDING, asked_at__lte=now - LEASE)
            | Q(may_go, state=states.DUE, release_on__lte=now)
            | Q(may_go, rested, state=states.HELD, release_on__lte=now)
        )
        .order_by(turn, F("asked_at").asc(nulls_first=True), "release_on", "pk")
        .values_list("pk", flat=True)[:limit]
    )
    paid = 0
    for payout_id in list(waiting):
        try:
            paid += settle_payout(payout_id, now=now) == states.PAID
        except (GatewayError, Refusal, DatabaseError) as error:
            # One row must not hide the others.
            logger.warning("payout %s not settled: %s", payout_id, error)
    return paid


def settle_payout(payout_id: int, *, now: datetime) -> str:
    """Send one share if it may go, or ask how it went; returns the pay-out's state.

    Twice is the same as once. What the bank doesn't answer stays under way and is asked again;
    what it refuses has failed and waits for the office.
    """
    _learn_charge(payout_id, now=now)
    ask = _claim(payout_id, now=now)
    if ask is None:
        return Payout.objects.values_list("state", flat=True).get(pk=payout_id)
    gateway = get_gateway()
    request = ask.request
    try:
        truth = (
            gateway.find_transfer(request.transfer_group, request.metadata["payout"])
            if ask.may_have_gone
            else None
        )
    except GatewayError as error:
        # Nothing is known: it stays under way, whatever the bank had against the question.
        return _note_silence(payout_id, str(error))
    try:
        truth = truth or gateway.create_transfer(request)
    except GatewayUnavailable as error:
        return _note_silence(payout_id, str(error))
    except GatewayRefused as error:
        return _note_refusal(payout_id, ask, error, now=now)
    return _note_sent(payout_id, truth, now=now)


def ask_payout_again(payout_id: int, *, actor: Actor, now: datetime) -> None:
    """Let the office send a share that the bank refused once more.

    Raises WrongState `wrong_state` for one that hasn't failed.
    """
    with locks.write_transaction():
        payout = locks.lock_payout(payout_id)
        if payout.state != states.FAILED:
            raise WrongState(trouble("wrong_state"))
        _move(payout, states.DUE, verb="payout asked again", actor=actor, now=now)
        transaction.on_commit(lambda: ask_for_task("booking.tasks.settle_payout", payout_id))


@dataclass(frozen=True)
class _Ask:
    """What to ask the bank for, and whether a transfer may have gone already."""

    request: TransferRequest
    may_have_gone: bool
    attempt: int


def _claim(payout_id: int, *, now: datetime) -> _Ask | None:
    """Take a share for this worker and freeze what goes; None when it doesn't go now."""
    with locks.write_transaction():
        payout = (
            locks.lock_free_rows(
                Payout.objects.filter(
                    pk=payout_id, state__in=[states.DUE, states.HELD, states.PENDING]
                )
            )
            .select_related("sub_order__order", "sub_order__provider")
            .first()
        )
        if payout is None:
            return None
        account = PayoutAccount.objects.filter(provider=payout.sub_order.provider).first()
        is_again = payout.state == states.PENDING
        if is_again:
            if payout.asked_at is not None and payout.asked_at > now - LEASE:
                return None
        elif not _may_go(payout, account, now=now) or not _freeze(payout, now=now):
            return None
        payout.asked_at = now
        payout.save(update_fields=["asked_at"])
    order = payout.sub_order.order
    charge = _charge_of(order)
    request = TransferRequest(
        amount_cents=to_cents(payout.sent_amount),
        account_id=account.account_id if account else "",
        charge_id=charge.charge_id if charge else "",
        transfer_group=order.reference,
        idempotency_key=f"transfer:{order.reference}:{payout.pk}:{payout.attempts}",
        metadata={"payout": str(payout.pk), "order": order.reference},
    )
    # Keys are forgotten by the bank after a day: any but the first question looks first.
    return _Ask(request, is_again or payout.attempts > 1, payout.attempts)


def _may_go(payout: Payout, account: PayoutAccount | None, *, now: datetime) -> bool:
    """Look again at everything under the lock; a share that is held back is marked so."""
    if payout.release_on is None or payout.release_on > now:
        return False
    if payout.amount == ZERO:
        if payout.state == states.HELD:
            _move(payout, states.DUE, verb="payout let go", actor=SYSTEM, now=now)
        _move(payout, states.CANCELLED, actor=SYSTEM, now=now)
        return False
    reason = _why_held(payout)
    if reason:
        payout.asked_at = now
        payout.hold_reason = reason
        payout.save(update_fields=["asked_at", "hold_reason"])
        if payout.state == states.DUE:
            _move(payout, states.HELD, actor=SYSTEM, now=now, reason=reason)
        return False
    if payout.state == states.HELD:
        _move(payout, states.DUE, verb="payout let go", actor=SYSTEM, now=now)
    return account is not None and account.state == states.ACTIVE


def _why_held(payout: Payout) -> str:
    order = payout.sub_order.order
    refunds = Refund.objects.filter(payment__order=order, state=states.FAILED)
    if refunds.filter(Q(line=None) | Q(line__sub_order=payout.sub_order)).exists():
        return Payout.Hold.REFUND_FAILED
    if order.payments.filter(disputed_at__isnull=False).exists():
        return Payout.Hold.DISPUTED
    asks = SellerAsk.objects.filter(provider=payout.sub_order.provider_id, completed_at=None)
    if asks.filter(frozen_at__isnull=False).exists():
        return Payout.Hold.SELLER_DATA
    charge = _charge_of(order)
    return "" if charge is not None and charge.charge_id else Payout.Hold.NO_CHARGE


def _freeze(payout: Payout, *, now: datetime) -> bool:
    """Say what goes after debts; false when nothing is left to go, and that is all of it."""
    kept = net_debts(payout, now=now)
    payout.sent_amount = kept.sent
    payout.netted_amount = kept.netted
    if kept.sent == ZERO:
        payout.paid_at = now
        _move(payout, states.PAID, actor=SYSTEM, now=now)
        return False
    payout.attempts += 1
    payout.last_error = ""
    _move(payout, states.PENDING, actor=SYSTEM, now=now)
    return True


def _charge_of(order: Order) -> Payment | None:
    """Return the payment that the shares come out of: the paid one with most money left."""
    paid = order.payments.filter(state=states.PAID, captured_amount__gt=0)
    return paid.order_by(F("refunded_amount") - F("captured_amount"), "pk").first()


def _learn_charge(payout_id: int, *, now: datetime) -> None:
    """Ask the bank for the charge of a payment that was confirmed before it was named."""
    payout = Payout.objects.select_related("sub_order__order").get(pk=payout_id)
    payment = _charge_of(payout.sub_order.order)
    if payout.state not in {states.DUE, states.HELD} or payment is None or payment.charge_id:
        return
    truth = get_gateway().fetch_session(payment.session_id)
    with locks.write_transaction():
        row = locks.lock_payment(payment.pk)
        note_truth(row, truth, now=now)
        row.save()


# --- What the bank says --------------------------------------------------------------------------
def _note_silence(payout_id: int, error: str) -> str:
    Payout.objects.filter(pk=payout_id).update(last_error=error[:2000])
    return states.PENDING


def _note_refusal(payout_id: int, ask: _Ask, error: GatewayRefused, *, now: datetime) -> str:
    """Write that nothing went: debts kept from it are open again."""
    is_account = error.code == NOT_RECEIVING
    with locks.write_transaction():
        payout = locks.lock_payout(payout_id)
        if payout.state != states.PENDING or payout.attempts != ask.attempt:
            return payout.state
        give_debts_back(payout)
        forget_claims(payout)
        payout.sent_amount = payout.netted_amount = ZERO
        payout.last_error = str(error)[:2000]
        _move(
            payout,
            states.DUE if is_account else states.FAILED,
            verb="payout refused: account" if is_account else "",
            actor=BANK,
            now=now,
            error=str(error)[:200],
        )
        if payout.amount == ZERO:
            _move(payout, states.CANCELLED, actor=SYSTEM, now=now)
        provider = payout.sub_order.provider
    if is_account:
        _doubt_account(provider, now=now)
    return payout.state


def _doubt_account(provider: Provider, *, now: datetime) -> None:
    account = PayoutAccount.objects.filter(provider=provider).first()
    try:
        if account is not None:
            refresh_account(account.pk, now=now)
    except GatewayError as error:
        logger.warning("account of %s not refreshed: %s", provider, error)


def _note_sent(payout_id: int, truth: TransferTruth, *, now: datetime) -> str:
    """Write that a share went; what was cancelled meanwhile is claimed back after the commit."""
    with locks.write_transaction():
        payout = locks.lock_payout(payout_id)
        if not states.can_move(states.PAYOUT, payout.state, states.PAID):
            return payout.state
        payout.transfer_id = truth.transfer_id
        payout.sent_amount = from_cents(truth.amount_cents)
        payout.paid_at = now
        payout.last_error = ""
        _move(payout, states.PAID, actor=BANK, now=now)
        note_taken_back(payout, truth, now=now)
        claim_excess(payout, now=now)
        waiting = payout.reversals.filter(state=states.CREATED)
        for pk in waiting.values_list("pk", flat=True):
            transaction.on_commit(partial(ask_for_task, "booking.tasks.reverse_payout", pk))
    return payout.state


def follow_transfer(transfer_id: str, told: dict[str, str], *, now: datetime) -> str:
    """Act on a message about a transfer; `told` is its metadata as sent, only a hint.

    Raises GatewayError when the bank doesn't answer.
    """
    payout = (
        Payout.objects.select_related("sub_order__order")
        .filter(Q(transfer_id=transfer_id) | Q(pk=_number(told.get("payout")), transfer_id=""))
        .first()
    )
    if payout is None:
        return "unknown transfer"
    if payout.transfer_id:
        truth = get_gateway().fetch_transfer(transfer_id)
        with locks.write_transaction():
            row = locks.lock_payout(payout.pk)
            note_taken_back(row, truth, now=now)
        return f"payout {payout.state}"
    reference = payout.sub_order.order.reference
    found = get_gateway().find_transfer(reference, str(payout.pk))
    if found is None or found.transfer_id != transfer_id:
        return "unknown transfer"
    return f"payout {_note_sent(payout.pk, found, now=now)}"


def follow_dispute(dispute_id: str, *, now: datetime) -> str:
    """Hold or let go the shares of a payment that its card's owner contests (features.md C18).

    A dispute that was lost holds them for good: the office decides. Raises GatewayError.
    """
    truth = get_gateway().fetch_dispute(dispute_id)
    head = Payment.objects.filter(charge_id=truth.charge_id).exclude(charge_id="").first()
    if head is None:
        return "unknown payment"
    with locks.write_transaction():
        payment = locks.lock_payment(head.pk)
        is_contested = not truth.is_won
        if is_contested != (payment.disputed_at is not None):
            payment.disputed_at = now if is_contested else None
            payment.save(update_fields=["disputed_at"])
            verb = "payment contested" if is_contested else "contest won"
            record(verb, f"order:{head.order.reference}", actor=BANK, at=now)
    return "payment contested" if is_contested else "contest won"


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 18 else 0


def _move(
    payout: Payout,
    state: str,
    *,
    actor: Actor,
    now: datetime,
    verb: str = "",
    reason: str = "",
    error: str = "",
) -> None:
    """Move a locked pay-out along the table and write the journal."""
    if not states.can_move(states.PAYOUT, payout.state, state):
        raise WrongState(trouble("wrong_state"))
    payout.state = state
    if state != states.HELD:
        payout.hold_reason = ""
    payout.save()
    amount: Decimal = payout.sent_amount or payout.amount
    record(
        verb or f"payout {state}",
        f"order:{payout.sub_order.order.reference}",
        actor=actor,
        at=now,
        amount=str(amount),
        provider=payout.sub_order.provider.name,
        reason=str(Payout.Hold(reason).label) if reason else "",
        error=error,
    )
