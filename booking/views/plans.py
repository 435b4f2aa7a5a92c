"""What pages show of a stay that nobody holds yet: its thread, its total, what takes it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.core import signing
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from booking import cards, showing
from booking.access import basket_for
from booking.forms.composing import line_fields
from booking.models import Basket, Offer
from booking.packages import standing_of
from booking.pictures import covers
from booking.planning import Part, Party, view_parts
from booking.stay_view import BasketView, EntryView
from destination.spoken import language_of
from oti.lib.codes import secret_token

ADOPT_SALT = "booking.adopt"
# As long as a page may stay open.
KEY_SECONDS = 60 * 60 * 24
More = Callable[[Part], dict[str, Any]]


def thread_of(
    parts: Sequence[Part], party: Party, *, query: str, more: More
) -> tuple[BasketView, list[dict[str, Any]]]:
    """Return a stay in the making and its days for `booking/parts/plan_thread.html`.

    `more` gives what the page adds to the row of a part: words, links, choices.
    """
    view = view_parts(parts, party)
    part_of = {id(part.line): part for part in parts}
    images = covers(part.offer for part in parts)
    days = []
    for day in view.days:
        rows = []
        for entry in day.entries:
            part = part_of[id(entry.view.line)]
            rows.append(_row(entry, part, images, query=query, more=more))
        days.append({"date": day.day, "rows": rows})
    return view, days


def _row(entry: EntryView, part: Part, images: Any, *, query: str, more: More) -> dict[str, Any]:
    if entry.is_departure:
        text = _("Leave %(title)s by this hour") % {"title": part.offer.title}
        return {"kind": "leg", "time": entry.time, "icon": "house", "text": text}
    quote = part.quote
    return {
        "kind": part.offer.kind_rules.bead,
        "time": entry.time,
        "title": part.offer.title,
        "lang": language_of(part.offer, "title"),
        "url": showing.offer_url(part.offer, f"?{query}" if query else ""),
        "note": showing.line_note(entry.view),
        "image": images.get(part.offer.pk),
        "illustration": part.offer.illustration,
        "price": {
            "amount": quote.total,
            "note": showing.tax_note(quote),
            "tax_on_site": quote.tourist_tax_on_site,
        },
        **more(part),
    }


def total_box(view: BasketView, *, now: datetime) -> dict[str, Any]:
    """Return the total with its rows, and how the stay stands before the law of packages."""
    standing = standing_of(view, language=get_language() or "fr", now=now)
    return {
        "is_package": standing.is_package,
        "obstacles": [one.message for one in standing.obstacles],
        "rows": showing.total_rows(view),
        "total": view.total,
        "tax": view.tourist_tax,
        "tax_on_site": view.tourist_tax_on_site,
        "providers": _providers_words(view.providers_count),
    }


def _providers_words(count: int) -> str:
    text = ngettext(
        "One payment, for %(count)s host or maker.",
        "One payment, for %(count)s hosts and makers.",
        count,
    )
    return text % {"count": count}


def adopt_form(
    request: HttpRequest, parts: Sequence[Part], party: Party, *, back: str
) -> dict[str, Any]:
    """Return the form that takes a stay: its lines as they are shown, who comes, where to return.

    Pressed twice by somebody who has no basket yet, it must not open two: the key of the one to
    be opened goes with the form, sealed for this browser alone.
    """
    fields = [*line_fields(parts, party), *cards.party_fields(party.guests()), ("back", back)]
    if basket_for(request) is None:
        fields.append(("key", signing.dumps(secret_token(), salt=_salt(request))))
    return {"url": reverse("booking:stay-adopt"), "fields": fields}


def basket_of_key(request: HttpRequest, sealed: str, *, language: str) -> Basket | None:
    """Return the basket that a form was to open, None for a key that isn't this browser's."""
    try:
        token = signing.loads(sealed, salt=_salt(request), max_age=KEY_SECONDS)
    except signing.BadSignature:
        return None
    basket, _is_new = Basket.objects.get_or_create(token=token, defaults={"language": language})
    return basket if basket.state != Basket.State.ORDERED else None


def _salt(request: HttpRequest) -> str:
    """Return the salt of this browser's keys: a page that somebody else kept opens nothing."""
    get_token(request)
    secret = str(request.META.get("CSRF_COOKIE", ""))
    return f"{ADOPT_SALT}:{hashlib.sha256(secret.encode()).hexdigest()}"


def hosts_of(offers: Sequence[Offer]) -> list[dict[str, Any]]:
    """Return who offers the parts of a stay, each once, in the order of the stay."""
    found: dict[int, dict[str, Any]] = {}
    for offer in offers:
        host = found.setdefault(
            offer.provider_id,
            {
                "name": offer.provider.host_names or offer.provider.name,
                "place": offer.commune.name,
                "offers": [],
            },
        )
        if offer.title not in host["offers"]:
            host["offers"].append(offer.title)
    return [{**host, "offers": ", ".join(host["offers"])} for host in found.values()]
