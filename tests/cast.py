"""The cast: moments, people and a bank that many tests meet."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from booking import basket as baskets
from booking import checkout
from booking.gateways import base as gateway_base
from booking.gateways.base import (
    EventReceived,
    GatewayRefused,
    GatewayUnavailable,
    RefundRequest,
    RefundTruth,
    SessionRequest,
    SessionTruth,
)
from booking.models import Basket, Order
from booking.packages import standing_of
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

    def verify_event(self, raw_body: bytes, signature_header: str) -> EventReceived:
        raise gateway_base.BadSignature

    def pay(self, session_id: str) -> None:
        """Let the visitor pay on the bank's page."""
        self.sessions[session_id] = replace(
            self.sessions[session_id],
            status="complete",
            payment_status="paid",
            payment_intent_id=f"pi_{session_id}",
            charge_id=f"ch_{session_id}",
            fee_cents=100,
            url=None,
        )

    def let_expire(self, session_id: str) -> None:
        """Let the page lapse."""
        self.sessions[session_id] = replace(self.sessions[session_id], status="expired", url=None)

    def _answer(self) -> None:
        if self.is_down:
            msg = "the bank is away"
            raise GatewayUnavailable(msg)


@pytest.fixture
def bank(monkeypatch: pytest.MonkeyPatch) -> FakeBank:
    """Replace the bank by one in memory."""
    fake = FakeBank()
    for module in ("booking.payment", "booking.checkout"):
        monkeypatch.setattr(f"{module}.get_gateway", lambda: fake)
    return fake


def names_of(basket: Basket) -> dict[str, checkout.PersonName]:
    """Return a name for each person of a basket."""
    return {
        row["key"]: checkout.PersonName(f"Prénom{row['key']}", "Dupont") for row in basket.people
    }


def order_from(
    basket: Basket, *, now: datetime = NOW, language: str = "fr", shown: Decimal | None = None
) -> Order:
    """Place an order for everything in a basket, as the Duponts would."""
    basket.refresh_from_db()
    view = baskets.view_basket(basket, now=now)
    is_package = standing_of(view, language=language, now=now).is_package
    return checkout.place_order(
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
    checkout.settle_payment(payment.pk, now=now + timedelta(seconds=20))
    order.refresh_from_db()
    return order
