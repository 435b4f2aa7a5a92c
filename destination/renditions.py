"""Photographs in the sizes and formats that pages need, made before anybody asks for them.

A page never makes more than one: the rest is made by a task within the minute.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from django.db.models import Count, Q, prefetch_related_objects
from wagtail.images.exceptions import InvalidFilterSpecError
from wagtail.images.models import Filter, SourceImageIOError

from destination.models.pictures import Picture, Rendition

logger = logging.getLogger(__name__)

# Widths of ux.md §4.6, cut to the 4:3 of the drawings so that lists stay even.
SIZES = ("fill-400x300", "fill-800x600", "fill-1200x900")
FORMATS = {"avif": "format-avif|avifquality-60", "webp": "format-webp|webpquality-70"}
SPECS = tuple(f"{size}|{form}" for form in FORMATS.values() for size in SIZES)
# The one that a page may make itself.
MIDDLE = f"{SIZES[1]}|{FORMATS['webp']}"
AT_ONCE = 5


def renditions_of(picture: Picture) -> dict[str, Rendition]:
    """Return what is made of a photograph, by specification; at least the middle one.

    Empty when the file is gone or can't be read.
    """
    made = picture.find_existing_renditions(*(Filter(spec=spec) for spec in SPECS))
    found: dict[str, Rendition] = {one.spec: rendition for one, rendition in made.items()}
    if MIDDLE not in found:
        try:
            found[MIDDLE] = picture.get_rendition(MIDDLE)
        except (SourceImageIOError, InvalidFilterSpecError, OSError):
            return {}
    return found


def prefetch(pictures: Iterable[Picture | None]) -> None:
    """Read what is made of several photographs with one statement."""
    prefetch_related_objects([one for one in pictures if one is not None], "renditions")


def make_renditions() -> int:
    """Make what is missing of the newest photographs that lack some; return of how many.

    A photograph that can't be read is left out of it until its file changes.
    """
    made = Count("renditions", filter=Q(renditions__filter_spec__in=SPECS))
    lacking = Picture.objects.annotate(made=made).filter(made__lt=len(SPECS))
    done = 0
    for picture in lacking.order_by("-pk")[:AT_ONCE]:
        try:
            picture.get_renditions(*SPECS)
            done += 1
        except (SourceImageIOError, InvalidFilterSpecError, OSError):
            logger.warning("The photograph %s can't be read.", picture.pk)
    return done
