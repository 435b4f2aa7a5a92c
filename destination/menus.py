"""What the frame of every page leads to of what the office wrote: menu and footer.

« Show in menus » of a page is what counts, and where the page stands: a part of the site right
below the home is in the menu of Explore, a practical page is in « Prepare », a way in for a
clientele and a part of the site further down are in « People of the Velay ».
"""

from __future__ import annotations

from typing import NamedTuple

from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import get_language
from wagtail.models import Page

from destination.models import HomePage, PersonaPage, PracticalPage, SectionPage
from oti.lib.memo import remembered

DEPTH_OF_HOME = 2
# Of each list, so that a frame never grows beyond a screen.
MOST_LINKS = 8


class MenuLink(NamedTuple):
    """A line of a menu."""

    name: str
    url: str


class Menus(NamedTuple):
    """The lines that the office's pages add to the frame, in the order of the tree."""

    explore: tuple[MenuLink, ...] = ()
    prepare: tuple[MenuLink, ...] = ()
    people: tuple[MenuLink, ...] = ()


@remembered()
def menus() -> Menus:
    """Return the lines of the active language; one statement, nothing that isn't published."""
    pages = (
        Page.objects.live()
        .filter(locale__language_code=get_language())
        .filter(Q(show_in_menus=True) | Q(depth=DEPTH_OF_HOME))
        .order_by("path")
    )
    rows = list(pages.values_list("content_type_id", "depth", "path", "url_path", "title"))
    kinds = ContentType.objects.get_for_models(HomePage, SectionPage, PracticalPage, PersonaPage)
    of_home = kinds[HomePage].pk
    home = next((row for row in rows if row[0] == of_home), None)
    if home is None:
        return Menus()
    _kind, _depth, root, begin, _title = home
    lines: dict[str, list[MenuLink]] = {"explore": [], "prepare": [], "people": []}
    for kind, depth, path, url_path, title in rows:
        name = _list_of(kind, depth, kinds)
        if not name or path == root or not path.startswith(root):
            continue
        url = reverse("destination:page", args=[url_path.removeprefix(begin)])
        lines[name].append(MenuLink(title, url))
    return Menus(**{name: tuple(links[:MOST_LINKS]) for name, links in lines.items()})


def _list_of(kind: int, depth: int, kinds: dict[type, ContentType]) -> str:
    if kind == kinds[SectionPage].pk:
        return "explore" if depth == DEPTH_OF_HOME + 1 else "people"
    if kind == kinds[PracticalPage].pk:
        return "prepare"
    return "people" if kind == kinds[PersonaPage].pk else ""
