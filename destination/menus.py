"""What the frame of every page leads to of what the office wrote: menu and footer.

« Show in menus » of a page is what counts, and where the page stands: a part of the site right
below the home is in the menu of Explore, a practical page is in « Prepare », a way in for a
clientele and a part of the site further down are in « People of the Velay ».
"""

from __future__ import annotations

from typing import NamedTuple

from django.urls import reverse
from django.utils.translation import get_language

from destination.models import HomePage, PersonaPage, PracticalPage, SectionPage
from oti.lib.memo import Reading, remembered_reading
from oti.lib.together import Written

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


class FramePages(NamedTuple):
    """Where the tree of a language begins, None if it has no home yet, and its menus."""

    home_path: str | None
    menus: Menus


# The kind of a page, its depth, its place in the tree, its address, its title.
Row = tuple[str, int, str, str, str]


def menus() -> Menus:
    """Return the lines of the active language; one statement, nothing that isn't published."""
    return frame_pages().menus


FRAME_PAGES = f"""
SELECT kind.model, page.depth, page.path, page.url_path, page.title
FROM wagtailcore_page page
JOIN wagtailcore_locale locale ON locale.id = page.locale_id
JOIN django_content_type kind ON kind.id = page.content_type_id
WHERE page.live AND locale.language_code = %s
  AND (page.show_in_menus OR page.depth = {DEPTH_OF_HOME})
ORDER BY page.path"""  # noqa: S608


@remembered_reading()
def frame_pages() -> Reading[FramePages]:
    """Return what the frame shows of the pages of the active language."""
    return Reading(Written(FRAME_PAGES, width=5, values=[get_language()]), _frame_of)


def _frame_of(rows: list[Row]) -> FramePages:
    of_home = HomePage._meta.model_name
    home = next((row for row in rows if row[0] == of_home), None)
    if home is None:
        return FramePages(None, Menus())
    _kind, _depth, root, begin, _title = home
    lines: dict[str, list[MenuLink]] = {"explore": [], "prepare": [], "people": []}
    for kind, depth, path, url_path, title in rows:
        name = _list_of(kind, depth)
        if not name or path == root or not path.startswith(root):
            continue
        url = reverse("destination:page", args=[url_path.removeprefix(begin)])
        lines[name].append(MenuLink(title, url))
    shown = Menus(**{name: tuple(links[:MOST_LINKS]) for name, links in lines.items()})
    return FramePages(begin, shown)


def _list_of(kind: str, depth: int) -> str:
    if kind == SectionPage._meta.model_name:
        return "explore" if depth == DEPTH_OF_HOME + 1 else "people"
    if kind == PracticalPage._meta.model_name:
        return "prepare"
    return "people" if kind == PersonaPage._meta.model_name else ""
