"""The pages of the destination: home, poles, legal texts. It doesn't know what is sold: templates
load the tag libraries of the floors above for that (architecture.md §2).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from destination.legal_body import clean_body
from destination.models import LegalText, Pole, Site
from destination.models.territory import memberships_on, poles_on
from oti.lib.dates import today as day_of

# The winter face: from mid November to the end of March.
WINTER = ((11, 15), (3, 31))
SITES_SHOWN = 6
SITE_ICONS = {
    Site.Kind.GRAND_SITE: "landmark",
    Site.Kind.MUSEE: "landmark",
    Site.Kind.VILLAGE: "house",
    Site.Kind.NATURE: "mountain",
    Site.Kind.OTHER: "map-pin",
}


@require_safe
def root(request: HttpRequest) -> HttpResponse:
    """Lead to the home in the visitor's language: cookie first, then the browser's."""
    response = redirect(reverse("destination:home"))
    patch_vary_headers(response, ["Accept-Language", "Cookie"])
    return response


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the promise of the season, the search and the poles."""
    today = day_of(timezone.now())
    context = {
        "season": season_of(today),
        "poles": [_pole_card(one) for one in poles_on(today)],
    }
    return render(request, "destination/home.html", context)


@require_safe
def pole(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a pole of the perimeter in force, with the places worth a walk in it."""
    today = day_of(timezone.now())
    found = Pole.objects.active_on(today).select_related("town").filter(slug=slug).first()
    if found is None:
        raise Http404
    context = {
        "pole": found,
        "season": season_of(today),
        "reasons": _sites_of(found, today),
        "stays_url": f"{reverse('booking:stays')}?pole={found.slug}",
        "experiences_url": f"{reverse('booking:experiences')}?pole={found.slug}",
        "agenda_url": f"{reverse('events:agenda')}?pole={found.slug}",
    }
    return render(request, "destination/pole.html", context)


@require_safe
def legal(request: HttpRequest, kind: str) -> HttpResponse:
    """Show a legal text in force, or the older version that `?version=` names."""
    today = day_of(timezone.now())
    language = get_language() or "fr"
    current = LegalText.objects.in_force(kind, language, today)
    if current is None:
        raise Http404
    versions = list(
        LegalText.objects.filter(
            kind=kind, language=current.language, valid_from__lte=today
        ).order_by("-valid_from", "-pk")
    )
    asked = request.GET.get("version", "")
    text = next((one for one in versions if one.version == asked), None) if asked else current
    if text is None:
        raise Http404
    context = {
        "text": text,
        "is_old": text.pk != current.pk,
        "current_url": request.path,
        "body_html": clean_body(text.body),
        "versions": [
            {
                "version": one.version,
                "valid_from": one.valid_from,
                "url": f"{request.path}?version={one.version}",
            }
            for one in versions
            if one.pk not in {text.pk, current.pk}
        ],
    }
    return render(request, "destination/legal.html", context)


def season_of(day: date) -> str:
    """Return which face the destination shows on a day: summer or winter."""
    first, last = WINTER
    is_winter = (day.month, day.day) >= first or (day.month, day.day) <= last
    return "winter" if is_winter else "summer"


def _pole_card(one: Pole) -> dict[str, Any]:
    return {
        "name": one.name,
        "tagline": one.tagline,
        "slug": one.slug,
        "hero": one.hero,
        "url": reverse("destination:pole", args=[one.slug]),
    }


def _sites_of(found: Pole, today: date) -> list[dict[str, Any]]:
    """Return the sites of a pole for `pole.html`, grand sites first."""
    communes = memberships_on(today).filter(pole=found, is_neighbour=False).values("commune_id")
    order = list(SITE_ICONS)
    sites = sorted(
        Site.objects.filter(commune__in=communes).select_related("commune"),
        key=lambda site: (order.index(_kind_of(site)), site.name),
    )
    return [
        {
            "icon": SITE_ICONS[_kind_of(site)],
            "title": site.name,
            "text": f"{_kind_of(site).label}, {site.commune.name}",
        }
        for site in sites[:SITES_SHOWN]
    ]


def _kind_of(site: Site) -> Site.Kind:
    return Site.Kind(site.kind) if site.kind in Site.Kind.values else Site.Kind.OTHER
