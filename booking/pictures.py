"""Photographs of offers in the sizes that pages need; without one, the page shows a drawing."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils import timezone
from wagtail.images.exceptions import InvalidFilterSpecError
from wagtail.images.models import Image, SourceImageIOError

from booking.models import Offer, OfferPhoto
from destination.models.pictures import Rendition
from oti.lib.dates import today as day_of
from oti.lib.joins import keep_related
from oti.lib.memo import remembered
from oti.lib.together import read_together

logger = logging.getLogger(__name__)

# Widths of ux.md §4.6, cut to the 4:3 of the drawings so that a list stays even.
CARD_SIZES = ("fill-400x300", "fill-800x600")
GALLERY_SIZES = (*CARD_SIZES, "fill-1200x900")
AS_WEBP = "|format-webp|webpquality-70"


@dataclass(frozen=True)
class Picture:
    """What `card_image` shows; `large_url` is its biggest size."""

    url: str
    width: int
    height: int
    alt: str
    srcset: str
    sizes: str
    large_url: str


def covers(offers: Iterable[Offer]) -> dict[int, Picture]:
    """Return the first photograph of each offer that has one, by offer id; one statement."""
    return _covers(tuple(sorted(offer.pk for offer in offers)))


@remembered(most=256)
def _covers(offer_ids: tuple[int, ...]) -> dict[int, Picture]:
    first = (
        _with_rights(OfferPhoto.objects.filter(offer__in=offer_ids))
        .order_by("offer_id", "position", "pk")
        .distinct("offer_id")
    )
    photos, renditions = read_together(
        first.select_related("image"), Rendition.objects.filter(image__in=first.values("image"))
    )
    found = {}
    for photo in photos:
        keep_related(
            photo.image, "renditions", [one for one in renditions if one.image_id == photo.image_id]
        )
        # Beside a written title the picture is decoration (brand/README.md).
        picture = _picture(photo.image, CARD_SIZES, alt="", sizes="(min-width: 40rem) 25rem, 100vw")
        if picture:
            found[photo.offer_id] = picture
    return found


@remembered(most=256)
def gallery(offer_id: int) -> tuple[Picture, ...]:
    """Return every photograph of an offer, in its order; two statements."""
    photos = _with_rights(OfferPhoto.objects.filter(offer=offer_id)).select_related("image")
    sizes = "(min-width: 62rem) 48rem, 100vw"
    shown = (
        _picture(photo.image, GALLERY_SIZES, alt=photo.alt, sizes=sizes)
        for photo in photos.prefetch_related("image__renditions")
    )
    return tuple(picture for picture in shown if picture)


def _with_rights(photos: QuerySet[OfferPhoto]) -> QuerySet[OfferPhoto]:
    """Leave out the photographs that may be shown no longer."""
    today = day_of(timezone.now())
    return photos.filter(Q(image__rights_until=None) | Q(image__rights_until__gte=today))


def prepared(photos: Iterable[tuple[Image, str]]) -> tuple[Picture, ...]:
    """Return photographs with what they show as a page of an offer will have them."""
    sizes = "(min-width: 62rem) 48rem, 100vw"
    shown = (_picture(image, GALLERY_SIZES, alt=alt, sizes=sizes) for image, alt in photos)
    return tuple(picture for picture in shown if picture)


def of_image(image: Image | None) -> Picture | None:
    """Return an image of the library in the sizes of a card, None without one."""
    if image is None:
        return None
    return _picture(image, CARD_SIZES, alt="", sizes="(min-width: 40rem) 25rem, 100vw")


def _picture(image: Image, specs: Sequence[str], *, alt: str, sizes: str) -> Picture | None:
    """Return a photograph in some sizes, None when its file can't be read."""
    try:
        renditions = image.get_renditions(*[spec + AS_WEBP for spec in specs])
    except (SourceImageIOError, InvalidFilterSpecError, OSError) as error:
        logger.warning("photograph %s can't be shown: %s", image.pk, error)
        return None
    # A small original gives the same size twice.
    by_width = {one.width: one for one in renditions.values()}
    widths = sorted(by_width)
    usual = by_width[widths[min(1, len(widths) - 1)]]
    return Picture(
        url=usual.url,
        width=usual.width,
        height=usual.height,
        alt=alt,
        srcset=", ".join(f"{by_width[width].url} {width}w" for width in widths),
        sizes=sizes,
        large_url=by_width[widths[-1]].url,
    )
