"""The visitors' page of an offer as its host has it now, seen by nobody else."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from booking import pictures
from booking.access import offer_to_preview, offers_of_providers
from booking.forms.search import SearchForm
from booking.loading import load_offers
from booking.models import AgeBand, Offer
from booking.offer_content import LANGUAGES, Photo, as_prepared, photos_of, review_of
from booking.views.experiences import experience_offer_page
from booking.views.offers import stay_offer_page
from destination.models import Picture
from destination.spoken import in_language
from oti.lib.dates import today as day_of
from oti.lib.joins import keep_related
from oti.lib.money import ZERO


@xframe_options_sameorigin
@never_cache
@login_required
@require_safe
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an offer as visitors will see it, to its host and to the office."""
    offer = offer_to_preview(request.user, pk)
    asked = request.GET.get("langue", "")
    with override(asked if asked in LANGUAGES else get_language()):
        return _page(request, offer, now=timezone.now())


def _page(request: HttpRequest, offer: Offer, *, now: datetime) -> HttpResponse:
    """Return the page of an offer with what waits, marked as a preview and kept by nobody."""
    review = review_of(offer)
    # Of this request alone: what `kept_offers` holds is shown to others.
    [shown] = load_offers([offer.pk])
    as_prepared(shown, review)
    # Parts of pages are remembered by these.
    shown.row_versions = ("preview", str(review.edition), now.isoformat())
    is_unpriced = not shown.is_lodging and not shown.bands.all()
    if shown.is_sold_by_item and is_unpriced:
        # A thing always has a price; a draft may have none yet.
        keep_related(shown, "bands", [AgeBand(offer=shown, code="prix", amount=ZERO)])
    form = SearchForm(request.GET, today=day_of(now))
    page = stay_offer_page if shown.is_lodging else experience_offer_page
    context: dict[str, Any] = page(request, shown, form, now=now)
    if is_unpriced:
        _tell_unpriced(context)
    is_own = offers_of_providers(request.user).filter(pk=offer.pk).exists()
    context |= {
        "pictures": _pictures(photos_of(offer, review)),
        "is_faceted": True,
        "languages": LANGUAGES,
        "language": get_language(),
        "back_url": reverse("extranet-offer", args=[offer.pk]) if is_own else "",
    }
    kind = "stay" if shown.is_lodging else "experience"
    return render(request, f"booking/extranet/preview_{kind}.html", context)


def _tell_unpriced(context: dict[str, Any]) -> None:
    """Say that there is no price yet, in place of what the page makes of none."""
    words = _("No price yet: it stands here once you have given one.")
    for box in (context.get("panel"), context.get("lending")):
        if box:
            box |= {"quote": None, "from_price": None, "breakdown": [], "add": None}
            box |= {"reasons": [words], "troubles": [words], "excluded": ""}


def _pictures(photos: Iterable[Photo]) -> tuple[pictures.Picture, ...]:
    listed = list(photos)
    known = Picture.objects.prefetch_related("renditions").in_bulk([one.image for one in listed])
    return pictures.prepared(
        (known[one.image], in_language(one.alts)) for one in listed if one.image in known
    )
