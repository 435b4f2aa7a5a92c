"""What the frame of every page needs: other languages, poles, the visitor's stay.

Each part is read only where a template shows it.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from datetime import date
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.encoding import iri_to_uri
from django.utils.functional import SimpleLazyObject
from django.utils.text import capfirst
from django.utils.translation import get_language, get_language_info, override
from wagtail.models import Page

from booking.access import basket_for
from booking.basket import count_lines
from destination.menus import menus
from destination.models.pages import PolePage, VelayPage, address_below
from destination.models.territory import poles_on
from destination.templatetags.velay import office
from oti.lib.dates import today as day_of
from oti.lib.memo import remembered

# Where pages of the office are shown: some stand beside those of the poles.
OFFICES_PAGES = frozenset({"destination:page", "destination:pole"})


def page_frame(request: HttpRequest) -> dict[str, Any]:
    """Return language_links [(code, name, url)], alternate_links [(code, url)], nav_poles [{name,
    url}], menus {explore, prepare, people}, stay_badge {count, held_until} and the office; at most
    one statement for the poles, one for the menus and two for the stay, none without its cookie.
    """
    return {
        "language_links": SimpleLazyObject(lambda: language_links(request)),
        "alternate_links": SimpleLazyObject(lambda: alternate_links(request)),
        "nav_poles": SimpleLazyObject(nav_poles),
        "menus": SimpleLazyObject(menus),
        "stay_badge": SimpleLazyObject(lambda: stay_badge(request)),
        "office": office(),
    }


def language_links(request: HttpRequest) -> list[tuple[str, str, str]]:
    """Return this page in every language; the nearest page above it where it isn't translated."""
    return [
        (code, capfirst(get_language_info(code)["name_local"]), _in_language(request, code))
        for code, _name in settings.LANGUAGES
    ]


def alternate_links(request: HttpRequest) -> list[tuple[str, str]]:
    """Return [(code, url)] of the languages in which this very page exists, its own included.

    A page of the office that isn't translated names no other: search engines want each pair of
    pages to name each other (features.md S04). A page whose texts stand in for those of its
    language names none: engines keep the page of the language that they are in.
    """
    written = translations_of(request)
    if written is not None:
        return [(code, written[code]) for code, _name in settings.LANGUAGES if code in written]
    links = [(code, url) for code, _name, url in language_links(request)]
    spoken: Collection[str] | None = getattr(request, "spoken_in", None)
    if spoken is None:
        return links
    if get_language() not in spoken:
        return []
    return [(code, url) for code, url in links if code in spoken]


def translations_of(request: HttpRequest) -> dict[str, str] | None:
    """Return the addresses of a page of the office by language, None for every other page."""
    nearest = _nearest(request)
    return (
        None
        if nearest is None
        else {code: url for code, (url, is_own) in nearest.items() if is_own}
    )


def _nearest(request: HttpRequest) -> dict[str, tuple[str, bool]] | None:
    """Return, for a page of the office, its address by language and whether it is its own.

    Where the page isn't translated it is that of the nearest page above it that is.
    """
    page: VelayPage | None = getattr(request, "cms_page", None)
    match = request.resolver_match
    if page is None or match is None or match.view_name not in OFFICES_PAGES:
        return None
    # A pole has a page in every language, written or not.
    if isinstance(page, PolePage):
        return None
    known: dict[str, tuple[str, bool]] | None = getattr(request, "cms_nearest", None)
    if known is None:
        known = {}
        homes: dict[str, Page] = {}
        # Found with its translations (destination/written.py), homes first.
        for one in page.lineage:
            code = one.locale.language_code
            home = homes.setdefault(code, one)
            is_own = one.translation_key == page.translation_key
            known[code] = address_below(home, one, code), is_own
        request.cms_nearest = known  # type: ignore[attr-defined]
    return known


def _in_language(request: HttpRequest, code: str) -> str:
    """Return the address of this page in a language, of a page above it where it has none."""
    match = request.resolver_match
    nearest = _nearest(request)
    with override(code):
        if nearest is not None:
            return nearest.get(code, ("", False))[0] or reverse("destination:home")
        if match is not None and match.url_name:
            with suppress(NoReverseMatch):
                path = reverse(match.view_name, args=match.args, kwargs=match.kwargs)
                if path.startswith(f"/{code}/"):
                    query = request.META.get("QUERY_STRING", "")
                    return f"{path}?{iri_to_uri(query)}" if query else path
        return reverse("destination:home")


class NavLink(NamedTuple):
    """A line of the menu."""

    name: str
    url: str


def nav_poles() -> tuple[NavLink, ...]:
    """Return the poles of the perimeter in force, for the menu."""
    return _nav_poles(day_of(timezone.now()))


@remembered(most=8)
def _nav_poles(day: date) -> tuple[NavLink, ...]:
    return tuple(
        NavLink(one.name, reverse("destination:pole", args=[one.slug])) for one in poles_on(day)
    )


def stay_badge(request: HttpRequest) -> dict[str, Any]:
    """Return how many lines the visitor's stay has and until when they are held."""
    basket = basket_for(request)
    if basket is None:
        return {"count": 0, "held_until": None}
    held_until = basket.shown_until(timezone.now())
    return {"count": count_lines(basket), "held_until": held_until}
