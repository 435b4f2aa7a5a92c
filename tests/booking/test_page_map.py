"""Maps: beside the lists, on a page of their own, on the page of an offer; each says what its list
says, to the cent, and nothing more exactly than it is known.
"""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from booking.views import atlas
from destination.models import CommuneOutline, ItineraryPage, SectionPage, Site, Station, Trail
from tests import factories
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY, TODAY
from tests.destination.cms import a_home, a_page, translated
from tests.pages import address, text_of

pytestmark = pytest.mark.django_db
WEEK: dict[str, Any] = {
    "arrival": SATURDAY,
    "departure": NEXT_SATURDAY,
    "adults": 2,
    "ages": [5, 10],
}
RING = [[4.1, 44.85], [4.2, 44.85], [4.2, 44.95], [4.1, 44.85]]


@pytest.fixture(autouse=True)
def _spring(at, settings):
    settings.SEARCH_HORIZON_DAYS = 150
    at(NOW)
    factories.a_perimeter()


def points(page: HttpResponse) -> dict[str, dict[str, Any]]:
    """Return what the map of a page knows, by the id of its line in the list."""
    assert page.status_code == 200
    found = re.search(r'data-points="([^"]*)"', page.content.decode())
    assert found
    return {one["id"]: one for one in json.loads(html.unescape(found[1]))}


def drawn(page: HttpResponse) -> dict[str, str]:
    """Return what the drawn pins that are links say, by where they lead."""
    links = re.findall(
        r'<a href="#([^"]+)" data-pin="[^"]+" aria-label="([^"]*)"', page.content.decode()
    )
    return {anchor: html.unescape(words) for anchor, words in links}


def a_site(name: str = "Mont Mézenc", **fields: Any) -> Site:
    values = {
        "slug": name.lower().replace(" ", "-"),
        "kind": "nature",
        "commune": factories.a_commune(),
    }
    return Site.objects.create(
        name=name, **{**values, "latitude": 44.91, "longitude": 4.19, **fields}
    )


# --- Beside the lists ---------------------------------------------------------------------------
def test_the_list_of_lodgings_has_a_map_when_it_is_asked_for(client: Client):
    offer = factories.a_lodging(night="100", cleaning="60", title_en="The cottage", now=NOW)

    plain = client.get(address("booking:stays", **WEEK))
    assert b"data-map" not in plain.content
    assert b"map.js" not in plain.content
    page = client.get(plain.context["switch_url"])

    anchor = f"res-{offer.pk}"
    assert f'id="{anchor}"' in page.content.decode()
    # The sum of the card, to the cent (tests/booking/test_page_stays.py).
    assert points(page)[anchor]["label"] == "€775.40"
    assert drawn(page)[anchor] == "The cottage, Les Estables, €775.40"
    assert str(page.context["cards"][0]["price"]["amount"]) == "775.40"
    assert "€775.40" in text_of(page)


def test_every_link_of_a_list_with_a_map_keeps_the_map_and_the_way_back_keeps_the_filters(
    client: Client,
):
    for _number in range(13):
        factories.a_lodging(features=["pets"], now=NOW)

    page = client.get(address("booking:stays", **WEEK, features="pets", view="map"))

    assert all("view=map" in chip["url"] for chip in page.context["chips"])
    assert "view=map" in page.context["pages"]["next_url"]
    assert ("view", "map") in page.context["hidden_for_sort"]
    back = page.context["switch_url"]
    assert "view" not in back
    assert "features=pets" in back
    assert f"arrival={SATURDAY}" in back
    assert b'content="noindex"' in page.content


def test_the_map_shows_the_page_of_the_list_that_is_shown(client: Client):
    for _number in range(14):
        factories.a_lodging(now=NOW)

    pages = [client.get(address("booking:stays", **WEEK, view="map", page=n)) for n in (1, 2)]

    assert [len(points(page)) for page in pages] == [12, 2]
    for page in pages:
        assert set(points(page)) == {card["id"] for card in page.context["cards"]}
    assert "page=2" in pages[1].context["switch_url"]


def test_without_dates_a_pin_says_no_price(client: Client):
    offer = factories.a_lodging(night="80", now=NOW)

    page = client.get(address("booking:stays", view="map"))

    assert points(page)[f"res-{offer.pk}"]["label"] == ""
    assert f'id="res-{offer.pk}"' in page.content.decode()


