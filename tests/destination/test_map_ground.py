"""What maps draw below their pins: outlines as data, kept by browsers, the same for everybody."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from destination.models import CommuneOutline, Trail
from tests import factories
from tests.cast import NOW
from tests.pages import address

pytestmark = pytest.mark.django_db
RING = [[4.1, 44.9], [4.2, 44.9], [4.2, 45.0], [4.1, 44.9]]


@pytest.fixture(autouse=True)
def _loaded(at):
    at(NOW)
    commune = factories.a_commune()
    CommuneOutline.objects.create(commune=commune, rings=[RING])
    beside = factories.a_commune("Borée", insee="07037", inside=False)
    CommuneOutline.objects.create(commune=beside, rings=[RING])
    Trail.objects.create(slug="lac", name="Le lac", length_metres=3000, lines=[RING])


def kinds(client: Client, **query) -> list[tuple[str, str]]:
    answer = client.get(address("destination:map-ground", **query))
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/geo+json"
    features = answer.json()["features"]
    return [(one["properties"]["kind"], one["properties"]["name"]) for one in features]


def test_poles_are_always_drawn_communes_and_walks_when_asked_for(client: Client):
    pole, commune, walk = ("pole", "Mézenc massif"), ("commune", "Les Estables"), ("walk", "Le lac")

    assert kinds(client) == [pole]
    assert kinds(client, **{"with": "communes"}) == [pole, commune]
    assert kinds(client, **{"with": ["walks", "communes"]}) == [pole, commune, walk]


@pytest.mark.parametrize("nonsense", ["", "roads", "'; --", "é" * 500, "communes,walks"])
def test_a_part_that_nobody_knows_is_left_out(client: Client, nonsense: str):
    assert kinds(client, **{"with": nonsense}) == [("pole", "Mézenc massif")]


def test_names_are_those_of_the_language(client: Client):
    answer = client.get(address("destination:map-ground", language="fr"))

    assert answer.json()["features"][0]["properties"]["name"] == "Massif du Mézenc"


def test_browsers_keep_it_and_ask_whether_it_changed(client: Client):
    page = address("destination:map-ground", **{"with": "walks"})
    first = client.get(page)

    assert "public" in first["Cache-Control"]
    assert "max-age" in first["Cache-Control"]
    assert client.get(page, headers={"If-None-Match": first["ETag"]}).status_code == 304
    Trail.objects.all().delete()
    assert client.get(page, headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_it_costs_few_statements_and_sets_no_cookie(client: Client):
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(address("destination:map-ground", **{"with": ["communes", "walks"]}))

    # Twice: for the mark and for the body; a process that remembers asks once in a while.
    assert len(asked) <= 10
    assert not answer.cookies


def test_it_is_only_read(client: Client):
    assert client.post(address("destination:map-ground")).status_code == 405
