"""Texts and photographs of an offer as its host has them, apart from what visitors see.

An offer that was never shown is written itself. One that visitors know keeps its row until the
office approves: what its host changes waits in `OfferReview.pending`. How to get in is no text of
the page: who comes tomorrow needs the new code today, so it is always written at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.text import slugify
from django.utils.translation import override

from booking import locks
from booking.models import Offer, OfferPhoto, OfferReview
from booking.offers import subject_of
from booking.refusals import WrongState, trouble
from booking.rules.offer_review import IN_HAND
from destination.models import Picture
from members.journal import Actor, record
from oti.lib.codes import reference_code

LANGUAGES = ("fr", "en", "de")
WITHOUT_CAR = "without_car"
PUBLIC_TEXTS = ("title", "summary", "description", "place", WITHOUT_CAR)
PRIVATE_TEXTS = ("access_info",)
# What visitors know of; its texts wait for the office.
SHOWN = frozenset({Offer.State.PUBLISHED, Offer.State.PAUSED})


def columns_in_languages(names: Iterable[str]) -> tuple[str, ...]:
    """Return the columns of translated fields, language by language."""
    return tuple(f"{name}_{language}" for name in names for language in LANGUAGES)


PUBLIC = (*columns_in_languages(PUBLIC_TEXTS), "features", "spirit", "latitude", "longitude")
PRIVATE = columns_in_languages(PRIVATE_TEXTS)


@dataclass(frozen=True)
class Photo:
    """A photograph at its place in the list: the library's key, and what it shows by language."""

    image: int
    alts: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        """Return it as it is kept while it waits."""
        return {"image": self.image, **{f"alt_{one}": self.alts.get(one, "") for one in LANGUAGES}}


@dataclass
class Edit:
    """An offer read under the lock of its review, to be changed."""

    offer: Offer
    review: OfferReview

    @property
    def is_shown(self) -> bool:
        """Whether visitors know it."""
        return self.offer.state in SHOWN


def review_of(offer: Offer) -> OfferReview:
    """Return what host and office have of an offer, a blank one that nobody touched yet."""
    return OfferReview.objects.filter(offer_id=offer.pk).first() or OfferReview(offer=offer)


def has_pending(review: OfferReview) -> bool:
    """Tell whether something of an offer that visitors know waits for the office."""
    return bool(review.pending)


def is_to_read(offer: Offer, review: OfferReview) -> bool:
    """Tell whether the office has something of it to read: a first offer, or a revision."""
    if review.state != OfferReview.State.SUBMITTED:
        return False
    return offer.state == Offer.State.DRAFT or (offer.state in SHOWN and has_pending(review))


# --- Reading -----------------------------------------------------------------------------------
def live_fields(offer: Offer) -> dict[str, Any]:
    """Return what the row says, by column; a missing text is ""."""
    return {name: _plain(name, getattr(offer, name)) for name in (*PUBLIC, *PRIVATE)}


def content_of(offer: Offer, review: OfferReview) -> dict[str, Any]:
    """Return what its host last wrote, by column."""
    waiting: dict[str, Any] = review.pending.get("fields", {})
    return live_fields(offer) | waiting


