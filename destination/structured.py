"""What a page says to machines, in the words of schema.org, from the same data as the page (S05).

Each function returns one node of a graph; `origin` is the site's address without its last slash.
Nothing is said here that the page doesn't say: no rating, no price that isn't shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse

from destination.models import (
    ArticlePage,
    CommunePage,
    HomePage,
    ItineraryPage,
    PlacePage,
    Pole,
    PolePage,
)
from destination.models.pages import VelayPage

Node = dict[str, Any]


def breadcrumbs(crumbs: Sequence[tuple[str, str | None]], origin: str) -> Node:
    """Return where the page stands; the last name has no address of its own."""
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {
                "@type": "ListItem",
                "position": position,
                "name": str(name),
                **({"item": f"{origin}{url}"} if url else {}),
            }
            for position, (name, url) in enumerate(crumbs, start=1)
        ],
    }


def office(origin: str) -> Node:
    """Return the tourist office, of which every page speaks in its footer."""
    told: Mapping[str, str] = settings.OFFICE
    return {
        "@type": "TravelAgency",
        "@id": f"{origin}/#office",
        "name": str(told["name"]),
        "address": str(told["address"]),
        "telephone": told["phone"],
        "email": told["email"],
        "url": f"{origin}/",
        "logo": f"{origin}{static('img/logo.svg')}",
    }


def website(origin: str, language: str) -> Node:
    """Return the site itself, as its home says it."""
    return {
        "@type": "WebSite",
        "@id": f"{origin}/#site",
        "name": "Velay, terre de liens",
        "url": f"{origin}{reverse('destination:home')}",
        "inLanguage": language,
        "publisher": {"@id": f"{origin}/#office"},
    }


def position(latitude: float | None, longitude: float | None) -> Node:
    """Return {geo} for a known position, nothing for an unknown one."""
    if latitude is None or longitude is None:
        return {}
    return {"geo": {"@type": "GeoCoordinates", "latitude": latitude, "longitude": longitude}}


def in_commune(name: str, postal_code: str = "") -> Node:
    """Return {address} of something in a commune."""
    found = {"@type": "PostalAddress", "addressLocality": name, "addressCountry": "FR"}
    return {"address": found | ({"postalCode": postal_code} if postal_code else {})}


def of_pole(pole: Pole, origin: str) -> Node:
    """Return a pole nobody wrote a page of."""
    return {
        "@type": "TouristDestination",
        "name": pole.name,
        **({"description": pole.tagline} if pole.tagline else {}),
        "url": f"{origin}{reverse('destination:pole', args=[pole.slug])}",
    }


def of_page(page: VelayPage, origin: str) -> list[Node]:
    """Return what a page of the office is about, and where it stands."""
    language = page.locale.language_code
    if isinstance(page, HomePage):
        return [office(origin), website(origin, language)]
    node: Node = {
        "@type": "WebPage",
        "name": page.title,
        "url": f"{origin}{page.url}",
        "inLanguage": language,
    }
    text = page.search_description or page.introduction
    if text:
        node["description"] = text
    return [node | _what(page, origin), breadcrumbs(page.crumbs, origin)]


def _what(page: VelayPage, origin: str) -> Node:
    if isinstance(page, PolePage):
        return {"@type": "TouristDestination"}
    if isinstance(page, CommunePage):
        return {"@type": "City"}
    if isinstance(page, PlacePage):
        site = page.site
        where = (
            position(site.latitude, site.longitude) | in_commune(site.commune.name) if site else {}
        )
        return {"@type": "TouristAttraction", **where}
    if isinstance(page, ItineraryPage):
        return {"@type": "TouristTrip", "provider": {"@id": f"{origin}/#office"}}
    if isinstance(page, ArticlePage):
        return {
            "@type": "Article",
            "headline": page.title,
            **({"datePublished": page.date.isoformat()} if page.date else {}),
            "author": {"@type": "Person", "name": page.author}
            if page.author
            else {"@id": f"{origin}/#office"},
        }
    return {}
