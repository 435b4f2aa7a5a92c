"""The demo's pages: the tree that the office would write, in French, English and partly German.

A page is known by its translation key, which is made from its key in the data. What is missing is
added; a page that is there, changed or not, is never written again. A page without a title in a
language isn't in the tree of that language, nor is what stands below it. References between pages
are keys in the data and become those of the page in the same language.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.contenttypes.models import ContentType
from wagtail.models import Locale, Page, ReferenceIndex
from wagtail.models import Site as WagtailSite
from wagtail.search.backends import get_search_backends

from destination.models import (
    ArticlePage,
    CommunePage,
    HomePage,
    ItineraryPage,
    PersonaPage,
    PlacePage,
    PolePage,
    PracticalPage,
    SectionPage,
    Site,
    ThemePage,
)
from destination.models.pages import VelayPage
from oti.demo.page_blocks import body_of
from oti.demo.page_data import LANGUAGES, PageData, read_pages

KINDS: dict[str, type[VelayPage]] = {
    "home": HomePage,
    "section": SectionPage,
    "pole": PolePage,
    "commune": CommunePage,
    "place": PlacePage,
    "theme": ThemePage,
    "persona": PersonaPage,
    "itinerary": ItineraryPage,
    "article": ArticlePage,
    "practical": PracticalPage,
}
# Fields that a type has beside those of every page: some in each language, some the same in all.
WORDS_OF = {"home": ("summer_title", "winter_title")}
FIELDS_OF = {
    "pole": ("pole_slug",),
    "commune": ("insee",),
    "place": ("is_locomotive", "scope", "season"),
    "itinerary": ("kilometres", "start", "finish"),
    "article": ("date", "author"),
}


def add_pages(*, now: datetime) -> int:
    """Add the pages that are missing, published since `now`; returns how many, all languages.

    A page whose address an editor took, and whatever would stand below it, is left out. Rows are
    written as they are, without a signal: what refers to what and what is searched is noted at the
    end, at once.
    """
    data = read_pages()
    sites = {site.slug: site.pk for site in Site.objects.all()}
    fresh: list[int] = []
    for language in LANGUAGES:
        tree = _Tree.of(language, data)
        added = tree.grow(data, now=now)
        for one, page in added:
            fields = _fields(one, language, sites)
            fields["body"] = json.dumps(body_of(one, language, tree.ids))
            child = KINDS[one.kind](page_ptr_id=page.pk, **fields)
            child.save_base(raw=True, force_insert=True)
            fresh.append(page.pk)
        if tree.ids.get("home") in fresh:
            _put_at_root(Page.objects.get(pk=tree.ids["home"]))
    _note(fresh)
    return len(fresh)


def _note(fresh: list[int]) -> None:
    """Let the new pages be searched for, and their references be known."""
    for kind in KINDS.values():
        pages = list(kind.objects.filter(pk__in=fresh))
        for backend in get_search_backends():
            if pages:
                backend.get_index_for_model(kind).add_items(kind, pages)
        for page in pages:
            ReferenceIndex.create_or_update_for_object(page)


@dataclass
class _Seat:
    """A page with its place in the tree: the addresses taken below it and the last step there."""

    page: Page
    slugs: set[str] = field(default_factory=set)
    last_step: int = 0

    @classmethod
    def of(cls, page: Page) -> _Seat:
        """Return the place of a page that is there, with what stands below it."""
        below = list(page.get_children().values_list("slug", "path"))
        steps = [Page._str2int(path[-Page.steplen :]) for _slug, path in below]
        return cls(page, {slug for slug, _path in below}, max(steps, default=0))

    def place_below(self, slug: str, **fields: Any) -> Page:
        """Return a new page in the next place below this one."""
        self.slugs.add(slug)
        self.last_step += 1
        self.page.numchild += 1
        depth = self.page.depth + 1
        return Page(
            slug=slug,
            path=Page._get_path(self.page.path, depth, self.last_step),
            depth=depth,
            url_path=f"{self.page.url_path}{slug}/",
            **fields,
        )


@dataclass
class _Tree:
    """The pages of one language, as far as they are there."""

    locale: Locale
    known: dict[str, Page]

    @classmethod
    def of(cls, language: str, data: tuple[PageData, ...]) -> _Tree:
        keys = {one.translation_key: one.key for one in data}
        locale = Locale.objects.get(language_code=language)
        found = Page.objects.filter(locale=locale, translation_key__in=keys)
        known = {keys[page.translation_key]: page for page in found}
        # The office's own home is kept, and the demo's pages stand below it.
        home = HomePage.objects.filter(locale=locale).order_by("path").first()
        if home is not None:
            known.setdefault("home", home.page_ptr)
        return cls(locale, known)

    @property
    def ids(self) -> dict[str, int]:
        return {key: page.pk for key, page in self.known.items()}

    def grow(self, data: tuple[PageData, ...], *, now: datetime) -> list[tuple[PageData, Page]]:
        """Add the rows that every page has; the pages of each type are written afterwards."""
        language = self.locale.language_code
        seats: dict[str, _Seat] = {}
        fresh: list[tuple[PageData, Page]] = []
        for one in data:
            if one.key in self.known or not one.is_in(language):
                continue
            above = self._seat(seats, one.under)
            slug = one.slug[language]
            if above is None or slug in above.slugs:
                continue
            page = above.place_below(
                slug,
                title=one.title[language],
                draft_title=one.title[language],
                search_description=one.search_description[language],
                show_in_menus=one.in_menus,
                locale=self.locale,
                translation_key=self._translation_key(one),
                content_type=ContentType.objects.get_for_model(KINDS[one.kind]),
                first_published_at=now,
                last_published_at=now,
            )
            self.known[one.key] = page
            seats[one.key] = _Seat(page)
            fresh.append((one, page))
        Page.objects.bulk_update(
            [seat.page for seat in seats.values() if seat.page.pk], ["numchild"]
        )
        Page.objects.bulk_create(page for _one, page in fresh)
        return fresh

    def _seat(self, seats: dict[str, _Seat], key: str) -> _Seat | None:
        page = self.known.get(key) if key else Page.get_first_root_node()
        if key not in seats and page is not None:
            seats[key] = _Seat.of(page)
        return seats.get(key)

    def _translation_key(self, one: PageData) -> uuid.UUID:
        other = HomePage.objects.exclude(locale=self.locale).order_by("path").first()
        is_home = one.kind == "home" and other is not None
        return other.translation_key if is_home else one.translation_key


def _fields(one: PageData, language: str, sites: dict[str, int]) -> dict[str, Any]:
    """Return what a page has beside its place, its title and its body."""
    fields: dict[str, Any] = {
        "introduction": one.introduction[language],
        "drawing": one.drawing,
    }
    if one.kind == "place" and one.site:
        fields["site_id"] = sites[one.site]
    for name in WORDS_OF.get(one.kind, ()):
        fields[name] = getattr(one, name)[language]
    return fields | {name: getattr(one, name) for name in FIELDS_OF.get(one.kind, ())}


def _put_at_root(home: Page) -> None:
    """Let the site begin at the French home, and take away the page that Wagtail put there."""
    site = WagtailSite.objects.filter(is_default_site=True).select_related("root_page").first()
    if site is None:
        WagtailSite.objects.create(hostname="localhost", is_default_site=True, root_page=home)
        return
    former = site.root_page
    if isinstance(former.specific, HomePage):
        return
    site.root_page = home
    site.save()
    if former.specific_class is Page and former.is_leaf():
        Page.objects.get(pk=former.pk).delete()