def texts_asked(offer: Offer, content: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the texts that a host is asked for, those that only guests read last.

    What brings people is itself the way without a car; what was said of it earlier can be changed.
    """
    names = (*PUBLIC_TEXTS, *PRIVATE_TEXTS)
    said = any(content[f"{WITHOUT_CAR}_{code}"] for code in LANGUAGES)
    if not offer.kind_rules.is_transport or said:
        return names
    return tuple(one for one in names if one != WITHOUT_CAR)


def live_photos(offer: Offer) -> list[Photo]:
    """Return the photographs of the row, in their order."""
    rows = OfferPhoto.objects.filter(offer_id=offer.pk).order_by("position", "pk")
    return [
        Photo(one.image_id, {code: getattr(one, f"alt_{code}") or "" for code in LANGUAGES})
        for one in rows
    ]


def photos_of(offer: Offer, review: OfferReview) -> list[Photo]:
    """Return the photographs as their host last put them."""
    waiting = review.pending.get("photos")
    if waiting is None:
        return live_photos(offer)
    return [
        Photo(one["image"], {code: one.get(f"alt_{code}", "") for code in LANGUAGES})
        for one in waiting
    ]


def as_prepared(offer: Offer, review: OfferReview) -> Offer:
    """Give an offer of one's own reading the texts that its host last wrote; it is never saved."""
    for name, value in review.pending.get("fields", {}).items():
        setattr(offer, name, value)
    return offer


def _plain(name: str, value: Any) -> Any:
    if name in {"latitude", "longitude"}:
        return value
    return list(value or []) if name in {"features", "spirit"} else value or ""


# --- Writing -----------------------------------------------------------------------------------
@contextmanager
def editing(offer: Offer, *, verb: str, actor: Actor, now: datetime, **told: Any) -> Iterator[Edit]:
    """Change what a host has of an offer, under its review's lock, and journal it.

    Raises WrongState `offer_archived` for one that was put away.
    """
    with locks.write_transaction():
        edit = begin_edit(offer)
        yield edit
        end_edit(edit)
        record(verb, subject_of(edit.offer), actor=actor, at=now, **told)


def begin_edit(offer: Offer) -> Edit:
    """Lock the review of an offer and read both; raises WrongState `offer_archived`."""
    review = locks.lock_offer_review(offer.pk)
    fresh = Offer.objects.select_related("provider", "commune").get(pk=offer.pk)
    if fresh.state == Offer.State.ARCHIVED:
        raise WrongState(trouble("offer_archived"))
    if fresh.state in SHOWN and not review.pending and review.state != IN_HAND:
        # The office published it from its own list: what was asked of the draft is over.
        review.state, review.remarks, review.note = IN_HAND, {}, ""
    return Edit(fresh, review)


def end_edit(edit: Edit) -> None:
    """Write the review of an edit: another edition, that the office hasn't read."""
    review = edit.review
    review.edition += 1
    if edit.is_shown and not review.pending and review.state != IN_HAND:
        # What was sent was taken back piece by piece: nothing is left to read.
        review.state, review.remarks, review.note = IN_HAND, {}, ""
    review.save()


def keep_content(offer: Offer, values: Mapping[str, Any], *, actor: Actor, now: datetime) -> Offer:
    """Keep texts, features, words and place of an offer, by column.

    Of one that visitors know they wait for the office, but for what only guests read (`PRIVATE`).
    Raises WrongState `offer_archived`; KeyError for a column that isn't content.
    """
    unknown = set(values) - {*PUBLIC, *PRIVATE}
    if unknown:
        raise KeyError(sorted(unknown))
    with editing(offer, verb="offer written", fields=sorted(values), actor=actor, now=now) as edit:
        if not edit.is_shown:
            title = edit.offer.title_fr or ""
            write_fields(edit.offer, values)
            _follow_title(edit.offer, title)
        else:
            write_fields(edit.offer, {name: values[name] for name in values if name in PRIVATE})
            _keep_waiting(edit, {name: values[name] for name in values if name in PUBLIC})
    return edit.offer


def free_slug(title: str) -> str:
    """Return an address made of a title that no offer has yet."""
    base = _slug_of(title)
    if not Offer.objects.filter(slug=base).exists():
        return base
    return f"{base}-{reference_code(5).lower()}"


def _slug_of(title: str) -> str:
    return slugify(title)[:70].strip("-") or "offre"


def _follow_title(offer: Offer, old: str) -> None:
    """Let the address of what nobody has seen yet follow its title; one that was chosen stays."""
    was, is_now = _slug_of(old), _slug_of(offer.title_fr or "")
    is_made_of_it = re.fullmatch(rf"{re.escape(was)}(-[a-z0-9]{{5}})?", offer.slug) is not None
    if offer.first_published_at is None and is_made_of_it and is_now != was:
        offer.slug = free_slug(offer.title_fr)
        offer.save(update_fields=["slug"])


def _keep_waiting(edit: Edit, values: Mapping[str, Any]) -> None:
    """Keep what differs from what visitors see; what is as it was waits no longer."""
    live = live_fields(edit.offer)
    waiting = {**edit.review.pending.get("fields", {}), **values}
    differing = {name: value for name, value in waiting.items() if value != live[name]}
    put_pending(edit.review, "fields", differing)


def put_pending(review: OfferReview, part: str, value: Any) -> None:
    """Let a part wait for the office; an empty one waits no longer."""
    review.pending = {name: kept for name, kept in review.pending.items() if name != part}
    if value:
        review.pending = {**review.pending, part: value}


def write_fields(offer: Offer, values: Mapping[str, Any]) -> None:
    """Write columns of an offer's row, and no other."""
    if not values:
        return
    # The plain column of a translated field follows the French one.
    with override("fr"):
        plain = {name.rpartition("_")[0] for name in values if name.endswith("_fr")}
        for name, value in values.items():
            setattr(offer, name, value)
        offer.save(update_fields=[*values, *sorted(plain), "updated_at"])


def write_photos(offer: Offer, photos: Iterable[Photo]) -> None:
    """Write the photographs of an offer's row as listed, and no other."""
    known = {one.image_id: one for one in OfferPhoto.objects.filter(offer_id=offer.pk)}
    listed = list(photos)
    there = Picture.objects.in_bulk([one.image for one in listed])
    kept = set()
    with override("fr"):
        for place, photo in enumerate(listed, start=1):
            if photo.image not in there:
                # The office deleted it from the library while it waited.
                continue
            row = known.get(photo.image) or OfferPhoto(offer_id=offer.pk, image_id=photo.image)
            row.position = place
            for code in LANGUAGES:
                setattr(row, f"alt_{code}", photo.alts.get(code, ""))
            row.save()
            kept.add(row.pk)
        OfferPhoto.objects.filter(offer_id=offer.pk).exclude(pk__in=kept).delete()


def apply_pending(edit: Edit) -> None:
    """Let visitors see what waited."""
    waiting = edit.review.pending
    write_fields(edit.offer, waiting.get("fields", {}))
    if "photos" in waiting:
        write_photos(edit.offer, photos_of(edit.offer, edit.review))
    edit.review.pending = {}
