"""The payment page people see: card form, bank's confirmation, paid, expired. No JavaScript."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from oti.devtools.fakestripe import cards, checkout, payments
from oti.devtools.fakestripe.params import URL
from oti.devtools.fakestripe.state import Bank, Thing
from oti.devtools.fakestripe.texts import choose_language, clock, money, say

STYLE = (Path(__file__).parent / "page.css").read_bytes()
SHOWN_CARDS = (
    ("4242 4242 4242 4242", "c_paid"),
    ("4000 0025 0000 3155", "c_challenge"),
    ("4000 0000 0000 0002", "c_declined"),
    ("4000 0000 0000 9995", "c_funds"),
    ("4000 0000 0000 0069", "c_expired"),
)


@dataclass(frozen=True)
class Page:
    """What to send: a page, or where to go."""

    status: int
    html: str = ""
    location: str = ""


@dataclass
class Typed:
    """What was typed into the form and what is wrong with it, by field."""

    values: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    status: int = 200


def show(bank: Bank, session_id: str, accepted: str) -> Page:
    """GET /c/pay/{session}."""
    session = bank.find("checkout.session", session_id)
    if session is None:
        return unknown(bank, accepted)
    language = choose_language(session["locale"], accepted)
    if session["status"] != "open":
        return _over(bank, session, language)
    intent = bank.find("payment_intent", session["payment_intent"] or "")
    failure = intent["last_payment_error"] if intent else None
    errors = _refusal(failure, language) if failure else {}
    return _form(bank, session, language, Typed(errors=errors))


def pay(bank: Bank, session_id: str, sent: dict[str, str], accepted: str) -> Page:
    """POST /c/pay/{session}: pays once, however often the button is pressed."""
    session = bank.find("checkout.session", session_id)
    if session is None:
        return unknown(bank, accepted)
    language = choose_language(session["locale"], accepted)
    if session["status"] == "complete":
        return Page(303, location=_success(session))
    if session["status"] != "open":
        return _over(bank, session, language)
    if session["amount_total"] == 0:
        session["_customer"] = {"email": session["customer_email"], "name": None}
        checkout.finish(bank, session, None)
        return Page(303, location=_success(session))
    typed = _read(bank, session, sent, language)
    if typed.errors:
        return _form(bank, session, language, typed)
    expiry = cards.read_expiry(typed.values["expiry"]) or (1, 2000)
    intent = checkout.pay(
        bank,
        session,
        number=typed.values["number"],
        expiry=expiry,
        name=typed.values["name"],
        email=typed.values["email"],
    )
    if intent["status"] == "requires_action":
        return Page(303, location=f"{bank.config.public_url}/c/3ds/{intent['id']}")
    failure = intent["last_payment_error"]
    if failure:
        refusal = Typed(typed.values, _refusal(failure, language), 402)
        return _form(bank, session, language, refusal)
    return Page(303, location=_success(session))


def challenge(bank: Bank, intent_id: str, accepted: str) -> Page:
    """GET /c/3ds/{payment}: the bank asks its customer to confirm."""
    intent = bank.find("payment_intent", intent_id)
    if intent is None:
        return unknown(bank, accepted)
    session = bank.find("checkout.session", intent.get("_session") or "")
    language = choose_language(session["locale"] if session else None, accepted)
    if intent["status"] != "requires_action":
        return _after(bank, intent, session)
    shop = bank.config.shop_name
    method = bank.get("payment_method", intent["payment_method"])
    text = say(
        language,
        "challenge_text",
        amount=money(language, intent["amount"]),
        shop=shop,
        last4=method["card"]["last4"],
    )
    back = session["cancel_url"] if session else None
    abandon = say(language, "abandon", shop=shop)
    body = f"""<section class="sheet" aria-labelledby="title">
<p class="bank" aria-hidden="true"></p>
<h1 id="title">{escape(say(language, "challenge"))}</h1>
<p>{escape(text)}</p>
<form method="post" class="choices">
<button class="main" name="answer" value="accept">{escape(say(language, "accept"))}</button>
<button class="second" name="answer" value="refuse">{escape(say(language, "refuse"))}</button>
</form>
{f'<p><a href="{escape(back)}">{escape(abandon)}</a></p>' if back else ""}
</section>"""
    return Page(200, frame(language, say(language, "challenge"), body))


def answer_challenge(bank: Bank, intent_id: str, sent: dict[str, str], accepted: str) -> Page:
    """POST /c/3ds/{payment} with `answer` = accept or refuse."""
    intent = bank.find("payment_intent", intent_id)
    if intent is None:
        return unknown(bank, accepted)
    payments.answer_challenge(bank, intent, accepted=sent.get("answer") == "accept")
    session = bank.find("checkout.session", intent.get("_session") or "")
    if session:
        checkout.finish(bank, session, intent)
    return _after(bank, intent, session)


def front(accepted: str) -> Page:
    """GET /: the cards to play with."""
    language = choose_language(None, accepted)
    title = say(language, "cards")
    body = f"""<section class="sheet" aria-labelledby="title">
