"""Filters of the lists: each keeps what it says, and the count on its chip is what it shows."""

from __future__ import annotations

from datetime import date, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.test import Client

from booking import search_table
from booking.models import OfferLabel
from destination.models import Commune, Pole, PoleMembership
from tests import factories
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY, TODAY
from tests.pages import address, text_of, with_basket
from tests.replay import replayed

pytestmark = pytest.mark.django_db
WEEK = {"arrival": SATURDAY, "departure": NEXT_SATURDAY, "adults": 2}


@pytest.fixture(autouse=True)
def _spring(at, settings):
    settings.SEARCH_HORIZON_DAYS = 150
    at(NOW)


def label(offer, code: str, until: date) -> OfferLabel:
    return OfferLabel.objects.create(offer=offer, code=code, valid_until=until)


def another_pole() -> dict[str, object]:
    """Make a second pole with a commune of its own; returns the fields of an offer there."""
    perimeter = factories.a_perimeter()
    pole = Pole.objects.create(
        perimeter=perimeter, slug="le-puy-en-velay", name="Le Puy", name_en="Le Puy", colour="puy"
    )
    commune = factories.a_commune("Saint-Paulien", insee="43216", inside=False)
    PoleMembership.objects.create(
        perimeter=perimeter, pole=pole, commune=commune, valid_from=factories.LONG_AGO
    )
    return {"commune": commune}


@replayed
def a_market() -> None:
    """Make lodgings that differ in everything that can be filtered, some of them not free."""
    there = another_pole()
    first = factories.a_lodging(features=["pets", "wifi"], now=NOW)
    second = factories.a_lodging(features=["pets"], lodging_type="hotel", now=NOW, **there)
    label(first, "accueil-velo", TODAY)
    label(second, "accueil-velo", date(2030, 1, 1))
    label(second, "bio", TODAY - timedelta(days=1))
    factories.a_lodging(
        features=["accessible"],
        lodging_type="chambre_hotes",
        tax_category="1_star_or_chambre_dhotes",
        now=NOW,
    )
    factories.a_lodging(features=["pets", "cot"], sleeps=1, now=NOW)
    # Without a tariff of the tourist tax it can't be priced.
    factories.a_lodging(features=["pets"], tax_category="palace", now=NOW)
    # Refused by the rules alone: the table doesn't know.
    no_departure = factories.a_lodging(features=["pets"])
    after = NEXT_SATURDAY + timedelta(days=1)
    factories.a_restriction(no_departure, "closed_to_departure", NEXT_SATURDAY, after)
    short = factories.a_lodging(features=["wifi"])
    factories.a_restriction(short, "max_stay", SATURDAY, after, value=3)
    late = factories.a_lodging(features=["wifi"], max_advance_days=30)
    through = factories.a_lodging(features=["wifi"])
    factories.a_restriction(
        through, "min_stay_through", date(2027, 7, 12), date(2027, 7, 20), weekday=2, value=9
    )
    units = [one.units.get().pk for one in (no_departure, short, late, through)]
    search_table.rebuild_units(units, today=TODAY)


@replayed
def some_things_to_do() -> None:
    there = another_pole()
    for number, fields in enumerate(
        [
            {"features": ["pets"], "kind": "workshop"},
            {"features": ["pets", "indoor"], **there},
            {"features": ["outdoor"], "min_age": 40},
            {"kind": "meal", **there},
        ]
    ):
        offer = factories.an_activity(**fields)
        factories.a_slot(offer, SATURDAY + timedelta(days=number))
        if number:
            label(offer, "bio", date(2030, 1, 1))
    full = factories.an_activity(features=["pets"])
    factories.a_slot(full, SATURDAY, capacity=0)


def chips_of(page) -> list[dict]:
    context = page.context
    return [*context["chips"], *(chip for one in context["filter_groups"] for chip in one["chips"])]


def shown(page) -> int:
    return len(page.context["cards"])


