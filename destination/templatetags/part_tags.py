"""Notices, sums, the pole of an offer, cards of a list: parts that a page shows again and again.

Written here as `add_form` is (destination/templatetags/velay.py): as templates within templates a
card cost two thirds of a millisecond, a sum alone a tenth (oti/decisions/0010-speed.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django import template
from django.template.defaultfilters import capfirst
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext, pgettext

from destination.templatetags.velay import (
    add_form,
    card_image,
    duree,
    euros,
    heure,
    icon,
    jour,
    pole_colour,
    typo,
)
from oti.lib.html import bound

register = template.Library()


@register.simple_tag
def pole_tag(pole: Any) -> SafeString:
    """Name the pole of an offer ({slug, name, colour}); its colour never goes without the name."""
    if not pole:
        return SafeString("")
    name = pole["name"] if isinstance(pole, Mapping) else pole.name
    colour = pole_colour(pole) or "plain"
    return mark_safe(f'<span class="tag tag--{colour}">{conditional_escape(name)}</span>')


@register.simple_tag
def price(
    amount: Decimal | int | str | None,
    *,
    note: str | None = "",
    tax_on_site: Decimal | str | None = None,
    before: Decimal | str | None = None,
    large: bool = False,
    from_price: bool | str = False,
) -> SafeString:
    """Write a sum that is what is charged, in euros.

    `note` says for what (« 7 nights, all included »), `tax_on_site` what is due to the host
    beside it, `before` an older sum (struck); `from_price` says that it may be more.
    """
    parts = [f'<p class="price num{" price--lg" if large else ""}">']
    if before:
        heard = pgettext("price", "before:")
        parts.append(f'<s><span class="vh">{heard} </span>{euros(before)}</s> ')
    if from_price:
        least = pgettext("price", "from")
        parts.append(f'<span class="small">{least}</span> ')
    parts.append(capfirst(gettext("free of charge")) if amount == 0 else euros(amount))
    if note:
        parts.append(f"<small>{typo(note)}</small>")
    if tax_on_site:
        tax = gettext("tourist tax on site: %(tax)s") % {"tax": euros(tax_on_site, "exact")}
        parts.append(f"<small>{tax}</small>")
    parts.append("</p>")
    return mark_safe("".join(parts))


@register.simple_tag
def breakdown(
    rows: Iterable[Mapping[str, Any]],
    *,
    total: Decimal | str | None = None,
    total_label: str = "",
    tax_on_site: Decimal | str | None = None,
    tax_to_confirm: bool = False,
    small: bool = False,
) -> SafeString:
    """Write an itemised price, every sum with its cents.

    `rows`: [{label, note, amount}]; `tax_on_site` stands beside the total.
    """
    lines = [
        _sum(f"{typo(row['label'])}{_small(typo(row.get('note') or ''))}", row.get("amount"))
        for row in rows or ()
    ]
    if total not in {None, ""}:
        lines.append(_sum(typo(total_label) if total_label else gettext("Total"), total, "t"))
    if tax_on_site:
        doubt = gettext("to be confirmed") if tax_to_confirm else ""
        label = gettext("Tourist tax, paid on site")
        lines.append(_sum(f"{label}{_small(doubt)}", tax_on_site))
    css = "lines num small" if small else "lines num"
    return mark_safe(f'<dl class="{css}">{"".join(lines)}</dl>')


def _sum(label: str, amount: Any, css: str = "") -> str:
    opening = f'<div class="{css}">' if css else "<div>"
    return f"{opening}<dt>{label}</dt><dd>{euros(amount, 'exact')}</dd></div>"


def _small(words: str) -> str:
    return f"<small>{words}</small>" if words else ""


# --- Notices and states ---
ALERTS = {
    "success": ("alert--ok", "circle-check"),
    "warning": ("alert--warn", "triangle-alert"),
    "danger": ("alert--danger", "circle-alert"),
    "error": ("alert--danger", "circle-alert"),
}
BADGES = {"ok": "circle-check", "warn": "clock", "danger": "ban"}


@register.simple_tag
def alert(
    *, text: Any = "", kind: str = "", title: str = "", small: bool = False, css: str = ""
) -> SafeString:
    """Write a notice; `kind`: info, success, warning, danger or error, info if none is given."""
    colour, symbol = ALERTS.get(kind, ("", "info"))
    named = " ".join(filter(None, ["alert", colour, "alert--sm" if small else "", css]))
    heading = f"<p><b>{typo(title)}</b></p>" if title else ""
    return mark_safe(
        f'<div class="{conditional_escape(named)}">{icon(symbol)}'
        f"<div>{heading}<p>{typo(text)}</p></div></div>"
    )


@register.simple_tag
def status_badge(*, label: Any, kind: str = "") -> SafeString:
    """Say the state of an order, a line or a payment; `kind`: ok, warn, danger, info, plain."""
    symbol = BADGES.get(kind, "info")
    css = conditional_escape(kind or "plain")
    return mark_safe(
        f'<span class="tag tag--{css}">{icon(symbol)} {conditional_escape(label)}</span>'
    )


# --- The header ---
@register.simple_tag
def language_items(
    links: Iterable[tuple[str, str, str]], shown: str, *, others: bool = False
) -> SafeString:
    """Write a page's languages [(code, name, url)] as lines; `others` leaves out the one shown."""
    symbol = f"{icon('globe')} " if others else ""
    here = ' aria-current="true"'
    return mark_safe(
        "".join(
            f'<li><a href="{conditional_escape(url)}" hreflang="{code}" lang="{code}"'
            f"{here if code == shown else ''}>{symbol}"
            f"{conditional_escape(name)}</a></li>"
            for code, name, url in links
            if not (others and code == shown)
        )
    )


