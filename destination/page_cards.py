"""Pages shown on other pages, as cards.

A card is read from what is published in the language of the page; a draft, a deleted page and one
that has no translation are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.db.models import prefetch_related_objects
from django.utils import timezone
from wagtail.models import Page

from destination.seasons import season_of
from destination.shown_poles import landscape_of, pole_on
from destination.spoken import active_locale
from oti.lib.dates import today as day_of
from oti.lib.together import read_together

MOST_CHILDREN = 24


class PageCard(NamedTuple):
    """What a card says of a page."""

    title: str
    url: str
    text: str
    drawing: str
    image: Any
    kind: str
    # The landscape of a pole, "" for other pages.
    hero: str = ""


def chosen_cards(pages: Iterable[Page | None]) -> list[PageCard]:
    """Return the cards of chosen pages, in their order, in the active language."""
    chosen = [one for one in pages if one is not None]
    keys = [one.translation_key for one in chosen]
    locale = active_locale()
    if not chosen or locale is None:
        return []
    found: Iterable[Page] = [one for one in chosen if one.locale_id == locale.pk]
    if len(set(found)) < len(set(keys)):
        found = Page.objects.filter(translation_key__in=keys, locale=locale)
    by_key = {one.translation_key: one for one in _with_pictures(_published(found))}
    return [card_of(by_key[key]) for key in dict.fromkeys(keys) if key in by_key]


def child_cards(page: Page) -> list[PageCard]:
    """Return the cards of the pages below a page, in the order of the tree."""
    children = page.get_children().live().specific()[:MOST_CHILDREN]
    return [card_of(one) for one in _with_pictures(children)]


def _published(pages: Iterable[Page]) -> list[Page]:
    """Return pages as their own types, as they are published now; one statement for all types."""
    by_type: dict[type[Page], list[int]] = {}
    for one in pages:
        if one.specific_class is not None:
            by_type.setdefault(one.specific_class, []).append(one.pk)
    rows = read_together(*(kind.objects.live().filter(pk__in=pks) for kind, pks in by_type.items()))
    return [one for found in rows for one in found]


def _with_pictures(pages: Iterable[Page]) -> list[Page]:
    """Return the pages with their photographs, read by two statements for all of them."""
    found = list(pages)
    shown = [one for one in found if getattr(one, "image_id", None)]
    prefetch_related_objects(shown, "image__renditions")
    return found


def card_of(page: Page) -> PageCard:
    """Return the card of a specific page."""
    return PageCard(
        title=page.title,
        url=page.url or "",
        text=getattr(page, "introduction", ""),
        drawing=getattr(page, "drawing", ""),
        image=getattr(page, "shown_image", None),
        kind=str(page._meta.verbose_name),
        hero=_landscape_of(getattr(page, "pole_slug", "")),
    )


def _landscape_of(pole_slug: str) -> str:
    """Return the landscape of a pole of today's perimeter, "" for none."""
    today = day_of(timezone.now())
    found = pole_on(pole_slug, today=today) if pole_slug else None
    return landscape_of(found, season_of(today)) if found else ""


def cards_of(chosen: Sequence[Page | None], page: Page | None) -> list[PageCard]:
    """Return the cards of chosen pages; without any, those of the pages below `page`."""
    if chosen:
        return chosen_cards(chosen)
    return child_cards(page) if page is not None and page.pk else []
