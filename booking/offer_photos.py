"""Photographs of a host's offer: added, put in order, described, cropped, taken away.

A file enters the library before the transaction that speaks of it, and leaves it after. Of an
offer that visitors know, the list waits for the office like its texts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Exists, OuterRef
from wagtail.images.rect import Rect
from wagtail.models import ReferenceIndex

from booking.models import HousePhoto, Offer, OfferPhoto, OfferReview
from booking.offer_content import (
    Edit,
    Photo,
    editing,
    live_photos,
    photos_of,
    write_photos,
)
from booking.refusals import BadInput, NotAllowed, WrongState, trouble
from destination.models import Picture
from members.journal import Actor
from members.models import User

MOST_PHOTOS = 20
# A photograph enters the library before the transaction that speaks of it.
GRACE = timedelta(days=2)
MOST_LEFT = 500
# Places of the focus: three by three, from the top on the left.
CELLS = range(9)


@dataclass(frozen=True)
class Rights:
    """Whose photographs are sent: the author's name, by what right, until when."""

    author: str
    rights: str
    until: date | None = None


def add_photos(
    offer: Offer,
    files: Sequence[UploadedFile[bytes]],
    rights: Rights,
    *,
    user: User,
    actor: Actor,
    now: datetime,
) -> list[Photo]:
    """Add photographs that were looked at (`forms.offers`) at the end of an offer's list.

    Returns the list. Raises BadInput `too_many_photos`, WrongState; nothing is kept then.
    """
    sent: list[Picture] = []
    with ExitStack() as undone:
        for file in files:
            picture = _into_library(offer, file, rights, user=user)
            # Whatever fails from here on, nobody was told that it is there.
            undone.callback(picture.delete)
            sent.append(picture)
        with editing(
            offer, verb="photographs added", count=len(sent), actor=actor, now=now
        ) as edit:
            listed = photos_of(edit.offer, edit.review)
            if len(listed) + len(sent) > MOST_PHOTOS:
                raise BadInput(trouble("too_many_photos", field="files", max=MOST_PHOTOS))
            listed += [Photo(one.pk, {}) for one in sent]
            _write(edit, listed)
        undone.pop_all()
    return listed


def _into_library(
    offer: Offer, file: UploadedFile[bytes], rights: Rights, *, user: User
) -> Picture:
    picture = Picture(
        title=f"{offer.provider.name} · {offer.title}"[:255],
        file=file,
        credit=rights.author,
        rights=rights.rights,
        rights_until=rights.until,
        uploaded_by_user=user,
    )
    picture.file_size = file.size
    with ExitStack() as undone:
        # The file is written before its row.
        undone.callback(picture.file.delete, save=False)
        with transaction.atomic():
            picture.save()
            HousePhoto.objects.create(image=picture, provider=offer.provider)
        undone.pop_all()
    return picture


def keep_alts(
    offer: Offer, alts: Mapping[int, Mapping[str, str]], *, actor: Actor, now: datetime
) -> None:
    """Keep what photographs show, by the library's key and the language; unknown ones are left."""

    def described(listed: list[Photo]) -> list[Photo]:
        return [Photo(one.image, {**one.alts, **alts.get(one.image, {})}) for one in listed]

    _change(offer, described, verb="photographs described", actor=actor, now=now)


def move_photo(offer: Offer, image: int, *, by: int, actor: Actor, now: datetime) -> None:
    """Move a photograph up (-1) or down (1) by one place, or leave it at the end of its list."""

    def moved(listed: list[Photo]) -> list[Photo]:
        place = _place_of(listed, image)
        there = min(max(place + by, 0), len(listed) - 1)
        listed.insert(there, listed.pop(place))
        return listed

    _change(offer, moved, verb="photographs put in order", actor=actor, now=now)


def remove_photo(offer: Offer, image: int, *, actor: Actor, now: datetime) -> None:
    """Take a photograph off an offer; its file goes once nothing shows it. Raises WrongState."""

    def without(listed: list[Photo]) -> list[Photo]:
        listed.pop(_place_of(listed, image))
        return listed

    _change(offer, without, verb="photograph removed", actor=actor, now=now)
    forget_unused([image], of=offer.provider_id)