# --- Cards ---
@register.simple_tag
def card_lodging(
    card: Mapping[str, Any],
    *,
    heading: str = "h3",
    csrf_token: str = "",
) -> SafeString:
    """Show a place to sleep in a list.

    `card`: {title, lang (where it is not the reader's), url, image, illustration, pole, place,
    facts [(icon, text)], badges [{text, kind, icon}], left, price {amount, note, tax_on_site}, add,
    see (words of what the card leads to, where nothing is added), id}. `left`: units left when few.
    """
    place = card.get("place")
    meta = _fact("map-pin", typo(place)) if place else ""
    left = (
        ngettext(
            "Only %(left)s left on these dates", "Only %(left)s left on these dates", card["left"]
        )
        % {"left": card["left"]}
        if card.get("left")
        else ""
    )
    foot = _foot(card, csrf_token, is_main=True)
    return _card(card, meta + _facts(card), left, foot, heading=heading)


@register.simple_tag
def card_experience(
    card: Mapping[str, Any],
    *,
    heading: str = "h3",
    csrf_token: str = "",
) -> SafeString:
    """Show something to live in a list: activity, workshop, meal, ticket.

    `card` as for `card_lodging`, with {minutes, day, hour, min_age}; `left`: places left when few.
    """
    meta = []
    if card.get("place"):
        meta.append(_fact("map-pin", typo(card["place"])))
    if card.get("day"):
        hour = f", {heure(card['hour'])}" if card.get("hour") else ""
        meta.append(_fact("calendar-days", f"{jour(card['day'])}{hour}"))
    if card.get("minutes"):
        meta.append(_fact("clock", duree(card["minutes"])))
    if card.get("min_age"):
        age = card["min_age"]
        words = ngettext("from %(age)s year", "from %(age)s years", age) % {"age": age}
        meta.append(_fact("users", bound(words)))
    left = (
        bound(
            ngettext("%(left)s place left", "%(left)s places left", card["left"])
            % {"left": card["left"]}
        )
        if card.get("left")
        else ""
    )
    foot = _foot(card, csrf_token, is_main=False)
    return _card(card, "".join(meta) + _facts(card), left, foot, heading=heading)


def _card(card: Mapping[str, Any], meta: str, left: str, foot: str, *, heading: str) -> SafeString:
    known = card.get("id")
    name = f' id="{conditional_escape(known)}"' if known else ""
    spoken = card.get("lang")
    lang = f' lang="{conditional_escape(spoken)}"' if spoken else ""
    picture = card_image(card.get("image"), card.get("illustration") or "")
    badges = " ".join(map(_badge, card.get("badges") or ()))
    few = f'<span class="tag tag--sun">{icon("clock")} {left}</span>' if left else ""
    return mark_safe(
        f'<article class="card"{name}>'
        f"<figure>{picture}{pole_tag(card.get('pole'))}</figure>"
        f'<div class="b"><{heading} class="card-t"><a href="{conditional_escape(card["url"])}"'
        f"{lang}>{typo(card['title'])}</a></{heading}>"
        f'<p class="meta">{meta}</p>{badges}{few}<div class="p">{foot}</div></div></article>'
    )


def _fact(symbol: str, words: str) -> str:
    return f"<span>{icon(symbol)}{words}</span> "


def _facts(card: Mapping[str, Any]) -> str:
    """Write the other facts; `icon` draws nothing that isn't its name."""
    return "".join(_fact(name, conditional_escape(text)) for name, text in card.get("facts") or ())


def _badge(badge: Mapping[str, Any]) -> str:
    kind = conditional_escape(badge.get("kind") or "info")
    symbol = icon(badge["icon"]) if badge.get("icon") else ""
    return f'<span class="tag tag--{kind}">{symbol} {conditional_escape(badge["text"])}</span>'


def _foot(card: Mapping[str, Any], csrf_token: str, *, is_main: bool) -> str:
    """Write the price, and what adds the offer or where the card leads."""
    asked = card.get("price")
    paid = (
        price(
            asked.get("amount"),
            note=asked.get("note"),
            tax_on_site=asked.get("tax_on_site"),
            from_price=asked.get("from_price", False),
        )
        if asked
        else ""
    )
    if card.get("add"):
        return f"{paid} {add_form(card['add'], card['title'], csrf_token, main=is_main)}"
    words = conditional_escape(card.get("see") or gettext("See"))
    return f'{paid} <span class="btn btn--2 btn--sm" aria-hidden="true">{words}</span>'
