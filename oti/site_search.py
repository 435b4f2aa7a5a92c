"""One search over the site's own sections, what is sold, what the office wrote and what is on.

First whatever has every word; then, a word that nothing has being read as the known one most like
it; then what has some of the words, the most of them first. The page says which.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from booking.site_search import offer_words, search_offers
from destination.site_search import page_words, search_pages
from destination.words import A_VIEW, NOT_WORDS, Asked, Found, asked, known_words
from events.site_search import event_words, search_events
from oti.search_sections import search_sections, section_words

# Of each kind, before one of them is chosen: twelve in all at most (N35).
FIRST_ONES = 4
LAST_PAGE = 50
SECTIONS = "sections"
KINDS: dict[str, Promise] = {
    "offers": _("To book"),
    "pages": _("To read"),
    "events": _("To go to"),
}


class Answer(NamedTuple):
    """What was found by kind; whether for some of the words, or for words that look like them."""

    found: dict[str, Found]
    is_some: bool = False
    is_alike: bool = False

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing of any kind."""
        return not any(one.total for one in self.found.values())


@require_safe
def site_search(request: HttpRequest) -> HttpResponse:
    """Show what is found, by kind; one kind page by page where `kind` names it."""
    what = asked(request.GET.get("q", ""), get_language() or "fr")
    kind = request.GET.get("kind", "")
    kinds = [kind] if kind in KINDS else [SECTIONS, *KINDS]
    page = _page_asked(request) if kind in KINDS else 1
    size = A_VIEW if kind in KINDS else FIRST_ONES
    answer = _answer(what, kinds, size=size, page=page)
    groups = [
        {
            "name": KINDS.get(name, _("On this site")),
            "hits": one.hits,
            "total": one.total,
            "all_url": _address(what, name) if one.total > len(one.hits) else "",
        }
        for name, one in answer.found.items()
        if one.total
    ]
    context: dict[str, Any] = {
        "text": what.text,
        "is_asked": bool(what.words),
        "is_alike": answer.is_alike and bool(groups),
        "is_some": answer.is_some and bool(groups),
        "groups": groups,
        "kind": kind if kind in KINDS else "",
        "everything_url": _address(what, ""),
        "pages": _pages(what, kind, page, answer.found.get(kind)),
    }
    return render(request, "search.html", context)


def _answer(what: Asked, kinds: list[str], *, size: int, page: int) -> Answer:
    """Return the first of the ways to read the words that finds something."""
    if not what.words:
        return Answer({})
    first = Answer(_find(what, kinds, size=size, page=page, is_some=False))
    if not first.is_empty:
        return first
    known = [False] * len(what.words)
    some = first
    if len(what.words) > 1:
        some = Answer(_find(what, kinds, size=size, page=page, is_some=True), is_some=True)
        known = _known(what, some.found)
    near = what.nearer([rank for rank, is_known in enumerate(known) if not is_known], _vocabulary())
    if near == what:
        return some
    found = _find(near, kinds, size=size, page=page, is_some=False)
    answer = Answer(found, is_alike=True)
    if answer.is_empty and len(what.words) > 1:
        found = _find(near, kinds, size=size, page=page, is_some=True)
        answer = Answer(found, is_some=True)
    return some if answer.is_empty else answer


def _known(what: Asked, found: dict[str, Found]) -> list[bool]:
    """Return, for each word, whether anything has it."""
    tellings = [one.known for one in found.values() if one.known]
    return [any(known[rank] for known in tellings) for rank in range(len(what.words))]


def _vocabulary() -> set[str]:
    """Return the words that are known in the active language; they are remembered."""
    language = get_language() or "fr"
    return {
        *known_words(language),
        *section_words(language),
        *offer_words(language),
        *page_words(language),
        *event_words(language),
    } - NOT_WORDS


def _find(
    what: Asked, kinds: list[str], *, size: int, page: int, is_some: bool
) -> dict[str, Found]:
    now = timezone.now()
    given: dict[str, Any] = {"is_some": is_some, "size": size, "offset": (page - 1) * size}
    ways: dict[str, Callable[[], Found]] = {
        SECTIONS: lambda: search_sections(what, is_some=is_some),
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
