"""The API under /v1 and /v2: who may ask, who answers, replays, lists and expansion."""

# Messages are Stripe's own and stand where they are refused.
# ruff: noqa: EM101, EM102

import base64
import contextlib
import hashlib
import json
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from oti.devtools.fakestripe import accounts, checkout, payments, refunds, transfers
from oti.devtools.fakestripe.errors import ApiError, malformed
from oti.devtools.fakestripe.params import Params, parse_form, parse_json
from oti.devtools.fakestripe.state import API_VERSION, Bank, Origin, Thing, new_id, public

LONGEST_KEY = 255
REPLAY_SECONDS = 24 * 3600
COLLECTIONS = {
    "checkout/sessions": "checkout.session",
    "payment_intents": "payment_intent",
    "payment_methods": "payment_method",
    "charges": "charge",
    "refunds": "refund",
    "balance_transactions": "balance_transaction",
    "events": "event",
    "transfers": "transfer",
    "disputes": "dispute",
}
PARAM_OF = {"checkout.session": "session", "payment_intent": "intent", "balance_transaction": "id"}
FILTERS = {
    "checkout.session": ("payment_intent", "status"),
    "payment_intent": ("customer",),
    "charge": ("payment_intent", "transfer_group"),
    "refund": ("payment_intent", "charge"),
    "balance_transaction": ("source", "type"),
    "event": ("type",),
    "transfer": ("destination", "transfer_group"),
    "dispute": ("charge", "payment_intent"),
}
BOUNDS = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}
EXPANDABLE = {
    "payment_intent": "payment_intent",
    "latest_charge": "charge",
    "charge": "charge",
    "balance_transaction": "balance_transaction",
    "failure_balance_transaction": "balance_transaction",
    "payment_method": "payment_method",
    "source_transaction": "charge",
}
CREATE: dict[str, Callable[[Bank, Params], Thing]] = {
    "checkout/sessions": checkout.create,
    "payment_intents": payments.create,
    "refunds": refunds.create,
    "transfers": transfers.create,
}
# (collection, action) of POST on one object; the empty action is its update.
ACT: dict[tuple[str, str], Callable[[Bank, Thing, Params], Thing]] = {
    ("checkout/sessions", ""): checkout.update,
    ("checkout/sessions", "expire"): checkout.expire,
    ("payment_intents", ""): payments.update,
    ("payment_intents", "confirm"): payments.confirm,
    ("payment_intents", "capture"): payments.capture,
    ("payment_intents", "cancel"): payments.cancel,
    ("refunds", ""): refunds.update,
    ("transfers", ""): transfers.update,
    ("transfers", "reversals"): transfers.reverse,
}
ROUTE = re.compile(
    rf"/v1/(?P<many>{'|'.join(COLLECTIONS)})(?:/(?P<id>[^/]+)(?:/(?P<action>[a-z_]+))?)?"
)


@dataclass(frozen=True)
class Reply:
    """An answer of the API: HTTP status, JSON body, headers."""

    status: int
    body: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Request:
    """What came in: `form` is the query of a GET, the body of a POST."""

    method: str
    path: str
    form: str
    authorization: str
    idempotency_key: str
    account: str = ""


def answer(bank: Bank, request: Request) -> Reply:
    """Answer one request."""
    request_id = new_id("req", 14)
    shown = {"Request-Id": request_id, "Stripe-Version": API_VERSION}
    path = request.path
    key = request.idempotency_key if request.method == "POST" else ""
    if key:
        shown["Idempotency-Key"] = key
    try:
        with bank.transaction():
            _check_key(bank, request.authorization)
            is_json = path.startswith("/v2/") and request.method == "POST"
            values = parse_json(request.form) if is_json else parse_form(request.form)
            replay = _replay(bank, key, path, values) if key else None
            if replay:
                return Reply(replay.status, replay.body, shown | replay.headers)
            bank.origin = Origin(request_id, key or None)
            try:
                sweep(bank)
                reply = Reply(200, _dump(_route(bank, request, values)), shown)
                if key:
                    _remember(bank, reply, path, values)
            except ApiError as error:
                if key and error.keep:
                    _remember(bank, Reply(error.status, _dump(error.body), shown), path, values)
                raise
            finally:
                bank.origin = Origin()
    except ApiError as error:
        return Reply(error.status, _dump(error.body), shown)
    return reply


