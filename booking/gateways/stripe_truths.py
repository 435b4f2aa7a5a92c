"""What Stripe's objects say, in the plain values of `booking.gateways.base`. It asks nothing."""

from datetime import datetime
from typing import Any

from booking.gateways.base import (
    AccountTruth,
    DisputeTruth,
    EventReceived,
    RefundTruth,
    ReversalTruth,
    SessionTruth,
    TransferTruth,
)

# A mere inquiry takes no money: it is no dispute yet.
MERE_WARNING = frozenset({"warning_needs_response", "warning_under_review", "warning_closed"})


def event_received(payload: dict[str, Any]) -> EventReceived:
    """Read a message of either version of the API: a whole one, or one that only names a thing."""
    if payload.get("object") == "v2.core.event":
        subject = payload.get("related_object") or {}
        return EventReceived(
            event_id=payload["id"],
            kind=payload["type"],
            object_id=subject.get("id") or "",
            object_type=subject.get("type") or "",
            created=int(datetime.fromisoformat(payload["created"]).timestamp()),
            payload=payload,
        )
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


def session_truth(session: dict[str, Any]) -> SessionTruth:
    """Read a Checkout Session, with its payment, charge and fee where they are expanded."""
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
        card_fingerprint=_card_of(charge).get("fingerprint") or "",
    )


def _card_of(charge: dict[str, Any]) -> dict[str, Any]:
    return (charge.get("payment_method_details") or {}).get("card") or {}


def refund_truth(refund: dict[str, Any]) -> RefundTruth:
    """Read a refund."""
    return RefundTruth(
        refund_id=refund["id"],
        status=refund.get("status") or "pending",
        amount_cents=refund["amount"],
        failure_reason=refund.get("failure_reason"),
        metadata=dict(refund.get("metadata") or {}),
    )


def account_truth(account: dict[str, Any]) -> AccountTruth:
    """Read an account whose recipient configuration was asked for."""
    recipient = (account.get("configuration") or {}).get("recipient") or {}
    balance = (recipient.get("capabilities") or {}).get("stripe_balance") or {}
    transfers = balance.get("stripe_transfers") or {"status": "unsupported"}
    details = transfers.get("status_details") or []
    return AccountTruth(
        account_id=account["id"],
        status=transfers["status"],
        reason=details[0]["code"] if details else "",
        is_open_question=any(one.get("resolution") == "provide_info" for one in details),
    )


def transfer_truth(transfer: dict[str, Any]) -> TransferTruth:
    """Read a transfer with its latest reversals."""
    destination = transfer["destination"]
    reversals = (transfer.get("reversals") or {}).get("data") or []
    return TransferTruth(
        transfer_id=transfer["id"],
        account_id=destination["id"] if isinstance(destination, dict) else destination,
        amount_cents=transfer["amount"],
        reversed_cents=transfer["amount_reversed"],
        metadata=dict(transfer.get("metadata") or {}),
        reversals=tuple(reversal_truth(one) for one in reversals),
    )


def reversal_truth(reversal: dict[str, Any]) -> ReversalTruth:
    """Read a reversal."""
    return ReversalTruth(
        reversal_id=reversal["id"],
        amount_cents=reversal["amount"],
        metadata=dict(reversal.get("metadata") or {}),
    )


def dispute_truth(dispute: dict[str, Any]) -> DisputeTruth:
    """Read a dispute."""
    status, charge = dispute["status"], dispute["charge"]
    is_won = status == "won" or status in MERE_WARNING
    return DisputeTruth(
        dispute_id=dispute["id"],
        charge_id=charge["id"] if isinstance(charge, dict) else charge,
        is_over=is_won or status == "lost",
        is_won=is_won,
    )
