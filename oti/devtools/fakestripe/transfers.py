"""Transfers to connected accounts, their reversals, and the balances they change.

A transfer with a `source_transaction` may go before that money is available, never above what
the charge still has: its amount less what was transferred from it and given back.
"""

# Messages are Stripe's own and stand where they are refused.
# ruff: noqa: EM101, EM102

from oti.devtools.fakestripe import accounts
from oti.devtools.fakestripe.errors import malformed, missing, refused
from oti.devtools.fakestripe.params import Params
from oti.devtools.fakestripe.payments import book
from oti.devtools.fakestripe.state import Bank, Thing, new_id, public

INSUFFICIENT = "balance_insufficient"


def create(bank: Bank, params: Params) -> Thing:
    """POST /v1/transfers."""
    params.only(
        "amount",
        "currency",
        "destination",
        "source_transaction",
        "transfer_group",
        "description",
        "metadata",
        "expand",
    ).need("amount", "currency", "destination")
    amount = params.whole("amount", least=1) or 0
    if (params.text("currency") or "").lower() != "eur":
        raise malformed("This stand-in takes eur.", "currency")
    destination = str(params.text("destination"))
    account = bank.find(accounts.ACCOUNT, destination)
    if account is None:
        raise missing("destination", destination, "destination")
    metadata = params.metadata()
    charge = _source(bank, params)
    if not accounts.can_receive(account):
        raise refused(
            "Your destination account needs to have at least one of the following capabilities "
            "enabled: transfers, crypto_transfers, legacy_payments",
            "insufficient_capabilities_for_transfer",
            param="destination",
        )
    if charge is not None:
        _check_source(bank, charge, amount)
    elif balance_of(bank, None)["available"] < amount:
        raise refused("You have insufficient available funds in your Stripe account.", INSUFFICIENT)
    transfer: Thing = {
        "id": new_id("tr"),
        "object": "transfer",
        "amount": amount,
        "amount_reversed": 0,
        "balance_transaction": None,
        "created": bank.now(),
        "currency": "eur",
        "description": params.text("description"),
        "destination": account["id"],
        "destination_payment": new_id("py"),
        "livemode": False,
        "metadata": metadata,
        "reversed": False,
        "source_transaction": charge["id"] if charge else None,
        "source_type": "card",
        "transfer_group": params.text("transfer_group")
        or (charge["transfer_group"] or f"group_{charge['id']}" if charge else None),
    }
    booked = book(bank, transfer, amount=-amount, fee=0, kind="transfer")
    transfer["balance_transaction"] = booked["id"]
    _credit(bank, transfer, amount, charge)
    bank.put(transfer)
    bank.emit("transfer.created", shown(bank, transfer))
    return shown(bank, transfer)


def update(bank: Bank, transfer: Thing, params: Params) -> Thing:
    """POST /v1/transfers/{id}: words only."""
    params.only("metadata", "description", "expand")
    transfer["metadata"] = params.metadata(transfer["metadata"])
    if "description" in params.values:
        transfer["description"] = params.text("description")
    bank.put(transfer)
    bank.emit("transfer.updated", shown(bank, transfer))
    return shown(bank, transfer)


def reverse(bank: Bank, transfer: Thing, params: Params) -> Thing:
    """POST /v1/transfers/{id}/reversals: never above what is left, nor what the account has."""
    params.only("amount", "description", "metadata", "expand")
    left = transfer["amount"] - transfer["amount_reversed"]
    amount = params.whole("amount", least=1) or left
    metadata = params.metadata()
    if left <= 0:
        raise refused(f"Transfer {transfer['id']} is already fully reversed.", param="id")
    if amount > left:
        raise refused(
            f"Reversal amount (€{amount / 100:.2f}) is greater than unreversed amount on transfer "
            f"(€{left / 100:.2f})",
            param="amount",
        )
    there = balance_of(bank, transfer["destination"])
    if there["available"] + there["pending"] < amount:
        raise refused(
            f"The recipient's Stripe account {transfer['destination']} has insufficient funds to "
            "reverse this transfer.",
            INSUFFICIENT,
        )
    reversal: Thing = {
        "id": new_id("trr"),
        "object": "transfer_reversal",
        "amount": amount,
        "balance_transaction": None,
        "created": bank.now(),
        "currency": "eur",
        "destination_payment_refund": new_id("pyr"),
        "metadata": metadata,
        "source_refund": None,
        "transfer": transfer["id"],
    }
    booked = book(bank, reversal, amount=amount, fee=0, kind="transfer_refund")
    reversal["balance_transaction"] = booked["id"]
    _credit(bank, transfer | {"id": reversal["id"]}, -amount, None)
    bank.put(reversal)
    transfer["amount_reversed"] += amount
    transfer["reversed"] = transfer["amount_reversed"] >= transfer["amount"]
    bank.put(transfer)
    bank.emit("transfer.reversed", shown(bank, transfer))
    return reversal


