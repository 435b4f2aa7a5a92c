"""The accounts where providers are paid: opened at the bank, their papers given there.

Who a provider is stays between it and the bank: the platform only keeps whether it may be paid.
The bank is asked outside any transaction, what it says is written under the account's lock.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import F, Q

from booking import locks
from booking.gateways import get_gateway
from booking.gateways.base import (
    AccountRequest,
    AccountTruth,
    GatewayError,
    GatewayRefused,
    GatewayUnavailable,
)
from booking.messages import write_message
from booking.refusals import NotAllowed, Refusal, Unavailable, trouble
from booking.rules import states
from booking.task_queue import ask_for_task
from members.journal import BANK, SYSTEM, Actor, record
from members.models import PayoutAccount, Provider, ProviderRole

logger = logging.getLogger(__name__)

SILENCE = timedelta(minutes=10)
Answer = TypeVar("Answer")


def start_payout_account(
    provider: Provider, *, actor: Actor, now: datetime, has_given_papers: bool = False
) -> PayoutAccount:
    """Open the account of a provider at the bank, once; returns it.

    `has_given_papers` is for a provider of the demonstration whose account nobody asked for: only
    the stand-in of the bank reads it.

    Raises Unavailable `bank_silent` when the bank doesn't answer, NotAllowed `account_refused`
    when it won't have it.
    """
    known = PayoutAccount.objects.filter(provider=provider).exclude(account_id="").first()
    if known is not None:
        return known
    given = {"standin_papers": "given"} if has_given_papers else {}
    # With its day, the key is another one for another database that counts from one again.
    request = AccountRequest(
        display_name=provider.legal_name or provider.name,
        email=provider.email,
        idempotency_key=":".join(
            ["account", str(provider.pk), f"{provider.created_at.timestamp():.0f}", *given]
        ),
        metadata={"provider": str(provider.pk), **given},
    )
    truth = _ask(lambda: get_gateway().create_account(request))
    with locks.write_transaction():
        PayoutAccount.objects.get_or_create(provider=provider, defaults={"created_at": now})
        account = locks.lock_payout_account(provider)
        if account is None:
            msg = "an account that was just written is there"
            raise AssertionError(msg)
        if not account.account_id:
            account.account_id = truth.account_id
            record(
                "account opened",
                f"provider:{provider.pk}",
                actor=actor,
                at=now,
                account=truth.account_id,
            )
            _write(account, truth, now=now)
    return account


def open_account_page(
    provider: Provider, *, return_url: str, refresh_url: str, actor: Actor, now: datetime
) -> str:
    """Return the address at the bank where a provider gives its papers, good for some minutes.

    Opens the account if need be; raises as `start_payout_account`.
    """
    account = start_payout_account(provider, actor=actor, now=now)
    return _ask(
        lambda: get_gateway().account_link(
            account.account_id, return_url=return_url, refresh_url=refresh_url
        )
    )


def refresh_account(account_pk: int, *, now: datetime) -> str:
    """Ask the bank whether an account may be paid and write it; returns its state.

    Raises GatewayError when the bank doesn't answer.
    """
    found = PayoutAccount.objects.select_related("provider").get(pk=account_pk)
    if not found.account_id:
        return found.state
    truth = get_gateway().fetch_account(found.account_id)
    with locks.write_transaction():
        account = locks.lock_payout_account(found.provider) or found
        _write(account, truth, now=now)
    return account.state


def follow_account(account_id: str, *, now: datetime) -> str:
    """Act on a message about an account, known or not; raises GatewayError."""
    account = PayoutAccount.objects.filter(account_id=account_id).exclude(account_id="").first()
    if account is None:
        return "unknown account"
    return f"account {refresh_account(account.pk, now=now)}"


def check_account(provider: Provider, *, now: datetime) -> str:
    """Ask the bank on somebody's wish; raises Unavailable `bank_silent` or NotAllowed."""
    account = PayoutAccount.objects.filter(provider=provider).first()
    if account is None:
        return states.MISSING
    return _ask(lambda: refresh_account(account.pk, now=now))


