"""PaymentIntents, their charges and what the bank books: take, authorise, capture, cancel."""

# Messages are Stripe's own and stand where they are refused.
# ruff: noqa: EM101, EM102

import hashlib

from oti.devtools.fakestripe import cards
from oti.devtools.fakestripe.errors import declined, malformed, refused
from oti.devtools.fakestripe.params import Params
from oti.devtools.fakestripe.state import Bank, Thing, new_id, public

SMALLEST_AMOUNT = 50
AVAILABLE_AFTER = 7 * 24 * 3600
CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
CANCELLABLE = (*CONFIRMABLE, "requires_capture")


def fee_of(amount: int) -> int:
    """Return Stripe's fee in cents for a European card: 1.5 % and 25 cents."""
    return (amount * 15 + 500) // 1000 + 25


def new_method(bank: Bank, number: str, *, name: str | None = None, **card: int) -> Thing:
    """Keep a card as a payment method: its place in the table of test cards, never its number."""
    known = number in cards.CARDS
    brand = cards.card_of(number).brand
    return bank.put(
        {
            "id": new_id("pm"),
            "object": "payment_method",
            "billing_details": {"address": {}, "email": None, "name": name, "phone": None},
            "card": {
                "brand": brand,
                "country": "FR" if number == "4000002500000003" else "US",
                "exp_month": card.get("exp_month", 12),
                "exp_year": card.get("exp_year", 2034),
                "fingerprint": hashlib.sha256(number.encode()).hexdigest()[:16],
                "funding": "credit",
                "last4": number[-4:],
            },
            "created": bank.now(),
            "customer": None,
            "livemode": False,
            "metadata": {},
            "type": "card",
            "_card": number if known else None,
        }
    )


def method_of(bank: Bank, reference: str) -> Thing:
    """Return a payment method by its id, or a new one for a token such as `pm_card_visa`."""
    if reference in cards.TOKENS:
        return new_method(bank, cards.TOKENS[reference])
    return bank.get("payment_method", reference, "payment_method")


def new_intent(bank: Bank, *, amount: int, currency: str, **fields: object) -> Thing:
    """Record a payment to be made."""
    intent_id = new_id("pi")
    intent: Thing = {
        "id": intent_id,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_received": 0,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": f"{intent_id}_secret_{new_id('x')[2:]}",
        "confirmation_method": "automatic",
        "created": bank.now(),
        "currency": currency,
        "customer": None,
        "description": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_types": ["card"],
        "receipt_email": None,
        "setup_future_usage": None,
        "statement_descriptor": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
    }
    bank.put(intent | fields)
    bank.emit("payment_intent.created", intent | fields)
    return intent | fields


def attempt(bank: Bank, intent: Thing, method: Thing, *, authenticated: bool = False) -> Thing:
    """Try a card on a payment: taken, authorised, challenged, or failed with its reason."""
    card = cards.card_of(method["_card"])
    intent |= {"payment_method": method["id"], "next_action": None, "last_payment_error": None}
    if card.challenge and not authenticated:
        url = f"{bank.config.public_url}/c/3ds/{intent['id']}"
        back = intent.get("_return_url")
        intent |= {
            "status": "requires_action",
            "next_action": {
                "type": "redirect_to_url",
                "redirect_to_url": {"url": url, "return_url": back},
            }
            if back
            else {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}},
        }
        bank.put(intent)
        bank.emit("payment_intent.requires_action", intent)
        return intent
    charge = _new_charge(bank, intent, method)
    if card.error:
        code, decline_code = card.error
        message = cards.MESSAGES[decline_code or code]
        charge |= {
            "status": "failed",
            "paid": False,
            "captured": False,
            "failure_code": code,
            "failure_message": message,
        }
        bank.put(charge)
        bank.emit("charge.failed", charge)
        intent["latest_charge"] = charge["id"]
        failure = {"code": code, "decline_code": decline_code, "charge": charge["id"]}
        return fail(bank, intent, method, failure | {"message": message})
    intent["latest_charge"] = charge["id"]
    if intent["capture_method"] == "manual":
        intent |= {"status": "requires_capture", "amount_capturable": intent["amount"]}
        bank.put(charge)
        bank.put(intent)
        bank.emit("charge.succeeded", charge)
        bank.emit("payment_intent.amount_capturable_updated", intent)
        return intent
    _book(bank, charge, intent["amount"])
    intent |= {"status": "succeeded", "amount_received": intent["amount"]}
    bank.put(intent)
    bank.emit("charge.succeeded", charge)
    bank.emit("payment_intent.succeeded", intent)
    return intent