def test_things_to_do_say_the_price_of_the_party_where_it_is_told(client: Client):
    activity = factories.an_activity(title_en="Swimming")
    factories.a_slot(activity, TODAY + timedelta(days=3))

    alone = client.get(address("booking:experiences", view="map"))
    told = client.get(address("booking:experiences", view="map", adults=2))

    anchor = f"res-{activity.pk}"
    assert points(alone)[anchor]["label"] == ""
    [card] = told.context["cards"]
    assert points(told)[anchor]["label"].replace("€", "") == str(
        card["price"]["amount"]
    ).removesuffix(".00")


def test_a_list_of_nothing_has_no_map_and_says_why(client: Client):
    page = client.get(address("booking:stays", **WEEK, view="map"))

    assert page.status_code == 200
    assert b"data-map=" not in page.content
    assert "Nothing free as you ask" in text_of(page)


@pytest.mark.parametrize("view", ["", "list", "MAP", "map;drop", "é" * 200])
def test_another_view_is_the_list(client: Client, view: str):
    factories.a_lodging(now=NOW)

    page = client.get(address("booking:stays", view=view))

    assert page.status_code == 200
    assert page.context["is_map"] is False


def test_a_lodging_without_a_position_stands_about_its_commune(client: Client):
    known = factories.a_lodging(latitude=44.95, longitude=4.1, now=NOW)
    about = factories.a_lodging(now=NOW)

    found = points(client.get(address("booking:stays", view="map")))

    assert found[f"res-{known.pk}"]["at"] == [44.95, 4.1]
    assert found[f"res-{known.pk}"]["exact"] is True
    assert found[f"res-{about.pk}"]["at"] == [about.commune.latitude, about.commune.longitude]
    assert found[f"res-{about.pk}"]["exact"] is False


def test_pins_that_would_hide_each_other_are_one_bead_with_their_names(client: Client):
    titles = ("One", "Two", "Three", "Four")
    for title in titles:
        factories.a_lodging(title_en=title, now=NOW)

    page = client.get(address("booking:stays", **WEEK, view="map"))

    [words] = drawn(page).values()
    assert words.startswith("4 places: ")
    assert len(points(page)) == 4


def test_a_title_can_not_leave_the_attribute_that_it_stands_in(client: Client):
    offer = factories.a_lodging(title_en='"><script>alert(1)</script>', now=NOW)

    page = client.get(address("booking:stays", view="map"))

    assert "<script>alert(1)" not in page.content.decode()
    assert points(page)[f"res-{offer.pk}"]["name"] == offer.title_en


def test_a_map_costs_few_statements_more_than_its_list(client: Client):
    factories.a_lodging(now=NOW)
    with CaptureQueriesContext(connection) as plain:
        client.get(address("booking:stays", **WEEK))
    with CaptureQueriesContext(connection) as mapped:
        client.get(address("booking:stays", **WEEK, view="map"))

    # Poles, communes of them, their outlines; a process remembers all three.
    assert len(mapped) - len(plain) <= 3


# --- The page of its own ------------------------------------------------------------------------
def test_the_map_of_everything_has_a_list_that_says_the_same(client: Client):
    lodging = factories.a_lodging(title_en="The cottage", now=NOW)
    activity = factories.an_activity(title_en="Swimming")
    factories.a_slot(activity, TODAY + timedelta(days=3))
    site = a_site(name_en="Mont Mézenc")
    station = Station.objects.create(
        name="Le Puy", commune=factories.a_commune(), latitude=45.04, longitude=3.89
    )
    Trail.objects.create(slug="lac", name="Round the lake", length_metres=3200, lines=[RING])

    page = client.get(address("booking:map"))

    wanted = {
        f"res-{lodging.pk}": "The cottage",
        f"res-{activity.pk}": "Swimming",
        f"site-{site.pk}": "Mont Mézenc",
        f"station-{station.pk}": "Le Puy",
        "walk-lac": "Round the lake",
    }
    assert {anchor: one["name"] for anchor, one in points(page).items()} == wanted
    for anchor, name in wanted.items():
        assert f'id="{anchor}"' in page.content.decode()
        assert name in text_of(page)
    assert "3 km" in text_of(page)
    assert b"noindex" not in page.content


