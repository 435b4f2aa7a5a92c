"""The cast: moments, people and a bank that many tests meet."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from booking import cancellation, checkout, settlement
from booking.evidence import EvidenceInput
from booking.gateways import base as gateway_base
from booking.gateways.base import (
    AccountRequest,
    AccountTruth,
    DisputeTruth,
    EventReceived,
    GatewayRefused,
    GatewayUnavailable,
    RefundRequest,
    RefundTruth,
    ReversalRequest,
    ReversalTruth,
    SessionRequest,
    SessionTruth,
    TransferRequest,
    TransferTruth,
)
from booking.models import Basket, Order
from booking.packages import standing_of
from booking.stay_view import view_basket
from members.journal import Actor
from oti.lib.dates import PARIS
from tests import factories

# A quiet Tuesday morning in spring: July is open and far.
NOW = datetime(2027, 4, 6, 10, 0, tzinfo=PARIS)
TODAY = NOW.date()
SATURDAY = date(2027, 7, 10)
NEXT_SATURDAY = date(2027, 7, 17)


@dataclass
class FakeBank:
    """A bank in memory: what it is told to know is its truth."""

    sessions: dict[str, SessionTruth] = field(default_factory=dict)
    by_key: dict[str, str] = field(default_factory=dict)
    refunds: dict[str, RefundTruth] = field(default_factory=dict)
    refund_by_key: dict[str, str] = field(default_factory=dict)
    refund_status: str = "succeeded"
    is_down: bool = False
    accounts: dict[str, AccountTruth] = field(default_factory=dict)
    account_by_key: dict[str, str] = field(default_factory=dict)
    transfers: dict[str, TransferTruth] = field(default_factory=dict)
    transfer_by_key: dict[str, str] = field(default_factory=dict)
    reversal_by_key: dict[str, ReversalTruth] = field(default_factory=dict)
    disputes: dict[str, DisputeTruth] = field(default_factory=dict)
    # What a host took to its own bank can't be taken back.
    drained: set[str] = field(default_factory=set)
    # A bank without a memory of keys: what is asked twice happens twice.
    forgets_keys: bool = False
    # The next answers that are lost on their way although the bank did what was asked.
    lost_answers: int = 0
    # The next transfers and reversals that the bank says no to.
    refusals: list[str] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def create_session(self, request: SessionRequest) -> SessionTruth:
        self._answer()
        known = self.by_key.get(request.idempotency_key)
        if known:
            return self.sessions[known]
        session_id = f"cs_test_{next(self.numbers)}"
        self.by_key[request.idempotency_key] = session_id
        self.sessions[session_id] = SessionTruth(
            session_id=session_id,
            url=f"https://bank.example.org/{session_id}",
            status="open",
            payment_status="unpaid",
            amount_total_cents=request.amount_cents,
            payment_intent_id=None,
            charge_id=None,
            fee_cents=None,
            metadata=dict(request.metadata),
            expires_at=request.expires_at,
        )
        return self.sessions[session_id]

    def fetch_session(self, session_id: str) -> SessionTruth:
        self._answer()
        return self.sessions[session_id]

    def expire_session(self, session_id: str) -> SessionTruth:
        self._answer()
        if self.sessions[session_id].status == "open":
            self.let_expire(session_id)
        return self.sessions[session_id]

    def refund(self, request: RefundRequest) -> RefundTruth:
        self._answer()
        known = self.refund_by_key.get(request.idempotency_key)
        if known:
            return self.refunds[known]
        refund_id = f"re_test_{next(self.numbers)}"
        self.refund_by_key[request.idempotency_key] = refund_id
        self.refunds[refund_id] = RefundTruth(
            refund_id=refund_id,
            status=self.refund_status,  # type: ignore[arg-type]
            amount_cents=request.amount_cents,
            failure_reason=None,
            metadata=dict(request.metadata),
        )
        return self.refunds[refund_id]

    def fetch_refund(self, refund_id: str) -> RefundTruth:
        self._answer()
        if refund_id not in self.refunds:
            code = "resource_missing"
            raise GatewayRefused(code, "no such refund", 404)
        return self.refunds[refund_id]

    def create_account(self, request: AccountRequest) -> AccountTruth:
        self._answer()
        known = self.account_by_key.get(request.idempotency_key)
        if known:
            return self.accounts[known]
        account_id = f"acct_test_{next(self.numbers)}"
        self.account_by_key[request.idempotency_key] = account_id
        is_given = request.metadata.get("standin_papers") == "given"
        self.accounts[account_id] = AccountTruth(
            account_id=account_id,
            status="active" if is_given else "restricted",
            reason="" if is_given else "requirements_past_due",
            is_open_question=not is_given,
        )
        return self.accounts[account_id]

    def fetch_account(self, account_id: str) -> AccountTruth:
        self._answer()
        return self.accounts[account_id]

    def account_link(self, account_id: str, *, return_url: str, refresh_url: str) -> str:
        self._answer()
        return f"https://bank.example.org/papers/{account_id}"

    def create_transfer(self, request: TransferRequest) -> TransferTruth:
        self._answer()
        known = self.transfer_by_key.get(request.idempotency_key)
        if known and not self.forgets_keys:
            return self.transfers[known]
        self._refuse()
        if self.accounts[request.account_id].status != "active":
            code = "insufficient_capabilities_for_transfer"
            raise GatewayRefused(code, "the account may not receive", 400)
        transfer_id = f"tr_test_{next(self.numbers)}"
        self.transfer_by_key[request.idempotency_key] = transfer_id
        self.transfers[transfer_id] = TransferTruth(
            transfer_id=transfer_id,
            account_id=request.account_id,
            amount_cents=request.amount_cents,
            reversed_cents=0,
            metadata={**request.metadata, "group": request.transfer_group},
        )
        self._lose_answer()
        return self.transfers[transfer_id]

    def fetch_transfer(self, transfer_id: str) -> TransferTruth:
        self._answer()
        return self.transfers[transfer_id]

    def find_transfer(self, transfer_group: str, payout: str) -> TransferTruth | None:
        self._answer()
        wanted = (transfer_group, payout)
        return next(
            (
                one
                for one in self.transfers.values()
                if (one.metadata["group"], one.metadata["payout"]) == wanted
            ),
            None,
        )

    def reverse_transfer(self, request: ReversalRequest) -> ReversalTruth:
        self._answer()
        known = self.reversal_by_key.get(request.idempotency_key)
        if known and not self.forgets_keys:
            return known
        self._refuse()
        transfer = self.transfers[request.transfer_id]
        left = transfer.amount_cents - transfer.reversed_cents
        if transfer.account_id in self.drained or request.amount_cents > left:
            code = "balance_insufficient"
            raise GatewayRefused(code, "too little is left", 400)
        truth = ReversalTruth(
            f"trr_test_{next(self.numbers)}", request.amount_cents, dict(request.metadata)
        )
        self.reversal_by_key[request.idempotency_key] = truth
        self.transfers[request.transfer_id] = replace(
            transfer,
            reversed_cents=transfer.reversed_cents + request.amount_cents,
            reversals=(truth, *transfer.reversals),
        )
        self._lose_answer()
        return truth

    def fetch_dispute(self, dispute_id: str) -> DisputeTruth:
        self._answer()
        return self.disputes[dispute_id]

    def give_papers(self, account_id: str, *, accepted: bool = True) -> None:
        """Let a host's papers be accepted, or refused for good."""
        self.accounts[account_id] = AccountTruth(
            account_id=account_id,
            status="active" if accepted else "rejected",
            reason="" if accepted else "rejected_other",
        )

    def net_of(self, account_id: str) -> Decimal:
        """Return what an account was sent less what was taken back, in euros."""
        mine = [one for one in self.transfers.values() if one.account_id == account_id]
        return Decimal(sum(one.amount_cents - one.reversed_cents for one in mine)) / 100

    def verify_event(self, raw_body: bytes, signature_header: str) -> EventReceived:
        raise gateway_base.BadSignature

    def pay(self, session_id: str, *, card: str = "") -> None:
        """Let the visitor pay on the bank's page, with a card that the bank knows by a name."""
        self.sessions[session_id] = replace(
            self.sessions[session_id],
            status="complete",
            payment_status="paid",
            payment_intent_id=f"pi_{session_id}",
            charge_id=f"ch_{session_id}",
            fee_cents=100,
            card_fingerprint=card,
            url=None,
        )

    def let_expire(self, session_id: str) -> None:
        """Let the page lapse."""
        self.sessions[session_id] = replace(self.sessions[session_id], status="expired", url=None)

    def _lose_answer(self) -> None:
        if self.lost_answers:
            self.lost_answers -= 1
            msg = "the answer is lost"
            raise GatewayUnavailable(msg)

    def _refuse(self) -> None:
        if self.refusals:
            raise GatewayRefused(self.refusals.pop(0), "no", 400)

    def _answer(self) -> None:
        if self.is_down:
            msg = "the bank is away"
            raise GatewayUnavailable(msg)


