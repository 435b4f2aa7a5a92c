"""The office's pages found by their addresses, in as few statements as there is to wait for.

Wagtail's own routing asks two for each level of the tree. Here one statement finds the page, those
above it, and the translations of all of them; beside it travels what the frame of every page needs,
where this process doesn't know it yet (`oti.lib.memo`).
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.db.models import F, Q, QuerySet, Subquery, Value
from django.db.models.functions import Concat
from django.urls import Resolver404, resolve
from django.utils import timezone, translation
from django.utils.translation import get_language, get_language_from_path
from wagtail.models import Page

from destination.menus import frame_pages
from destination.models import HomePage, PolePage
from destination.models.legal import texts_in_force
from destination.models.pages import VelayPage
from destination.models.places import sites_known
from destination.models.territory import pole_by_commune, poles_on
from destination.spoken import active_locale
from oti.lib.dates import today as day_of
from oti.lib.memo import Wanted, read_ahead

# Deeper than any tree that somebody wrote: what is asked for is nonsense.
MOST_LEVELS = 12


def written_home() -> HomePage | None:
    """Return the published home of the active language, if the office wrote one."""
    found: list[HomePage] = _asked_for(_of_language(HomePage))
    return found[0] if found else None


def written_pole(slug: str) -> PolePage | None:
    """Return the published page of a pole in the active language, with those above it."""
    day = day_of(timezone.now())
    pages = _of_language(PolePage, pole_slug=slug)
    above = Page.objects.live().filter(depth__gt=1)
    above = above.alias(of=Subquery(pages.values("path"))).filter(of__startswith=F("path"))
    found, line = read_ahead(
        *_of_every_frame(),
        *(sites_known.of(), pole_by_commune.of(day)),
        beside=(pages, above.order_by("depth")),
    )
    if not found:
        return None
    page: PolePage = found[0]
    page.lineage = tuple(line)
    return page


def page_at(path: str) -> VelayPage | None:
    """Return the published page at an address below that of the home of the active language.

    Its `lineage` has the published pages above it, and the translations of it and of them.
    """
    names = path.strip("/").split("/")
    if len(names) > MOST_LEVELS:
        return None
    ends = ["", *("/".join(names[:level]) + "/" for level in range(1, len(names) + 1))]
    home = Subquery(_of_language(HomePage).values("url_path"))
    is_there = Q(url_path__in=[Concat(home, Value(end)) for end in ends])
    keys = Page.objects.filter(is_there).values("translation_key")
    line = Page.objects.live().filter(translation_key__in=keys)
    family: list[Page] = _asked_for(
        line.select_related("locale", "content_type").order_by("depth", "path")
    )
    home_path = frame_pages().home_path
    address = f"{home_path}{path}"
    found = next((one for one in family if one.url_path == address), None)
    return None if home_path is None or found is None else _specific(found, family)


def leads_somewhere(address: str) -> bool:
    """Tell whether an address below « / » has something here today, in the language it names.

    A page of the office is looked for; of other addresses their shape is enough.
    """
    path = urlsplit(address).path
    path = path if path.endswith("/") else f"{path}/"
    with translation.override(get_language_from_path(path) or get_language()):
        try:
            match = resolve(path)
        except Resolver404:
            return False
        is_written = match.view_name == "destination:page"
        return not is_written or page_at(match.kwargs["path"]) is not None


def _specific(page: Page, family: list[Page]) -> VelayPage | None:
    """Return a page as its own type, with its photograph; None for a type that isn't ours."""
    kind = page.content_type.model_class()
    if kind is None or not issubclass(kind, VelayPage):
        return None
    rows = kind.objects.live().select_related(*kind.read_with).filter(pk=page.pk)
    found: VelayPage | None = next(iter(rows), None)
    if found is not None:
        found.locale = page.locale
        found.lineage = tuple(family)
    return found


def _of_language(kind: type[VelayPage], **wanted: str) -> QuerySet[Any, Any]:
    """Return the first published page of a kind in the active language."""
    pages = kind.objects.live().filter(locale__language_code=get_language(), **wanted)
    first: QuerySet[Any, Any] = pages.select_related("locale", *kind.read_with).order_by("path")[:1]
    return first


def _asked_for(question: QuerySet[Any, Any]) -> list[Any]:
    return read_ahead(*_of_every_frame(), beside=(question,))[0]


def _of_every_frame() -> tuple[Wanted[Any], ...]:
    """Return what the frame of every page shows: poles, menus, the declaration’s name."""
    day = day_of(timezone.now())
    return poles_on.of(day), frame_pages.of(), texts_in_force.of(day), active_locale.of()