<h1 id="title">{escape(title)}</h1>{_samples(language)}</section>"""
    return Page(200, frame(language, title, body))


def unknown(bank: Bank, accepted: str) -> Page:
    """No such page."""
    return _notice(choose_language(None, accepted), "unknown", "", bank, status=404)


def _after(bank: Bank, intent: Thing, session: Thing | None) -> Page:
    if session and session["status"] == "complete":
        return Page(303, location=_success(session))
    back = intent.get("_return_url") or f"{bank.config.public_url}/"
    if session is None:
        joint = "&" if "?" in back else "?"
        back = f"{back}{joint}payment_intent={intent['id']}"
    return Page(303, location=back)


def _success(session: Thing) -> str:
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def _over(bank: Bank, session: Thing, language: str) -> Page:
    if session["status"] == "complete":
        amount = money(language, session["amount_total"])
        return _notice(language, "paid", _success(session), bank, amount=amount)
    return _notice(language, "expired", session["cancel_url"] or "", bank, status=410)


def _notice(
    language: str, name: str, back: str, bank: Bank, *, status: int = 200, amount: str = ""
) -> Page:
    title, shop = say(language, name), bank.config.shop_name
    text = say(language, f"{name}_text", shop=shop, amount=amount)
    label = escape(say(language, "back", shop=shop))
    link = f'<p><a class="main" href="{escape(back)}">{label}</a></p>' if back else ""
    body = f"""<section class="sheet" aria-labelledby="title">
<h1 id="title">{escape(title)}</h1><p>{escape(text)}</p>{link}</section>"""
    return Page(status, frame(language, title, body))


def _refusal(failure: Thing, language: str) -> dict[str, str]:
    """Return what the bank said, by the field it speaks of."""
    reason = failure.get("decline_code") or failure["code"]
    place = {"expired_card": "expiry", "incorrect_cvc": "cvc"}.get(reason, "number")
    return {place: say(language, reason)}


def _read(bank: Bank, session: Thing, sent: dict[str, str], language: str) -> Typed:
    names = ("email", "number", "expiry", "cvc", "name")
    values = {name: sent.get(name, "").strip()[:200] for name in names}
    wrong: list[tuple[str, str]] = []
    if not session["customer_email"] and not re.fullmatch(r"[^@\s]+@[^@\s]+", values["email"]):
        wrong.append(("email", "e_email"))
    if not cards.is_card_number(cards.digits_of(values["number"])):
        wrong.append(("number", "e_number"))
    expiry = cards.read_expiry(values["expiry"])
    today = datetime.fromtimestamp(bank.now(), UTC)
    if expiry is None:
        wrong.append(("expiry", "e_expiry"))
    elif (expiry[1], expiry[0]) < (today.year, today.month):
        wrong.append(("expiry", "e_expired"))
    if not re.fullmatch(r"[0-9]{3,4}", values["cvc"]):
        wrong.append(("cvc", "e_cvc"))
    if not values["name"]:
        wrong.append(("name", "e_name"))
    errors = {name: say(language, text) for name, text in wrong}
    return Typed(values, errors, 422 if errors else 200)


def _form(bank: Bank, session: Thing, language: str, typed: Typed) -> Page:
    def t(name: str, **values: object) -> str:
        return escape(say(language, name, **values))

    amount = money(language, session["amount_total"])
    shop = bank.config.shop_name
    free = session["amount_total"] == 0
    fields = "" if free else _fields(session, language, typed)
    email = session["customer_email"]
    shown_email = (
        f'<dl class="email"><dt>{t("email")}</dt><dd>{escape(email)}</dd></dl>' if email else ""
    )
    back = session["cancel_url"]
    back_link = (
        f'<p class="back"><a href="{escape(back)}"><span aria-hidden="true">←</span> '
        f"{t('back', shop=shop)}</a></p>"
        if back and URL.match(back)
        else ""
    )
    reference = session["client_reference_id"]
    body = f"""<div class="columns">
