"""One search over what the office wrote, what is sold and what is on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from booking.site_search import search_offers
from destination.site_search import search_pages
from destination.words import A_VIEW, Asked, Found, asked
from events.site_search import search_events

# Of each kind, before one of them is chosen: twelve in all at most (N35).
FIRST_ONES = 4
LAST_PAGE = 50
KINDS: dict[str, Promise] = {
    "offers": _("To book"),
    "pages": _("To read"),
    "events": _("To go to"),
}


@require_safe
def site_search(request: HttpRequest) -> HttpResponse:
    """Show what is found, by kind; one kind page by page where `kind` names it."""
    what = asked(request.GET.get("q", ""), get_language() or "fr")
    kind = request.GET.get("kind", "")
    kinds = [kind] if kind in KINDS else list(KINDS)
    page = _page_asked(request) if kind in KINDS else 1
    size = A_VIEW if kind in KINDS else FIRST_ONES
    is_alike = False
    found = _find(what, kinds, size=size, page=page, is_alike=False)
    if what.words and not any(one.total for one in found.values()):
        is_alike = True
        found = _find(what, kinds, size=size, page=page, is_alike=True)
    groups = [
        {
            "name": KINDS[name],
            "hits": one.hits,
            "total": one.total,
            "all_url": _address(what, name) if one.total > len(one.hits) else "",
        }
        for name, one in found.items()
        if one.total
    ]
    context: dict[str, Any] = {
        "text": what.text,
        "is_asked": bool(what.words),
        "is_alike": is_alike and bool(groups),
        "groups": groups,
        "kind": kind if kind in KINDS else "",
        "everything_url": _address(what, ""),
        "pages": _pages(what, kind, page, found.get(kind)),
    }
    return render(request, "search.html", context)


def _find(
    what: Asked, kinds: list[str], *, size: int, page: int, is_alike: bool
) -> dict[str, Found]:
    now = timezone.now()
    given: dict[str, Any] = {"is_alike": is_alike, "size": size, "offset": (page - 1) * size}
    ways: dict[str, Callable[[], Found]] = {
        "offers": lambda: search_offers(what, **given, now=now),
        "pages": lambda: search_pages(what, **given),
        "events": lambda: search_events(what, **given, now=now),
    }
    return {name: ways[name]() for name in kinds}


def _page_asked(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 1
    return min(max(number, 1), LAST_PAGE)


def _address(what: Asked, kind: str, page: int = 1) -> str:
    query = {"q": what.text} | ({"kind": kind} if kind else {})
    query |= {"page": str(page)} if page > 1 else {}
    return f"{reverse('site-search')}?{urlencode(query)}"


def _pages(what: Asked, kind: str, page: int, found: Found | None) -> dict[str, Any]:
    if kind not in KINDS or found is None:
        return {"total": 1}
    total = min(max(-(-found.total // A_VIEW), page), LAST_PAGE)
    return {
        "number": page,
        "total": total,
        "previous_url": _address(what, kind, page - 1) if page > 1 else "",
        "next_url": _address(what, kind, page + 1) if page < total else "",
    }
