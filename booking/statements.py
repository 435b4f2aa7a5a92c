"""What pages say of pay-outs: how much, when, what was kept back, and why it waits.

It reads rows that are loaded already and decides nothing. Sums are decimal euros.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from booking.models import OrderLine, Payout
from booking.rules import states
from booking.showing import line_when
from destination.office import with_phone
from destination.spoken import in_language
from members.models import PayoutAccount, Provider
from oti.lib.dates import paris
from oti.lib.money import ZERO


@dataclass(frozen=True)
class Service:
    """One thing that a share pays for."""

    title: str
    when: str
    is_cancelled: bool


@dataclass(frozen=True)
class Statement:
    """One provider's share of one order, as the provider reads it.

    `services_amount` less `commission` less `netted` less `taken_back` is `amount`.
    """

    reference: str
    provider: str
    services: tuple[Service, ...]
    moment: datetime | None
    # Of the moment, where it isn't the current one.
    year: str
    services_amount: Decimal
    commission: Decimal
    netted: Decimal
    taken_back: Decimal
    amount: Decimal
    is_paid: bool
    kind: str
    state_words: str
    why: str


@dataclass(frozen=True)
class AccountStatement:
    """The account of one provider, and what is to be done about it."""

    provider: Provider
    state: str
    state_words: str
    kind: str
    text: str
    is_ready: bool
    may_open: bool


def account_of(provider: Provider) -> PayoutAccount | None:
    """Return the account of a provider, None where there is none yet."""
    return getattr(provider, "payout_account", None)


def waiting_words(payout: Payout, *, now: datetime) -> str:
    """Write why a share hasn't gone; "" for one that went or never will."""
    if payout.state == states.HELD:
        return str(payout.get_hold_reason_display())
    if payout.state == states.FAILED:
        return _("the bank refused the transfer")
    if payout.state == states.PENDING:
        return _("the bank has been asked")
    if payout.state != states.DUE:
        return ""
    account = account_of(payout.sub_order.provider)
    if account is None or account.state in {states.MISSING, states.STARTED}:
        return _("the bank waits for the papers")
    if account.state == states.RESTRICTED:
        return _("the bank has blocked the account")
    if payout.release_on is not None and payout.release_on > now:
        return _("it goes after the last service")
    return _("it goes in a few minutes")


def statement_of(payout: Payout, lines: Iterable[OrderLine], *, now: datetime) -> Statement:
    """Put a share and its lines into words for its provider."""
    part = payout.sub_order
    is_paid = payout.state == states.PAID
    is_over = is_paid or payout.state == states.CANCELLED
    went = payout.sent_amount + payout.netted_amount
    taken_back = payout.reversed_amount if is_paid else ZERO
    # What a share was when it went; what it has become since is what was taken back.
    services = went + part.commission_amount if is_paid else part.gross_amount
    moment = payout.paid_at if is_paid else payout.release_on
    return Statement(
        reference=part.order.reference,
        provider=part.provider.name,
        services=tuple(
            Service(
                in_language(line.titles),
                line_when(line, line.kind, paris(line.starts_at), paris(line.ends_at), now=now),
                line.state == states.CANCELLED,
            )
            for line in lines
        ),
        moment=moment,
        year=str(paris(moment).year) if moment and paris(moment).year != paris(now).year else "",
        services_amount=services,
        commission=part.commission_amount,
        netted=payout.netted_amount,
        taken_back=taken_back,
        amount=payout.sent_amount - taken_back if is_paid else payout.amount,
        is_paid=is_over,
        kind=_kind_of(payout),
        state_words=str(payout.get_state_display()),
        why=waiting_words(payout, now=now),
    )


def _kind_of(payout: Payout) -> str:
    if payout.state == states.PAID:
        return "ok"
    if payout.state in {states.HELD, states.FAILED}:
        return "danger"
    return "plain" if payout.state == states.CANCELLED else "warn"


def account_statement(provider: Provider, *, is_owner: bool) -> AccountStatement:
    """Put the account of a provider into words, with what is to be done."""
    account = account_of(provider)
    state = account.state if account else states.MISSING
    text, kind = {
        states.MISSING: (
            _(
                "To be paid, give your papers to the bank: an identity document and an IBAN. Your "
                "bookings are honoured meanwhile, and nothing of what you earn is lost."
            ),
            "warning",
        ),
        states.STARTED: (
            _(
                "The bank waits for your papers, or is looking at them. What you earn is kept for "
                "you until it has accepted them."
            ),
            "warning",
        ),
        states.RESTRICTED: (
            with_phone(
                _(
                    "The bank has blocked this account: open its page to see what it asks for, or "
                    "call us on %(phone)s. What you earn is kept for you meanwhile."
                )
            ),
            "danger",
        ),
        states.ACTIVE: (
            _("The bank has accepted your papers: each share comes by itself after the service."),
            "success",
        ),
    }[state]
    words = account.get_state_display() if account else PayoutAccount.State.MISSING.label
    return AccountStatement(
        provider=provider,
        state=state,
        state_words=str(words),
        kind=kind,
        text=text,
        is_ready=state == states.ACTIVE,
        may_open=is_owner and state != states.ACTIVE,
    )
