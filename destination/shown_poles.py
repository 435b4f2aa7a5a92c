"""What the page of a pole says beside what an editor wrote: its sites, and where its lists are."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.urls import reverse

from destination.models.places import Site, sites_known
from destination.models.territory import Pole, pole_by_commune, poles_on
from destination.seasons import WINTER

SITES_SHOWN = 6
IN_WINTER = {"mezenc-ete": "mezenc-hiver"}
SITE_ICONS = {
    Site.Kind.GRAND_SITE: "landmark",
    Site.Kind.MUSEE: "landmark",
    Site.Kind.VILLAGE: "house",
    Site.Kind.NATURE: "mountain",
    Site.Kind.OTHER: "map-pin",
}


def pole_on(slug: str, *, today: date) -> Pole | None:
    """Return the pole of the perimeter in force, None if it has none of that name."""
    return next((one for one in poles_on(today) if one.slug == slug), None)


def landscape_of(found: Pole, season: str) -> str:
    """Return the landscape of a pole in a season: some have one of winter."""
    return IN_WINTER.get(found.hero, found.hero) if season == WINTER else found.hero


def pole_cards(today: date, season: str) -> list[dict[str, Any]]:
    """Return the poles of the perimeter in force for the home, as they look in a season."""
    return [
        {
            "name": one.name,
            "tagline": one.tagline,
            "slug": one.slug,
            "hero": landscape_of(one, season),
            "url": reverse("destination:pole", args=[one.slug]),
        }
        for one in poles_on(today)
    ]


def pole_context(slug: str, *, today: date) -> dict[str, Any]:
    """Return what `destination/pole.html` needs: pole, reasons, the addresses of its lists."""
    found = pole_on(slug, today=today)
    if found is None:
        return {"pole": None, "reasons": [], "said": frozenset()}
    return {
        "pole": found,
        "reasons": sites_of(found, today=today),
        "said": frozenset(),
        "stays_url": f"{reverse('booking:stays')}?pole={found.slug}",
        "experiences_url": f"{reverse('booking:experiences')}?pole={found.slug}",
        "agenda_url": f"{reverse('events:agenda')}?pole={found.slug}",
    }


def sites_of(found: Pole, *, today: date) -> list[dict[str, Any]]:
    """Return the sites of a pole as reasons to see it, grand sites first."""
    poles = pole_by_commune(today)
    order = list(SITE_ICONS)
    sites = sorted(
        (one for one in sites_known() if poles.get(one.commune_id) == found),
        key=lambda site: (order.index(site.known_kind), site.name),
    )
    return [
        {
            "icon": SITE_ICONS[site.known_kind],
            "title": site.name,
            "text": f"{site.known_kind.label}, {site.commune.name}",
        }
        for site in sites[:SITES_SHOWN]
    ]
