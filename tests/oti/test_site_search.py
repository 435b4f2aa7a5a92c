"""Search over the whole site: accents, other words, near words, what is public, bad input."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils.translation import override
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from booking.site_search import vector_sql
from destination.models import ThemePage
from destination.words import asked
from events.models import Event, Session
from oti.search_sections import search_sections, section_words, sections_of
from tests import factories
from tests.cast import NOW
from tests.destination.cms import a_home, a_page, translated
from tests.pages import address, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _spring(at, settings):
    settings.SEARCH_HORIZON_DAYS = 150
    at(NOW)
    factories.a_perimeter()


def found(client: Client, text: str, *, language: str = "fr", **more: Any) -> list[str]:
    """Return the titles that are found, in their order."""
    response = client.get(address("site-search", language=language, q=text, **more))
    assert response.status_code == 200
    return [hit.title for group in response.context["groups"] for hit in group["hits"]]


def an_event(title: str, *, days: int = 3, **fields: Any) -> Event:
    evening = factories.an_activity(kind="event_ticket")
    event = Event.objects.create(
        slug=f"event-{evening.pk}",
        title_fr=title,
        summary_fr="Un soir.",
        organiser=evening.provider,
        commune=evening.commune,
        **{"state": "published", **fields},
    )
    begins = NOW + timedelta(days=days)
    Session.objects.create(event=event, starts_at=begins, ends_at=begins + timedelta(hours=2))
    return event


def test_offers_pages_and_events_are_found_by_kind(client: Client):
    factories.an_activity(title_fr="Premiers points de dentelle")
    a_page(ThemePage, title="La dentelle du Puy", search_description="Des fuseaux.")
    an_event("Nuit de la dentelle")

    response = client.get(address("site-search", language="fr", q="dentelle"))

    assert [str(one["name"]) for one in response.context["groups"]] == [
        "À réserver",
        "À lire",
        "À voir, à entendre",
    ]
    assert 'name="robots" content="noindex' in response.content.decode()


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("hebergement", "Un hébergement en forêt"),
        ("foret", "Un hébergement en forêt"),
        ("HÉBERGEMENTS", "Un hébergement en forêt"),
        ("les hébergements de la forêt", "Un hébergement en forêt"),
        # Another word for it.
        ("balade", "Randonnée sur les crêtes"),
        ("marche", "Randonnée sur les crêtes"),
        # Nearly the word.
        ("randonée", "Randonnée sur les crêtes"),
        ("hebergmnt", "Un hébergement en forêt"),
    ],
)
def test_accents_other_words_and_near_words(client: Client, typed: str, title: str):
    factories.an_activity(title_fr="Un hébergement en forêt")
    factories.an_activity(title_fr="Randonnée sur les crêtes")

    assert found(client, typed, kind="offers") == [title]


def test_what_is_near_is_said_to_be_near(client: Client):
    factories.an_activity(title_fr="Randonnée sur les crêtes")

    exact = text_of(client.get(address("site-search", language="fr", q="randonnée")))
    near = text_of(client.get(address("site-search", language="fr", q="randonée")))

    assert "leur ressemble" not in exact
    assert "leur ressemble" in near


def test_every_word_counts_wherever_it_stands(client: Client):
    there = factories.an_activity(title_fr="Randonnée", commune=factories.a_commune("Les Estables"))
    factories.an_activity(
        title_fr="Randonnée douce", commune=factories.a_commune("Saint-Front", insee="43186")
    )

    assert found(client, "randonnée estables") == ["Randonnée"]
    assert found(client, f"randonnée {there.provider.name}") == ["Randonnée"]


def test_each_language_has_its_words(client: Client):
    factories.an_activity(title_fr="Premiers points", title_en="First stitches")
    page = a_page(ThemePage, title="Bien-être", search_description="Au calme.")
    translated(page, a_home("en"), title="Well-being", search_description="In the calm.")

    assert found(client, "stitch", language="en") == ["First stitches"]
    assert found(client, "stitch") == []
    assert found(client, "calm", language="en") == ["Well-being"]


def test_only_what_is_public_is_found(client: Client):
    factories.an_activity(title_fr="Dentelle cachée", state="draft")
    factories.an_activity(
        title_fr="Dentelle ailleurs",
        commune=factories.a_commune("Ailleurs", inside=False, insee="43999"),
    )
    a_page(ThemePage, title="Dentelle en brouillon", live=False)
    an_event("Dentelle passée", days=-3)
    an_event("Dentelle en projet", state="draft")

    assert found(client, "dentelle") == []


def test_a_kind_is_read_page_by_page(client: Client):
    for number in range(30):
        factories.an_activity(title_fr=f"Dentelle {number:02}")

    first = client.get(address("site-search", language="fr", q="dentelle"))
    assert [len(one["hits"]) for one in first.context["groups"]] == [4]
    assert first.context["groups"][0]["total"] == 30
    seen = [
        title for page in (1, 2, 3) for title in found(client, "dentelle", kind="offers", page=page)
    ]
    assert len(seen) == len(set(seen)) == 30
    assert found(client, "dentelle", kind="offers", page=4) == []


def test_what_is_found_is_marked_and_nothing_else_is_html(client: Client):
    factories.an_activity(title_fr="<b>Dentelle</b>", summary_fr="La dentelle <script>x</script>")

    html = client.get(address("site-search", language="fr", q="dentelle")).content.decode()

    assert "<mark>dentelle</mark>" in html
    assert "<script>x" not in html
    assert "<b>Dentelle" not in html


@pytest.mark.parametrize(
    "odd",
    ["", " ", "a", "''", "& | !", "' OR 1=1 --", "(((", "😀", "\u202eabc", "é" * 10_000, "%_\\"],
)
def test_odd_words_are_answered(client: Client, odd: str):
    factories.an_activity(title_fr="Dentelle")

    for query in ({"q": odd}, {"q": odd, "kind": "offers", "page": odd}, {"kind": odd}):
        assert client.get(address("site-search", language="fr", **query)).status_code == 200


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999999", "٣", "1e3"])
def test_odd_pages_are_answered(client: Client, page: str):
    assert client.get(address("site-search", q="x y", kind="pages", page=page)).status_code == 200


@given(text=st.text(max_size=60))
@settings(
    max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_whatever_is_typed_is_a_question_that_postgresql_understands(text: str):
    what = asked(text.replace("\0", ""), "fr")
    if what.words:
        query, parameters = what.tsquery()
        some, more = what.nearer(range(len(what.words)), ["dentelle"]).tsquery(is_some=True)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {query}, {some}", [*parameters, *more])


def test_the_index_is_asked_for_its_own_expression():
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname LIKE 'offer_words_%'")
        kept = {row[0] for row in cursor.fetchall()}
        cursor.execute("SET LOCAL enable_seqscan = off")
        for language, configuration in (("fr", "fr_u"), ("en", "en_u"), ("de", "de_u")):
            cursor.execute(
                f"EXPLAIN SELECT id FROM booking_offer o WHERE ({vector_sql(language)})"
                f" @@ plainto_tsquery('{configuration}'::regconfig, 'x')"
            )
            assert f"offer_words_{language}" in str(cursor.fetchall())
    assert len(kept) == 3


# --- Plain wishes --------------------------------------------------------------------------------
@pytest.fixture
def village() -> None:
    """Put on sale what a newcomer looked for, none of it naming what it is in its text."""
    factories.an_activity(kind="workshop", title="Un igloo", title_en="An igloo", child="8")
    factories.an_activity(kind="workshop", title="La reliure", title_en="Binding", child=None)
    factories.an_activity(kind="registration", title="Ma rue", adult="0", child="0")
    for title, features in (("Les Narces", ["pets", "wifi"]), ("La Recluse", [])):
        factories.a_lodging(
            now=NOW, title=title, title_en=title, title_de=title, lodging_type="gite",
            features=features,
        )  # fmt: skip
    a_page(ThemePage, title="Les offices et leurs heures", search_description="Au Puy.")
    german = a_home("de")
    a_page(ThemePage, german, title="Die Abtei", search_description="In La Chaise-Dieu.")


@pytest.mark.parametrize(
    ("language", "typed", "titles"),
    [
        # Kinds and features, in the words of each language.
        ("fr", "ateliers pour enfants", {"Un igloo"}),
        ("fr", "ateliers enfants", {"Un igloo"}),
        ("fr", "gîte chien", {"Les Narces"}),
        ("fr", "gîte avec chien", {"Les Narces"}),
        ("fr", "chien", {"Les Narces"}),
        ("fr", "gite wifi", {"Les Narces"}),
        ("fr", "greeter", {"Ma rue"}),
        ("en", "workshops for children", {"An igloo"}),
        ("en", "pet friendly", {"Les Narces"}),
        ("de", "Hund", {"Les Narces"}),
        # A word that nothing has.
        ("en", "workshp", {"An igloo", "Binding"}),
        ("fr", "atlier enfants", {"Un igloo"}),
        # Pages, by another word.
        ("fr", "horaires office", {"Les offices et leurs heures"}),
        ("de", "Kloster", {"Die Abtei"}),
        # Sections and help of the site.
        ("fr", "annuler ma réservation", {"Retrouver, changer ou annuler ma réservation"}),
        ("fr", "annulation", {"Retrouver, changer ou annuler ma réservation"}),
        ("fr", "où dormir", {"Où dormir", "Les Narces", "La Recluse"}),
        ("fr", "que faire", {"Que faire"}),
        ("fr", "contact", {"Joindre l’office de tourisme", "Les offices et leurs heures"}),
        ("fr", "agenda", {"Agenda"}),
        ("en", "where to sleep", {"Where to stay", "Les Narces", "La Recluse"}),
        ("en", "cancel my booking", {"Find, change or cancel my booking"}),
        ("de", "Übernachten", {"Unterkünfte", "Les Narces", "La Recluse"}),
        ("de", "stornieren", {"Meine Buchung finden, ändern oder stornieren"}),
    ],
)
def test_plain_wishes_are_answered(client: Client, village, language, typed, titles):
    answer = found(client, typed, language=language)

    assert titles <= set(answer)
    assert not ({"La Recluse", "La reliure", "Binding"} - titles) & set(answer)


def test_a_section_stands_first_and_leads_somewhere(client: Client, village):
    page = client.get(address("site-search", language="fr", q="où dormir"))

    first = page.context["groups"][0]["hits"][0]
    assert first.url == address("booking:stays", language="fr")
    assert client.get(first.url).status_code == 200


def test_every_section_has_an_address_in_every_language(client: Client):
    for language in ("fr", "en", "de"):
        with override(language):
            hits = [
                hit
                for word in section_words(language)
                for hit in search_sections(asked(word, language), is_some=True).hits
            ]
        assert len({hit.url for hit in hits}) == len(sections_of(language)) == 13
        assert all(hit.text for hit in hits)


def test_with_nothing_for_all_words_what_has_most_of_them_comes_first(client: Client):
    factories.an_activity(title_fr="La dentelle au fuseau", title_en="Lace")
    factories.an_activity(title_fr="La dentelle", title_en="Lace")

    some = client.get(address("site-search", language="fr", q="dentelle fuseau papillon"))
    both = client.get(address("site-search", language="fr", q="dentelle fuseau"))

    assert some.context["is_some"]
    assert not both.context["is_some"]
    titles = [hit.title for hit in some.context["groups"][0]["hits"]]
    assert titles == ["La dentelle au fuseau", "La dentelle"]
    assert found(client, "dentelle papillon", kind="offers") == found(client, "dentelle")


def test_words_that_nobody_has_find_nothing(client: Client, village):
    assert found(client, "zxqwv") == []
    assert found(client, "zxqwv vwqxz") == []


def test_statements_are_bounded(client: Client, django_assert_max_num_queries):
    for number in range(8):
        factories.an_activity(title_fr=f"Dentelle {number}")
        a_page(ThemePage, title=f"Dentelle {number}", search_description="D")
        an_event(f"Dentelle {number}")
    path = address("site-search", language="fr", q="dentelle")
    client.get(path)

    with django_assert_max_num_queries(12):
        client.get(path)
    with django_assert_max_num_queries(36):
        client.get(address("site-search", language="fr", q="dantelle zorglub papillon"))
