"""What the shop asks of a gateway, in plain values: no Django model, no library of a bank.

Amounts are whole cents, moments are Unix seconds. A gateway is called outside any transaction
(core.md 10); its answers are truths to apply under a lock afterwards.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

SessionStatus = Literal["open", "complete", "expired"]
PaymentStatus = Literal["paid", "unpaid", "no_payment_required"]
RefundStatus = Literal["pending", "succeeded", "failed", "canceled", "requires_action"]
CapabilityStatus = Literal["active", "pending", "restricted", "rejected", "unsupported"]
Locale = Literal["fr", "en", "de"]

# The bank refuses a deadline nearer than 30 minutes at the moment it receives the request.
SHORTEST_SESSION_SECONDS = 30 * 60
LONGEST_SESSION_SECONDS = 24 * 60 * 60
DEADLINE_MARGIN_SECONDS = 60


def session_deadline(*, now: int, minutes: int) -> int:
    """Return the `expires_at` to ask for, `minutes` after `now`, one minute late on purpose.

    The margin covers retries and clocks that disagree; kept inside the bank's bounds
    (30 minutes to 24 hours).
    """
    seconds = max(minutes * 60, SHORTEST_SESSION_SECONDS) + DEADLINE_MARGIN_SECONDS
    return now + min(seconds, LONGEST_SESSION_SECONDS - DEADLINE_MARGIN_SECONDS)


class GatewayError(Exception):
    """Something went wrong between the shop and the bank."""


class GatewayUnavailable(GatewayError):
    """Nobody knows what happened (network, time-out, 5xx, 429): ask again later, same key."""


class GatewayRefused(GatewayError):
    """The bank understood and said no. `code` is the bank's own word, `status` its HTTP code."""

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class BadSignature(GatewayError):
    """An event whose signature, age or shape can't be trusted."""


@dataclass(frozen=True)
class SessionRequest:
    """One payment page for a whole basket.

    `description_lines` are (label, unit price in cents, quantity); their sum must be
    `amount_cents`, which the bank charges. `expires_at` comes from `session_deadline`. A retry
    with the same `idempotency_key` must repeat every value, `expires_at` included.
    `success_url` may contain {CHECKOUT_SESSION_ID}.
    """

    order_reference: str
    attempt: int
    amount_cents: int
    currency: Literal["eur"]
    description_lines: tuple[tuple[str, int, int], ...]
    customer_email: str
    success_url: str
    cancel_url: str
    expires_at: int
    locale: Locale
    idempotency_key: str
    metadata: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        total = sum(unit_cents * quantity for _, unit_cents, quantity in self.description_lines)
        if total != self.amount_cents:
            msg = f"The lines sum to {total} cents, not to {self.amount_cents}."
            raise ValueError(msg)


@dataclass(frozen=True)
class SessionTruth:
    """What the bank knows of a payment page now.

    `url` only while open. `payment_intent_id` is absent until a card was tried, `charge_id`
    until money was taken, `fee_cents` until the bank has booked its fee (possibly later).
    """

    session_id: str
    url: str | None
    status: SessionStatus
    payment_status: PaymentStatus
    amount_total_cents: int
    payment_intent_id: str | None
    charge_id: str | None
    fee_cents: int | None
    metadata: dict[str, str]
    expires_at: int
    # The bank's own name of the card, the same for every payment with it; "" where none was taken.
    card_fingerprint: str = ""


@dataclass(frozen=True)
class RefundRequest:
    """Money to give back from one payment. `reason_text` is for people, kept in the metadata."""

    payment_intent_id: str
    amount_cents: int
    reason_text: str
    idempotency_key: str
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RefundTruth:
    """What the bank knows of a refund now. A succeeded refund can still fail days later."""

    refund_id: str
    status: RefundStatus
    amount_cents: int
    failure_reason: str | None
    metadata: dict[str, str]


