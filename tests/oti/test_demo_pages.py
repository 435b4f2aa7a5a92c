"""The demo's pages: in each language, complete, leading somewhere, and never written twice."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from pytest_django import DjangoDbBlocker
from wagtail import blocks
from wagtail.models import Page, ReferenceIndex
from wagtail.models import Site as WagtailSite
from wagtail.search.backends import get_search_backend

from booking.models import Offer, Slot
from destination.blocks import Body
from destination.menus import menus
from destination.models import (
    Commune,
    HomePage,
    PlacePage,
    Pole,
    PolePage,
    SectionPage,
    ThemePage,
)
from destination.models.pages import VelayPage
from oti.demo.page_blocks import Writer, body_of
from oti.demo.page_data import LANGUAGES, PageData, read_pages
from oti.demo.pages import KINDS, add_pages
from oti.lib.dates import today as day_of
from tests import databases
from tests.pages import text_of

# What the brand never says, nor does the site until something in it is able to tell (features.md
# N26; the issue's « true »).
NEVER_SAID = re.compile(
    r"incontournable|must-see|à ne pas manquer|sans voiture|car-free|CO₂|arrêt de bus|bus stop|!"
    r"|geheimtipp|unvergesslich|atemberaubend|einzigartig|ohne auto|autofrei|bushaltestelle",
    re.IGNORECASE,
)
# What is read in German; what stands below another page has no address without it.
GERMAN = {
    *("home", "explorer", "pole-le-puy", "pole-mezenc", "pole-chaise-dieu"),
    *("mont-mezenc", "gerbier", "loire-sauvage", "cathedrale", "aiguilhe", "abbaye", "polignac"),
    "zone-nordique",
}


@pytest.fixture(scope="module")
def demo(django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """Give this module one clone with today's demo; each test undoes what it changes."""
    with django_db_blocker.unblock(), databases.cloned(databases.demo_template()) as name:
        yield name


@pytest.fixture
def now(demo: str) -> Iterator[datetime]:
    """Return this moment; the demo of today is loaded."""
    with transaction.atomic():
        yield timezone.now()
        transaction.set_rollback(True)


def pages_in(language: str) -> list[VelayPage]:
    keys = [one.translation_key for one in read_pages()]
    found = Page.objects.filter(locale__language_code=language, translation_key__in=keys)
    return list(found.order_by("path").specific())


def languages_of(value: Any) -> Iterator[set[str]]:
    """Return the languages in which each text of the data is given."""
    if isinstance(value, list):
        for one in value:
            yield from languages_of(one)
    elif isinstance(value, dict):
        if "fr" in value:
            yield set(value)
        else:
            yield from languages_of(list(value.values()))


