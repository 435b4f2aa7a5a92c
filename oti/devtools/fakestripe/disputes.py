"""Disputes: a card's owner contests a payment. Opened and closed by the control API only."""

from oti.devtools.fakestripe.errors import malformed
from oti.devtools.fakestripe.state import Bank, Thing, new_id

CLOSED = ("won", "lost")


def opened(bank: Bank, charge: Thing) -> Thing:
    """Record that the owner of the card contests this charge."""
    dispute: Thing = {
        "id": new_id("du"),
        "object": "dispute",
        "amount": charge["amount_captured"],
        "charge": charge["id"],
        "created": bank.now(),
        "currency": charge["currency"],
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": "fraudulent",
        "status": "needs_response",
    }
    bank.put(charge | {"disputed": True})
    bank.put(dispute)
    bank.emit("charge.dispute.created", dispute)
    return dispute


def closed(bank: Bank, dispute: Thing, status: str) -> Thing:
    """Record how the dispute ended: `won` or `lost`."""
    if status not in CLOSED:
        message = f"Invalid status: {status}"
        raise malformed(message, "status")
    dispute["status"] = status
    bank.put(dispute)
    bank.emit("charge.dispute.closed", dispute)
    return dispute
