"""What pages of dates repeat: the days of a month, the rows of slots.

Written here because a page has two dozen of each: as templates each cost half a millisecond.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from html import escape
from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext, pgettext

from destination.templatetags.velay import add_form, euros, heure, jour_long, mois, typo

register = template.Library()


@register.simple_tag
def month_rows(weeks: Sequence[Sequence[dict[str, Any] | None]]) -> SafeString:
    """Write the weeks of a month as rows of a table; see `components/calendar_month.html`."""
    words = {
        "from": pgettext("calendar", "arrival"),
        "to": pgettext("calendar", "departure"),
        "in": gettext("in your stay"),
        "full": pgettext("calendar", "sold out"),
        "closed": pgettext("calendar", "closed"),
        "past": pgettext("calendar", "past"),
        "arrival": gettext("free, arrival possible"),
        "free": gettext("free, no arrival that day"),
    }
    month = mois(next((day["date"] for week in weeks for day in week if day), None))
    said = {state: escape(f" {month}, {one}") for state, one in words.items()}
    rows = ("".join(f"<td>{_month_day(day, said)}</td>" for day in week) for week in weeks)
    return mark_safe("".join(f"<tr>{row}</tr>" for row in rows))


def _month_day(day: dict[str, Any] | None, said: dict[str, str]) -> str:
    """Write one day, escaped; a link where it can be chosen."""
    if day is None:
        return ""
    state, chosen = day["state"], day.get("selection", "")
    css = f"d d--{state}"
    words = said[state]
    if day.get("is_arrival"):
        css += " d--arrival"
        words = said["arrival"] if state == "free" else words
    tag, link, mark = "span", "", ""
    if day.get("url"):
        tag, link = "a", f' href="{escape(day["url"])}"'
    if chosen:
        css, words, mark = f"{css} d--{chosen}", said[chosen], ' aria-current="date"'
    if day.get("reason"):
        words += escape(f": {day['reason']}")
    return (
        f'<{tag}{link} class="{css}"{mark}>{day["date"].day}<span class="vh">{words}</span></{tag}>'
    )


@lru_cache(maxsize=256, typed=True)
def _status(words: str, _language: str | None) -> str:
    """Write what is left of a slot: the same few words on every page."""
    return typo(words)


@register.simple_tag
def slot_row(
    slot: dict[str, Any], day: date, csrf_token: str, *, shows_day: bool = False
) -> SafeString:
    """Write one date: its hours, what is left, its button; `shows_day` below the name of its month.

    `slot`: {id, starts_at, ends_at, words, kind, is_full, add}, and `lower` (amount, usual) where a
    proposal lowers its price.
    """
    begins = escape(heure(slot["starts_at"]))
    until = gettext("until %(hour)s") % {"hour": heure(slot["ends_at"])}
    shown = f"<b>{escape(capfirst(jour_long(day, 'no-year')))}</b>" if shows_day else ""
    form = ""
    if slot["add"]:
        when = gettext("%(day)s, %(hour)s") % {"day": jour_long(day, "no-year"), "hour": begins}
        form = add_form(slot["add"], when, csrf_token)
    price = ""
    if "lower" in slot:
        amount, usual = (escape(euros(one)) for one in slot["lower"])
        before = escape(pgettext("price", "before:"))
        price = f'<b class="num"><s><span class="vh">{before} </span>{usual}</s> {amount}</b>'
    left = _status(slot["words"], get_language())
    full = ' class="full-session"' if slot["is_full"] else ""
    return mark_safe(
        f'<li id="{slot["id"]}"{full}><div class="row">{shown}<b class="num">{begins}</b>'
        f'<span class="muted small num">{escape(until)}</span>'
        f'<span class="tag tag--{slot["kind"]}">{left}</span>{price}</div>{form}</li>'
    )