@dataclass(frozen=True)
class AccountRequest:
    """An account to open for somebody who sells: it receives transfers and never charges."""

    display_name: str
    email: str
    idempotency_key: str
    country: str = "fr"
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class AccountTruth:
    """What the bank knows of an account now; only `active` may receive.

    `reason` is the bank's own word for any other status; `is_open_question` says that the
    account's owner can mend it by giving papers.
    """

    account_id: str
    status: CapabilityStatus
    reason: str = ""
    is_open_question: bool = False


@dataclass(frozen=True)
class TransferRequest:
    """Money of one charge to send to one account. Cents; the group is the order's reference."""

    amount_cents: int
    account_id: str
    charge_id: str
    transfer_group: str
    idempotency_key: str
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ReversalRequest:
    """Money of one transfer to take back, in cents."""

    transfer_id: str
    amount_cents: int
    idempotency_key: str
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ReversalTruth:
    """What the bank took back from one transfer."""

    reversal_id: str
    amount_cents: int
    metadata: dict[str, str]


@dataclass(frozen=True)
class TransferTruth:
    """What the bank knows of a transfer now; `reversals` are the latest, the newest first."""

    transfer_id: str
    account_id: str
    amount_cents: int
    reversed_cents: int
    metadata: dict[str, str]
    reversals: tuple[ReversalTruth, ...] = ()


@dataclass(frozen=True)
class DisputeTruth:
    """A payment that the card's owner contests; `is_over` with `is_won` when it is settled."""

    dispute_id: str
    charge_id: str
    is_over: bool
    is_won: bool


@dataclass(frozen=True)
class EventReceived:
    """A message of the bank whose signature holds. `kind` as in `checkout.session.completed`.

    Messages about accounts name the account and say no more ("thin" ones).
    `payload` is the whole event as sent. It may be old or come twice: fetch the object.
    """

    event_id: str
    kind: str
    object_id: str
    object_type: str
    created: int
    payload: dict[str, Any]


class Gateway(Protocol):
    """Every method raises GatewayUnavailable or GatewayRefused unless it says otherwise."""

    def create_session(self, request: SessionRequest) -> SessionTruth:
        """Open the payment page; the same key gives the same page."""
        ...

    def fetch_session(self, session_id: str) -> SessionTruth:
        """Return the truth, with payment, charge and fee."""
        ...

    def expire_session(self, session_id: str) -> SessionTruth:
        """Close an open page. One that was complete or expired already is returned as it is."""
        ...

    def refund(self, request: RefundRequest) -> RefundTruth:
        """Give money back; the same key gives it once."""
        ...

    def fetch_refund(self, refund_id: str) -> RefundTruth:
        """Return the truth about a refund."""
        ...

    def create_account(self, request: AccountRequest) -> AccountTruth:
        """Open an account for a provider; the same key opens it once."""
        ...

    def fetch_account(self, account_id: str) -> AccountTruth:
        """Return whether an account may receive, and why not."""
        ...

    def account_link(self, account_id: str, *, return_url: str, refresh_url: str) -> str:
        """Return the address, good for some minutes, where the owner gives its papers."""
        ...

    def create_transfer(self, request: TransferRequest) -> TransferTruth:
        """Send money to an account; the same key sends it once."""
        ...

    def fetch_transfer(self, transfer_id: str) -> TransferTruth:
        """Return the truth about a transfer, with what was taken back."""
        ...

    def find_transfer(self, transfer_group: str, payout: str) -> TransferTruth | None:
        """Return the transfer of a group whose metadata name this pay-out, None if none went."""
        ...

    def reverse_transfer(self, request: ReversalRequest) -> ReversalTruth:
        """Take money back; the same key takes it once. Refused when the account has too little."""
        ...

    def fetch_dispute(self, dispute_id: str) -> DisputeTruth:
        """Return how a contested payment stands."""
        ...

    def verify_event(self, raw_body: bytes, signature_header: str) -> EventReceived:
        """Return the event if its signature is ours and under 300 s old; raises BadSignature."""
        ...
