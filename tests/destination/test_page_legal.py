"""Legal texts: the version in force, older ones by name, French where a language is missing."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from destination.models import LegalText
from tests import factories
from tests.cast import NOW
from tests.pages import address, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _spring(at):
    at(NOW)


def a_text(version: str, valid_from: date, **fields) -> LegalText:
    return LegalText.objects.create(
        version=version,
        valid_from=valid_from,
        **{
            "kind": LegalText.Kind.TERMS,
            "language": "fr",
            "title": "Conditions de vente",
            "body": f"<h2>Version {version}</h2><p>Texte.</p>",
            **fields,
        },
    )


def show(client: Client, kind: str = "conditions-de-vente", language: str = "fr", **query):
    return client.get(address("destination:legal", kind, language=language, **query))


def test_the_version_in_force_is_shown_and_the_older_one_can_be_read(client: Client):
    a_text("1", date(2026, 1, 1))
    a_text("2", date(2027, 1, 1))
    a_text("3", date(2028, 1, 1))

    now, before = show(client), show(client, version="1")

    assert "Version 2" in text_of(now)
    assert [one["version"] for one in now.context["versions"]] == ["1"]
    assert "<h2>Version 1</h2>" in before.content.decode()
    assert b'content="noindex"' in before.content
    assert show(client, version="3").status_code == 404
    assert show(client, version="9").status_code == 404


def test_french_stands_in_for_a_missing_language_and_says_so(client: Client):
    a_text("1", date(2026, 1, 1))

    page = show(client, language="en")

    assert 'lang="fr"' in page.content.decode()
    assert "Conditions de vente" in text_of(page)


def test_a_text_cannot_bring_scripts(client: Client):
    a_text("1", date(2026, 1, 1), body='<p onclick="x()">Un<script>alert(1)</script></p>')

    body = show(client).content.decode()

    assert "alert(1)" not in body
    assert "onclick" not in body
    assert "<p>Un</p>" in body


def test_plain_text_gets_paragraphs(client: Client):
    a_text("1", date(2026, 1, 1), body="Un.\n\nDeux.")

    assert "<p>Un.</p>" in show(client).content.decode()


def test_a_text_that_is_not_there_is_not_found(client: Client):
    assert show(client, "vie-privee").status_code == 404


NOTICE = LegalText.Kind.NOTICE
SOLD, NOT_SOLD = "Packages are sold on this site", "No package is sold on this site"


@pytest.mark.parametrize(
    ("papers", "says"),
    [
        ({}, SOLD),
        ({"registration_number": ""}, NOT_SOLD),
        ({"valid_until": date(2027, 4, 5)}, NOT_SOLD),
        (None, NOT_SOLD),
    ],
)
def test_the_notice_says_of_packages_what_the_organisers_record_says(
    client: Client, papers: dict[str, object] | None, says: str
):
    a_text("1", date(2026, 1, 1), kind=NOTICE, title="Mentions légales")
    if papers is not None:
        factories.an_organiser(**papers)

    page = text_of(show(client, "mentions-legales", language="en"))

    assert says in page
    assert ("IM043123456" in page) == (says == SOLD)
    assert page.count("sold on this site") == 1


def test_the_notice_says_so_where_packages_are_blocked(client: Client, settings):
    settings.PACKAGE_POLICY = "block"
    a_text("1", date(2026, 1, 1), kind=NOTICE, title="Mentions légales")
    factories.an_organiser()

    assert NOT_SOLD in text_of(show(client, "mentions-legales", language="en"))


def test_the_footer_says_of_accessibility_what_its_page_says(client: Client):
    kind = LegalText.Kind.ACCESSIBILITY
    assert "Accessibility" in text_of(client.get("/en/"))
    a_text("1", date(2026, 1, 1), kind=kind, title="Accessibilité : non conforme")
    a_text("2", date(2027, 1, 1), kind=kind, title="Accessibilité : partiellement conforme")
    a_text("3", date(2028, 1, 1), kind=kind, title="Accessibilité : totalement conforme")
    a_text("2", date(2027, 1, 1), kind=kind, title="Accessibility: partly compliant", language="en")

    french, english = (text_of(client.get(f"/{one}/")) for one in ("fr", "en"))

    assert "Accessibilité : partiellement conforme" in french.replace("\u202f", " ").replace(
        "\xa0", " "
    )
    assert "Accessibility: partly compliant" in english
    assert "conforme" not in english


def test_the_ranking_has_one_page_and_keeps_the_addresses_of_its_versions(client: Client):
    kind = LegalText.Kind.RANKING
    a_text("1", date(2026, 1, 1), kind=kind, title="Le classement")
    a_text("2", date(2027, 1, 1), kind=kind, title="Le classement")
    page = address("booking:ranking", language="fr")

    plain, before = show(client, kind), show(client, kind, version="1")
    text = text_of(client.get(page))

    assert (plain.status_code, plain["Location"]) == (301, page)
    assert "Version 1" in text_of(before)
    assert "Version 2" in text
    assert f'href="{address("destination:legal", kind, language="fr")}?version=1"' in (
        client.get(page).content.decode()
    )
    assert show(client, kind, version="9").status_code == 404


def test_without_a_text_the_ranking_is_explained_all_the_same(client: Client):
    assert client.get(address("booking:ranking")).status_code == 200
