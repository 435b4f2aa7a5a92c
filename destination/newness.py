"""Itineraries that visitors can read since a day only, or that the office called new again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import override

from destination.models import ItineraryPage, ItineraryRenewal
from destination.spoken import languages_to_try


@dataclass(frozen=True)
class NewItinerary:
    """An itinerary in the language that is read, or in the nearest one."""

    page: ItineraryPage
    at: datetime
    reason: str
    is_renewed: bool

    @property
    def code(self) -> str:
        """Return the language of its page."""
        return str(self.page.locale.language_code)

    @property
    def url(self) -> str:
        """Return its address: below that of its language, without its home's own name."""
        below = self.page.url_path.split("/", 2)[2]
        with override(self.code):
            return reverse("wagtail_serve", args=[below])


def new_itineraries(since: datetime, *, most: int) -> list[NewItinerary]:
    """Return the itineraries published first or renewed after a moment, the newest first.

    One that has a new translation is no new itinerary: it is as old as its first page. Three
    statements.
    """
    renewed = {one.itinerary: one for one in ItineraryRenewal.objects.filter(renewed_at__gt=since)}
    families: dict[UUID, list[ItineraryPage]] = {}
    for page in _candidates(since, list(renewed)):
        families.setdefault(page.translation_key, []).append(page)
    found = []
    for key, pages in families.items():
        again, page = renewed.get(key), _nearest(pages)
        if again is not None:
            found.append(NewItinerary(page, again.renewed_at, again.reason, is_renewed=True))
        else:
            first = min(one.first_published_at for one in pages)
            found.append(NewItinerary(page, first, "", is_renewed=False))
    return sorted(found, key=lambda one: one.at, reverse=True)[:most]


def _candidates(since: datetime, renewed: list[UUID]) -> list[ItineraryPage]:
    older = ItineraryPage.objects.filter(
        translation_key=OuterRef("translation_key"), first_published_at__lte=since
    )
    is_first = Q(first_published_at__gt=since) & ~Exists(older)
    rows = ItineraryPage.objects.live().filter(is_first | Q(translation_key__in=renewed))
    rows = rows.select_related("locale", "image").prefetch_related("image__renditions")
    return list(rows.defer_streamfields().order_by("pk"))


def _nearest(pages: list[ItineraryPage]) -> ItineraryPage:
    """Return the page in the language that is read, else in the one that stands in for it."""
    by_code = {str(page.locale.language_code): page for page in pages}
    return next((by_code[code] for code in languages_to_try() if code in by_code), pages[0])