def test_a_walk_has_the_title_of_its_itinerary_or_says_its_language(client: Client):
    french, english = a_home("fr"), a_home("en")
    page = a_page(ItineraryPage, a_page(SectionPage, french), title="Le tour du lac")
    twin = translated(page, a_page(SectionPage, english), title="Round the lake")
    key = page.translation_key
    trails = (("lac", "Le tour du lac", key), ("suc", "Le tour du suc", None))
    for slug, name, itinerary in trails:
        Trail.objects.create(
            slug=slug, name=name, length_metres=3200, lines=[RING], itinerary=itinerary
        )

    def shown(language: str) -> str:
        found = client.get(address("booking:map", language=language)).content.decode()
        return found[found.index('id="layer-walks"') :]

    in_english, in_german, in_french = shown("en"), shown("de"), shown("fr")

    assert f'<a href="{twin.url}">Round the lake</a>' in in_english
    assert '<span lang="fr">Le tour du suc</span>' in in_english
    assert in_german.count('<span lang="fr">') == 2
    assert f'<a href="{page.url}">Le tour du lac</a>' in in_french
    assert 'lang="fr"' not in in_french


def test_the_prices_of_the_map_are_those_of_the_list(client: Client):
    for number in range(3):
        factories.a_lodging(night=str(100 + 7 * number), cleaning="61.50", now=NOW)
    activity = factories.an_activity()
    factories.a_slot(activity, SATURDAY + timedelta(days=1))

    page = client.get(address("booking:map", **WEEK))

    shown: dict[str, Any] = {}
    for name in ("booking:stays", "booking:experiences"):
        for anchor, one in points(client.get(address(name, **WEEK, view="map"))).items():
            shown[anchor] = one["label"]
    assert len(shown) == 4
    assert {anchor: one["label"] for anchor, one in points(page).items()} == shown
    for label in shown.values():
        assert label in text_of(page)


def test_layers_and_pole_stand_in_the_address(client: Client):
    factories.a_lodging(now=NOW)
    inside = a_site()
    outside = a_site(
        "Borée", slug="boree", commune=factories.a_commune("Borée", insee="07037", inside=False)
    )

    page = client.get(address("booking:map", layers="sites"))
    assert set(points(page)) == {f"site-{inside.pk}", f"site-{outside.pk}"}
    page = client.get(address("booking:map", layers=["sites", "stay"], pole="massif-du-mezenc"))
    assert f"site-{outside.pk}" not in points(page)
    assert f"site-{inside.pk}" in points(page)
    assert b"map-pole--on" in page.content
    assert b'value="sites" checked' in page.content
    assert b'value="stations" checked' not in page.content
    assert b'content="noindex"' in page.content


@pytest.mark.parametrize(
    "query",
    [
        {"layers": "nothing"},
        {"layers": ["'; --", "sites"]},
        {"pole": "nulle-part"},
        {"pole": "é" * 500},
        {"arrival": "2020-01-01", "departure": "2019-01-01"},
        {"arrival": "tomorrow"},
        {"adults": "0"},
        {"adults": "many", "ages": "x"},
        {"page": "-1"},
        {"page": "999"},
        {"page": "9" * 40},
        {"view": "satellite"},
        {"season": "5", "type": "castle", "features": "gold", "commune": "paris"},
    ],
)
def test_nonsense_is_said_or_left_out_and_never_breaks(client: Client, query: dict[str, Any]):
    factories.a_lodging(now=NOW)
    a_site()

    page = client.get(address("booking:map", **query))

    assert page.status_code == 200
    assert "Map of the Velay" in text_of(page)


def test_wrong_dates_are_said_and_nothing_has_a_price(client: Client):
    factories.a_lodging(now=NOW)

    page = client.get(address("booking:map", arrival=NEXT_SATURDAY, departure=SATURDAY, adults=2))

    assert page.context["page_errors"]["dates"]
    assert {one["label"] for one in points(page).values()} == {""}


def test_an_empty_map_says_so_and_leads_back(client: Client):
    page = client.get(address("booking:map", pole="nulle-part"))

    assert "Nothing to show there" in text_of(page)
    assert f'href="{address("booking:map")}"' in page.content.decode()


