"""What pages say to machines: valid JSON, the words of schema.org, the figures of the page."""

from __future__ import annotations

import io
import json
import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image

from destination.models import ArticlePage, ItineraryPage, PlacePage, Site, ThemePage
from events.models import Event, Session
from tests import factories
from tests.cast import NOW, SATURDAY
from tests.destination.cms import a_home, a_page, a_pole_page
from tests.pages import address, text_of

pytestmark = pytest.mark.django_db

# What search engines ask of each type before they show it.
REQUIRED = {
    "BreadcrumbList": {"itemListElement"},
    "TravelAgency": {"name", "address", "telephone"},
    "WebSite": {"name", "url"},
    "TouristDestination": {"name", "url"},
    "TouristAttraction": {"name", "url", "geo", "address"},
    "TouristTrip": {"name", "url", "provider"},
    "Article": {"headline", "author"},
    "WebPage": {"name", "url"},
    "LodgingBusiness": {"name", "address", "url"},
    "Product": {"name", "url"},
    "Event": {"name", "startDate", "endDate", "eventStatus", "location"},
}


@pytest.fixture(autouse=True)
def _spring(at, settings):
    settings.SEARCH_HORIZON_DAYS = 150
    at(NOW)
    factories.a_perimeter()


def graph(client: Client, path: str) -> dict[str, list[dict[str, Any]]]:
    """Return what a page says to machines, by type; each node has what its type must have."""
    html = client.get(path).content.decode()
    (written,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html)
    told = json.loads(written)
    assert told["@context"] == "https://schema.org"
    found: dict[str, list[dict[str, Any]]] = {}
    for node in told["@graph"]:
        assert REQUIRED[node["@type"]] <= set(node), node
        found.setdefault(node["@type"], []).append(node)
    return found


def an_event(**fields: Any) -> Event:
    evening = factories.an_activity(kind="event_ticket")
    event = Event.objects.create(
        slug="soiree",
        title="Soirée",
        summary="Un soir.",
        organiser=evening.provider,
        commune=evening.commune,
        **{"state": "published", **fields},
    )
    for days, is_cancelled in ((3, False), (4, True)):
        begins = NOW + timedelta(days=days)
        Session.objects.create(
            event=event,
            starts_at=begins,
            ends_at=begins + timedelta(hours=2),
            is_cancelled=is_cancelled,
        )
    return event


def test_the_home_names_the_office_and_the_site_written_or_not(client: Client):
    for _time in range(2):
        told = graph(client, "/fr/")
        assert told["WebSite"][0]["inLanguage"] == "fr"
        assert told["TravelAgency"][0]["telephone"] in text_of(client.get("/fr/"))
        a_home("fr", title="Accueil")


def test_a_pole_is_a_destination_written_or_not(client: Client):
    path = address("destination:pole", "massif-du-mezenc", language="fr")
    assert graph(client, path)["TouristDestination"][0]["name"] == "Massif du Mézenc"

    a_pole_page(title="Le Mézenc")

    assert graph(client, path)["TouristDestination"][0]["name"] == "Le Mézenc"


def test_pages_of_the_office_say_what_they_are_about(client: Client):
    pole = a_pole_page()
    site = Site.objects.create(
        slug="mezenc",
        name="Mont Mézenc",
        kind="nature",
        commune=factories.a_commune(),
        latitude=44.9,
        longitude=4.2,
    )
    place = graph(client, a_page(PlacePage, pole, site=site, title="Le Mézenc").url)
    assert place["TouristAttraction"][0]["geo"]["latitude"] == 44.9
    assert place["TouristAttraction"][0]["address"]["addressLocality"] == "Les Estables"
    way = place["BreadcrumbList"][0]["itemListElement"]
    assert [one["position"] for one in way] == [1, 2, 3, 4]
    assert way[-1]["name"] == "Le Mézenc"
    assert "item" not in way[-1]

    walk = a_page(ItineraryPage, pole.get_parent(), title="Trois jours")
    assert graph(client, walk.url)["TouristTrip"][0]["name"] == "Trois jours"
    story = a_page(ArticlePage, pole, title="Récit", date=date(2027, 3, 1), author="Anne")
    told = graph(client, story.url)["Article"][0]
    assert (told["datePublished"], told["author"]["name"]) == ("2027-03-01", "Anne")


def test_nothing_that_is_written_ends_the_element(client: Client):
    title = "</script><script>alert(1)</script>\u2028"
    page = a_page(ThemePage, title=title, introduction="<b>&</b>")

    html = client.get(page.url).content.decode()

    assert "<script>alert" not in html
    assert graph(client, page.url)["WebPage"][0]["name"] == title


def test_a_lodging_has_the_price_that_its_page_shows(client: Client):
    offer = factories.a_lodging(now=NOW)
    path = address("booking:stay-offer", offer.slug, language="fr")

    told = graph(client, path)["LodgingBusiness"][0]

    shown = text_of(client.get(path))
    asked = Decimal(told["makesOffer"]["price"])
    assert f"{asked:.0f}" in shown
    assert told["makesOffer"]["priceCurrency"] == "EUR"
    assert told["address"]["addressLocality"] == offer.commune.name
    # With dates the page is not for search engines, and says nothing to machines.
    dated = client.get(path, {"arrival": SATURDAY, "adults": 2})
    assert "ld+json" not in dated.content.decode()


def test_something_to_do_has_its_price(client: Client):
    offer = factories.an_activity()
    factories.a_slot(offer, SATURDAY)
    path = address("booking:experience-offer", offer.slug, language="fr")

    told = graph(client, path)["Product"][0]

    assert f"{Decimal(told['offers']['price']):.0f} €" in text_of(client.get(path))


def test_each_session_of_an_event_says_whether_it_takes_place(client: Client):
    event = an_event()

    sessions = graph(client, address("events:event", event.slug, language="fr"))["Event"]

    assert [one["eventStatus"].rpartition("/")[2] for one in sessions] == [
        "EventScheduled",
        "EventCancelled",
    ]
    assert all("offers" not in one for one in sessions)
    event.state = Event.State.CANCELLED
    event.save()
    off = graph(client, address("events:event", event.slug, language="fr"))["Event"]
    assert {one["eventStatus"].rpartition("/")[2] for one in off} == {"EventCancelled"}


def test_a_page_that_is_shared_shows_a_drawing_of_ours(client: Client):
    page = a_page(ThemePage, title="Bien-être", introduction="Au calme.", drawing="dentelle")

    html = client.get(page.url).content.decode()

    assert 'property="og:title" content="Bien-être"' in html
    assert 'property="og:locale" content="fr_FR"' in html
    assert 'property="og:image" content="http://testserver/partage/dentelle.jpg"' in html


@pytest.mark.parametrize("name", ["le-puy", "dentelle"])
def test_the_drawing_has_the_size_that_is_told(client: Client, name: str):
    answer = client.get(reverse("share-image", args=[name]))

    assert answer["Content-Type"] == "image/jpeg"
    assert "max-age" in answer["Cache-Control"]
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert picture.size == (1200, 630)
    assert len(answer.content) < 200_000


@pytest.mark.parametrize("name", ["nothing", "..", "le-puy-nuit-mobile"])
def test_no_other_drawing_is_made(client: Client, name: str):
    assert client.get(f"/partage/{name}.jpg").status_code == 404