def shown(bank: Bank, transfer: Thing) -> Thing:
    """Return a transfer as the API shows it, its reversals inside."""
    url = f"/v1/transfers/{transfer['id']}/reversals"
    data = [public(one) for one in bank.all("transfer_reversal", transfer=transfer["id"])]
    listed = {"object": "list", "data": data[:10], "has_more": len(data) > 10, "url": url}
    return public(transfer) | {"reversals": listed}


def balance_of(bank: Bank, account: str | None) -> dict[str, int]:
    """Return what an account (None: the platform) has now, and what is on its way, in cents."""
    booked = [one for one in bank.all("balance_transaction") if one.get("_account") == account]
    # What leaves is gone at once, what comes is there on its day.
    is_here = [one["available_on"] <= bank.now() or one["net"] < 0 for one in booked]
    here = sum(one["net"] for one, here in zip(booked, is_here, strict=True) if here)
    coming = sum(one["net"] for one, here in zip(booked, is_here, strict=True) if not here)
    return {"available": here, "pending": coming}


def balance(bank: Bank, account: str | None, params: Params) -> Thing:
    """GET /v1/balance, of the account named by the header `Stripe-Account` or of the platform."""
    params.only("expand")
    if account is not None:
        bank.get(accounts.ACCOUNT, account, "account")
    has = balance_of(bank, account)
    return {
        "object": "balance",
        "available": [{"amount": has["available"], "currency": "eur"}],
        "livemode": False,
        "pending": [{"amount": has["pending"], "currency": "eur"}],
    }


def drain(bank: Bank, account: str) -> int:
    """Let the account's owner take everything to its bank: nothing is left to be reversed."""
    has = balance_of(bank, account)
    amount = has["available"] + has["pending"]
    source = {"id": new_id("po"), "currency": "eur", "description": "payout"}
    booked = book(bank, source, amount=-amount, fee=0, kind="payout")
    bank.put(booked | {"_account": account})
    return amount


def _credit(bank: Bank, source: Thing, amount: int, charge: Thing | None) -> None:
    """Book on the account's side; money of a charge is there when the charge's is."""
    kind = "payment" if amount > 0 else "payment_refund"
    booked = book(bank, source, amount=amount, fee=0, kind=kind)
    origin = bank.find("balance_transaction", charge["balance_transaction"]) if charge else None
    on = origin["available_on"] if origin else bank.now()
    bank.put(booked | {"_account": source["destination"], "available_on": on})


def _source(bank: Bank, params: Params) -> Thing | None:
    if not params.has("source_transaction"):
        return None
    charge = bank.get("charge", str(params.text("source_transaction")), "source_transaction")
    if charge["status"] != "succeeded" or not charge["captured"]:
        raise refused("The source transaction was not captured.", param="source_transaction")
    return charge


def _check_source(bank: Bank, charge: Thing, amount: int) -> None:
    went = bank.all("transfer", source_transaction=charge["id"])
    used = sum(one["amount"] - one["amount_reversed"] for one in went)
    released = charge["amount"] - charge["amount_captured"]
    back = charge["amount_refunded"] - released
    left = charge["amount_captured"] - used - back
    if amount > left:
        raise refused(
            "Transfers using this transaction as a source must not exceed the source amount of "
            f"€{charge['amount_captured'] / 100:.2f}. (There is €{left / 100:.2f} left.)",
            param="amount",
        )
