"""The page of a pole: what is there, what is sold there, what is on there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from destination.models import Perimeter, PerimeterActivation, Pole, Site
from tests import factories
from tests.cast import NOW, TODAY
from tests.pages import address, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _spring(at, settings):
    settings.SEARCH_HORIZON_DAYS = 150
    at(NOW)


def show(client: Client, slug: str = "massif-du-mezenc"):
    return client.get(address("destination:pole", slug))


def test_a_pole_shows_its_sites_lodgings_and_things_to_do(client: Client):
    commune = factories.a_commune()
    Site.objects.create(
        slug="mezenc",
        name="Mont Mézenc",
        kind="nature",
        commune=commune,
        latitude=44.9,
        longitude=4.2,
    )
    factories.a_lodging(title_en="The cottage", now=NOW)
    activity = factories.an_activity(title_en="Swimming")
    factories.a_slot(activity, TODAY + timedelta(days=3))
    beside = factories.a_commune("Borée", insee="07037", inside=False)
    factories.a_lodging(title_en="Beside", commune=beside, now=NOW)

    page = show(client)

    text = text_of(page)
    for words in ("Mézenc massif", "Mont Mézenc", "Les Estables", "The cottage", "Swimming"):
        assert words in text
    assert "Beside" not in text
    assert address("booking:stays", pole="massif-du-mezenc") in page.content.decode()


def test_only_poles_of_the_perimeter_in_force_have_a_page(client: Client):
    factories.a_perimeter()
    other = Perimeter.objects.create(slug="thematique", name="Proposition 2")
    Pole.objects.create(
        perimeter=other, slug="patrimoines", name="Patrimoines", colour="puy", hero="le-puy"
    )

    assert show(client, "patrimoines").status_code == 404
    PerimeterActivation.objects.create(perimeter=other, active_from=TODAY)
    assert show(client, "patrimoines").status_code == 200
    assert show(client).status_code == 404


def test_an_empty_pole_is_still_a_page(client: Client):
    factories.a_perimeter()

    assert show(client).status_code == 200


def test_statements_are_bounded(client: Client, django_assert_max_num_queries):
    for number in range(5):
        factories.a_lodging(now=NOW)
        factories.a_slot(factories.an_activity(), TODAY + timedelta(days=number + 1))

    with django_assert_max_num_queries(29):
        show(client)
