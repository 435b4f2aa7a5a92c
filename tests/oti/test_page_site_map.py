"""The map of the site: its lists, the office's pages as a tree, the legal texts in force."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from destination.models import LegalText, SectionPage, ThemePage
from tests.destination.cms import a_home, a_page, translated
from tests.pages import text_of

pytestmark = pytest.mark.django_db

FRENCH, ENGLISH, GERMAN = "/fr/plan-du-site/", "/en/site-map/", "/de/"


def test_pages_stand_below_those_that_they_are_under(client: Client):
    section = a_page(SectionPage, title="Envies", slug="envies")
    a_page(ThemePage, section, title="Silence", slug="silence")

    html = client.get(FRENCH).content.decode()

    tree = html[html.index('aria-labelledby="map-read"') :].replace("\n", "")
    assert '<a href="/fr/envies/">Envies</a><ul><li><a href="/fr/envies/silence/">' in tree


def test_a_page_below_one_that_is_not_published_is_still_found(client: Client):
    section = a_page(SectionPage, title="Brouillon", slug="brouillon", live=False)
    a_page(ThemePage, section, title="Silence", slug="silence")
    after = a_page(SectionPage, title="Suite", slug="suite")

    page = client.get(FRENCH)

    text = text_of(page)
    assert "Brouillon" not in text
    assert "Silence" in text
    assert after.title in text


def test_each_language_has_its_own_tree(client: Client):
    page = a_page(ThemePage, title="Silence", slug="silence")
    a_page(ThemePage, title="Le seul", slug="seul")
    translated(page, a_home("en"), title="Quiet", slug="quiet")

    text = text_of(client.get(ENGLISH))

    assert "Quiet" in text
    assert "Silence" not in text
    assert "Le seul" not in text


def test_with_nothing_written_the_lists_remain(client: Client):
    html = client.get(FRENCH).content.decode()

    assert 'href="/fr/dormir/"' in html
    assert 'href="/fr/agenda/"' in html
    # In the map, and at the foot of every page.
    assert html.count('href="/fr/avis/"') == 2
    assert "map-read" not in html


def test_legal_texts_in_force_are_named_in_their_own_language(client: Client):
    kind = LegalText.Kind.ACCESSIBILITY_PLAN
    fields = {"kind": kind, "body": "<p>x</p>", "valid_from": date(2026, 1, 1)}
    LegalText.objects.create(title="Notre plan", language="fr", version="a", **fields)

    html = client.get(ENGLISH).content.decode()
    assert 'href="/en/schema-accessibilite/" lang="fr">Notre plan<' in html
    assert client.get("/en/schema-accessibilite/").status_code == 200
    assert "Mentions légales" not in html

    LegalText.objects.create(title="Our plan", language="en", version="a", **fields)
    assert 'href="/en/schema-accessibilite/">Our plan<' in client.get(ENGLISH).content.decode()


def test_the_declaration_leads_to_the_plan(client: Client):
    fields = {"body": "<p>x</p>", "valid_from": date(2026, 1, 1), "language": "fr", "version": "a"}
    LegalText.objects.create(kind=LegalText.Kind.ACCESSIBILITY, title="Non audité", **fields)
    assert "schema-accessibilite" not in client.get("/fr/accessibilite/").content.decode()

    LegalText.objects.create(kind=LegalText.Kind.ACCESSIBILITY_PLAN, title="Le plan", **fields)
    html = client.get("/fr/accessibilite/").content.decode()
    assert 'href="/fr/schema-accessibilite/">Le plan</a>' in html


def test_its_statements_do_not_grow_with_the_pages(client: Client, django_assert_max_num_queries):
    section = a_page(SectionPage)
    for _number in range(12):
        a_page(ThemePage, section)
    client.get(FRENCH)

    with django_assert_max_num_queries(10):
        client.get(FRENCH)