def sweep(bank: Bank) -> None:
    """Do what the clock asks for: expire sessions, settle refunds."""
    with bank.transaction():
        for thing in bank.due():
            if thing["object"] == "checkout.session":
                checkout.close(bank, thing)
            elif thing["object"] == "refund":
                refunds.settle(bank, thing)


def prune(bank: Bank) -> None:
    """Forget the replies whose keys have lived 24 hours."""
    with bank.transaction():
        bank.db.execute("delete from replies where at < ?", [bank.now() - REPLAY_SECONDS])


def _check_key(bank: Bank, header: str) -> None:
    scheme, _, given = header.partition(" ")
    if scheme == "Basic":
        with contextlib.suppress(ValueError):
            given = base64.b64decode(given).decode().partition(":")[0]
    wanted = bank.config.secret_key
    if not given:
        message = (
            "You did not provide an API key. You need to provide your API key in the "
            "Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_KEY')."
        )
        raise ApiError(401, "invalid_request_error", message)
    if given != wanted if wanted else not given.startswith(("sk_test_", "rk_test_")):
        message = f"Invalid API Key provided: {given[:8]}{'*' * 8}{given[-4:]}"
        raise ApiError(401, "invalid_request_error", message)


def _route(bank: Bank, request: Request, values: dict[str, Any]) -> Thing:
    params, method, path = Params(values), request.method, request.path
    connect = _route_connect(bank, request, params)
    if connect is not None:
        return connect
    found = ROUTE.fullmatch(path.rstrip("/"))
    if found and method in ("GET", "POST"):
        many, object_id, action = found["many"], found["id"], found["action"] or ""
        kind = COLLECTIONS[many]
        if object_id is None and method == "GET":
            return _list(bank, kind, path, params)
        if object_id is None and many in CREATE:
            return _expand(bank, CREATE[many](bank, params), params)
        if object_id and method == "GET" and action in ("", "line_items"):
            thing = bank.get(kind, object_id, PARAM_OF.get(kind, kind))
            if action == "" or kind == "checkout.session":
                params.only("expand", *(("limit", "starting_after") if action else ()))
                if action:
                    return _page(thing["_lines"], path, params)
                return _expand(bank, thing, params)
        if object_id and method == "POST" and (many, action) in ACT:
            thing = bank.get(kind, object_id, PARAM_OF.get(kind, kind))
            return _expand(bank, ACT[many, action](bank, thing, params), params)
    message = f"Unrecognized request URL ({method}: {path}). This stand-in doesn't know it."
    raise ApiError(404, "invalid_request_error", message)


def _route_connect(bank: Bank, request: Request, params: Params) -> Thing | None:
    """Answer what is about connected accounts; None for everything else."""
    method, parts = request.method, request.path.strip("/").split("/")
    match (method, *parts):
        case ("POST", "v2", "core", "accounts"):
            return accounts.create(bank, params)
        case ("GET", "v2", "core", "accounts", account_id):
            return accounts.retrieve(bank, account_id, params)
        case ("POST", "v2", "core", "account_links"):
            return accounts.create_link(bank, params)
        case ("GET", "v2", "core", "events", event_id):
            return bank.get("v2.core.event", event_id)
        case ("GET", "v1", "balance"):
            return transfers.balance(bank, request.account or None, params)
        case ("GET", "v1", "transfers", transfer_id):
            return _expand(bank, transfers.shown(bank, bank.get("transfer", transfer_id)), params)
        case ("GET", "v1", "transfers", transfer_id, "reversals"):
            params.only("limit", "starting_after", "ending_before", "expand")
            bank.get("transfer", transfer_id)
            rows = bank.all("transfer_reversal", transfer=transfer_id)
            return _page([public(one) for one in rows], request.path, params)
    return None


