"""Cards through Stripe Checkout: the only module that knows the library `stripe`.

One Checkout Session pays a whole basket (domain.md §4.1, core.md 9). The stand-in differs from
Stripe by the address and the keys, by nothing else.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import stripe

from booking.gateways.base import (
    BadSignature,
    EventReceived,
    GatewayRefused,
    GatewayUnavailable,
    RefundRequest,
    RefundTruth,
    SessionRequest,
    SessionTruth,
)

if TYPE_CHECKING:
    from stripe.params.checkout import SessionCreateParams

SIGNATURE_TOLERANCE_SECONDS = 300
CONNECT_TIMEOUT_SECONDS = 3.0
MONEY_TRAIL = ["payment_intent.latest_charge.balance_transaction"]
LABEL_LENGTH = 250
METADATA_LENGTH = 500

# Timings of our requests are nobody else's business.
stripe.enable_telemetry = False


class StripeGateway:
    """The card gateway (protocol `booking.gateways.base.Gateway`).

    `api_base` is the address of a stand-in, None for Stripe itself. `timeout` bounds the wait
    for each answer in seconds; a failed request is repeated twice with the same key.
    """

    def __init__(
        self,
        secret_key: str,
        webhook_secret: str,
        api_base: str | None = None,
        timeout: float = 8.0,
    ) -> None:
        self._webhook_secret = webhook_secret
        self._client = stripe.StripeClient(
            secret_key,
            max_network_retries=2,
            http_client=stripe.RequestsClient(
                timeout=(CONNECT_TIMEOUT_SECONDS, timeout),
                # A stand-in is never behind the machine's proxy.
                proxy={"http": "", "https": ""} if api_base else None,
            ),
            base_addresses={"api": api_base} if api_base else None,
        )

    def create_session(self, request: SessionRequest) -> SessionTruth:
        """Open the payment page of one order; the same key gives the same page."""
        metadata = {
            **request.metadata,
            "order": request.order_reference,
            "attempt": str(request.attempt),
        }
        params: SessionCreateParams = {
            "mode": "payment",
            # Paid at once or not at all: a transfer would outlive what is held.
            "allowed_payment_method_types": ["card"],
            "submit_type": "pay",
            "line_items": [
                {
                    "quantity": quantity,
                    "price_data": {
                        "currency": request.currency,
                        "unit_amount": unit_cents,
                        "product_data": {"name": label[:LABEL_LENGTH]},
                    },
                }
                for label, unit_cents, quantity in request.description_lines
            ],
            "client_reference_id": request.order_reference,
            "customer_email": request.customer_email,
            "success_url": request.success_url,
            "cancel_url": request.cancel_url,
            "expires_at": request.expires_at,
            "locale": request.locale,
            "metadata": metadata,
            "payment_intent_data": {
                "metadata": metadata,
                "transfer_group": request.order_reference,
                "description": request.order_reference,
            },
        }
        with _named_errors():
            session = self._client.v1.checkout.sessions.create(
                params, {"idempotency_key": request.idempotency_key}
            )
        return _session_truth(session.to_dict())

    def fetch_session(self, session_id: str) -> SessionTruth:
        """Return the truth about a page, with its payment, charge and fee."""
        with _named_errors():
            session = self._client.v1.checkout.sessions.retrieve(
                session_id, {"expand": MONEY_TRAIL}
            )
        return _session_truth(session.to_dict())

    def expire_session(self, session_id: str) -> SessionTruth:
        """Close an open page; return one that was paid or expired already as it is."""
        try:
            with _named_errors():
                session = self._client.v1.checkout.sessions.expire(
                    session_id, {"expand": MONEY_TRAIL}
                )
        except GatewayRefused:
            # Paid or expired in between, or unknown: the truth tells, or refuses in its turn.
            truth = self.fetch_session(session_id)
            if truth.status == "open":
                raise
            return truth
        return _session_truth(session.to_dict())

    def refund(self, request: RefundRequest) -> RefundTruth:
        """Give back part or all of a payment; the same key gives it once."""
        metadata = {**request.metadata, "reason": request.reason_text[:METADATA_LENGTH]}
        with _named_errors():
            refund = self._client.v1.refunds.create(
                {
                    "payment_intent": request.payment_intent_id,
                    "amount": request.amount_cents,
                    "reason": "requested_by_customer",
                    "metadata": metadata,
                },
                {"idempotency_key": request.idempotency_key},
            )
        return _refund_truth(refund.to_dict())

    def fetch_refund(self, refund_id: str) -> RefundTruth:
        """Return the truth about a refund."""
        with _named_errors():
            refund = self._client.v1.refunds.retrieve(refund_id)
        return _refund_truth(refund.to_dict())

    def verify_event(self, raw_body: bytes, signature_header: str) -> EventReceived:
        """Return the event of a webhook whose signature is ours and under 300 s old.

        Raises BadSignature for anything else: forged, altered, stale, or not an event.
        """
        try:
            stripe.WebhookSignature.verify_header(
                raw_body, signature_header, self._webhook_secret, SIGNATURE_TOLERANCE_SECONDS
            )
            payload = json.loads(raw_body)
            subject = payload["data"]["object"]
            return EventReceived(
                event_id=payload["id"],
                kind=payload["type"],
                # A few kinds of event (balance.available) speak of a thing without id.
                object_id=subject.get("id") or "",
                object_type=subject["object"],
                created=int(payload["created"]),
                payload=payload,
            )
        except stripe.SignatureVerificationError as error:
            raise BadSignature(error.user_message or "no valid signature") from error
        # The library lets odd bytes of a forged header or body through as plain errors.
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            msg = "The body is not an event."
            raise BadSignature(msg) from error


def _session_truth(session: dict[str, Any]) -> SessionTruth:
    intent = session.get("payment_intent")
    intent_id = intent["id"] if isinstance(intent, dict) else intent
    charge = intent.get("latest_charge") if isinstance(intent, dict) else None
    if not isinstance(charge, dict) or not charge.get("paid"):
        charge = {}
    booked = charge.get("balance_transaction")
    return SessionTruth(
        session_id=session["id"],
        url=session.get("url"),
        status=session["status"],
        payment_status=session["payment_status"],
        amount_total_cents=session["amount_total"],
        payment_intent_id=intent_id,
        charge_id=charge.get("id"),
        fee_cents=booked["fee"] if isinstance(booked, dict) else None,
        metadata=dict(session.get("metadata") or {}),
        expires_at=session["expires_at"],
    )


def _refund_truth(refund: dict[str, Any]) -> RefundTruth:
    return RefundTruth(
        refund_id=refund["id"],
        status=refund.get("status") or "pending",
        amount_cents=refund["amount"],
        failure_reason=refund.get("failure_reason"),
        metadata=dict(refund.get("metadata") or {}),
    )


@contextmanager
def _named_errors() -> Iterator[None]:
    """Turn the library's errors into ours: unknown outcome, or a refusal with its code."""
    try:
        yield
    except (stripe.APIConnectionError, stripe.RateLimitError) as error:
        raise GatewayUnavailable(str(error)) from error
    except stripe.StripeError as error:
        status = error.http_status or 0
        # 409: the same key is being worked on right now, so its outcome isn't known yet.
        if status == 409 or not 400 <= status < 500:
            raise GatewayUnavailable(str(error)) from error
        kind = error.error.type if error.error and "type" in error.error else "refused"
        code = error.code or kind
        raise GatewayRefused(code, error.user_message or "", status) from error
