"""Cards through Stripe Checkout: the only module that knows the library `stripe`.

One Checkout Session pays a whole basket (domain.md §4.1, core.md 9). The stand-in differs from
Stripe by the address and the keys, by nothing else.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import stripe

from booking.gateways.base import (
    AccountRequest,
    AccountTruth,
    BadSignature,
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
from booking.gateways.stripe_truths import (
    account_truth,
    dispute_truth,
    event_received,
    refund_truth,
    reversal_truth,
    session_truth,
    transfer_truth,
)

if TYPE_CHECKING:
    from stripe.params.checkout import SessionCreateParams
    from stripe.params.v2.core import AccountCreateParams

SIGNATURE_TOLERANCE_SECONDS = 300
CONNECT_TIMEOUT_SECONDS = 3.0
# Opened and read for each order, so asked without the library’s objects, which cost the most.
SESSIONS = "/v1/checkout/sessions"
MONEY_TRAIL = ["payment_intent.latest_charge.balance_transaction"]
LABEL_LENGTH = 250
METADATA_LENGTH = 500
NAME_LENGTH = 250
MOST_IN_A_PAGE = 100

# Timings of our requests are nobody else's business.
stripe.enable_telemetry = False


class _Line(stripe.RequestsClient):
    """Stripe's own client, which asks the environment for the machine's proxies once a thread.

    Asked at each request, as it is by itself, that is a twentieth of what a payment costs here.
    """

    def _request_internal(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        if getattr(self._thread_local, "session", None) is None:
            session = self.requests.Session()
            session.proxies.update(self.requests.utils.get_environ_proxies(url))
            session.trust_env = False
            self._thread_local.session = session
        return super()._request_internal(method, url, *args, **kwargs)


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
        # One secret for each endpoint that the bank has: payments, and accounts.
        self._webhook_secrets = [one.strip() for one in webhook_secret.split(",") if one.strip()]
        self._client = stripe.StripeClient(
            secret_key,
            max_network_retries=2,
            http_client=_Line(
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
        key = request.idempotency_key
        with _named_errors():
            answer = self._client.raw_request("post", SESSIONS, **params, idempotency_key=key)
        return session_truth(answer.data)

    def fetch_session(self, session_id: str) -> SessionTruth:
        """Return the truth about a page, with its payment, charge and fee."""
        page = f"{SESSIONS}/{quote(session_id, safe='')}"
        with _named_errors():
            answer = self._client.raw_request("get", page, expand=MONEY_TRAIL)
        return session_truth(answer.data)

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
        return session_truth(session.to_dict())

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
        return refund_truth(refund.to_dict())

    def fetch_refund(self, refund_id: str) -> RefundTruth:
        """Return the truth about a refund."""
        with _named_errors():
            refund = self._client.v1.refunds.retrieve(refund_id)
        return refund_truth(refund.to_dict())

    def create_account(self, request: AccountRequest) -> AccountTruth:
        """Open an account that only receives; the office answers for its fees and its losses."""
        params: AccountCreateParams = {
            "display_name": request.display_name[:NAME_LENGTH],
            "contact_email": request.email,
            "dashboard": "express",
            "identity": {"country": request.country},
            "defaults": {
                "responsibilities": {
                    "fees_collector": "application",
                    "losses_collector": "application",
                }
            },
            "configuration": {
                "recipient": {
                    "capabilities": {"stripe_balance": {"stripe_transfers": {"requested": True}}}
                }
            },
            "metadata": dict(request.metadata),
            "include": ["configuration.recipient"],
        }
        with _named_errors():
            account = self._client.v2.core.accounts.create(
                params, {"idempotency_key": request.idempotency_key}
            )
        return account_truth(account.to_dict())

    def fetch_account(self, account_id: str) -> AccountTruth:
        """Return whether an account may receive, and why not."""
        with _named_errors():
            account = self._client.v2.core.accounts.retrieve(
                account_id, {"include": ["configuration.recipient"]}
            )
        return account_truth(account.to_dict())

    def account_link(self, account_id: str, *, return_url: str, refresh_url: str) -> str:
        """Return the address, good for some minutes, where the owner gives its papers."""
        with _named_errors():
            link = self._client.v2.core.account_links.create(
                {
                    "account": account_id,
                    "use_case": {
                        "type": "account_onboarding",
                        "account_onboarding": {
                            "return_url": return_url,
                            "refresh_url": refresh_url,
                        },
                    },
                }
            )
        return str(link.url)

    def create_transfer(self, request: TransferRequest) -> TransferTruth:
        """Send money of a charge to an account; the same key sends it once."""
        with _named_errors():
            transfer = self._client.v1.transfers.create(
                {
                    "amount": request.amount_cents,
                    "currency": "eur",
                    "destination": request.account_id,
                    "source_transaction": request.charge_id,
                    "transfer_group": request.transfer_group,
                    "description": request.transfer_group,
                    "metadata": dict(request.metadata),
                },
                {"idempotency_key": request.idempotency_key},
            )
        return transfer_truth(transfer.to_dict())

    def fetch_transfer(self, transfer_id: str) -> TransferTruth:
        """Return the truth about a transfer, with what was taken back."""
        with _named_errors():
            transfer = self._client.v1.transfers.retrieve(transfer_id)
        return transfer_truth(transfer.to_dict())

    def find_transfer(self, transfer_group: str, payout: str) -> TransferTruth | None:
        """Return the transfer of this pay-out among those of its order, None if none went.

        An order has a transfer for each provider: one page holds them all.
        """
        with _named_errors():
            found = self._client.v1.transfers.list(
                {"transfer_group": transfer_group, "limit": MOST_IN_A_PAGE}
            )
        truths = [transfer_truth(one.to_dict()) for one in found.data]
        return next((one for one in truths if one.metadata.get("payout") == payout), None)

    def reverse_transfer(self, request: ReversalRequest) -> ReversalTruth:
        """Take money back from an account; the same key takes it once."""
        with _named_errors():
            reversal = self._client.v1.transfers.reversals.create(
                request.transfer_id,
                {"amount": request.amount_cents, "metadata": dict(request.metadata)},
                {"idempotency_key": request.idempotency_key},
            )
        return reversal_truth(reversal.to_dict())

    def fetch_dispute(self, dispute_id: str) -> DisputeTruth:
        """Return how a contested payment stands; a mere inquiry takes no money and is none."""
        with _named_errors():
            dispute = self._client.v1.disputes.retrieve(dispute_id)
        return dispute_truth(dispute.to_dict())

    def verify_event(self, raw_body: bytes, signature_header: str) -> EventReceived:
        """Return the event of a webhook whose signature is ours and under 300 s old.

        Each of our secrets is tried: payments and accounts come by endpoints of their own.
        Raises BadSignature for anything else: forged, altered, stale, or not an event.
        """
        try:
            self._check_signature(raw_body, signature_header)
            return event_received(json.loads(raw_body))
        except stripe.SignatureVerificationError as error:
            raise BadSignature(error.user_message or "no valid signature") from error
        # The library lets odd bytes of a forged header or body through as plain errors.
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            msg = "The body is not an event."
            raise BadSignature(msg) from error

    def _check_signature(self, raw_body: bytes, header: str) -> None:
        *others, last = self._webhook_secrets or [""]
        for secret in others:
            with suppress(stripe.SignatureVerificationError):
                stripe.WebhookSignature.verify_header(
                    raw_body, header, secret, SIGNATURE_TOLERANCE_SECONDS
                )
                return
        stripe.WebhookSignature.verify_header(raw_body, header, last, SIGNATURE_TOLERANCE_SECONDS)


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
