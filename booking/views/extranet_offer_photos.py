"""The photographs of a host's offer: sent, put in order, described, cropped, taken away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from booking import offer_photos, pictures
from booking.forms.offer_photos import AltsForm, PhotosForm
from booking.offer_photos import CELLS, MOST_PHOTOS, cell_of, own_of
from booking.offer_tasks import PHOTOS
from booking.refusals import Refusal
from booking.views.answers import see_other, tell
from booking.views.offer_pages import OwnOffer, own_offer, saved, task_page
from destination.models import Picture
from members.journal import Actor

PAGE = "booking/extranet/offer_photos.html"
CELL_WORDS: tuple[Callable[[], str], ...] = (
    lambda: _("top left"),
    lambda: _("top"),
    lambda: _("top right"),
    lambda: _("left"),
    lambda: _("middle"),
    lambda: _("right"),
    lambda: _("bottom left"),
    lambda: _("bottom"),
    lambda: _("bottom right"),
)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def photos(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the photographs of an offer; any press keeps the descriptions typed beside them."""
    now = timezone.now()
    own = own_offer(request, pk, now=now, to_change=True)
    if not own.may_edit:
        return see_other("extranet-offer", own.offer.pk)
    if request.method != "POST":
        return _page(request, own, PhotosForm(), AltsForm(photos=own.progress.photos))
    do = request.POST.get("do", "")
    if do == "add":
        return _add(request, own, now=now)
    return _change(request, own, do, now=now)


def _add(request: HttpRequest, own: OwnOffer, *, now: datetime) -> HttpResponse:
    form = PhotosForm(request.POST, {"files": request.FILES.getlist("files")})  # type: ignore[dict-item]
    alts = AltsForm(photos=own.progress.photos)
    if not form.is_valid():
        return _page(request, own, form, alts, status=422)
    try:
        offer_photos.add_photos(
            own.offer,
            form.cleaned_data["files"],
            form.given,
            user=request.user,  # type: ignore[arg-type]
            actor=Actor.person(request.user),
            now=now,
        )
    except Refusal as refusal:
        form.tell(refusal)
        return _page(request, own, form, alts, status=refusal.status)
    messages.success(request, _("They are here. Now say of each what it shows."))
    return see_other("extranet-offer-photos", own.offer.pk)


def _change(request: HttpRequest, own: OwnOffer, do: str, *, now: datetime) -> HttpResponse:
    alts = AltsForm(request.POST, photos=own.progress.photos)
    if not alts.is_valid():
        return _page(request, own, PhotosForm(), alts, status=422)
    who: dict[str, Any] = {"actor": Actor.person(request.user), "now": now}
    try:
        # Two tabs may show two lists: what this one didn't show stays as it is.
        offer_photos.keep_alts(own.offer, _shown_alts(request, alts), **who)
        _press(own, do, who)
    except Refusal as refusal:
        tell(request, refusal.troubles)
        return see_other("extranet-offer-photos", own.offer.pk)
    if do in {"", "keep"}:
        return saved(request, own, PHOTOS, now=now)
    return see_other("extranet-offer-photos", own.offer.pk, fragment="#photos")


def _shown_alts(request: HttpRequest, form: AltsForm) -> dict[int, dict[str, str]]:
    return {image: texts for image, texts in form.alts.items() if f"alt_{image}_fr" in request.POST}


def _press(own: OwnOffer, do: str, who: dict[str, Any]) -> None:
    """Do what a button beside a photograph says: « up:12 », « focus:12:4 »."""
    verb, *numbers = do.split(":")
    if verb in {"", "keep"}:
        return
    if not all(one.isdecimal() and len(one) < 19 for one in numbers):
        raise Http404
    values = [int(one) for one in numbers]
    if verb in {"up", "down"} and len(values) == 1:
        by = -1 if verb == "up" else 1
        offer_photos.move_photo(own.offer, values[0], by=by, **who)
    elif verb == "remove" and len(values) == 1:
        offer_photos.remove_photo(own.offer, values[0], **who)
    elif verb == "focus" and len(values) == 2:
        offer_photos.crop_photo(own.offer, values[0], values[1], **who)
    else:
        raise Http404


def _page(
    request: HttpRequest, own: OwnOffer, form: PhotosForm, alts: AltsForm, *, status: int = 200
) -> HttpResponse:
    listed = own.progress.photos
    return task_page(
        request,
        own,
        PHOTOS,
        form,
        template=PAGE,
        status=status,
        alts=alts,
        listed=_shown(own, listed, alts),
        is_full=len(listed) >= MOST_PHOTOS,
        most=MOST_PHOTOS,
    )


def _shown(own: OwnOffer, listed: Any, alts: AltsForm) -> list[dict[str, Any]]:
    """Return the photographs with their picture, their fields and the place of their focus."""
    known = Picture.objects.prefetch_related("renditions").in_bulk([one.image for one in listed])
    sent = own_of(own.offer, list(known))
    rows = []
    for number, one in enumerate(listed, start=1):
        picture = known.get(one.image)
        if picture is None:
            continue
        cell = cell_of(picture)
        rows.append(
            {
                "image": one.image,
                "number": number,
                "is_first": number == 1,
                "is_last": number == len(listed),
                "picture": pictures.of_image(picture),
                "credit": picture.credit,
                "french": alts[f"alt_{one.image}_fr"],
                "others": [alts[f"alt_{one.image}_{code}"] for code in ("en", "de")],
                "may_crop": picture.pk in sent,
                "cells": [(place, CELL_WORDS[place](), place == cell) for place in CELLS],
            }
        )
    return rows
