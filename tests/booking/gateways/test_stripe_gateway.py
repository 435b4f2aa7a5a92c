"""The card gateway against the stand-in, over real HTTP and with the real library."""

import dataclasses
import json
import time
from collections.abc import Callable

import pytest
import stripe

from booking.gateways import get_gateway
from booking.gateways.base import (
    BadSignature,
    EventReceived,
    GatewayRefused,
    GatewayUnavailable,
    RefundRequest,
    SessionRequest,
    session_deadline,
)
from booking.gateways.stripe import StripeGateway
from tests.oti.fakestripe.standin import SECRET_KEY, WEBHOOK_SECRET, Probe, Receiver


@pytest.fixture
def gateway(stand_in: Probe, monkeypatch: pytest.MonkeyPatch) -> StripeGateway:
    # The library's own pause between two tries; tests needn't wait for it.
    monkeypatch.setattr(stripe._http_client.HTTPClient, "INITIAL_DELAY", 0.01)
    return StripeGateway(SECRET_KEY, WEBHOOK_SECRET, stand_in.url, timeout=3)


def request_for(**changes: object) -> SessionRequest:
    request = SessionRequest(
        order_reference="VLY-7K4M",
        attempt=1,
        amount_cents=84_500,
        currency="eur",
        description_lines=(("Gîte des Estables", 79_000, 1), ("Dentelle", 2_750, 2)),
        customer_email="camille@example.org",
        success_url="http://127.0.0.1:9/merci?s={CHECKOUT_SESSION_ID}",
        cancel_url="http://127.0.0.1:9/retour",
        expires_at=session_deadline(now=int(time.time()), minutes=30),
        locale="fr",
        idempotency_key="session:VLY-7K4M:1",
        metadata={"basket": "b-12"},
    )
    return dataclasses.replace(request, **changes)


def test_a_session_is_opened_for_the_whole_basket(gateway: StripeGateway, stand_in: Probe) -> None:
    request = request_for()
    truth = gateway.create_session(request)
    assert truth.url == f"{stand_in.url}/c/pay/{truth.session_id}"
    assert (truth.status, truth.payment_status) == ("open", "unpaid")
    assert (truth.amount_total_cents, truth.expires_at) == (84_500, request.expires_at)
    assert truth.metadata == {"basket": "b-12", "order": "VLY-7K4M", "attempt": "1"}
    assert (truth.payment_intent_id, truth.charge_id, truth.fee_cents) == (None, None, None)
    assert gateway.create_session(request) == truth
    assert len(stand_in.client.v1.checkout.sessions.list().data) == 1


def test_lines_must_sum_to_the_amount() -> None:
    with pytest.raises(ValueError, match="84500 cents, not to 84501"):
        request_for(amount_cents=84_501)


def test_the_truth_of_a_paid_session_has_charge_and_fee(
    gateway: StripeGateway, stand_in: Probe
) -> None:
    opened = gateway.create_session(request_for())
    stand_in.control("pay", session=opened.session_id)
    truth = gateway.fetch_session(opened.session_id)
    assert (truth.status, truth.payment_status, truth.url) == ("complete", "paid", None)
    assert truth.payment_intent_id
    assert truth.charge_id
    assert truth.fee_cents == 1_293
    intent = stand_in.client.v1.payment_intents.retrieve(truth.payment_intent_id)
    assert intent.transfer_group == "VLY-7K4M"
    assert intent.metadata.to_dict() == truth.metadata


def test_a_declined_card_leaves_no_charge_in_the_truth(
    gateway: StripeGateway, stand_in: Probe
) -> None:
    opened = gateway.create_session(request_for())
    stand_in.control("pay", session=opened.session_id, number="4000000000000002")
    truth = gateway.fetch_session(opened.session_id)
    assert (truth.status, truth.payment_status) == ("open", "unpaid")
    assert truth.payment_intent_id
    assert truth.charge_id is None


