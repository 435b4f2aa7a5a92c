"""Photographs of offers in the sizes that pages need; without one, the page shows a drawing."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.utils import timezone
from wagtail.images.exceptions import InvalidFilterSpecError
from wagtail.images.models import Image, SourceImageIOError

from booking.models import Offer, OfferPhoto
from destination.models.pictures import Picture as Photograph
from destination.models.pictures import Rendition
from oti.lib.dates import today as day_of
from oti.lib.joins import Joined, grouped, keep_related
from oti.lib.memo import remembered, remembered_each
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


# Written out: each look at a stay or at an offer asks for them. Those whose rights ended are passed
# over.
_PHOTOS = """
FROM booking_offerphoto photo JOIN destination_picture image ON image.id = photo.image_id
WHERE {of} AND (image.rights_until IS NULL OR image.rights_until >= %(today)s)
"""
_FIRST = (
    "SELECT DISTINCT ON (photo.offer_id) {columns}"
    + _PHOTOS.replace("{of}", "photo.offer_id = ANY(%(offers)s::bigint[])")
    + "ORDER BY photo.offer_id, photo.position, photo.id"
)
_ALL = (
    "SELECT {columns}"
    + _PHOTOS.replace("{of}", "photo.offer_id = %(offer)s")
    + "ORDER BY photo.position, photo.id"
)


def _shown(photos: str) -> tuple[Joined, Joined]:
    """Return the question for photographs with their images, and for the sizes of these."""
    # An order chooses the first one; of the rest it says nothing here.
    ids = photos.replace("{columns}", "photo.image_id")
    renditions = f"SELECT {{columns}} FROM destination_rendition it WHERE image_id IN ({ids})"  # noqa: S608
    return (
        Joined(photos, {"photo": OfferPhoto, "image": Photograph}),
        Joined(renditions, {"it": Rendition}),
    )


FIRST_PHOTOS, RENDITIONS_OF_FIRST = _shown(_FIRST)
ALL_PHOTOS, RENDITIONS_OF_ALL = _shown(_ALL)


def covers(offers: Iterable[Offer]) -> dict[int, Picture]:
    """Return the first photograph of each offer that has one, by offer id; one statement."""
    found = _covers(sorted({offer.pk for offer in offers}))
    return {pk: picture for pk, picture in found.items() if picture is not None}


@remembered_each(most=1024)
def _covers(offer_ids: Collection[int]) -> dict[int, Picture | None]:
    """Return a cover for each offer, None for one without: that is known too."""
    if not offer_ids:
        return {}
    values = {"offers": list(offer_ids), "today": day_of(timezone.now())}
    photos, renditions = read_together(
        FIRST_PHOTOS.written(values), RENDITIONS_OF_FIRST.written(values)
    )
    of_image = grouped((row for (row,) in RENDITIONS_OF_FIRST.rows(renditions)), "image_id")
    found: dict[int, Picture | None] = dict.fromkeys(offer_ids)
    for photo, image in FIRST_PHOTOS.rows(photos):
        keep_related(image, "renditions", of_image[image.pk])
        # Beside a written title the picture is decoration (brand/README.md).
        found[photo.offer_id] = _picture(
            image, CARD_SIZES, alt="", sizes="(min-width: 40rem) 25rem, 100vw"
        )
    return found


@remembered(most=256)
def gallery(offer_id: int) -> tuple[Picture, ...]:
    """Return every photograph of an offer, in its order; one statement."""
    values = {"offer": offer_id, "today": day_of(timezone.now())}
    photos, renditions = read_together(
        ALL_PHOTOS.written(values), RENDITIONS_OF_ALL.written(values)
    )
    of_image = grouped((row for (row,) in RENDITIONS_OF_ALL.rows(renditions)), "image_id")
    sizes = "(min-width: 62rem) 48rem, 100vw"
    shown = []
    for photo, image in ALL_PHOTOS.rows(photos):
        keep_related(image, "renditions", of_image[image.pk])
        shown.append(_picture(image, GALLERY_SIZES, alt=photo.alt, sizes=sizes))
    return tuple(picture for picture in shown if picture)


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
