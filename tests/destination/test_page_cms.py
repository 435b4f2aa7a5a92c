"""The office's pages: where they are, what they say, in which languages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import LocalePrefixPattern, get_resolver
from django.utils.translation import override
from wagtail.images.tests.utils import get_test_image_file

from destination import renditions
from destination.models import (
    ArticlePage,
    CommunePage,
    ItineraryPage,
    PersonaPage,
    Picture,
    PlacePage,
    PolePage,
    PracticalPage,
    SectionPage,
    Site,
    ThemePage,
)
from destination.models.pages import RESERVED
from tests import factories
from tests.cast import NOW, TODAY
from tests.destination.cms import a_home, a_page, a_pole_page, translated
from tests.pages import address, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _spring(at, settings):
    settings.SEARCH_HORIZON_DAYS = 150
    at(NOW)
    factories.a_perimeter()


def block(block_type: str, **value: Any) -> tuple[str, dict[str, Any]]:
    return block_type, value


def read(client: Client, page: Any) -> str:
    response = client.get(page.url)
    assert response.status_code == 200
    return text_of(response)


# --- Where pages are ------------------------------------------------------------------------------
def test_the_offices_home_takes_the_place_of_the_plain_one(client: Client):
    assert "Prenez le temps" in text_of(client.get("/fr/"))
    a_home("fr", summer_title="L’été au frais.", introduction="À mille mètres.")

    text = text_of(client.get("/fr/"))

    assert "L’été au frais." in text
    assert "À mille mètres." in text
    assert "Take your time" in text_of(client.get("/en/"))


def test_the_home_shows_its_title_of_the_season(client: Client, at):
    a_home("fr", summer_title="L’été", winter_title="L’hiver blanc")

    at(NOW.replace(month=12))

    assert "L’hiver blanc" in text_of(client.get("/fr/"))


def test_the_offices_page_of_a_pole_stands_at_the_poles_address(client: Client):
    a_pole_page(title="Le Mézenc des sources", introduction="Où naît la Loire.")

    text = text_of(client.get(address("destination:pole", "massif-du-mezenc", language="fr")))

    assert "Le Mézenc des sources" in text
    assert "Où naît la Loire." in text
    # Nobody wrote the English one: the pole speaks for itself, in English.
    english = client.get(address("destination:pole", "massif-du-mezenc"))
    assert "Mézenc massif" in text_of(english)


def test_a_pole_that_left_the_perimeter_has_no_page(client: Client):
    page = a_pole_page("sources-et-gorges")

    assert client.get(page.url, follow=True).status_code == 404
    assert client.get("/fr/explorer/sources-et-gorges/").status_code == 404


@pytest.mark.parametrize(
    "kind", [SectionPage, ThemePage, PersonaPage, PracticalPage, ArticlePage, ItineraryPage]
)
def test_each_type_shows_its_title_its_introduction_and_its_body(client: Client, kind: Any):
    body = [block("passage", heading="Un titre", text="<p>Un texte.</p>")]
    section = a_page(SectionPage)
    page = a_page(kind, section, title="La page", introduction="En deux mots.", body=body)

    text = read(client, page)

    for words in ("La page", "En deux mots.", "Un titre", "Un texte."):
        assert words in text


def test_places_and_communes_say_where_they_are(client: Client):
    commune = factories.a_commune()
    pole = a_pole_page()
    site = Site.objects.create(
        slug="mezenc", name="Mont Mézenc", kind="nature", commune=commune, latitude=45, longitude=4
    )
    place = a_page(PlacePage, pole, site=site, title="Le Mézenc")

    assert "Les Estables" in read(client, place)
    assert '<p class="eyebrow">Nature</p>' in client.get(place.url).content.decode()
    assert "Les Estables" in read(client, a_page(CommunePage, pole, insee=commune.insee))
    assert "Page" in read(client, a_page(CommunePage, pole, insee="00000"))
    site.delete()
    assert "Le Mézenc" in read(client, place)


def test_pages_beside_those_of_the_poles_are_found(client: Client):
    section = a_page(SectionPage, slug="explorer")
    tour = a_page(ItineraryPage, section, slug="du-puy-au-mezenc", title="Du Puy au Mézenc")

    assert tour.url == "/fr/explorer/du-puy-au-mezenc/"
    assert "Du Puy au Mézenc" in read(client, tour)


def test_the_part_with_the_poles_shows_their_landscapes_and_the_map(client: Client, at):
    section = a_pole_page(title="Le Mézenc").get_parent()
    plain = a_page(SectionPage)
    a_page(ThemePage, plain)

    html = client.get(section.url).content.decode()

    assert "img/carte.svg" in html
    assert "hero-mezenc-ete-mobile.webp" in html
    assert "img/carte.svg" not in client.get(plain.url).content.decode()
    at(NOW.replace(month=12))
    assert "hero-mezenc-hiver-mobile.webp" in client.get(section.url).content.decode()


def test_what_the_page_of_a_pole_says_itself_is_not_said_again(client: Client):
    activity = factories.an_activity(title_fr="Nager")
    factories.a_slot(activity, TODAY + timedelta(days=3))
    a_pole_page(body=[block("experiences", heading="Les nôtres", count=2)])

    text = text_of(client.get(address("destination:pole", "massif-du-mezenc", language="fr")))

    assert text.count("Nager") == 1
    assert "Les nôtres" in text


def test_words_of_an_inhabitant_may_lead_to_a_page(client: Client):
    other = a_page(ThemePage, title="Rencontrer un habitant")
    words = {"words": "Je montre ma rue.", "who": "Marie-Thé", "about": "", "picture": {}}
    page = a_page(ThemePage, body=[block("quotation", **words, page=other)])

    assert "Rencontrer un habitant" in read(client, page)
    other.unpublish()
    assert "Rencontrer un habitant" not in read(client, page)


def test_a_draft_is_not_there(client: Client):
    page = a_page(ThemePage, live=False)

    assert client.get(page.url).status_code == 404


def test_no_page_takes_an_address_of_the_machine():
    for slug in ("dormir", "whats-on", "mon-sejour"):
        page = a_page(ThemePage)
        page.slug = slug
        with pytest.raises(ValidationError) as error:
            page.full_clean()
        assert "slug" in error.value.message_dict
    # Deeper it is nobody's.
    deeper = a_page(ThemePage, a_page(SectionPage), slug="agenda")
    deeper.full_clean()


def test_every_first_segment_of_the_machine_is_reserved():
    first = set()
    for code in ("fr", "en", "de"):
        with override(code):
            for resolver in get_resolver().url_patterns:
                if isinstance(resolver.pattern, LocalePrefixPattern):
                    first |= {
                        str(one.pattern).lstrip("^").split("/")[0]
                        for included in resolver.url_patterns
                        for one in getattr(included, "url_patterns", [])
                    }
    words = {one for one in first if one.replace("-", "").isalpha()}

    assert "dormir" in words
    # The page of a pole stands below the office's own section.
    assert words - {"explore", "explorer", "entdecken"} <= RESERVED


# --- What blocks show -----------------------------------------------------------------------------
def test_every_block_writes_what_the_editor_gave(client: Client):
    other = a_page(ThemePage, title="Bien-être")
    picture = {"image": None, "drawing": "dentelle", "alt": "Un carreau"}
    body = [
        block("illustrated", heading="H1", text="<p>T1</p>", picture=picture),
        block("picture", **picture),
        block("quotation", words="Je montre ma rue.", who="Marie-Thé", about="", picture=picture),
        block(
            "reasons",
            heading="Trois raisons",
            season="",
            reasons=[{"icon": "sun", "title": "R1", "text": "TR1", "page": other}],
        ),
        block(
            "comparison",
            heading="Ici ou là",
            intro="",
            here=["Le silence"],
            elsewhere_name="Le Jura",
            elsewhere=["Ses grandes stations"],
        ),
        block(
            "learnings",
            heading="Apprendre",
            learnings=[
                {
                    "skill": "La dentelle",
                    "level": "beginner",
                    "takes_home": "Un marque-page",
                    "tutor": "Odile",
                    "text": "",
                }
            ],
        ),
        block("days", days=[{"title": "J1", "text": "<p>TJ</p>", "kilometres": 9, "page": None}]),
        block("facts", heading="Pratique", facts=[{"name": "Ouvert", "value": "9 h à 12 h"}]),
        block("questions", heading="Q", questions=[{"question": "Q1 ?", "answer": "<p>R1</p>"}]),
        block("page_cards", heading="Lire aussi", intro="", pages=[other]),
        block("call_to_action", text="Venez", button="Réserver", page=other, address=""),
    ]

    text = read(client, a_page(ThemePage, body=body))

    for words in (
        "H1 T1",
        "Je montre ma rue.",
        "Marie-Thé",
        "Trois raisons R1 TR1",
        "Le Jura",
        "Ses grandes stations",
        "La dentelle",
        "débutants",
        "Un marque-page",
        "Jour 1 · 9 km J1 TJ",
        "Ouvert 9 h à 12 h",
        "Lire aussi Bien-être",
        "Réserver",
    ):
        assert words in text.replace("\u202f", " ").replace("\xa0", " "), words


def test_what_was_taken_down_or_deleted_is_left_out(client: Client):
    gone, draft = a_page(ThemePage, title="Partie"), a_page(ThemePage, title="Brouillon")
    body = [
        block("page_cards", heading="Lire aussi", intro="", pages=[gone, draft]),
        block("call_to_action", text="Venez", button="Réserver", page=gone, address=""),
        block(
            "reasons",
            heading="Raisons",
            season="",
            reasons=[{"icon": "sun", "title": "R1", "text": "T", "page": gone}],
        ),
    ]
    page = a_page(ThemePage, body=body)
    gone.delete()
    draft.unpublish()

    text = read(client, page)

    assert "R1" in text
    assert "Lire aussi" not in text
    assert "Réserver" not in text


def test_reasons_of_a_season_are_shown_in_it(client: Client, at):
    reasons = [{"icon": "snowflake", "title": "La neige", "text": "Douce.", "page": None}]
    page = a_page(ThemePage, body=[block("reasons", heading="H", season="winter", reasons=reasons)])

    assert "La neige" not in read(client, page)
    at(NOW.replace(month=12))
    assert "La neige" in read(client, page)


def test_live_blocks_show_what_is_there_or_say_that_nothing_is(client: Client):
    page = a_page(
        ThemePage,
        body=[
            block(
                "experiences",
                heading="Ces semaines",
                pole="massif-du-mezenc",
                commune="",
                count=2,
                empty_text="Rien ces jours-ci.",
                kind="",
                days="35",
                for_children=False,
            ),
            block("agenda", heading="Agenda", pole="", commune="", count=2, empty_text=""),
        ],
    )

    nothing = read(client, page)
    assert "Rien ces jours-ci." in nothing
    assert "Ces semaines" in nothing
    assert "Tout l’agenda" not in nothing.partition("Rien ces jours-ci.")[2].partition("Velay")[0]

    activity = factories.an_activity(title_fr="Nager")
    factories.a_slot(activity, TODAY + timedelta(days=3))
    assert "Nager" in read(client, page)


# --- Languages ------------------------------------------------------------------------------------
def test_a_page_and_its_translation_name_each_other(client: Client):
    french = a_page(ThemePage, title="Bien-être", slug="bien-etre")
    english = translated(french, a_home("en"), title="Well-being", slug="well-being")

    for page in (french, english):
        html = client.get(page.url).content.decode()
        for code, one in (("fr", french), ("en", english)):
            assert f'hreflang="{code}" href="http://testserver{one.url}"' in html
        assert f'lang="{page.locale.language_code}"' in html


def test_a_page_without_translation_names_no_other_and_is_not_there(client: Client):
    french = a_page(ThemePage, slug="silence")
    a_home("en")

    response = client.get(french.url)

    assert 'rel="alternate" hreflang="en"' not in response.content.decode()
    links = {code: url for code, _name, url in response.context["language_links"]}
    assert links == {"fr": french.url, "en": "/en/", "de": "/de/"}
    assert client.get("/en/silence/").status_code == 404


def test_a_language_without_the_page_leads_to_the_nearest_one_above_it(client: Client):
    french = a_page(ThemePage, slug="envies")
    translated(french, a_home("en"), title="Wishes", slug="wishes")
    below = a_page(ThemePage, french, slug="silence")

    response = client.get(below.url)

    links = {code: url for code, _name, url in response.context["language_links"]}
    assert links == {"fr": "/fr/envies/silence/", "en": "/en/wishes/", "de": "/de/"}


# --- Photographs ----------------------------------------------------------------------------------
def test_a_photograph_is_shown_while_its_rights_hold(client: Client, at, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    image = Picture.objects.create(
        title="Mézenc",
        description="Le Mézenc au matin",
        file=get_test_image_file(size=(1200, 900)),
        credit="Luc",
        rights_until=TODAY + timedelta(days=1),
    )
    page = a_page(
        ThemePage, image=image, body=[block("picture", image=image, drawing="rando", alt="")]
    )

    # The page makes one size itself, the task makes the others.
    assert "image/avif" not in client.get(page.url).content.decode()
    assert renditions.make_renditions() == 1
    assert renditions.make_renditions() == 0
    html = client.get(page.url).content.decode()
    assert "image/avif" in html
    assert 'alt="Le Mézenc au matin"' in html
    assert "© Luc" in html
    at(NOW + timedelta(days=2))
    later = client.get(page.url).content.decode()
    assert "image/avif" not in later
    assert "rando.webp" in later


# --- Speed ----------------------------------------------------------------------------------------
def test_statements_are_bounded(client: Client, django_assert_max_num_queries):
    pole = a_pole_page()
    for _number in range(6):
        a_page(ArticlePage, pole)
    body = [block("page_cards", heading="Lire", intro="", pages=[])]
    page = a_page(ThemePage, pole.get_parent(), body=body, title="Thème")
    for number in range(6):
        a_page(ArticlePage, page, title=f"Article {number}")
    client.get(page.url)

    with django_assert_max_num_queries(12):
        client.get(page.url)
    assert isinstance(pole, PolePage)