def fail(bank: Bank, intent: Thing, method: Thing, failure: Thing) -> Thing:
    """Record that a try failed: another card may be tried on the same payment."""
    intent |= {
        "status": "requires_payment_method",
        "payment_method": None,
        "next_action": None,
        "last_payment_error": failure | {"type": "card_error", "payment_method": public(method)},
    }
    bank.put(intent)
    bank.emit("payment_intent.payment_failed", intent)
    return intent


def answer_challenge(bank: Bank, intent: Thing, *, accepted: bool) -> Thing:
    """Go on after the card's owner accepted or refused at his bank; repeats change nothing."""
    if intent["status"] != "requires_action":
        return intent
    method = bank.get("payment_method", intent["payment_method"])
    if accepted:
        return attempt(bank, intent, method, authenticated=True)
    message = (
        "We are unable to authenticate your payment method. Please choose a different payment "
        "method and try again."
    )
    failure = {"code": "payment_intent_authentication_failure", "message": message}
    return fail(bank, intent, method, failure)


def create(bank: Bank, params: Params) -> Thing:
    """POST /v1/payment_intents."""
    params.only(
        "amount",
        "currency",
        "payment_method",
        "confirm",
        "capture_method",
        "metadata",
        "description",
        "transfer_group",
        "automatic_payment_methods",
        "receipt_email",
        "return_url",
        "payment_method_types",
        "off_session",
        "statement_descriptor",
        "expand",
    ).need("amount", "currency")
    confirm = params.flag("confirm")
    for name in ("off_session", "return_url"):
        if params.has(name) and not confirm:
            raise malformed(f"`{name}` is only allowed with `confirm=true`.", name)
    automatic = params.inside("automatic_payment_methods").only("enabled", "allow_redirects")
    intent = new_intent(
        bank,
        amount=_amount(params),
        currency=_currency(params),
        capture_method=params.text("capture_method", of=("automatic", "automatic_async", "manual"))
        or "automatic_async",
        description=params.text("description"),
        metadata=params.metadata(),
        receipt_email=params.text("receipt_email"),
        statement_descriptor=params.text("statement_descriptor", longest=22),
        transfer_group=params.text("transfer_group"),
        automatic_payment_methods={
            "enabled": automatic.flag("enabled"),
            "allow_redirects": automatic.text("allow_redirects", of=("always", "never"))
            or "always",
        }
        if automatic.values
        else None,
    )
    if params.has("payment_method"):
        intent["payment_method"] = method_of(bank, str(params.text("payment_method")))["id"]
        intent["status"] = "requires_confirmation"
        bank.put(intent)
    return _confirmed(bank, intent, params) if confirm else intent


def update(bank: Bank, intent: Thing, params: Params) -> Thing:
    """POST /v1/payment_intents/{id}."""
    params.only("amount", "metadata", "description", "receipt_email", "transfer_group", "expand")
    if params.has("amount"):
        _allow(intent, CONFIRMABLE, "updated")
        intent["amount"] = _amount(params)
    for name in ("description", "receipt_email", "transfer_group"):
        if name in params.values:
            intent[name] = params.text(name)
    intent["metadata"] = params.metadata(intent["metadata"])
    return bank.put(intent)


def confirm(bank: Bank, intent: Thing, params: Params) -> Thing:
    """POST /v1/payment_intents/{id}/confirm."""
    params.only("payment_method", "return_url", "off_session", "receipt_email", "expand")
    return _confirmed(bank, intent, params)


def _confirmed(bank: Bank, intent: Thing, params: Params) -> Thing:
    _allow(intent, CONFIRMABLE, "confirmed")
    reference = params.text("payment_method") or intent["payment_method"]
    if reference is None:
        raise refused(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            "payment_intent_unexpected_state",
        )
    intent["_return_url"] = params.url("return_url")
    attempt(bank, intent, method_of(bank, reference))
    if intent["last_payment_error"]:
        raise declined(intent["last_payment_error"], public(intent))
    return intent