@pytest.mark.parametrize(
    ("name", "world", "query"),
    [
        ("booking:stays", a_market, {**WEEK, "features": "pets"}),
        ("booking:stays", a_market, {**WEEK, "pole": "massif-du-mezenc", "type": "gite"}),
        ("booking:stays", a_market, {}),
        ("booking:stays", a_market, {"commune": "saint-paulien", "labels": "accueil-velo"}),
        ("booking:stays", a_market, {"stars": ["2", "3"], "q": "offre"}),
        ("booking:stays", a_market, {**WEEK, "near": "les-estables"}),
        ("booking:experiences", some_things_to_do, {"near": "les-estables", "age": "8"}),
        ("booking:experiences", some_things_to_do, {"days": "120", "age": "17"}),
        ("booking:experiences", some_things_to_do, {**WEEK, "ages": [5]}),
        ("booking:experiences", some_things_to_do, {"features": "pets"}),
        ("booking:experiences", some_things_to_do, {"kind": "activity", "labels": "bio"}),
    ],
)
def test_the_count_on_a_chip_is_what_pressing_it_shows(client: Client, name, world, query):
    world()
    page = client.get(address(name, **query))

    told, found = {}, {}
    for chip in chips_of(page):
        if chip["count"] is None or chip["is_active"]:
            continue
        told[chip["id"]] = chip["count"]
        found[chip["id"]] = shown(client.get(chip["url"]))

    assert told
    assert told == found


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("booking:stays", {"near": "saint-paulien"}),
        ("booking:stays", {**WEEK, "near": "saint-paulien"}),
        ("booking:experiences", {"near": "saint-paulien"}),
        ("booking:experiences", {"days": "7"}),
        ("booking:experiences", {"age": "8"}),
    ],
)
def test_what_a_page_asked_for_is_told_and_can_be_let_go(client: Client, name, query):
    commune = another_pole()["commune"]
    Commune.objects.filter(pk=commune.pk).update(latitude=commune.latitude + 1)
    factories.a_lodging(now=NOW)
    factories.a_slot(factories.an_activity(min_age=12), TODAY + timedelta(days=30))
    wanted = set(query) - set(WEEK)

    page = client.get(address(name, **query))
    chips = [one for one in page.context["chips"] if one["id"].removeprefix("chip-") in wanted]
    without = client.get(chips[0]["url"])

    assert shown(page) == 0
    assert [one["is_active"] for one in chips] == [True]
    assert shown(without) == 1


def test_coming_days_of_the_address_are_not_those_of_the_stay(client: Client):
    basket = factories.a_basket(None, None)
    basket.arrival, basket.departure = SATURDAY, NEXT_SATURDAY
    basket.save()
    factories.a_slot(factories.an_activity(), TODAY + timedelta(days=3))
    with_basket(client, basket)

    assert shown(client.get(address("booking:experiences"))) == 0
    assert shown(client.get(address("booking:experiences", days="7"))) == 1


def test_counting_all_chips_costs_no_statement(client: Client, django_assert_max_num_queries):
    a_market()

    with django_assert_max_num_queries(17):
        client.get(address("booking:stays", **WEEK, features="pets", stars="3"))
    with django_assert_max_num_queries(11):
        client.get(address("booking:stays", features="pets", stars="3", labels="accueil-velo"))


def test_a_label_is_shown_up_to_its_last_day_and_never_after(client: Client, at):
    offer = factories.a_lodging(title_en="The farm", now=NOW)
    given = label(offer, "gites-de-france", TODAY)
    given.level = 3
    given.save()
    page = address("booking:stay-offer", offer.slug)

    assert "Gîtes de France (3 épis)" in text_of(client.get(page))
    assert shown(client.get(address("booking:stays", labels="gites-de-france"))) == 1
    at(NOW + timedelta(days=1))
    assert "Gîtes de France" not in text_of(client.get(page))
    assert shown(client.get(address("booking:stays", labels="gites-de-france"))) == 0