def test_expiring_is_safe_to_repeat(gateway: StripeGateway) -> None:
    opened = gateway.create_session(request_for())
    assert gateway.expire_session(opened.session_id).status == "expired"
    assert gateway.expire_session(opened.session_id).status == "expired"


def test_expiring_a_paid_session_tells_that_it_was_paid(
    gateway: StripeGateway, stand_in: Probe
) -> None:
    opened = gateway.create_session(request_for())
    stand_in.control("pay", session=opened.session_id)
    truth = gateway.expire_session(opened.session_id)
    assert (truth.status, truth.payment_status) == ("complete", "paid")
    assert truth.charge_id


def test_an_unknown_session_is_refused(gateway: StripeGateway) -> None:
    for ask in (gateway.fetch_session, gateway.expire_session):
        with pytest.raises(GatewayRefused) as refused:
            ask("cs_test_nobody")
        assert (refused.value.code, refused.value.status) == ("resource_missing", 404)


def refund_of(payment: str, cents: int, key: str, **metadata: str) -> RefundRequest:
    return RefundRequest(payment, cents, "Orage : atelier annulé", key, metadata)


def test_refunds_are_made_once_by_key_and_never_above(
    gateway: StripeGateway, stand_in: Probe
) -> None:
    payment = stand_in.paid_session().payment_intent
    first = gateway.refund(refund_of(payment, 5_500, "refund:4", line="4"))
    assert (first.status, first.amount_cents, first.failure_reason) == ("succeeded", 5_500, None)
    assert first.metadata == {"line": "4", "reason": "Orage : atelier annulé"}
    assert gateway.refund(refund_of(payment, 5_500, "refund:4", line="4")) == first
    assert gateway.fetch_refund(first.refund_id) == first
    with pytest.raises(GatewayRefused) as refused:
        gateway.refund(refund_of(payment, 79_001, "refund:5"))
    assert refused.value.code == "amount_too_large"
    with pytest.raises(GatewayRefused) as refused:
        gateway.refund(refund_of(payment, 5_400, "refund:4", line="4"))
    assert refused.value.code == "idempotency_error"


def test_a_refund_that_fails_later_says_why(gateway: StripeGateway, stand_in: Probe) -> None:
    payment = stand_in.paid_session("4000000000005126").payment_intent
    refund = gateway.refund(refund_of(payment, 1_000, "refund:6"))
    stand_in.control("clock", advance=60)
    truth = gateway.fetch_refund(refund.refund_id)
    assert (truth.status, truth.failure_reason) == ("failed", "expired_or_canceled_card")


@pytest.mark.parametrize("status", [500, 503, 429, 409, 0])
def test_a_broken_bank_is_unavailable(gateway: StripeGateway, stand_in: Probe, status: int) -> None:
    stand_in.control("fault", times=3, status=status)
    with pytest.raises(GatewayUnavailable):
        gateway.create_session(request_for())


def test_a_short_failure_is_overcome_without_a_second_payment(
    gateway: StripeGateway, stand_in: Probe
) -> None:
    payment = stand_in.paid_session().payment_intent
    stand_in.control("fault", times=2, status=0, after=True)
    assert gateway.refund(refund_of(payment, 1_000, "refund:7")).status == "succeeded"
    assert len(stand_in.client.v1.refunds.list().data) == 1


def test_nobody_listening_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stripe._http_client.HTTPClient, "INITIAL_DELAY", 0.01)
    gateway = StripeGateway(SECRET_KEY, WEBHOOK_SECRET, "http://127.0.0.1:9", timeout=1)
    with pytest.raises(GatewayUnavailable):
        gateway.fetch_session("cs_test_x")


def test_a_wrong_key_is_refused(stand_in: Probe) -> None:
    gateway = StripeGateway("sk_wrong", WEBHOOK_SECRET, stand_in.url)
    with pytest.raises(GatewayRefused) as refused:
        gateway.fetch_session("cs_test_x")
    assert refused.value.status == 401