def words(value: Any) -> Iterator[str]:
    """Return every text of the data."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from words(one)
    elif isinstance(value, list):
        for one in value:
            yield from words(one)


def said(one: PageData) -> list[str]:
    texts = [one.title, one.introduction, one.search_description]
    return [*words(texts), *words([one.summer_title, one.winter_title]), *words(one.body)]


# --- What is written ------------------------------------------------------------------------------
def test_there_are_enough_pages_of_every_type() -> None:
    kinds = Counter(one.kind for one in read_pages())

    assert sum(kinds.values()) >= 44
    assert kinds.keys() == KINDS.keys()
    assert (kinds["home"], kinds["pole"], kinds["itinerary"]) == (1, 3, 3)
    assert kinds["commune"] >= 10
    assert kinds["place"] >= 12
    assert kinds["theme"] >= 8
    assert kinds["article"] >= 5


def test_keys_are_said_once_and_each_page_refers_to_pages_that_exist() -> None:
    data = read_pages()
    keys = {one.key for one in data}
    assert len(keys) == len(data)

    for one in data:
        assert one.under in {*keys, ""}
        for text in words(one.body):
            assert set(re.findall(r'"page:([^"]+)"', text)) <= keys, one.key
        for chosen in chosen_pages(one):
            assert chosen in keys, f"{one.key}: {chosen}"


def chosen_pages(one: PageData) -> Iterator[str]:
    for block in one.body:
        yield from block.get("pages", [])
        rows = [block, *block.get("reasons", []), *block.get("days", [])]
        if block["type"] != "experiences":
            yield from (row["page"] for row in rows if isinstance(row.get("page"), str))


def test_the_voice_is_the_brands() -> None:
    for one in read_pages():
        for text in said(one):
            assert not NEVER_SAID.search(text), f"{one.key}: {text}"
            assert "'" not in re.sub(r"<[^>]+>", "", text), f"{one.key}: {text}"


def test_texts_are_given_in_each_language_of_their_page_and_fit_their_columns() -> None:
    for one in read_pages():
        languages = {language for language in LANGUAGES if one.is_in(language)}
        assert languages >= {"fr", "en"}, one.key
        texts = [one.slug, one.title, one.introduction, one.search_description]
        texts += [given for given in (one.summer_title, one.winter_title) if given]
        for given in languages_of([*texts, *one.body]):
            assert given == languages, one.key
        assert all(words(texts)), one.key
        for language in languages:
            assert 40 <= len(one.introduction[language]) <= 300, one.key
            assert 70 <= len(one.search_description[language]) <= 165, one.key
        kinds = {block["type"] for block in one.body}
        assert len(kinds) >= (1 if one.kind == "section" else 2), one.key


def test_german_is_given_where_visitors_from_afar_read() -> None:
    """Locomotives, and what is known in the country or beyond, with the pages above them."""
    pages = {one.key: one for one in read_pages()}
    german = {key for key, one in pages.items() if one.is_in("de")}
    far = {"national", "international"}
    known = {key for key, one in pages.items() if one.is_locomotive or one.scope in far}

    assert german >= GERMAN | known
    assert all(not pages[key].under or pages[key].under in german for key in german)
    assert all(re.fullmatch(r"[a-z0-9-]+", pages[key].slug["de"]) for key in german)
    assert all(len(pages[key].search_description["de"]) <= 160 for key in german)


def test_no_drawing_is_shown_twice_on_a_page_by_its_writer() -> None:
    for one in read_pages():
        drawings = [one.drawing, *(b["picture"]["drawing"] for b in one.body if "picture" in b)]
        assert len(set(drawings)) == len(drawings), one.key


# --- What is loaded -------------------------------------------------------------------------------
def test_every_page_is_there_in_its_languages_at_the_same_place(now: datetime) -> None:
    french = pages_in("fr")
    assert len(french) == len(read_pages())

    for language in LANGUAGES:
        pages = pages_in(language)
        keys = {one.translation_key for one in read_pages() if one.is_in(language)}
        same = [one for one in french if one.translation_key in keys]
        assert [one.translation_key for one in pages] == [one.translation_key for one in same]
        assert [(type(one), one.depth) for one in pages] == [(type(o), o.depth) for o in same]
        assert all(one.live and one.first_published_at for one in pages)
    assert Page.find_problems() == ([], [], [], [], [])
    homes = HomePage.objects.order_by("path")
    codes = [(one.locale.language_code, one.depth) for one in homes]
    assert codes == [("fr", 2), ("en", 2), ("de", 2)]


def test_the_site_begins_at_the_french_home_and_wagtails_page_is_gone(now: datetime) -> None:
    site = WagtailSite.objects.get(is_default_site=True)

    assert isinstance(site.root_page.specific, HomePage)
    assert site.root_page.locale.language_code == "fr"
    assert not Page.objects.filter(title__startswith="Welcome").exists()


def test_every_page_could_be_saved_by_an_editor_as_it_is(now: datetime) -> None:
    block = Body()
    for language in LANGUAGES:
        for page in pages_in(language):
            page.full_clean()
            block.clean(page.body)


def test_what_is_written_keeps_the_choices_that_a_block_gives(now: datetime) -> None:
    """Nothing in the data is dropped: a page that is referred to is there in the same language."""
    for language in LANGUAGES:
        for page in pages_in(language):
            for chosen in chooser_values(page.body.stream_block, page.body):
                assert chosen is not None
                assert chosen.live
                assert chosen.locale_id == page.locale_id, page.title


def chooser_values(block: blocks.Block, value: Any) -> Iterator[Any]:
    if isinstance(block, blocks.StreamBlock):
        for one in value:
            yield from chooser_values(one.block, one.value)
    elif isinstance(block, blocks.ListBlock):
        for one in value:
            yield from chooser_values(block.child_block, one)
    elif isinstance(block, blocks.StructBlock):
        for name, child in block.child_blocks.items():
            if not isinstance(child, blocks.PageChooserBlock) or value[name] is not None:
                yield from chooser_values(child, value[name])
    elif isinstance(block, blocks.PageChooserBlock):
        yield value


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_answers(now: datetime, language: str) -> None:
    client = Client()
    for page in pages_in(language):
        response = client.get(page.url)
        assert response.status_code == 200, page.url
        text = text_of(response).replace("\u202f", " ").replace("\xa0", " ")
        assert page.introduction in text, page.url


def test_the_german_pages_say_their_german_texts(now: datetime) -> None:
    """In the rows; a block that would lead nowhere, its pages not being in German, is left out."""
    data = {one.translation_key: one for one in read_pages()}
    pages = pages_in("de")
    ids = {data[page.translation_key].key: page.pk for page in pages}
    for page in pages:
        one = data[page.translation_key]
        kinds = [block["type"] for block in one.body if leads_somewhere(block, set(ids))]
        assert [block.block_type for block in page.body] == kinds, page.title
        stored = " ".join(words([block["value"] for block in page.body.get_prep_value()]))
        stored = f"{stored} {page.title} {page.introduction} {page.search_description}"
        for block in one.body:
            if not leads_somewhere(block, set(ids)):
                continue
            for text in german_texts(block):
                assert re.sub(r"</?a[^>]*>", "", text) in re.sub(r"</?a[^>]*>", "", stored), text


def leads_somewhere(block: dict[str, Any], keys: set[str]) -> bool:
    """Whether the block isn't one whose only pages are missing."""
    if block["type"] == "call_to_action":
        return "address" in block or block["page"] in keys
    return block["type"] != "page_cards" or not block["pages"] or bool(set(block["pages"]) & keys)