def test_a_layer_shows_its_first_lines_and_folds_the_others(client: Client):
    for number in range(8):
        a_site(f"Site {number}")
    for _number in range(7):
        factories.a_lodging(now=NOW)

    page = client.get(address("booking:map"))

    groups = {one["code"]: one for one in page.context["groups"]}
    sizes = {name: (len(one["first"]), len(one["folded"])) for name, one in groups.items()}
    # A fold of two lines would hide more than it spares.
    assert sizes == {"stay": (7, 0), "sites": (5, 3)}
    [fold] = re.findall(r"<details class=.atlas-more.>.*?</details>", page.content.decode(), re.S)
    assert " Show 3 more : Sites and villages " in text_of(page)
    assert [one.name in fold for one in groups["sites"]["pins"]] == [False] * 5 + [True] * 3
    # What is folded stands on the map all the same.
    assert len(points(page)) == 15


def test_a_place_named_like_its_commune_is_said_once(client: Client):
    a_site("Les Estables")
    page = client.get(address("booking:map", layers="sites"))
    line = re.search(r'<li id="site-.*?</li>', page.content.decode())
    assert line
    assert line[0].count("Les Estables") == 1


def test_a_page_of_the_map_is_bounded_and_the_rest_stands_on_the_next(client: Client, monkeypatch):
    monkeypatch.setattr(atlas, "SIZE", 2)
    for _number in range(3):
        factories.a_lodging(now=NOW)
    a_site()

    first = client.get(address("booking:map", **WEEK, layers=["stay", "sites"]))
    second = client.get(first.context["pages"]["next_url"])

    assert "layers=stay" in first.context["pages"]["next_url"]
    assert len(points(first)) == 3
    assert len(points(second)) == 1
    assert not set(points(first)) & set(points(second))
    assert second.context["pages"]["total"] == 2


def test_the_map_costs_the_same_however_much_there_is(client: Client):
    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get(address("booking:map", **WEEK))
        return len(asked)

    factories.a_lodging(now=NOW)
    a_site()
    one = cost()
    for number in range(8):
        factories.a_lodging(now=NOW)
        a_site(f"Site {number}")
    many = cost()

    assert many <= one
    assert one <= 30


# --- On the page of an offer and of a pole ------------------------------------------------------
def test_the_page_of_an_offer_says_where_it_is(client: Client):
    offer = factories.a_lodging(latitude=44.95, longitude=4.1, now=NOW)

    page = client.get(address("booking:stay-offer", offer.slug))

    assert points(page)[""]["at"] == [44.95, 4.1]
    assert "Where it is" in text_of(page)
    assert "the exact place isn’t given" not in text_of(page)
    assert b'data-map="ask"' in page.content


def test_where_only_the_commune_is_known_its_outline_stands_out(client: Client):
    activity = factories.an_activity()
    factories.a_slot(activity, TODAY + timedelta(days=3))
    CommuneOutline.objects.create(commune=activity.commune, rings=[RING])

    page = client.get(address("booking:experience-offer", activity.slug))

    assert points(page)[""]["exact"] is False
    assert "the exact place isn’t given" in text_of(page)
    assert b'class="map-area"' in page.content
    assert b"pin--about" in page.content


def test_the_page_of_a_pole_shows_its_outline_and_its_sites(client: Client):
    a_site()

    page = client.get(address("destination:pole", "massif-du-mezenc"))

    assert [one["name"] for one in points(page).values()] == ["Mont Mézenc"]
    assert b"map-pole--on" in page.content
    # Its list of sites has no lines to lead to.
    assert drawn(page) == {}


def test_a_pole_without_an_outline_has_no_map(client: Client):
    perimeter = factories.a_perimeter()
    perimeter.poles.update(slug="ailleurs")

    page = client.get(address("destination:pole", "ailleurs"))

    assert page.status_code == 200
    assert b"data-map=" not in page.content


def test_no_map_writes_a_style_or_a_script_into_the_page(client: Client):
    factories.a_lodging(now=NOW)
    for page in (address("booking:map"), address("booking:stays", **WEEK, view="map")):
        content = client.get(page).content.decode()
        assert " style=" not in content
        assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/(ld\+)?json)", content)
        assert "leaflet.js" not in re.sub(r'data-script="[^"]*"', "", content)
