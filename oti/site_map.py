"""The whole site on one page: its lists, what the office wrote as a tree, help and legal texts."""

from __future__ import annotations

from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from wagtail.models import Page

from destination.models import HomePage
from oti.lib.memo import remembered

DEPTH_OF_HOME = 2
# A tree of the office has some dozens of pages; one that was filled by mistake must not be shown.
MOST = 600


class Place(NamedTuple):
    """A page and the pages below it."""

    name: str
    url: str
    below: list[Place]


@require_safe
def site_map(request: HttpRequest) -> HttpResponse:
    """Show every list and every published page of the language; one statement for the pages."""
    context = {"lists": _lists(), "written": written_tree()}
    return render(request, "site_map.html", context)


def _lists() -> list[Place]:
    named = [
        (_("Where to stay"), "booking:stays"),
        (_("Things to do"), "booking:experiences"),
        (_("Ready-made stays"), "booking:ready-stays"),
        (_("Compose my stay"), "booking:compose"),
        (_("Meet a greeter"), "booking:greeters"),
        (_("Invite your friends"), "booking:ambassadors"),
        (_("What’s on"), "events:agenda"),
        (_("Map of the Velay"), "booking:map"),
        (_("Search this site"), "site-search"),
        (_("My stay"), "booking:my-stay"),
        (_("Find my booking"), "booking:find-order"),
        (_("How offers are ranked"), "booking:ranking"),
        (_("Do you welcome visitors?"), "booking:host"),
        (_("The letter of the Velay"), "booking:letter"),
    ]
    return [Place(str(name), reverse(address), []) for name, address in named]


@remembered()
def written_tree() -> list[Place]:
    """Return the published pages below the home of the active language, each with those below."""
    home = HomePage.objects.live().filter(locale__language_code=get_language()).first()
    if home is None:
        return []
    pages = Page.objects.live().descendant_of(home).order_by("path")
    rows = pages.values_list("depth", "title", "url_path")[:MOST]
    top: list[Place] = []
    # The list that a page of this depth goes into; a page below one that isn't published is
    # shown where that one would be.
    open_lists: dict[int, list[Place]] = {home.depth + 1: top}
    for depth, title, url_path in rows:
        own = max(known for known in open_lists if known <= depth)
        for known in [one for one in open_lists if one > own]:
            del open_lists[known]
        address = reverse("destination:page", args=[url_path.removeprefix(home.url_path)])
        place = Place(title, address, [])
        open_lists[own].append(place)
        open_lists[depth + 1] = place.below
    return top
