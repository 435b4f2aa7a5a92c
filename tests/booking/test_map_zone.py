"""Searching what a moved map shows: lists, map and counts keep to it, and a chip leaves it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from destination.models import Site
from tests import factories
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY, TODAY
from tests.pages import address, text_of

pytestmark = pytest.mark.django_db
WEEK: dict[str, Any] = {"arrival": SATURDAY, "departure": NEXT_SATURDAY, "adults": 2}
SOUTH_EAST = "44.800,4.100,45.000,4.300"
NONSENSE = ["abc", "44,3,43,4", "nan,nan,nan,nan", "1e999,0,2,3", "'; --", "44.9,4.1,44.9,4.1"]


@pytest.fixture(autouse=True)
def _spring(at, settings):
    settings.SEARCH_HORIZON_DAYS = 150
    at(NOW)
    factories.a_perimeter()


@pytest.fixture
def two():
    """A lodging inside the zone and one outside, of the same commune."""
    inside = factories.a_lodging(latitude=44.9, longitude=4.2, title_en="Inside", now=NOW)
    outside = factories.a_lodging(latitude=45.2, longitude=3.7, title_en="Outside", now=NOW)
    return inside, outside


def shown(page: Any) -> list[str]:
    return [card["title"] for card in page.context["cards"]]


@pytest.mark.parametrize("when", [{}, WEEK])
def test_lodgings_are_those_of_the_zone(client: Client, two: Any, when: dict[str, Any]):
    page = client.get(address("booking:stays", **when, zone=SOUTH_EAST))

    assert shown(page) == ["Inside"]
    # Everything that leads on keeps it, and one chip leaves it.
    [chip] = [one for one in page.context["chips"] if one["id"] == "chip-zone"]
    assert chip["is_active"]
    assert "zone" not in chip["url"]
    assert "zone=" in page.context["switch_url"]
    assert sorted(shown(client.get(chip["url"]))) == ["Inside", "Outside"]
    assert b'content="noindex"' in page.content


def test_the_counts_of_other_filters_are_those_of_the_zone(client: Client, two: Any):
    page = client.get(address("booking:stays", **WEEK, zone=SOUTH_EAST))

    [pole] = [one for one in page.context["chips"] if one["id"] == "chip-pole-massif-du-mezenc"]
    assert pole["count"] == 1


def test_a_lodging_without_a_place_of_its_own_stands_in_its_commune(client: Client):
    offer = factories.a_lodging(title_en="Somewhere", now=NOW)
    commune = offer.commune
    around = f"{commune.latitude - 0.01},{commune.longitude - 0.01},"
    around += f"{commune.latitude + 0.01},{commune.longitude + 0.01}"

    assert shown(client.get(address("booking:stays", zone=around))) == ["Somewhere"]
    assert shown(client.get(address("booking:stays", zone="45.3,3.6,45.4,3.7"))) == []


def test_things_to_do_are_those_of_the_zone(client: Client):
    for title, longitude in (("Near", 4.2), ("Far", 3.7)):
        offer = factories.an_activity(title_en=title, latitude=44.9, longitude=longitude)
        factories.a_slot(offer, TODAY)

    page = client.get(address("booking:experiences", zone=SOUTH_EAST))

    assert shown(page) == ["Near"]
    assert [one["id"] for one in page.context["chips"] if one["is_active"]] == ["chip-zone"]


@pytest.mark.parametrize("name", ["booking:stays", "booking:experiences", "booking:map"])
@pytest.mark.parametrize("zone", NONSENSE)
def test_nonsense_is_left_out_and_said(client: Client, two: Any, name: str, zone: str):
    page = client.get(address(name, zone=zone))

    assert page.status_code == 200
    assert "That part of the map can’t be read" in text_of(page)
    assert "chip-zone" not in page.content.decode()
    if name == "booking:stays":
        assert len(shown(page)) == 2
        assert "zone" not in page.context["switch_url"]


@pytest.mark.parametrize("name", ["booking:stays", "booking:experiences"])
@pytest.mark.parametrize("when", [{}, WEEK])
def test_nothing_there_offers_to_look_beyond(
    client: Client, two: Any, name: str, when: dict[str, Any]
):
    page = client.get(address(name, **when, zone="10,10,11,11", view="map"))

    ways = {one["label"]: one["url"] for one in page.context["empty"]["actions"]}
    beyond = [url for label, url in ways.items() if label.startswith("Beyond this part of the map")]
    if name == "booking:stays":
        assert len(beyond) == 1
        assert "zone" not in beyond[0]
    # The map stays, so that it can be moved on.
    assert b"data-zone-url" in page.content


def test_the_map_of_everything_shows_its_part(client: Client, two: Any):
    commune = two[0].commune
    for name, longitude in (("Near", 4.2), ("Far", 3.7)):
        Site.objects.create(
            name=name, slug=name.lower(), kind="nature", commune=commune,
            latitude=44.9, longitude=longitude,
        )  # fmt: skip

    page = client.get(address("booking:map", zone=SOUTH_EAST, layers=["stay", "sites"]))

    names = [pin.name for group in page.context["groups"] for pin in group["pins"]]
    assert names == ["Inside", "Near"]
    [chip] = page.context["chips"]
    assert "zone" not in chip["url"]
    assert "layers=stay&layers=sites" in chip["url"]
    assert ("zone", SOUTH_EAST) in page.context["hidden"]
