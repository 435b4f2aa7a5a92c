"""The thread of a stay: its days, its lines and the journeys between them.

Written here as the parts of every page are (destination/templatetags/part_tags.py): a line cost
half a millisecond as a template.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, time
from typing import Any

from django import template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from destination.templatetags.part_tags import alert, price, status_badge
from destination.templatetags.velay import (
    card_image,
    euros,
    heure,
    hidden_fields,
    icon,
    jour_long,
    jour_semaine,
    typo,
)

register = template.Library()


@register.simple_tag
def day_bead(day: date) -> SafeString:
    """Write the bead of a day: its number for the eye, the whole day for readers."""
    return mark_safe(
        f'<h2><b aria-hidden="true">{day.day}</b><span><span class="vh">{jour_long(day)}</span>'
        f'<span aria-hidden="true">{jour_semaine(day)}</span></span></h2>'
    )


@register.simple_tag
def journey_row(row: Mapping[str, Any]) -> SafeString:
    """Show a journey between two things of the stay: {time, icon, text, amount}."""
    paid = f'<b class="num">{euros(row["amount"])}</b>' if row.get("amount") else ""
    return mark_safe(
        f'<li class="it it--leg">{_hour(row["time"])}<p>{icon(row.get("icon") or "route")}'
        f"<span>{typo(row['text'])}</span>{paid}</p></li>"
    )


@register.simple_tag
def line_row(row: Mapping[str, Any], *, readonly: bool = False, csrf_token: str = "") -> SafeString:
    """Show a line of the stay.

    `row`: {id, kind (stay, do, event, warn), time, when (words instead of an hour), title, lang
    (where it is not the reader's), url, note, options [words], image, illustration, price {amount,
    note, before, tax_on_site}, price_label (instead of a sum: « Sold out »), edit_url, remove_url,
    problem, actions [{label, url, fields, main}], badge {label, kind}}. `readonly`: no change, no
    removal.
    """
    name = f' id="{conditional_escape(row["id"])}"' if row.get("id") else ""
    when = conditional_escape(row.get("when") or "")
    moment = _hour(row["time"]) if row.get("time") else f'<span class="when">{when}</span>'
    title = typo(row["title"])
    if row.get("url"):
        title = f'<a href="{conditional_escape(row["url"])}">{title}</a>'
    spoken = row.get("lang")
    lang = f' lang="{conditional_escape(spoken)}"' if spoken else ""
    acts = "" if readonly else _acts(row, csrf_token)
    return mark_safe(
        f'<li class="it it--{conditional_escape(row["kind"])}"{name}>{moment}<div class="itc">'
        f"{card_image(row.get('image'), row.get('illustration') or '')}"
        f'<div class="itb"><h3{lang}>{title}</h3>{"".join(_words(row))}{acts}</div>'
        f"{_paid(row)}</div></li>"
    )


def _hour(moment: time) -> str:
    """Write an hour on the wall clock of Paris."""
    return f'<time datetime="{moment:%H:%M}">{heure(moment)}</time>'


def _words(row: Mapping[str, Any]) -> Iterable[str]:
    """Yield what stands under the title."""
    if row.get("note"):
        yield f'<p class="muted small">{typo(row["note"])}</p>'
    if row.get("options"):
        options = conditional_escape(", ".join(map(str, row["options"])))
        words = gettext("Options: %(options)s") % {"options": options}
        yield f'<p class="muted small">{words}</p>'
    if row.get("badge"):
        badge = row["badge"]
        yield f"<p>{status_badge(label=badge['label'], kind=badge.get('kind', ''))}</p>"
    if row.get("problem"):
        yield alert(kind="warning", text=row["problem"], small=True)


def _acts(row: Mapping[str, Any], csrf_token: str) -> str:
    title = f'<span class="vh"> {conditional_escape(row["title"])}</span>'
    change, remove = gettext("Change"), gettext("Remove")
    acts = [
        f'<form method="post" action="{conditional_escape(one["url"])}" data-once>'
        f"{hidden_fields(one.get('fields') or (), csrf_token)}"
        f'<button class="btn {"" if one.get("main") else "btn--ghost "}btn--sm" type="submit">'
        f"{conditional_escape(one['label'])}</button></form>"
        for one in row.get("actions") or ()
    ]
    if row.get("edit_url"):
        acts.append(
            f'<a class="btn btn--ghost btn--sm" href="{conditional_escape(row["edit_url"])}">'
            f"{icon('pencil')} {change}{title}</a>"
        )
    if row.get("remove_url"):
        acts.append(
            f'<form method="post" action="{conditional_escape(row["remove_url"])}">'
            f"{hidden_fields((), csrf_token)}"
            f'<button class="btn btn--ghost btn--sm" type="submit">{icon("trash-2")} '
            f"{remove}{title}</button></form>"
        )
    return f'<div class="act">{" ".join(acts)}</div>'


def _paid(row: Mapping[str, Any]) -> str:
    asked = row.get("price") or {}
    if row.get("price_label"):
        note = f"<small>{typo(asked['note'])}</small>" if asked.get("note") else ""
        return f'<p class="price">{conditional_escape(row["price_label"])}{note}</p>'
    if not asked:
        return ""
    return price(
        asked.get("amount"),
        note=asked.get("note"),
        before=asked.get("before"),
        tax_on_site=asked.get("tax_on_site"),
    )