def german_texts(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from german_texts(one)
    elif isinstance(value, dict):
        if "de" in value:
            yield value["de"]
        else:
            yield from german_texts(list(value.values()))


def test_what_leads_to_a_page_that_is_missing_is_left_out() -> None:
    """The words of a link stay, a button goes; cards never become the pages below instead."""
    writer = Writer("fr", {})
    assert writer.rich('Voir <a href="page:abbaye">l’abbaye</a>.') == "<p>Voir l’abbaye.</p>"
    button = {"type": "call_to_action", "text": {"fr": "Et après ?"}, "button": {"fr": "Voir"}}
    body = [
        {**button, "page": "abbaye"},
        {**button, "address": "booking:stays"},
        {"type": "page_cards", "heading": {"fr": "Ensuite"}, "pages": ["abbaye", "polignac"]},
        {"type": "page_cards", "heading": {"fr": "En dessous"}, "pages": []},
        {
            "type": "reasons",
            "heading": {"fr": "L’été"},
            "reasons": [{"title": {"fr": "Un"}, "text": {"fr": "Deux"}, "page": "abbaye"}],
        },
    ]
    one = replace(read_pages()[0], body=body)

    stored = body_of(one, "fr", {})

    kinds = [block["type"] for block in stored]
    assert kinds == ["call_to_action", "page_cards", "reasons"]
    assert stored[2]["value"]["reasons"][0]["value"]["page"] is None
    assert [block["type"] for block in body_of(one, "fr", {"abbaye": 7})] == [
        block["type"] for block in body
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_address_of_a_button_or_a_text_answers(now: datetime, language: str) -> None:
    client = Client()
    writer = Writer(language, {})
    for where in routes():
        path = writer.address(where)
        response = client.get(path)
        # The spaces of hosts and of residents ask who one is.
        asks = "extranet" in where or "space" in where
        assert response.status_code in ({200, 302} if asks else {200}), path


def routes() -> set[str]:
    """Return every route that the data names."""
    found: set[str] = set()
    for one in read_pages():
        found |= {block["address"] for block in one.body if "address" in block}
        for text in words(one.body):
            found |= set(re.findall(r'"at:([^"]+)"', text))
    return found


def test_a_page_without_live_blocks_is_read_in_few_statements(now: datetime) -> None:
    client = Client()
    for path in ("/fr/pratique/venir/", "/en/practical/professionals/"):
        client.get(path)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        assert len(queries) <= 10, path


def test_languages_know_each_other(now: datetime) -> None:
    client = Client()
    page = PlacePage.objects.get(slug="mont-mezenc", locale__language_code="fr")

    html = client.get(page.url).content.decode()

    assert 'href="/en/explore/massif-du-mezenc/mont-mezenc/" hreflang="en"' in html
    assert 'href="/de/entdecken/massif-du-mezenc/mont-mezenc/" hreflang="de"' in html


def test_the_page_of_le_puy_sends_its_readers_on_to_the_other_poles(now: datetime) -> None:
    html = Client().get("/fr/explorer/le-puy-en-velay/").content.decode()
    main = html[html.index("<main") : html.index("</main>")]

    assert "/fr/explorer/massif-du-mezenc/" in main
    assert "/fr/explorer/la-chaise-dieu/" in main


def test_international_locomotives_are_the_cathedral_and_the_abbey(now: datetime) -> None:
    far = PlacePage.objects.filter(scope="international", locale__language_code="fr")

    assert set(far.values_list("slug", flat=True)) == {"cathedrale-et-cloitre", "abbaye"}
    known = PlacePage.objects.filter(is_locomotive=True, locale__language_code="fr").count()
    assert known >= 7


def test_pages_are_found_by_what_they_say(now: datetime) -> None:
    backend = get_search_backend()

    found = {page.slug for page in backend.search("phonolite", PlacePage.objects.all())}

    assert found == {"mont-mezenc"}


def test_references_are_known(now: datetime) -> None:
    place = PlacePage.objects.get(slug="mont-mezenc", locale__language_code="fr")

    used = ReferenceIndex.get_references_to(place)

    assert used.count() >= 2


# --- Live blocks ----------------------------------------------------------------------------------
@pytest.mark.parametrize("month", [1, 7])
def test_live_blocks_find_something_in_summer_and_in_winter(now: datetime, month: int) -> None:
    """Where nothing is on in a season, the block of the page says so in its own words."""
    first = next_day(day_of(now), month)
    offers = Offer.objects.on_sale(first).with_pole(first)
    poles = dict(Pole.objects.active_on(first).values_list("slug", "pk"))
    for one in read_pages():
        for block in one.body:
            if block["type"] != "experiences" or "empty_text" in block:
                continue
            until = first + timedelta(days=int(block["days"]))
            slots = Slot.objects.filter(day__range=(first, until), sold__lt=F("capacity"))
            of_pole = offers.filter(pole_id=poles[block["pole"]]) if "pole" in block else offers
            if "kind" in block:
                of_pole = of_pole.filter(kind=block["kind"])
            near = slots.filter(offer__in=of_pole.values("pk"))
            if "commune" in block:
                near = near.filter(offer__commune__in=communes_around(block["commune"]))
            assert near.exists(), f"{one.key}: {block}"


def communes_around(insee: str) -> list[int]:
    """Return the communes within twenty kilometres, as the block says."""
    centre = Commune.objects.get(insee=insee)
    return [
        one.pk
        for one in Commune.objects.all()
        if math.hypot(
            111.2 * (one.latitude - centre.latitude), 78.6 * (one.longitude - centre.longitude)
        )
        <= 20
    ]


def next_day(today: date, month: int) -> date:
    day = date(today.year, month, 12)
    return day if day > today else date(today.year + 1, month, 12)


# --- Again ----------------------------------------------------------------------------------------
def test_a_second_load_changes_nothing(now: datetime) -> None:
    before = list(Page.objects.order_by("pk").values())

    with CaptureQueriesContext(connection) as queries:
        assert add_pages(now=now + timedelta(days=3)) == 0

    assert list(Page.objects.order_by("pk").values()) == before
    assert len(queries) <= 20


def test_a_page_that_an_editor_changed_or_moved_stays_as_it_is(now: datetime) -> None:
    page = ThemePage.objects.get(slug="musique")
    page.title, page.slug = "Écouter", "ecouter"
    page.body = []
    page.save_revision().publish()
    draft = ThemePage.objects.get(slug="la-nuit")
    draft.unpublish()

    assert add_pages(now=now) == 0

    page.refresh_from_db()
    draft.refresh_from_db()
    assert (page.title, page.slug, len(page.body)) == ("Écouter", "ecouter", 0)
    assert not draft.live


def test_what_is_missing_is_added_alone(now: datetime) -> None:
    ThemePage.objects.get(slug="music").delete()

    assert add_pages(now=now) == 1

    again = ThemePage.objects.get(slug="music")
    assert again.get_parent().slug == "themes"
    assert again.get_translations().get().slug == "musique"
    assert Page.find_problems() == ([], [], [], [], [])


def test_an_address_that_an_editor_took_is_left_to_them(now: datetime) -> None:
    section = SectionPage.objects.get(slug="itineraires")
    home = section.get_parent()
    section.delete()
    home.refresh_from_db()
    own = home.add_child(
        instance=SectionPage(title="Nos tours", slug="itineraires", locale=home.locale)
    )

    assert add_pages(now=now) == 0

    own.refresh_from_db()
    assert own.title == "Nos tours"
    assert own.get_children().count() == 0
    # Pages that led to what is no longer there are shown without it.
    assert Client().get("/fr/envies/grands-espaces/").status_code == 200


def test_the_offices_own_home_stays_and_the_pages_stand_below_it(now: datetime) -> None:
    for home in HomePage.objects.order_by("-path"):
        Page.objects.get(pk=home.pk).get_descendants().delete()
    home = HomePage.objects.get(locale__language_code="fr")
    home.translation_key = "8a3cbd3e-1f5e-4b62-9b3d-9a4f3c1f4c11"
    home.title = "Chez nous"
    home.save()
    HomePage.objects.get(locale__language_code="en").delete()

    german = sum(one.is_in("de") for one in read_pages())
    # The French home is the office's, the German one stayed.
    assert add_pages(now=now) == 2 * len(read_pages()) + german - 2

    home.refresh_from_db()
    assert home.title == "Chez nous"
    assert HomePage.objects.get(locale__language_code="en").translation_key == home.translation_key
    assert Client().get("/fr/envies/musique/").status_code == 200
    assert Page.find_problems() == ([], [], [], [], [])


# --- Menus ----------------------------------------------------------------------------------------
def test_the_menus_lead_to_what_is_published_in_one_statement(now: datetime) -> None:
    # The kinds of pages are remembered by each process.
    with override("fr"):
        menus()
    with override("fr"), CaptureQueriesContext(connection) as queries:
        found = menus()

    assert len(queries) <= 1
    assert [one.url for one in found.explore][:2] == ["/fr/explorer/", "/fr/envies/"]
    assert "/fr/pratique/venir/" in [one.url for one in found.prepare]
    people = [one.url for one in found.people]
    assert "/fr/pour-qui/habitants-et-greeters/" in people
    assert "/fr/pratique/presse/" in people
    with override("en"):
        assert menus().prepare[0] == ("Getting to the Velay", "/en/practical/getting-here/")


def test_the_frame_shows_the_menus_on_every_page(now: datetime) -> None:
    html = Client().get("/fr/dormir/").content.decode()

    assert html.count('href="/fr/journal/"') == 2
    assert html.count('href="/fr/explorer/massif-du-mezenc/"') >= 2
    assert html.count('href="/fr/pratique/professionnels/"') == 1


def test_a_page_taken_down_leaves_the_menus(now: datetime) -> None:
    SectionPage.objects.get(slug="journal", locale__language_code="fr").unpublish()
    Page.objects.filter(slug="venir").update(show_in_menus=False)

    with override("fr"):
        found = menus()

    assert "/fr/journal/" not in [one.url for one in found.explore]
    assert "/fr/pratique/venir/" not in [one.url for one in found.prepare]


def test_without_a_home_the_frame_has_no_more_than_the_machine(now: datetime) -> None:
    HomePage.objects.update(live=False)

    with override("fr"):
        assert menus() == ((), (), ())
    assert Client().get("/fr/dormir/").status_code == 200


def test_each_pole_has_its_page(now: datetime) -> None:
    assert PolePage.objects.count() == 3 * len(LANGUAGES)
    for page in PolePage.objects.select_related("locale"):
        with override(page.locale.language_code):
            assert page.url == reverse("destination:pole", args=[page.pole_slug])