@pytest.fixture
def bank(monkeypatch: pytest.MonkeyPatch) -> FakeBank:
    """Replace the bank by one in memory."""
    fake = FakeBank()
    for module in ("payment", "checkout", "settlement", "payouts", "reversals", "payout_accounts"):
        monkeypatch.setattr(f"booking.{module}.get_gateway", lambda: fake)
    return fake


def names_of(basket: Basket) -> dict[str, checkout.PersonName]:
    """Return a name for each person of a basket."""
    return {
        row["key"]: checkout.PersonName(f"Prénom{row['key']}", "Dupont") for row in basket.people
    }


def cancel_order(
    order: Order, *, basis: cancellation.Basis, reason: str, actor: Actor, now: datetime
) -> None:
    """Cancel every line of an order that is still sold."""
    ids = list(order.lines.filter(state="sold").values_list("pk", flat=True))
    cancellation.cancel_lines(order, ids, basis=basis, reason=reason, actor=actor, now=now)


def place_order(
    basket: Basket,
    *,
    language: str,
    evidence: EvidenceInput | None = None,
    now: datetime,
    **given: Any,
) -> Order:
    """Place an order with what is given, whatever the stay has become."""
    placed = checkout.place_order(
        basket,
        lambda view, standing: checkout.Given(**given),
        language=language,
        evidence=evidence,
        now=now,
    )
    return placed.order


def order_from(
    basket: Basket, *, now: datetime = NOW, language: str = "fr", shown: Decimal | None = None
) -> Order:
    """Place an order for everything in a basket, as the Duponts would."""
    basket.refresh_from_db()
    view = view_basket(basket, now=now)
    is_package = standing_of(view, language=language, now=now).is_package
    return place_order(
        basket,
        contact=checkout.Contact("Claire", "Dupont", "claire.dupont@example.org", "06 00 00 00 00"),
        names=names_of(basket),
        arrival_time=None,
        needs="",
        terms=factories.terms(),
        shown_total=view.total if shown is None else shown,
        language=language,
        package_form=factories.package_form() if is_package else None,
        now=now,
    )


def paid_order(basket: Basket, bank: FakeBank, *, now: datetime = NOW) -> Order:
    """Place an order and let the bank tell that it is paid."""
    order = order_from(basket, now=now)
    checkout.begin_payment(
        order, success_url="https://site/merci", cancel_url="https://site/retour", now=now
    )
    payment = order.payments.get()
    bank.pay(payment.session_id)
    settlement.settle_payment(payment.pk, now=now + timedelta(seconds=20))
    order.refresh_from_db()
    return order
