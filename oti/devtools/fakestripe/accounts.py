"""Connected accounts (Accounts v2), the links to their page of papers, and what the papers change.

An account begins restricted: it may receive transfers once its owner has given its papers. The
metadata `standin_papers` = `given` stands for an owner who did so at once.
"""

# Messages are Stripe's own and stand where they are refused.
# ruff: noqa: EM101, EM102

from datetime import UTC, datetime
from typing import Any

from oti.devtools.fakestripe.errors import malformed, refused
from oti.devtools.fakestripe.params import Params
from oti.devtools.fakestripe.state import Bank, Thing, new_id, public

ACCOUNT = "v2.core.account"
LINK = "v2.core.account_link"
CAPABILITY_EVENT = "v2.core.account[configuration.recipient].capability_status_updated"
LINK_LIVES = 5 * 60
DASHBOARDS = ("express", "full", "none")
INCLUDABLE = ("configuration.recipient", "defaults", "identity", "requirements")
ENTITIES = ("company", "government_entity", "individual", "non_profit")
# status, code and resolution of the one capability we sell through
WAITING = ("restricted", "requirements_past_due", "provide_info")
GIVEN = ("active", "", "")
REJECTED = ("rejected", "rejected_other", "contact_stripe")


def create(bank: Bank, params: Params) -> Thing:
    """POST /v2/core/accounts with the recipient's configuration."""
    params.only(
        "contact_email",
        "display_name",
        "dashboard",
        "defaults",
        "identity",
        "configuration",
        "metadata",
        "include",
    )
    include = _included(params)
    dashboard = params.text("dashboard", of=DASHBOARDS)
    if dashboard == "express":
        params.need("contact_email")
    identity = params.inside("identity").only("country", "entity_type")
    defaults = params.inside("defaults").only("currency", "responsibilities", "locales")
    responsibilities = defaults.inside("responsibilities").only(
        "fees_collector", "losses_collector"
    )
    is_requested = _asks_for_transfers(params)
    if is_requested:
        identity.need("country")
        if dashboard is not None:
            responsibilities.need("fees_collector", "losses_collector")
    metadata = params.metadata()
    account: Thing = {
        "id": new_id("acct", 16),
        "object": ACCOUNT,
        "applied_configurations": ["recipient"] if is_requested else [],
        "closed": False,
        "contact_email": params.text("contact_email", longest=800),
        "created": instant(bank.now()),
        "dashboard": dashboard,
        "display_name": params.text("display_name", longest=250),
        "livemode": False,
        "metadata": metadata,
        "_defaults": {
            "currency": "eur",
            "responsibilities": {
                name: responsibilities.text(name, of=("application", "stripe"))
                for name in ("fees_collector", "losses_collector")
            },
        },
        "_identity": {
            "country": (identity.text("country") or "").lower() or None,
            "entity_type": identity.text("entity_type", of=ENTITIES),
        },
        "_transfers": [],
    }
    if is_requested:
        account["_transfers"] = list(
            GIVEN if metadata.get("standin_papers") == "given" else WAITING
        )
    bank.put(account)
    bank.emit_thin("v2.core.account.created", account)
    return shown(account, include)


def retrieve(bank: Bank, account_id: str, params: Params) -> Thing:
    """GET /v2/core/accounts/{id}: configuration, identity… only where they are asked for."""
    include = _included(params.only("include"))
    return shown(bank.get(ACCOUNT, account_id), include)


def create_link(bank: Bank, params: Params) -> Thing:
    """POST /v2/core/account_links: the page where an owner gives its papers, for some minutes."""
    params.only("account", "use_case").need("account", "use_case")
    account = bank.get(ACCOUNT, str(params.text("account")), "account")
    case = params.inside("use_case").only("type", "account_onboarding").need("type")
    case.text("type", of=("account_onboarding",))
    flow = case.need("account_onboarding").inside("account_onboarding")
    flow.only("configurations", "collection_options", "refresh_url", "return_url")
    flow.need("refresh_url")
    token = new_id("link", 40)
    expires_at = bank.now() + LINK_LIVES
    link: Thing = {
        "id": token,
        "object": LINK,
        "account": account["id"],
        "refresh_url": flow.url("refresh_url"),
        "return_url": flow.url("return_url"),
        "expires_at": expires_at,
        "is_used": False,
    }
    bank.put(link)
    return {
        "object": LINK,
        "account": account["id"],
        "created": instant(bank.now()),
        "expires_at": instant(expires_at),
        "livemode": False,
        "url": f"{bank.config.public_url}/c/papers/{token}",
        "use_case": {
            "type": "account_onboarding",
            "account_onboarding": {
                "refresh_url": link["refresh_url"],
                "return_url": link["return_url"],
            },
        },
    }


def is_open(bank: Bank, link: Thing) -> bool:
    """Whether the page of this link may still be answered."""
    return not link["is_used"] and link["expires_at"] > bank.now()


def answer_papers(bank: Bank, account: Thing, *, accepted: bool) -> Thing:
    """Settle the papers of an account: it may be paid from now on, or it is refused."""
    wanted = list(GIVEN if accepted else REJECTED)
    if not account["_transfers"]:
        raise refused("This account has no recipient configuration.")
    if account["_transfers"] != wanted:
        account["_transfers"] = wanted
        bank.put(account)
        bank.emit_thin(CAPABILITY_EVENT, account)
    return account


def can_receive(account: Thing) -> bool:
    """Whether transfers may go to this account."""
    return bool(account["_transfers"]) and account["_transfers"][0] == "active"


def shown(account: Thing, include: list[str]) -> Thing:
    """Return the account as the API shows it, with the parts that were asked for."""
    answer = public(account)
    status, code, resolution = account["_transfers"] or ("unsupported", "", "")
    details = [{"code": code, "resolution": resolution}] if code else []
    recipient = {
        "applied": bool(account["_transfers"]),
        "capabilities": {
            "stripe_balance": {"stripe_transfers": {"status": status, "status_details": details}}
        },
    }
    entries = [{"description": "papers", "awaiting_action_from": "user"}]
    answer["configuration"] = (
        {"customer": None, "merchant": None, "recipient": recipient}
        if "configuration.recipient" in include
        else None
    )
    answer["defaults"] = account["_defaults"] if "defaults" in include else None
    answer["identity"] = account["_identity"] if "identity" in include else None
    answer["requirements"] = (
        {"entries": entries if status == "restricted" else []}
        if "requirements" in include
        else None
    )
    return answer


def instant(moment: int) -> str:
    """Return a Unix moment as the second version of the API writes it."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _asks_for_transfers(params: Params) -> bool:
    configuration = params.inside("configuration").only("recipient")
    capabilities = configuration.inside("recipient").only("capabilities").inside("capabilities")
    balance = capabilities.only("stripe_balance").inside("stripe_balance")
    transfers = balance.only("stripe_transfers").inside("stripe_transfers").only("requested")
    return transfers.flag("requested")


def _included(params: Params) -> list[str]:
    names: Any = params.values.get("include") or []
    if not isinstance(names, list):
        raise malformed("Invalid array: include", "include")
    for name in names:
        if name not in INCLUDABLE:
            raise malformed(f"Invalid include: {name}", "include")
    return [str(name) for name in names]
