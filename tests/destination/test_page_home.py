"""The home, the root, and the frame of every page."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client

from booking.basket import add_to_basket
from booking.wishes import LineRequest
from destination.templatetags.velay import sentences
from events.models import Event, Session
from oti.lib.dates import PARIS
from tests import factories
from tests.cast import NOW, SATURDAY
from tests.pages import address, text_of, with_basket

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _spring(at, settings):
    settings.SEARCH_HORIZON_DAYS = 150
    at(NOW)


@pytest.mark.parametrize(
    ("said", "home"), [("en-GB,en;q=0.9", "/en/"), ("fr", "/fr/"), ("nl", "/fr/"), ("", "/fr/")]
)
def test_the_root_leads_to_the_visitors_language(client: Client, said: str, home: str):
    answer = client.get("/", headers={"Accept-Language": said})

    assert answer.status_code == 302
    assert answer.headers["Location"] == home
    assert "Accept-Language" in answer.headers["Vary"]


def test_home_shows_the_poles_what_can_be_done_soon_and_what_is_on(client: Client):
    activity = factories.an_activity(title_en="Swimming")
    factories.a_slot(activity, NOW.date() + timedelta(days=10))
    far = factories.an_activity(title_en="In autumn")
    factories.a_slot(far, NOW.date() + timedelta(days=100))
    event = Event.objects.create(
        slug="bal",
        title="Bal",
        title_en="Ball",
        state=Event.State.PUBLISHED,
        organiser=activity.provider,
        commune=activity.commune,
    )
    starts_at = NOW + timedelta(days=3)
    Session.objects.create(event=event, starts_at=starts_at, ends_at=starts_at + timedelta(hours=2))

    page = client.get(address("destination:home"))

    text = text_of(page)
    for words in ("Mézenc massif", "Swimming", "Ball", "Find a place to stay only"):
        assert words in text
    assert "In autumn" not in text
    assert f'action="{address("booking:stays")}"' in page.content.decode()
    assert b"noindex" not in page.content


@pytest.mark.parametrize(
    ("moment", "face"),
    [
        (datetime(2027, 7, 1, 9, tzinfo=PARIS), "hero-le-puy"),
        (datetime(2027, 1, 1, 9, tzinfo=PARIS), "hero-mezenc-hiver"),
        (datetime(2027, 11, 15, 9, tzinfo=PARIS), "hero-mezenc-hiver"),
        (datetime(2027, 4, 1, 9, tzinfo=PARIS), "hero-le-puy"),
    ],
)
def test_the_face_follows_the_season(client: Client, at, moment: datetime, face: str):
    at(moment)

    assert face in client.get(address("destination:home")).content.decode()


def test_the_language_switch_keeps_the_page_and_what_was_asked(client: Client):
    page = client.get(address("booking:stays", arrival=SATURDAY, adults=3))

    links = {code: url for code, _name, url in page.context["language_links"]}
    assert links["fr"] == address("booking:stays", language="fr", arrival=SATURDAY, adults=3)
    assert f'hreflang="fr" href="http://testserver{links["fr"]}"'.replace("&", "&amp;") not in (
        page.content.decode()
    )  # a page of results is not for search engines
    assert 'hreflang="fr"' in client.get(address("booking:stays")).content.decode()


def test_pages_without_a_language_lead_to_the_home_of_the_other(client: Client):
    page = client.get("/compte/login/")

    links = {code: url for code, _name, url in page.context["language_links"]}
    assert links == {"fr": "/fr/", "en": "/en/", "de": "/de/"}


def test_my_stay_counts_its_lines_and_says_until_when(client: Client):
    activity = factories.an_activity()
    slot = factories.a_slot(activity, SATURDAY)
    basket = factories.a_basket()
    add_to_basket(basket, LineRequest(offer_id=activity.pk, slot_id=slot.pk, ages=(None,)), now=NOW)

    text = text_of(with_basket(client, basket).get(address("destination:home")))

    assert "1 service, held until 10:15 am" in text


def test_a_forged_cookie_is_no_basket(client: Client):
    client.cookies["sejour"] = "forged:abc"

    assert "(empty)" in text_of(client.get(address("destination:home")))


def test_statements_are_bounded(client: Client, django_assert_max_num_queries):
    for number in range(8):
        activity = factories.an_activity()
        factories.a_slot(activity, NOW.date() + timedelta(days=number + 1))

    with django_assert_max_num_queries(17):
        client.get(address("destination:home"))
    with django_assert_max_num_queries(20):
        with_basket(client, factories.a_basket(None)).get(address("destination:home"))


def test_the_form_of_the_home_leads_to_whole_stays_or_to_the_list_of_lodgings(client: Client):
    html = client.get("/fr/").content.decode()
    form = html[html.index('<form class="wrap seek') :]
    form = form[: form.index("</form>")]

    assert 'action="/fr/composer/"' in form
    assert 'formaction="/fr/dormir/"' in form
    for name in ("wish", "arrival", "departure", "adults", "children"):
        assert f'name="{name}"' in form
    asked = "?wish=food&arrival=2027-07-10&departure=2027-07-17&adults=2&children=0"
    assert client.get(f"/fr/composer/{asked}").status_code == 200
    # The list knows nothing of wishes and shows the lodgings all the same.
    assert client.get(f"/fr/dormir/{asked}").status_code == 200


@pytest.mark.parametrize(
    ("moment", "crops"),
    [
        (datetime(2027, 7, 1, 9, tzinfo=PARIS), ["hero-le-puy", "hero-le-puy-nuit"]),
        (datetime(2027, 1, 1, 9, tzinfo=PARIS), ["hero-mezenc-hiver"]),
    ],
)
def test_a_phone_asks_for_the_face_before_the_styles(client: Client, at, moment, crops):
    at(moment)

    head = client.get("/fr/").content.decode().split("</head>")[0]

    asked = re.findall(r'rel="preload" as="image" href="/static/img/heroes/([a-z-]+)-mobile', head)
    assert asked == crops
    assert head.index('as="image"') < head.index('rel="stylesheet"')


@pytest.mark.parametrize(
    ("text", "parted"),
    [
        ("Prenez le temps. Le Velay vous relie.", ["Prenez le temps.", "Le Velay vous relie."]),
        ("Bienvenue ! Où va-t-on ? Loin…", ["Bienvenue !", "Où va-t-on ?", "Loin…"]),
        ("Le Velay", ["Le Velay"]),
        ("", [""]),
    ],
)
def test_a_title_is_parted_after_each_sentence(text: str, parted: list[str]):
    assert sentences(text) == parted
