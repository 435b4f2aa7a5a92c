"""Refunds: never above what was taken; some settle later, and some of those fail.

Later means SETTLES_AFTER seconds of the stand-in's clock. Which refunds do so is decided by the
card as in Stripe's test mode (…7726 pending then succeeded, …5126 succeeded then failed), or by
the refund's own metadata `standin_refund` = `pending` | `fails`.
"""

# Messages are Stripe's own and stand where they are refused.
# ruff: noqa: EM102

from oti.devtools.fakestripe.errors import malformed, refused
from oti.devtools.fakestripe.params import Params
from oti.devtools.fakestripe.payments import book
from oti.devtools.fakestripe.state import Bank, Thing, new_id

SETTLES_AFTER = 10
REASONS = ("duplicate", "fraudulent", "requested_by_customer")


def create(bank: Bank, params: Params) -> Thing:
    """POST /v1/refunds."""
    params.only("payment_intent", "charge", "amount", "reason", "metadata", "expand")
    charge = _charge(bank, params)
    amount = params.whole("amount", least=1)
    reason = params.text("reason", of=REASONS)
    metadata = params.metadata()
    left = charge["amount_captured"] - _given_back(bank, charge)
    if left <= 0:
        raise refused(
            f"Charge {charge['id']} has already been refunded.",
            "charge_already_refunded",
            charge=charge["id"],
        )
    amount = amount or left
    if amount > left:
        raise refused(
            f"Refund amount (€{amount / 100:.2f}) is greater than unrefunded amount on charge "
            f"(€{left / 100:.2f})",
            "amount_too_large",
            param="amount",
            charge=charge["id"],
        )
    fate = metadata.get("standin_refund") or charge["_refund"]
    refund: Thing = {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": bank.now(),
        "currency": charge["currency"],
        "destination_details": {"card": {"type": "refund"}, "type": "card"},
        "failure_reason": None,
        "metadata": metadata,
        "payment_intent": charge["payment_intent"],
        "pending_reason": "processing" if fate == "pending" else None,
        "reason": reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "pending" if fate == "pending" else "succeeded",
        "transfer_reversal": None,
        "_fate": fate,
    }
    booked = book(bank, refund, amount=-amount, fee=0, kind="refund")
    refund["balance_transaction"] = booked["id"]
    later = bank.now() + SETTLES_AFTER if fate in ("pending", "fails") else None
    bank.put(refund, due=later)
    bank.emit("refund.created", refund)
    _recount(bank, charge)
    bank.emit("charge.refunded", charge)
    if later is None:
        _tell(bank, refund, None)
    return refund


def update(bank: Bank, refund: Thing, params: Params) -> Thing:
    """POST /v1/refunds/{id}: the metadata only."""
    refund["metadata"] = params.only("metadata", "expand").metadata(refund["metadata"])
    unsettled = refund["_fate"] in ("pending", "fails")
    bank.put(refund, due=refund["created"] + SETTLES_AFTER if unsettled else None)
    _tell(bank, refund, {"metadata": {}})
    return refund


def settle(bank: Bank, refund: Thing) -> Thing:
    """End a refund whose moment has come; a failed one gives the money back to the shop."""
    before = {"status": refund["status"]}
    fails = refund["_fate"] == "fails"
    refund |= {"pending_reason": None, "status": "failed" if fails else "succeeded", "_fate": ""}
    if fails:
        booked = book(bank, refund, amount=refund["amount"], fee=0, kind="refund_failure")
        refund["failure_reason"] = "expired_or_canceled_card"
        refund["failure_balance_transaction"] = booked["id"]
    bank.put(refund)
    _recount(bank, bank.get("charge", refund["charge"]))
    _tell(bank, refund, before)
    if fails:
        bank.emit("refund.failed", refund)
    return refund


def _tell(bank: Bank, refund: Thing, before: Thing | None) -> None:
    bank.emit("refund.updated", refund, before)
    bank.emit("charge.refund.updated", refund, before)


def _charge(bank: Bank, params: Params) -> Thing:
    if params.has("charge"):
        charge = bank.get("charge", str(params.text("charge")), "charge")
    elif params.has("payment_intent"):
        intent = bank.get("payment_intent", str(params.text("payment_intent")), "payment_intent")
        found = bank.find("charge", intent["latest_charge"] or "")
        if found is None or intent["status"] != "succeeded":
            message = (
                f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
            )
            raise refused(message, "payment_intent_unexpected_state", param="payment_intent")
        charge = found
    else:
        message = "One of the following params should be provided: payment_intent or charge."
        raise malformed(message, "payment_intent", "parameter_missing")
    if charge["status"] != "succeeded" or not charge["captured"]:
        raise refused(f"Charge {charge['id']} was not captured.", "charge_not_refundable")
    return charge


def _given_back(bank: Bank, charge: Thing) -> int:
    refunds = bank.all("refund", charge=charge["id"])
    return sum(r["amount"] for r in refunds if r["status"] not in ("failed", "canceled"))


def _recount(bank: Bank, charge: Thing) -> None:
    released = charge["amount"] - charge["amount_captured"]
    charge["amount_refunded"] = released + _given_back(bank, charge)
    charge["refunded"] = charge["amount_refunded"] >= charge["amount"]
    bank.put(charge)
