"""What an ambassador recommends: a page of this site, found by its address, shown while it lasts.

Offers, ready-made stays, events and pages of the office; never anything outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import get_language, override
from wagtail.models import Page

from booking.models import Offer, ReadyStay
from booking.refusals import BadInput, trouble
from booking.relations.ambassadors import Place
from booking.showing import offer_url
from destination.written import page_at
from events.models import Event

OFFERS = frozenset({"booking:stay-offer", "booking:experience-offer"})
READY, EVENT, PAGE = "booking:ready-stay", "events:event", "destination:page"
OFFER = "offer"


@dataclass(frozen=True)
class ShownPlace:
    """One recommended page as it is now; `words` are the ambassador's."""

    kind: str
    title: str
    url: str
    place: str
    words: str
    # How a form names it.
    key: str
    is_there: bool = True


def place_at(address: str, words: str, *, now: datetime) -> Place:
    """Return the page of this site that somebody recommends by its address.

    Raises BadInput `place_unknown` for anything else, also what isn't shown any more.
    """
    path = _path_of(address)
    for code, _name in settings.LANGUAGES:
        # An address is in its own language, whatever that of the reader.
        with override(code):
            found = _found(path, words)
        if found is not None:
            return found
    raise BadInput(trouble("place_unknown", field="address"))


def shown_places(rows: Iterable[Mapping[str, str]], *, query: str = "") -> list[ShownPlace]:
    """Return recommended pages as they are now, in their order; what is gone says so.

    `query` is added to the addresses of what is added to a stay by itself: who brought the friend.
    """
    listed = list(rows)
    wanted = {kind: [one["slug"] for one in listed if one["url_name"] == kind] for kind in KINDS}
    known = {kind: read(wanted[kind]) for kind, read in KINDS.items() if wanted[kind]}
    shown = []
    for one in listed:
        kind, slug = one["url_name"], one["slug"]
        title, url, place = known.get(kind, {}).get(slug, (one["title"], "", ""))
        if url and kind in {OFFER, EVENT}:
            url += query
        shown.append(ShownPlace(kind, title, url, place, one["words"], f"{kind} {slug}", bool(url)))
    return shown


def _path_of(address: str) -> str:
    """Return the path of an address of this site, "" for any other."""
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return ""
    own = urlsplit(settings.BASE_URL).netloc
    is_ours = not parts.netloc or parts.netloc == own
    path = unquote(parts.path)
    return f"{path.rstrip('/')}/" if is_ours and path.startswith("/") else ""


def _found(path: str, words: str) -> Place | None:
    try:
        match = resolve(path)
    except Resolver404:
        return None
    name, slug = match.view_name, str(match.kwargs.get("slug", ""))
    if name in OFFERS:
        return _place(OFFER, slug, _offers([slug]), words)
    if name == READY:
        return _place(READY, slug, _ready([slug]), words)
    if name == EVENT:
        return _place(EVENT, slug, _events([slug]), words)
    if name == PAGE:
        page = page_at(str(match.kwargs["path"]))
        if page is not None:
            key = str(page.translation_key)
            return Place(PAGE, key, page.title, words)
    return None


def _place(
    kind: str, slug: str, known: Mapping[str, tuple[str, str, str]], words: str
) -> Place | None:
    return Place(kind, slug, known[slug][0], words) if slug in known else None


def _offers(slugs: Iterable[str]) -> dict[str, tuple[str, str, str]]:
    rows = Offer.objects.published().filter(slug__in=slugs).select_related("commune")
    return {one.slug: (one.title, offer_url(one), one.commune.name) for one in rows}


def _ready(slugs: Iterable[str]) -> dict[str, tuple[str, str, str]]:
    rows = ReadyStay.objects.published().filter(slug__in=slugs)
    return {one.slug: (one.title, reverse(READY, args=[one.slug]), "") for one in rows}


def _events(slugs: Iterable[str]) -> dict[str, tuple[str, str, str]]:
    rows = Event.objects.filter(slug__in=slugs, state=Event.State.PUBLISHED).select_related(
        "commune"
    )
    return {
        one.slug: (one.title, reverse(EVENT, args=[one.slug]), one.commune.name) for one in rows
    }


def _pages(keys: Iterable[str]) -> dict[str, tuple[str, str, str]]:
    rows = Page.objects.live().filter(translation_key__in=list(keys)).select_related("locale")
    own = get_language() or "fr"
    found: dict[str, tuple[str, str, str]] = {}
    # The reader's language last: it takes the place of the others.
    for page in sorted(rows, key=lambda one: one.locale.language_code == own):
        found[str(page.translation_key)] = (page.title, page.url or "", "")
    return found


KINDS: dict[str, Any] = {OFFER: _offers, READY: _ready, EVENT: _events, PAGE: _pages}