def test_a_guest_room_that_shares_the_line_of_one_star_has_none(client: Client):
    category = "1_star_or_chambre_dhotes"
    factories.a_lodging(lodging_type="chambre_hotes", tax_category=category, now=NOW)
    house = factories.a_lodging(tax_category=category, title_en="One star", now=NOW)

    page = client.get(address("booking:stays", stars="1"))

    assert [card["title"] for card in page.context["cards"]] == ["One star"]
    assert "1 star" in text_of(client.get(address("booking:stay-offer", house.slug)))


@pytest.mark.parametrize(
    "words", ["refuge", "REFUGÉ", "estables", "anne-du refuge", "  hotes du  "]
)
def test_words_are_found_without_accents_in_title_host_and_commune(client: Client, words: str):
    host = factories.a_provider(name="Chez Anne, hôtes du refuge")
    factories.a_lodging(provider=host, title="Le Refuge", title_en="The Refuge", now=NOW)
    factories.a_lodging(title_en="Another", commune=another_pole()["commune"], now=NOW)

    page = client.get(address("booking:stays", q=words))

    assert [card["title"] for card in page.context["cards"]] == ["The Refuge"]


@pytest.mark.parametrize(
    "query",
    [
        {"pole": "nowhere"},
        {"commune": "nulle-part"},
        {"type": "castle", "stars": "9", "labels": "mine", "features": "gold"},
        {"q": "%_\\'; --"},
        {"q": "x" * 5000},
        {"season": "monsoon", "kind": "war", "page": "-1", "sort": "money"},
        {"stars": ["3", "three", ""], "labels": ["", "bio", "bio"]},
        {"near": "nulle-part", "days": "-1", "age": "99"},
        {"near": "x" * 5000, "days": "35", "age": "eight"},
    ],
)
@pytest.mark.parametrize("name", ["booking:stays", "booking:experiences"])
def test_what_nobody_knows_is_ignored_or_told_and_never_breaks(client: Client, name, query):
    factories.a_lodging(now=NOW)

    for asked in (query, {**WEEK, **query}):
        assert client.get(address(name, **asked)).status_code == 200


@pytest.mark.parametrize(
    ("query", "is_kept"),
    [
        ({"pole": "massif-du-mezenc"}, True),
        ({"type": "gite"}, True),
        ({"type": "gite", "pole": "massif-du-mezenc"}, True),
        ({"pole": "nowhere"}, False),
        ({"type": "castle"}, False),
        ({"pole": "massif-du-mezenc", "features": "pets"}, False),
        ({"pole": "massif-du-mezenc", "page": 2}, False),
        (WEEK, False),
    ],
)
def test_search_engines_keep_a_few_lists(client: Client, query, is_kept):
    factories.a_lodging(now=NOW)

    page = client.get(address("booking:stays", **query)).content.decode()

    assert ('content="noindex"' not in page) is is_kept
    assert ('rel="canonical"' in page) is is_kept
    if is_kept and "pole" in query:
        assert "pole=massif-du-mezenc" in page.split('rel="canonical"')[1].split(">")[0]
        assert "Mézenc massif" in page.split("<title>")[1].split("</title>")[0]


def test_filters_travel_in_the_address(client: Client):
    offer = factories.a_lodging(features=["pets"], now=NOW)
    label(offer, "bio", date(2030, 1, 1))
    asked = {**WEEK, "labels": "bio", "stars": "3", "q": "offre", "commune": "les-estables"}

    page = client.get(address("booking:stays", **asked))

    pets = next(chip for chip in page.context["chips"] if chip["id"] == "chip-with-pets")
    told = parse_qsl(urlsplit(pets["url"]).query)
    for row in [("labels", "bio"), ("stars", "3"), ("q", "offre"), ("commune", "les-estables")]:
        assert row in told
    assert ("labels", "bio") in page.context["words"]["hidden"]


def test_the_season_keeps_its_dates(client: Client):
    offer = factories.an_activity(title_en="Swimming")
    factories.a_slot(offer, SATURDAY)

    def titles(season: str) -> list[str]:
        page = client.get(address("booking:experiences", season=season))
        return [card["title"] for card in page.context["cards"]]

    assert titles("summer") == ["Swimming"]
    assert titles("winter") == []