# --- lists and expansion ---------------------------------------------------------------------
def _list(bank: Bank, kind: str, path: str, params: Params) -> Thing:
    filters = FILTERS.get(kind, ())
    params.only("limit", "starting_after", "ending_before", "created", "types", "expand", *filters)
    wanted = {name: params.text(name) for name in filters if params.has(name)}
    things = bank.all(kind, **wanted)
    if kind == "balance_transaction":
        things = [t for t in things if t.get("_account") is None]
    types = params.values.get("types")
    if types:
        things = [t for t in things if t["type"] in types]
    created = params.inside("created").only(*BOUNDS)
    for name, holds in BOUNDS.items():
        bound = created.whole(name)
        if bound is not None:
            things = [t for t in things if holds(t["created"], bound)]
    read = transfers.shown if kind == "transfer" else lambda _, thing: public(thing)
    page = _page([read(bank, t) for t in things], path, params)
    tails = [name.removeprefix("data.") for name in _expansions(params)]
    page["data"] = [_expanded(bank, t, tails) for t in page["data"]]
    return page


def _page(things: list[Thing], path: str, params: Params) -> Thing:
    limit = params.whole("limit", least=1, most=100) or 10
    ids = [t["id"] for t in things]
    start, end = 0, len(things)
    if params.has("starting_after"):
        start = _place(ids, params, "starting_after") + 1
    if params.has("ending_before"):
        end = _place(ids, params, "ending_before")
        start = max(0, end - limit)
    shown = things[start:end][:limit]
    more = start > 0 if params.has("ending_before") else start + len(shown) < len(things)
    return {"object": "list", "data": shown, "has_more": more, "url": path}


def _place(ids: list[str], params: Params, name: str) -> int:
    value = str(params.text(name))
    if value not in ids:
        raise malformed(f"No such object: '{value}'", name, "resource_missing")
    return ids.index(value)


def _expansions(params: Params) -> list[str]:
    names = params.values.get("expand") or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise malformed("Invalid array: expand", "expand")
    return names


def _expand(bank: Bank, thing: Thing, params: Params) -> Thing:
    return _expanded(bank, thing, _expansions(params))


def _expanded(bank: Bank, thing: Thing, names: list[str]) -> Thing:
    """Return a copy whose named fields hold objects instead of ids."""
    shown = public(thing)
    for name in names:
        head, _, tail = name.partition(".")
        if thing["object"] == "checkout.session" and head == "line_items":
            lines = bank.get("checkout.session", thing["id"])["_lines"]
            url = f"/v1/checkout/sessions/{thing['id']}/line_items"
            shown[head] = {"object": "list", "data": lines, "has_more": False, "url": url}
        elif head in EXPANDABLE and head in shown:
            inner = shown[head]
            if isinstance(inner, str):
                inner = public(bank.get(EXPANDABLE[head], inner))
            shown[head] = _expanded(bank, inner, [tail]) if inner and tail else inner
        else:
            message = f"This property cannot be expanded ({head})."
            raise malformed(message, "expand")
    return shown


# --- Idempotency-Key -----------------------------------------------------------------------
def _fingerprint(values: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _replay(bank: Bank, key: str, path: str, values: dict[str, Any]) -> Reply | None:
    """Return the answer first given under this key; refuse another request under it."""
    if len(key) > LONGEST_KEY:
        raise malformed(f"Idempotency keys hold {LONGEST_KEY} characters.")
    row = bank.db.execute(
        "select path, fingerprint, status, body, request from replies where key=? and at>=?",
        [key, bank.now() - REPLAY_SECONDS],
    ).fetchone()
    if row is None:
        return None
    first_path, fingerprint, status, body, request_id = row
    other = f" Try using a key other than '{key}' if you meant to execute a different request."
    if first_path != path:
        message = (
            "Keys for idempotent requests can only be used for the same endpoint they were "
            f"first used for ('{path}' vs '{first_path}')."
        )
        raise ApiError(400, "idempotency_error", message + other)
    if fingerprint != _fingerprint(values):
        message = (
            "Keys for idempotent requests can only be used with the same parameters they were "
            "first used with."
        )
        raise ApiError(400, "idempotency_error", message + other)
    return Reply(status, body, {"Idempotent-Replayed": "true", "Original-Request": request_id})


def _remember(bank: Bank, reply: Reply, path: str, values: dict[str, Any]) -> None:
    key, request_id = reply.headers["Idempotency-Key"], reply.headers["Request-Id"]
    bank.db.execute(
        "insert or replace into replies values (?, ?, ?, ?, ?, ?, ?)",
        [key, path, _fingerprint(values), reply.status, reply.body, request_id, bank.now()],
    )


def _dump(body: dict[str, Any]) -> str:
    return json.dumps(body, indent=2, ensure_ascii=False)