def crop_photo(offer: Offer, image: int, cell: int, *, actor: Actor, now: datetime) -> None:
    """Say which ninth of a photograph is never cut off; live at once, on every page that shows it.

    Raises WrongState `photo_gone`, NotAllowed `photo_lent` for one that the house didn't send.
    """
    if cell not in CELLS:
        raise BadInput(trouble("photo_gone"))
    with editing(offer, verb="photograph cropped", image=image, actor=actor, now=now) as edit:
        _place_of(photos_of(edit.offer, edit.review), image)
        picture = Picture.objects.get(pk=image)
        if not is_own(picture, edit.offer):
            raise NotAllowed(trouble("photo_lent"))
        row, column = divmod(cell, 3)
        width, height = picture.width // 3, picture.height // 3
        picture.set_focal_point(
            Rect(column * width, row * height, (column + 1) * width, (row + 1) * height)
        )
        picture.save(update_fields=[f"focal_point_{one}" for one in ("x", "y", "width", "height")])


def cell_of(picture: Picture) -> int | None:
    """Return the ninth of a photograph in which its focus is, None without one."""
    focus = picture.get_focal_point()
    if focus is None or not (picture.width and picture.height):
        return None
    column = min(int(3 * focus.centroid_x / picture.width), 2)
    row = min(int(3 * focus.centroid_y / picture.height), 2)
    return 3 * row + column


def is_own(picture: Picture, offer: Offer) -> bool:
    """Tell whether the offer's house sent a photograph; the office lent the others."""
    return picture.pk in own_of(offer, [picture.pk])


def own_of(offer: Offer, images: Collection[int]) -> set[int]:
    """Return those photographs that the offer's house sent, whoever of it did, gone or not."""
    rows = HousePhoto.objects.filter(provider=offer.provider_id, image__in=images)
    return set(rows.values_list("image_id", flat=True))


def forget_unused(images: Iterable[int], *, of: int | None) -> int:
    """Delete photographs that the house `of` sent and that nothing shows or awaits.

    Returns how many; of every house, and of those that are no more, where `of` is None.
    The file goes after the commit. What the office sent, or took over as its own, and what stands
    in a page stays.
    """
    sent = HousePhoto.objects.filter(image__in=images)
    if of is not None:
        sent = sent.filter(provider=of)
    gone = 0
    theirs = Picture.objects.filter(pk__in=sent.values("image"))
    for picture in theirs.exclude(rights=Picture.Rights.OURS):
        waits = OfferReview.objects.filter(pending__photos__contains=[{"image": picture.pk}])
        shown = OfferPhoto.objects.filter(image=picture)
        if not (
            shown.exists() or waits.exists() or ReferenceIndex.get_references_to(picture).exists()
        ):
            picture.delete()
            gone += 1
    return gone


def forget_left(*, now: datetime) -> int:
    """Delete what houses sent days ago and nothing shows: of a house or an offer that was deleted.

    Of a worker that died between the library and the offer too. Returns how many; some hundred at
    most, the rest goes the next night.
    """
    shown = Exists(OfferPhoto.objects.filter(image=OuterRef("image")))
    old = HousePhoto.objects.filter(~shown, image__created_at__lt=now - GRACE)
    gone = 0
    for image in old.order_by("pk").values_list("image_id", flat=True):
        gone += forget_unused([image], of=None)
        if gone >= MOST_LEFT:
            break
    return gone


def _change(
    offer: Offer,
    change: Callable[[list[Photo]], list[Photo]],
    *,
    verb: str,
    actor: Actor,
    now: datetime,
) -> None:
    with editing(offer, verb=verb, actor=actor, now=now) as edit:
        _write(edit, change(photos_of(edit.offer, edit.review)))


def _write(edit: Edit, listed: Sequence[Photo]) -> None:
    """Write a list of photographs where it belongs: to the row, or to what waits."""
    if not edit.is_shown:
        write_photos(edit.offer, listed)
        return
    rows: list[dict[str, Any]] = [one.as_json() for one in listed]
    is_same = rows == [one.as_json() for one in live_photos(edit.offer)]
    edit.review.pending = {
        name: kept for name, kept in edit.review.pending.items() if name != "photos"
    }
    if not is_same:
        # An empty list is a change too: every photograph is to go.
        edit.review.pending = {**edit.review.pending, "photos": rows}


def _place_of(listed: Sequence[Photo], image: int) -> int:
    for place, one in enumerate(listed):
        if one.image == image:
            return place
    raise WrongState(trouble("photo_gone"))