def test_the_machines_proxy_is_not_asked_for_a_stand_in(
    gateway: StripeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert gateway.create_session(request_for()).status == "open"


def test_a_webhook_of_the_bank_is_believed(
    gateway: StripeGateway, stand_in: Probe, receiver: Receiver
) -> None:
    session = stand_in.paid_session()
    receiver.wait_for("checkout.session.completed")
    item = next(i for i in receiver.received if i.event["type"] == "checkout.session.completed")
    event = gateway.verify_event(item.body, item.signature)
    assert event == EventReceived(
        event_id=item.event["id"],
        kind="checkout.session.completed",
        object_id=session.id,
        object_type="checkout.session",
        created=item.event["created"],
        payload=item.event,
    )


def signed(body: bytes, *, secret: str = WEBHOOK_SECRET, age: int = 0) -> str:
    return stripe.WebhookSignature.generate_signature_header(
        body.decode(), secret, int(time.time()) - age
    )


EVENT = json.dumps(
    {"id": "evt_1", "type": "x", "created": 1, "data": {"object": {"id": "o", "object": "thing"}}}
).encode()


def test_an_event_signed_299_seconds_ago_is_still_good() -> None:
    gateway = StripeGateway(SECRET_KEY, WEBHOOK_SECRET)
    assert gateway.verify_event(EVENT, signed(EVENT, age=299)).object_id == "o"


# Signed inside the test: a signature made while tests are collected would name them by the clock.
BAD_EVENTS: dict[str, Callable[[], tuple[bytes, str]]] = {
    "no signature": lambda: (EVENT, ""),
    "nonsense": lambda: (EVENT, "nonsense"),
    "no number": lambda: (EVENT, "t=é,v1=é"),
    "not hexadecimal": lambda: (EVENT, f"t={int(time.time())},v1=é"),
    "forged": lambda: (EVENT, signed(EVENT, secret="whsec_forged")),
    "too old": lambda: (EVENT, signed(EVENT, age=310)),
    "another body": lambda: (EVENT + b" ", signed(EVENT)),
    "not text": lambda: (b"\xff\xfe", signed(EVENT)),
    "empty": lambda: (b"", signed(b"")),
    "a list": lambda: (b"[]", signed(b"[]")),
    "no object": lambda: (b'{"id": 1}', signed(b'{"id": 1}')),
    "odd object": lambda: (b'{"data": {"object": 5}}', signed(b'{"data": {"object": 5}}')),
}


@pytest.mark.parametrize("case", list(BAD_EVENTS))
def test_anything_else_is_a_bad_signature(case: str) -> None:
    body, header = BAD_EVENTS[case]()
    gateway = StripeGateway(SECRET_KEY, WEBHOOK_SECRET)
    with pytest.raises(BadSignature):
        gateway.verify_event(body, header)


def test_the_gateway_of_the_settings_follows_them(stand_in: Probe, settings: object) -> None:
    settings.STRIPE_SECRET_KEY = SECRET_KEY
    settings.STRIPE_WEBHOOK_SECRET = WEBHOOK_SECRET
    settings.STRIPE_API_BASE = stand_in.url
    gateway = get_gateway()
    assert get_gateway() is gateway
    assert gateway.create_session(request_for()).status == "open"
    settings.STRIPE_WEBHOOK_SECRET = "whsec_other"
    assert get_gateway() is not gateway


@pytest.mark.parametrize(
    ("minutes", "seconds"), [(5, 31 * 60), (30, 31 * 60), (60, 61 * 60), (5_000, 24 * 3600 - 60)]
)
def test_a_deadline_keeps_a_margin_inside_the_banks_bounds(minutes: int, seconds: int) -> None:
    assert session_deadline(now=1_000, minutes=minutes) == 1_000 + seconds
