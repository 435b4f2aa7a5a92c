"""What search engines are told: robots.txt, the map of the site, the icon."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from booking.models import Offer
from destination.models import ThemePage
from events.models import Event, Session
from tests import factories
from tests.cast import NOW
from tests.destination.cms import a_home, a_page, a_pole_page, translated
from tests.pages import address

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _spring(at):
    at(NOW)


def an_event(slug: str, *, days: int, state: str = "published") -> Event:
    evening = factories.an_activity(kind="event_ticket")
    event = Event.objects.create(
        slug=slug,
        state=state,
        title="Soirée",
        summary="Un soir.",
        organiser=evening.provider,
        commune=evening.commune,
    )
    begins = NOW + timedelta(days=days)
    Session.objects.create(event=event, starts_at=begins, ends_at=begins + timedelta(hours=2))
    return event


def told(client: Client, section: str) -> str:
    answer = client.get(f"/sitemap-{section}.xml")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("application/xml")
    return answer.content.decode()


def test_robots_may_read_what_is_public_and_are_shown_the_map(client: Client):
    answer = client.get("/robots.txt")

    assert answer["Content-Type"].startswith("text/plain")
    lines = answer.content.decode().splitlines()
    for closed in (
        "/gestion/",
        "/pro/",
        "/compte/",
        "/boite/",
        "/fr/mon-sejour/",
        "/en/my-stay/",
        "/fr/reserver/",
        "/en/trip/",
    ):
        assert f"Disallow: {closed}" in lines
    refused = [line.partition(": ")[2] for line in lines if line.startswith("Disallow")]
    offer = factories.an_activity()
    for public in (
        address("destination:home"),
        address("booking:stays"),
        address("booking:experience-offer", offer.slug),
        address("events:agenda"),
        address("booking:ranking"),
    ):
        assert not any(public.startswith(one) for one in refused), public
    assert "Sitemap: http://testserver/sitemap.xml" in lines


def test_the_map_names_its_sections_and_each_is_there(client: Client):
    factories.a_perimeter()
    index = client.get("/sitemap.xml").content.decode()

    sections = re.findall(r"<loc>http://testserver(/[^<]+)</loc>", index)

    assert sections == [
        f"/sitemap-{one}.xml"
        for one in (
            *("pages", "poles", "written", "offers", "ready-stays", "events"),
            "greeters",
        )
    ]
    for one in sections:
        assert client.get(one).status_code == 200
    for odd in ("/sitemap-nothing.xml", "/sitemap-offers.xml?p=x", "/sitemap-offers.xml?p=99"):
        assert client.get(odd).status_code == 404


def test_what_is_published_is_named_in_both_languages(client: Client):
    words = {"summary_en": "Of lava.", "description_en": "At the foot of the Mézenc."}
    lodging = factories.a_lodging(now=NOW, **words)
    activity = factories.an_activity(**words)
    draft = factories.an_activity(state=Offer.State.DRAFT)

    offers = told(client, "offers")

    for path in (
        f"/fr/dormir/{lodging.slug}/",
        f"/en/stay/{lodging.slug}/",
        f"/fr/vivre/{activity.slug}/",
        f"/en/experience/{activity.slug}/",
    ):
        assert f"<loc>http://testserver{path}</loc>" in offers
        assert f'href="http://testserver{path}"' in offers
        assert client.get(path).status_code == 200
    assert draft.slug not in offers
    assert "/en/explore/massif-du-mezenc/" in told(client, "poles")
    assert "<loc>http://testserver/fr/dormir/</loc>" in told(client, "pages")


def test_events_to_come_are_named_and_past_or_hidden_ones_are_not(client: Client):
    an_event("soiree", days=3)
    an_event("hier", days=-3)
    an_event("brouillon", days=3, state="draft")
    an_event("annule", days=3, state="cancelled")

    events = told(client, "events")

    assert "/fr/agenda/soiree/" in events
    for hidden in ("hier", "brouillon", "annule"):
        assert f"/agenda/{hidden}/" not in events


def test_the_map_is_kept_for_an_hour(client: Client, django_assert_num_queries):
    factories.an_activity()
    first = told(client, "offers")
    with django_assert_num_queries(0):
        assert told(client, "offers") == first
    assert "max-age=3600" in client.get("/sitemap-offers.xml")["Cache-Control"]


def test_the_icon_is_where_browsers_look(client: Client):
    answer = client.get("/favicon.ico")
    assert answer.status_code == 301
    assert answer["Location"].startswith("/static/img/favicon")


def test_what_the_office_wrote_names_its_published_translations_only(client: Client):
    both = a_page(ThemePage, slug="bien-etre")
    english = translated(both, a_home("en"), slug="well-being")
    alone, half = a_page(ThemePage, slug="silence"), a_page(ThemePage, slug="nuit")
    translated(half, a_home("en"), slug="night", live=False)
    a_page(ThemePage, slug="brouillon", live=False)
    a_pole_page()

    written = told(client, "written")

    for page in (both, english, alone, half):
        assert f"<loc>http://testserver{page.url}</loc>" in written
        assert client.get(page.url).status_code == 200
    assert written.count(f'href="http://testserver{english.url}"') == 2
    assert written.count(f'href="http://testserver{alone.url}"') == 1
    for hidden in ("/en/night/", "/fr/brouillon/", "massif-du-mezenc", "/fr/home-fr/"):
        assert hidden not in written