def refresh_accounts(*, now: datetime, limit: int = 100) -> int:
    """Ask the bank about accounts that can't be paid yet; returns how many were asked about.

    What a lost message would have told is found here.
    """
    waiting = (
        PayoutAccount.objects.filter(state__in=[states.STARTED, states.RESTRICTED])
        .filter(Q(checked_at=None) | Q(checked_at__lte=now - SILENCE))
        .order_by(F("checked_at").asc(nulls_first=True), "pk")
        .values_list("pk", flat=True)[:limit]
    )
    asked = 0
    for pk in list(waiting):
        try:
            refresh_account(pk, now=now)
            asked += 1
        except (GatewayError, Refusal, DatabaseError) as error:
            # One row must not hide the others.
            logger.warning("account %s not refreshed: %s", pk, error)
            PayoutAccount.objects.filter(pk=pk).update(checked_at=now)
    return asked


def open_demo_accounts(*, now: datetime, limit: int = 20) -> int:
    """Open the accounts of demonstration providers that are owed something; returns how many.

    Only where the stand-in plays the bank (PAYOUT_DEMO_ACCOUNTS), so that a demonstration pays
    without anybody's papers. An owner who went to the bank itself answers there.
    """
    if not settings.PAYOUT_DEMO_ACCOUNTS:
        return 0
    waiting = Provider.objects.filter(
        is_demo=True,
        payout_account=None,
        sub_orders__payout__state=states.DUE,
        sub_orders__payout__release_on__lte=now,
    ).distinct()
    opened = 0
    for provider in waiting[:limit]:
        try:
            start_payout_account(provider, actor=SYSTEM, now=now, has_given_papers=True)
            opened += 1
        except (Refusal, DatabaseError) as error:
            logger.warning("no account for %s: %s", provider, error)
    return opened


def invite_to_account(provider: Provider, *, actor: Actor, now: datetime) -> None:
    """Send a provider the link to the page where it begins to give its papers.

    The bank's own address lives some minutes only and must not travel by mail: the message leads
    to the provider's space, where one signs in. Raises NotAllowed `nobody_signs_in` when no
    owner has access to it.
    """
    if not provider.roles.filter(role=ProviderRole.Role.OWNER).exists():
        raise NotAllowed(trouble("nobody_signs_in"))
    with locks.write_transaction():
        record("account link sent", f"provider:{provider.pk}", actor=actor, at=now)
        write_message(
            "payout_account",
            key=f"provider:{provider.pk}:account:{now:%Y%m%d%H%M}",
            recipient=provider.email,
            language=provider.language,
            data={"provider": provider.pk},
            now=now,
        )


def _write(account: PayoutAccount, truth: AccountTruth, *, now: datetime) -> None:
    """Write what the bank says of a locked account, its move in the journal."""
    state = _state_of(account.state, truth)
    moves = state != account.state and states.can_move(states.ACCOUNT, account.state, state)
    if moves:
        account.state = state
        record(
            f"account {state}",
            f"provider:{account.provider_id}",
            actor=BANK,
            at=now,
            reason=truth.reason,
        )
    account.reason = truth.reason[:80]
    account.checked_at = now
    account.save()
    if moves and state == states.ACTIVE:
        transaction.on_commit(lambda: ask_for_task("booking.tasks.release_payouts"))


def _state_of(before: str, truth: AccountTruth) -> str:
    if truth.status == "active":
        return states.ACTIVE
    # Until papers were given there is nothing wrong with an account: it waits for them.
    is_new = before in {states.MISSING, states.STARTED}
    waits = truth.status == "pending" or (truth.status == "restricted" and truth.is_open_question)
    return states.STARTED if is_new and waits else states.RESTRICTED


def _ask(ask: Callable[[], Answer]) -> Answer:
    try:
        return ask()
    except GatewayUnavailable as error:
        raise Unavailable(trouble("bank_silent")) from error
    except GatewayRefused as error:
        logger.warning("the bank refuses about an account: %s", error)
        raise NotAllowed(trouble("account_refused", reason=error.message)) from error
