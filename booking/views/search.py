"""The pages where one looks: lodgings, things to live, and the page of each offer."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from booking.forms.asking import asked
from booking.kept_offers import offer_of_slug
from booking.models import Offer
from booking.views.experiences import experience_offer_page
from booking.views.lists import experiences_page, stays_page
from booking.views.offers import calendar_part, stay_offer_page
from destination.legal_pages import legal_context
from destination.models import LegalText
from oti.lib.dates import today as day_of
from oti.lib.htmx import render_part, replaces


@require_safe
def stays(request: HttpRequest) -> HttpResponse:
    """List lodgings at their full price for the dates and the party of the address."""
    now = timezone.now()
    form = asked(request, now=now, needs_both_dates=True)
    return render_part(request, "booking/stays.html", "results", stays_page(request, form, now=now))


@require_safe
def stay_offer(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a lodging: its rooms at their price, its calendar, its host."""
    now = timezone.now()
    offer = _find(slug, is_lodging=True)
    if not offer.is_published:
        return render(request, "errors/410.html", status=410)
    form = asked(request, now=now)
    if replaces(request, "calendar"):
        context = {"offer": offer, "month": calendar_part(request, offer, form, now=now)}
    else:
        context = stay_offer_page(request, offer, form, now=now)
    return render_part(request, "booking/stay_offer.html", "calendar", context)


@require_safe
def experiences(request: HttpRequest) -> HttpResponse:
    """List what can be lived and tasted, soonest first."""
    now = timezone.now()
    form = asked(request, now=now)
    context = experiences_page(request, form, now=now)
    return render_part(request, "booking/experiences.html", "results", context)


@require_safe
def experience_offer(request: HttpRequest, slug: str) -> HttpResponse:
    """Show something to live: who takes part, for how much, on which dates."""
    now = timezone.now()
    offer = _find(slug, is_lodging=False)
    if not offer.is_published:
        return render(request, "errors/410.html", status=410)
    form = asked(request, now=now)
    context = experience_offer_page(request, offer, form, now=now)
    return render(request, "booking/experience_offer.html", context)


@require_safe
def ranking(request: HttpRequest) -> HttpResponse:
    """Say how offers are ranked, in public, with the office's text in force."""
    kind = LegalText.Kind.RANKING
    found = legal_context(kind, get_language() or "fr", day_of(timezone.now()))
    return render(request, "booking/ranking.html", found or {})


def _find(slug: str, *, is_lodging: bool) -> Offer:
    """Return an offer that was published at least once; a draft isn't known to exist."""
    offer = offer_of_slug(slug, is_lodging=is_lodging)
    if offer is None or offer.state == Offer.State.DRAFT:
        raise Http404
    return offer
