"""The bank's messages: signed, stored first, acted on once, in whatever order they come."""

import hashlib
import hmac
import json
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from booking import checkout, settlement
from booking.gateways.base import EventReceived
from booking.gateways.stripe import StripeGateway
from booking.models import GatewayEvent, Order, OutboxMessage
from booking.refusals import Busy, trouble
from tests.booking.pages import dupont_stay
from tests.cast import NOW, FakeBank, order_from

pytestmark = pytest.mark.django_db
SECRET = "whsec_of_the_tests"


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


@pytest.fixture
def signing_bank(bank: FakeBank, monkeypatch: pytest.MonkeyPatch) -> FakeBank:
    """Give a bank in memory that checks signatures as the real one's library does."""
    real = StripeGateway("sk_test_none", SECRET)

    def verify(raw_body: bytes, signature: str) -> EventReceived:
        return real.verify_event(raw_body, signature)

    monkeypatch.setattr(bank, "verify_event", verify)
    return bank


def event(kind: str, object_id: str, *, event_id: str = "evt_1") -> bytes:
    return json.dumps(
        {
            "id": event_id,
            "type": kind,
            "created": int(NOW.timestamp()),
            "data": {"object": {"id": object_id, "object": "checkout.session"}},
        }
    ).encode()


def sign(payload: bytes, *, secret: str = SECRET, at: float = NOW.timestamp()) -> str:
    stamp = int(at)
    signed = hmac.new(secret.encode(), f"{stamp}.".encode() + payload, hashlib.sha256)
    return f"t={stamp},v1={signed.hexdigest()}"


def tell(payload: bytes, signature: str | None = None):
    """Send a message as the bank does: from outside, without session nor token."""
    return Client(enforce_csrf_checks=True).post(
        reverse("webhook-stripe"),
        payload,
        content_type="application/json",
        headers={"Stripe-Signature": sign(payload) if signature is None else signature},
    )


@pytest.fixture
def order(client: Client, signing_bank: FakeBank) -> Order:
    """Give an order whose page at the bank has just been paid."""
    order = order_from(dupont_stay(client))
    checkout.begin_payment(
        order, success_url="https://site/merci", cancel_url="https://site/retour", now=NOW
    )
    signing_bank.pay(order.payments.get().session_id)
    return order


def test_paid_session_confirms_the_order_once(order: Order):
    session = order.payments.get().session_id
    payload = event("checkout.session.completed", session)

    first = tell(payload)
    again = tell(payload)
    other = tell(event("checkout.session.async_payment_succeeded", session, event_id="evt_2"))

    order.refresh_from_db()
    assert [one.status_code for one in (first, again, other)] == [200, 200, 200]
    assert order.state == "confirmed"
    assert OutboxMessage.objects.filter(kind="order_confirmed").count() == 1
    stored = GatewayEvent.objects.get(event_id="evt_1")
    assert stored.processed_at is not None
    assert stored.attempts == 1
    assert GatewayEvent.objects.count() == 2


def test_late_message_of_an_expired_page_changes_nothing_paid(order: Order):
    session = order.payments.get().session_id
    tell(event("checkout.session.completed", session))

    late = tell(event("checkout.session.expired", session, event_id="evt_2"))

    order.refresh_from_db()
    assert late.status_code == 200
    assert order.state == "confirmed"


@pytest.mark.parametrize(
    "forge",
    [
        lambda payload: "",
        lambda payload: "t=1,v1=nonsense",
        lambda payload: sign(payload, secret="whsec_other"),
        lambda payload: sign(payload + b" "),
        lambda payload: sign(payload, at=(NOW - timedelta(minutes=6)).timestamp()),
    ],
    ids=["none", "nonsense", "other secret", "other body", "stale"],
)
def test_forged_message_is_refused_and_not_kept(order: Order, forge):
    payload = event("checkout.session.completed", order.payments.get().session_id)

    answer = tell(payload, forge(payload))

    order.refresh_from_db()
    assert answer.status_code == 400
    assert order.state == "awaiting_payment"
    assert not GatewayEvent.objects.exists()


def test_signed_nonsense_is_refused(signing_bank: FakeBank):
    for payload in (b"not json", b"[]", b'{"id": 3}'):
        assert tell(payload).status_code == 400
    assert not GatewayEvent.objects.exists()


@pytest.mark.parametrize(
    ("kind", "object_id", "outcome"),
    [
        ("checkout.session.completed", "cs_of_somebody_else", "unknown session"),
        ("customer.created", "cus_1", "ignored"),
        ("refund.updated", "re_unknown", "unknown refund"),
        ("payment_intent.payment_failed", "pi_unknown", "card declined"),
    ],
)
def test_message_about_nothing_of_ours_is_kept_and_accepted(
    signing_bank: FakeBank, kind, object_id, outcome
):
    assert tell(event(kind, object_id)).status_code == 200
    assert GatewayEvent.objects.get().outcome == outcome


def test_bank_away_keeps_the_message_for_later(order: Order, signing_bank: FakeBank):
    signing_bank.is_down = True
    answer = tell(event("checkout.session.completed", order.payments.get().session_id))

    stored = GatewayEvent.objects.get()
    assert answer.status_code == 200
    assert stored.processed_at is None
    assert "GatewayUnavailable" in stored.error

    signing_bank.is_down = False
    settlement.process_event(stored.pk, now=NOW)
    order.refresh_from_db()
    stored.refresh_from_db()
    assert order.state == "confirmed"
    assert stored.error == ""


def test_fault_of_ours_is_kept_with_its_trace(order: Order, monkeypatch: pytest.MonkeyPatch):
    def fault(*args, **kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr("booking.settlement._settle", fault)

    answer = tell(event("checkout.session.completed", order.payments.get().session_id))

    assert answer.status_code == 200
    assert "ZeroDivisionError" in GatewayEvent.objects.get().error


def test_busy_rows_ask_the_bank_to_come_back(order: Order, monkeypatch: pytest.MonkeyPatch):
    def busy(*args, **kwargs):
        raise Busy(trouble("busy"))

    monkeypatch.setattr("booking.settlement._settle", busy)
    payload = event("checkout.session.completed", order.payments.get().session_id)

    answer = tell(payload)

    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    monkeypatch.undo()


def test_message_that_is_too_long_is_not_read(signing_bank: FakeBank):
    payload = event("customer.created", "x" * 1_000_001)

    assert tell(payload).status_code == 413
    assert not GatewayEvent.objects.exists()


def test_only_messages_are_taken(client: Client):
    assert client.get(reverse("webhook-stripe")).status_code == 405