<section class="order" aria-labelledby="title">
{back_link}
<h1 id="title">{t("pay_to", shop=shop)}</h1>
<p class="amount">{escape(amount)}</p>
<h2>{t("reference", ref=reference) if reference else t("your_order")}</h2>
<ul class="lines">{"".join(_line(line, language) for line in session["_lines"])}</ul>
<p class="sum"><span>{t("total")}</span> <strong>{escape(amount)}</strong></p>
</section>
<section class="sheet" aria-labelledby="card">
<h2 id="card">{t("by_card")}</h2>
{_summary(language, typed)}
{shown_email}
<form method="post" novalidate>
{fields}
<button class="main">{t("confirm_free") if free else t("pay", amount=amount)}</button>
</form>
<p class="quiet">{t("open_until", time=clock(session["expires_at"]))}</p>
<details><summary>{t("cards")}</summary>{_samples(language)}</details>
</section>
</div>"""
    prefix = f"{say(language, 'error_prefix')} : " if typed.errors else ""
    title = prefix + say(language, "title") + " · " + shop
    return Page(typed.status, frame(language, title, body))


def _samples(language: str) -> str:
    rows = "".join(
        f'<tr><th scope="row">{number}</th><td>{escape(say(language, what))}</td></tr>'
        for number, what in SHOWN_CARDS
    )
    return f"<p>{escape(say(language, 'cards_how'))}</p><table>{rows}</table>"


def _line(line: Thing, language: str) -> str:
    several = ""
    if line["quantity"] > 1:
        unit = money(language, line["price"]["unit_amount"])
        text = say(language, "quantity", n=line["quantity"], unit=unit)
        several = f"<small>{escape(text)}</small>"
    cost = escape(money(language, line["amount_total"]))
    return f"<li><span>{escape(line['description'])}{several}</span><span>{cost}</span></li>"


def _summary(language: str, typed: Typed) -> str:
    if not typed.errors:
        return ""
    items = "".join(
        f'<li><a href="#{name}">{escape(text)}</a></li>' for name, text in typed.errors.items()
    )
    title = escape(say(language, "problems"))
    return (
        '<div class="problems" role="alert" tabindex="-1" autofocus>'
        f"<h3>{title}</h3><ul>{items}</ul></div>"
    )


def _fields(session: Thing, language: str, typed: Typed) -> str:
    def one(name: str, attributes: str, hint: str = "") -> str:
        error = typed.errors.get(name)
        # The security code is never written back.
        value = "" if name == "cvc" else typed.values.get(name, "")
        notes = [
            f'<p class="hint" id="{name}-hint">{escape(say(language, hint))}</p>' if hint else "",
            f'<p class="wrong" id="{name}-error">{escape(error)}</p>' if error else "",
        ]
        ids = f"{f'{name}-hint' if hint else ''} {f'{name}-error' if error else ''}".strip()
        described = f' aria-describedby="{ids}"' if ids else ""
        return (
            f'<div class="field {name}"><label for="{name}">{escape(say(language, name))}</label>'
            f'{notes[0]}<input id="{name}" name="{name}" value="{escape(value)}" {attributes}'
            f"{described}{' aria-invalid=true' if error else ''} required>{notes[1]}</div>"
        )

    digits = (
        'type="text" inputmode="numeric" autocomplete="cc-{}" maxlength="{}" spellcheck="false"'
    )
    fields = [
        one("number", digits.format("number", 23), "number_hint"),
        '<div class="pair">',
        one("expiry", digits.format("exp", 9), "expiry_hint"),
        one("cvc", digits.format("csc", 4), "cvc_hint"),
        "</div>",
        one("name", 'type="text" autocomplete="cc-name" maxlength="120"'),
    ]
    if not session["customer_email"]:
        fields.insert(0, one("email", 'type="email" autocomplete="email" maxlength="200"'))
    return "\n".join(fields)


def frame(language: str, title: str, body: str) -> str:
    """Return a whole page around its body."""
    return f"""<!doctype html>
<html lang="{language}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><meta name="color-scheme" content="light dark">
<title>{escape(title)}</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="/assets/page.css"></head>
<body><header><p class="demo">{escape(say(language, "demo"))}</p></header>
<main>{body}</main></body></html>
"""
