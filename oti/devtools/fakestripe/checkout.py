"""Checkout Sessions: one payment page for a whole basket, open until paid or expired."""

# Messages are Stripe's own and stand where they are refused.
# ruff: noqa: EM101, EM102

from oti.devtools.fakestripe import cards, payments
from oti.devtools.fakestripe.errors import malformed, refused
from oti.devtools.fakestripe.params import Params
from oti.devtools.fakestripe.state import Bank, Thing, new_id

SHORTEST = 30 * 60
LONGEST = 24 * 60 * 60
MOST_LINES = 100
LOCALES = ("auto", "de", "en", "es", "fr", "it", "nl")


def create(bank: Bank, params: Params) -> Thing:
    """POST /v1/checkout/sessions with `mode=payment` and lines that carry their price."""
    params.only(
        "mode",
        "line_items",
        "success_url",
        "cancel_url",
        "customer_email",
        "client_reference_id",
        "expires_at",
        "locale",
        "metadata",
        "payment_intent_data",
        "allowed_payment_method_types",
        "payment_method_types",
        "submit_type",
        "expand",
    ).need("mode", "line_items", "success_url")
    if params.text("mode") != "payment":
        raise malformed("This stand-in only knows mode=payment.", "mode")
    lines = [_line(line) for line in params.each("line_items")]
    if len(lines) > MOST_LINES:
        raise malformed(f"At most {MOST_LINES} line items.", "line_items")
    total = sum(line["amount_total"] for line in lines)
    if 0 < total < payments.SMALLEST_AMOUNT:
        message = "The Checkout Session's total amount due must add up to at least €0.50 eur"
        raise malformed(message, "line_items", "amount_too_small")
    data = params.inside("payment_intent_data").only(
        "metadata", "transfer_group", "description", "receipt_email", "capture_method"
    )
    created = bank.now()
    session_id = new_id("cs_test", 58)
    session: Thing = {
        "id": session_id,
        "object": "checkout.session",
        "amount_subtotal": total,
        "amount_total": total,
        "automatic_tax": {"enabled": False, "status": None},
        "cancel_url": params.url("cancel_url"),
        "client_reference_id": params.text("client_reference_id", longest=200),
        "created": created,
        "currency": "eur",
        "customer": None,
        "customer_details": None,
        "customer_email": params.text("customer_email", longest=800),
        "expires_at": _deadline(params, created),
        "livemode": False,
        "locale": params.text("locale", of=LOCALES),
        "metadata": params.metadata(),
        "mode": "payment",
        "payment_intent": None,
        "payment_method_types": ["card"],
        "payment_status": "unpaid" if total else "no_payment_required",
        "status": "open",
        "submit_type": params.text("submit_type", of=("auto", "book", "donate", "pay")),
        "success_url": params.url("success_url"),
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": f"{bank.config.public_url}/c/pay/{session_id}",
        "_lines": lines,
        "_intent": {
            "metadata": data.metadata(),
            "transfer_group": data.text("transfer_group"),
            "description": data.text("description"),
            "receipt_email": data.text("receipt_email"),
            "capture_method": data.text("capture_method", of=("automatic", "manual"))
            or "automatic_async",
        },
    }
    return bank.put(session, due=session["expires_at"])


def update(bank: Bank, session: Thing, params: Params) -> Thing:
    """POST /v1/checkout/sessions/{id}: the metadata only."""
    session["metadata"] = params.only("metadata", "expand").metadata(session["metadata"])
    return bank.put(session, due=session["expires_at"] if session["status"] == "open" else None)


def expire(bank: Bank, session: Thing, params: Params) -> Thing:
    """POST /v1/checkout/sessions/{id}/expire: only an open one."""
    params.only("expand")
    if session["status"] != "open":
        message = (
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout '
            f"Session has a status of `{session['status']}`."
        )
        raise refused(message)
    return close(bank, session)


def close(bank: Bank, session: Thing) -> Thing:
    """End a session that nobody paid, and the payment begun in it."""
    session |= {"status": "expired", "url": None}
    bank.put(session)
    if session["payment_intent"]:
        payments.close(bank, bank.get("payment_intent", session["payment_intent"]), "automatic")
    bank.emit("checkout.session.expired", session)
    return session


def pay(
    bank: Bank, session: Thing, *, number: str, expiry: tuple[int, int], name: str, email: str
) -> Thing:
    """Try a card on an open session and return its payment; one that is over is left alone."""
    method = payments.new_method(
        bank, cards.digits_of(number), name=name, exp_month=expiry[0], exp_year=expiry[1]
    )
    intent = bank.find("payment_intent", session["payment_intent"] or "")
    if intent is None:
        begun = session["_intent"] | {"_session": session["id"]}
        intent = payments.new_intent(bank, amount=session["amount_total"], currency="eur", **begun)
    intent["_return_url"] = f"{bank.config.public_url}/c/pay/{session['id']}"
    address = session["customer_email"] or email
    session |= {
        "payment_intent": intent["id"],
        "_customer": {"email": address, "name": name, "phone": None, "address": None},
    }
    bank.put(session, due=session["expires_at"])
    return finish(bank, session, payments.attempt(bank, intent, method))


def finish(bank: Bank, session: Thing, intent: Thing | None) -> Thing:
    """Complete a session whose payment was made, or that costs nothing."""
    held = intent is None or intent["status"] in ("succeeded", "requires_capture")
    if held and session["status"] == "open":
        session |= {
            "status": "complete",
            "url": None,
            "customer_details": session.get("_customer"),
        }
        if intent is not None and intent["status"] == "succeeded":
            session["payment_status"] = "paid"
        bank.put(session)
        bank.emit("checkout.session.completed", session)
    return intent or {}


def _line(params: Params) -> Thing:
    params.only("price_data", "quantity").need("price_data", "quantity")
    price = params.inside("price_data").only("currency", "unit_amount", "product_data")
    product = price.need("currency", "unit_amount", "product_data").inside("product_data")
    name = product.only("name", "description", "metadata").need("name").text("name", longest=250)
    currency = (price.text("currency") or "").lower()
    if currency != "eur":
        raise malformed("This stand-in takes eur.", price.named("currency"))
    quantity = params.whole("quantity", least=1, most=999_999) or 1
    unit = price.whole("unit_amount", least=0, most=99_999_999) or 0
    amount = unit * quantity
    return {
        "id": new_id("li"),
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": "eur",
        "description": name,
        "price": {"currency": "eur", "id": new_id("price"), "object": "price", "unit_amount": unit},
        "quantity": quantity,
    }


def _deadline(params: Params, created: int) -> int:
    deadline = params.whole("expires_at") or created + LONGEST
    rule = ""
    if deadline < created + SHORTEST:
        rule = "at least 30 minutes"
    elif deadline > created + LONGEST:
        rule = "less than 24 hours"
    if rule:
        message = f"The `expires_at` timestamp must be {rule} from Checkout Session creation."
        raise malformed(message, "expires_at")
    return deadline
