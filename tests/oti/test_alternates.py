"""Which languages a page of something sold names: those in which it is written (S03, S04)."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from booking.models import Offer, ReadyStay
from destination.models import SectionPage
from destination.spoken import MAIN_TEXTS, languages_of, with_languages
from events.models import Event, Session
from tests import factories
from tests.cast import NOW
from tests.destination.cms import a_home, a_page
from tests.pages import address

pytestmark = pytest.mark.django_db
GERMAN = {"title_de": "Das Haus", "summary_de": "Aus Lava.", "description_de": "Hoch oben."}
ENGLISH = {"title_en": "The house", "summary_en": "Of lava.", "description_en": "High up."}
NOINDEX = '<meta name="robots" content="noindex">'


@pytest.fixture(autouse=True)
def _spring(at: Any) -> None:
    at(NOW)


def a_lodging(**words: str) -> Offer:
    return factories.a_lodging(now=NOW, **words)


def an_event(**words: str) -> Event:
    evening = factories.an_activity(kind="event_ticket")
    fields = {"slug": "soiree", "title": "Soirée", "summary": "Un soir.", **words}
    event = Event.objects.create(
        state="published", organiser=evening.provider, commune=evening.commune, **fields
    )
    begins = NOW + timedelta(days=3)
    Session.objects.create(event=event, starts_at=begins, ends_at=begins + timedelta(hours=2))
    return event


MADE = [
    (a_lodging, "booking:stay-offer", "offers"),
    (factories.an_activity, "booking:experience-offer", "offers"),
    (factories.a_ready_stay, "booking:ready-stay", "ready-stays"),
    (an_event, "events:event", "events"),
]


def alternates(html: str) -> dict[str, str]:
    return dict(re.findall(r'<link rel="alternate" hreflang="([\w-]+)" href="([^"]+)">', html))


def read(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize(("make", "name", "section"), MADE)
def test_a_page_names_the_languages_in_which_it_is_written(
    client: Client, make: Any, name: str, section: str
):
    slug = make(**ENGLISH).slug
    french, english, german = (address(name, slug, language=code) for code in ("fr", "en", "de"))
    told = {
        "x-default": f"http://testserver{french}",
        "fr": f"http://testserver{french}",
        "en": f"http://testserver{english}",
    }

    # Those that it names name it.
    for url in (french, english):
        html = read(client, url)
        assert alternates(html) == told
        assert NOINDEX not in html
    # In German other words stand in for those that are missing: seen, and not kept.
    html = read(client, german)
    assert alternates(html) == {}
    assert NOINDEX in html
    assert f'<link rel="canonical" href="http://testserver{german}">' in html
    assert ' lang="en"' in html

    plan = client.get(f"/sitemap-{section}.xml").content.decode()
    assert f"<loc>http://testserver{english}</loc>" in plan
    assert german not in plan
    assert 'hreflang="de"' not in plan


@pytest.mark.parametrize(("make", "name", "section"), MADE)
def test_a_page_written_in_every_language_names_all(
    client: Client, make: Any, name: str, section: str
):
    slug = make(**ENGLISH, **GERMAN).slug
    pages = {code: address(name, slug, language=code) for code, _name in settings.LANGUAGES}
    for url in pages.values():
        found = alternates(read(client, url))
        assert {code: found[code] for code in pages} == {
            code: f"http://testserver{one}" for code, one in pages.items()
        }
    plan = client.get(f"/sitemap-{section}.xml").content.decode()
    assert all(f"<loc>http://testserver{url}</loc>" in plan for url in pages.values())


def test_the_database_and_the_page_agree_on_the_languages():
    """Every way to have and lack two texts in two languages, a third one in none or in French."""
    rows = []
    for number, (titled, summed, detailed, told) in enumerate(product([True, False], repeat=4)):
        words = {
            "title_de": "Haus" if titled else "",
            "summary_en": "Lava" if summed else None,
            "summary_de": "Lava" if detailed else "",
            "description": "Au pied du Mézenc." if told else "",
        }
        rows.append(factories.a_ready_stay(slug=f"sejour-{number}", **words))

    found = with_languages(ReadyStay.objects.filter(pk__in=[row.pk for row in rows]))

    assert found.count() == len(rows)
    seen = set()
    for one in found:
        fresh = ReadyStay.objects.get(pk=one.pk)
        in_sql = tuple(c for c, _n in settings.LANGUAGES if getattr(one, f"is_spoken_{c}"))
        assert in_sql == languages_of(fresh), [getattr(fresh, f"{f}_de") for f in MAIN_TEXTS]
        seen.add(in_sql)
    # French alone, with German, with English, with both.
    assert len(seen) > len(settings.LANGUAGES)


def test_a_page_beside_those_of_the_poles_names_its_translations_only(client: Client):
    factories.a_perimeter()
    section = a_page(SectionPage, a_home(), title="Explorer", slug="explorer")
    walk = a_page(SectionPage, section, title="Balades", slug="balades")
    html = read(client, "/fr/explorer/balades/")
    assert walk.title in html
    assert set(alternates(html)) == {"x-default", "fr"}