def capture(bank: Bank, intent: Thing, params: Params) -> Thing:
    """POST /v1/payment_intents/{id}/capture; what is not captured is released."""
    params.only("amount_to_capture", "metadata", "expand")
    _allow(intent, ("requires_capture",), "captured")
    amount = params.whole("amount_to_capture", least=1) or intent["amount_capturable"]
    if amount > intent["amount_capturable"]:
        raise refused(
            "The amount to capture is greater than the amount authorised.",
            "amount_too_large",
            param="amount_to_capture",
        )
    charge = bank.get("charge", intent["latest_charge"])
    charge["amount_refunded"] = charge["amount"] - amount
    _book(bank, charge, amount)
    intent |= {"status": "succeeded", "amount_capturable": 0, "amount_received": amount}
    intent["metadata"] = params.metadata(intent["metadata"])
    bank.put(intent)
    bank.emit("charge.captured", charge)
    bank.emit("payment_intent.succeeded", intent)
    return intent


def cancel(bank: Bank, intent: Thing, params: Params) -> Thing:
    """POST /v1/payment_intents/{id}/cancel; an authorisation is released."""
    reasons = ("duplicate", "fraudulent", "requested_by_customer", "abandoned")
    reason = params.only("cancellation_reason", "expand").text("cancellation_reason", of=reasons)
    _allow(intent, CANCELLABLE, "canceled")
    return close(bank, intent, reason)


def close(bank: Bank, intent: Thing, reason: str | None) -> Thing:
    """End a payment that was not made."""
    if intent["status"] == "requires_capture":
        charge = bank.get("charge", intent["latest_charge"])
        bank.put(charge | {"refunded": True, "amount_refunded": charge["amount"]})
    intent |= {
        "status": "canceled",
        "canceled_at": bank.now(),
        "cancellation_reason": reason,
        "amount_capturable": 0,
        "next_action": None,
    }
    bank.put(intent)
    bank.emit("payment_intent.canceled", intent)
    return intent


def book(bank: Bank, source: Thing, *, amount: int, fee: int, kind: str) -> Thing:
    """Record a balance transaction: what the shop's balance gains or loses."""
    details = [{"amount": fee, "currency": source["currency"], "type": "stripe_fee"}]
    return bank.put(
        {
            "id": new_id("txn"),
            "object": "balance_transaction",
            "amount": amount,
            "available_on": bank.now() + AVAILABLE_AFTER,
            "created": bank.now(),
            "currency": source["currency"],
            "description": source.get("description"),
            "exchange_rate": None,
            "fee": fee,
            "fee_details": details if fee else [],
            "net": amount - fee,
            "reporting_category": kind,
            "source": source["id"],
            "status": "pending",
            "type": kind,
        }
    )


def _new_charge(bank: Bank, intent: Thing, method: Thing) -> Thing:
    return {
        "id": new_id("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "captured": False,
        "created": bank.now(),
        "currency": intent["currency"],
        "customer": None,
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": intent["metadata"],
        "paid": True,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {"card": method["card"], "type": "card"},
        "receipt_email": intent["receipt_email"],
        "refunded": False,
        "status": "succeeded",
        "transfer_group": intent["transfer_group"],
        "_refund": cards.card_of(method["_card"]).refund,
    }


def _book(bank: Bank, charge: Thing, amount: int) -> Thing:
    booked = book(bank, charge, amount=amount, fee=fee_of(amount), kind="charge")
    charge |= {
        "captured": True,
        "amount_captured": amount,
        "balance_transaction": booked["id"],
    }
    return bank.put(charge)


def _amount(params: Params) -> int:
    amount = params.whole("amount", least=1, most=99_999_999) or 0
    if amount < SMALLEST_AMOUNT:
        raise malformed("Amount must be at least €0.50 eur", "amount", "amount_too_small")
    return amount


def _currency(params: Params) -> str:
    currency = (params.text("currency") or "").lower()
    if currency != "eur":
        raise malformed(f"Invalid currency: {currency}. This stand-in takes eur.", "currency")
    return currency


def _allow(intent: Thing, states: tuple[str, ...], verb: str) -> None:
    if intent["status"] not in states:
        message = (
            f"This PaymentIntent could not be {verb} because it has a status of "
            f"{intent['status']}. Only a PaymentIntent with one of the following statuses may "
            f"be {verb}: {', '.join(states)}."
        )
        raise refused(message, "payment_intent_unexpected_state", payment_intent=public(intent))
