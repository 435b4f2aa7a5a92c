"""A text that isn't translated is shown in another language, and said to be (features.md S03)."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils.translation import override

from booking.showing import offer_url
from tests import factories
from tests.cast import NOW

pytestmark = pytest.mark.django_db


def page_of(client: Client, offer, language: str) -> str:
    with override(language):
        return client.get(offer_url(offer)).content.decode()


def a_gite(**texts: str):
    offer = factories.a_lodging(now=NOW)
    for field, text in texts.items():
        setattr(offer, field, text)
    offer.save()
    return offer


@pytest.fixture(autouse=True)
def _today(at):
    at(NOW)


def test_what_is_only_french_says_so_in_english(client: Client):
    offer = a_gite(
        title_fr="Le gîte du bas", title_en="", summary_fr="Au calme.", summary_en="In peace."
    )

    html = page_of(client, offer, "en")

    assert '<h1 lang="fr">Le gîte du bas</h1>' in html
    assert '<p class="lead">In peace.</p>' in html
    assert "Not translated yet, shown in French." in html


def test_what_is_translated_says_nothing(client: Client):
    texts = {
        f"{field}_{code}": "Le gîte" for code in ("fr", "en") for field in ("title", "summary")
    }
    offer = a_gite(**texts, description_fr="", access_info_fr="", place_fr="")

    html = page_of(client, offer, "en")

    assert "<h1>Le gîte</h1>" in html
    assert "Not translated" not in html


def test_german_readers_get_english_before_french(client: Client):
    offer = a_gite(title_fr="Le gîte du bas", title_en="The lower gîte", title_de="")

    html = page_of(client, offer, "de")

    assert '<h1 lang="en">The lower gîte</h1>' in html


def test_cards_say_the_language_of_their_title(client: Client):
    a_gite(title_fr="Le gîte du bas", title_en="")

    html = client.get("/en/stay/").content.decode()

    assert 'lang="fr">Le gîte du bas</a>' in html
