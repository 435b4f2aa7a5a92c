"""What lists keep for some seconds, and what they ask each time: the places, whoever has them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from booking.availability import StayResults, StaySearch, search_stays
from booking.basket import add_to_basket
from booking.catalogue import catalogue, turn_of
from booking.experience_search import search_experiences
from booking.facets import Facets
from booking.models import Offer, PriceRule
from booking.wishes import LineRequest
from members.models import Provider
from oti.lib.memo import read_again
from tests import factories
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY, TODAY
from tests.pages import address, text_of

COUPLE = StaySearch(SATURDAY, NEXT_SATURDAY, adults=2)


@pytest.fixture
def _remembering(settings, cloned_database: str) -> None:
    settings.SEARCH_HORIZON_DAYS = 150
    settings.REMEMBER_SECONDS = 30


def search(criteria: StaySearch = COUPLE) -> StayResults:
    return search_stays(criteria, now=NOW)


def titles(found: StayResults) -> list[str]:
    return sorted(one.offer.title for one in found.results)


# --- What is on sale -----------------------------------------------------------------------------
@pytest.mark.django_db
def test_catalogue_has_what_is_on_sale_in_the_order_of_the_day():
    offers = [factories.a_lodging(now=NOW) for _number in range(4)] + [factories.an_activity()]
    factories.a_lodging(state=Offer.State.PAUSED)
    factories.a_lodging(state=Offer.State.DRAFT)
    factories.a_lodging(provider=factories.a_provider(state=Provider.State.SUSPENDED))
    factories.a_lodging(commune=factories.a_commune("Borée", insee="07037", inside=False))

    for number in range(3):
        day = TODAY + timedelta(days=number)
        listed = catalogue(day)
        assert list(listed) == sorted((one.pk for one in offers), key=lambda pk: turn_of(pk, day))
        assert [one.turn for one in listed.values()] == list(range(5))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "is_found"),
    [
        ({}, True),
        ({"tax_category": "palace"}, False),
        ({"min_advance_days": 30}, True),
        ({"min_advance_days": 300}, False),
        ({"max_advance_days": 10}, False),
        ({"max_advance_days": 0}, True),
        ({"min_age": 18}, True),
        ({"min_age": 19}, False),
        ({"max_age": 17}, False),
    ],
)
def test_what_the_catalogue_refuses_is_neither_counted_nor_shown(fields, is_found):
    factories.a_lodging(now=NOW, **fields)

    found = search()

    assert (len(found.results), found.count, Facets(found.sieved).total) == (int(is_found),) * 3


# --- What a process keeps ------------------------------------------------------------------------
@pytest.mark.usefixtures("_remembering")
def test_a_list_asks_for_places_alone_where_it_knows_the_rest():
    for number in range(3):
        factories.a_lodging(units=1 + number, now=NOW)
    shown = search()
    other_dates = replace(COUPLE, departure=NEXT_SATURDAY + timedelta(days=1))

    with CaptureQueriesContext(connection) as asked:
        again = search(other_dates)

    assert len(asked) == 1
    assert titles(again) == titles(shown)
    assert [one.nights for one in again.results] == [8] * 3


@pytest.mark.usefixtures("_remembering")
def test_the_page_of_a_known_list_needs_two_statements(client: Client, at):
    at(NOW)
    for number in range(14):
        factories.a_lodging(units=1 + number % 3, cleaning="60", now=NOW)
    week = {"arrival": SATURDAY, "departure": NEXT_SATURDAY, "adults": 2}
    client.get(address("booking:stays", **week))

    with CaptureQueriesContext(connection) as asked:
        page = client.get(address("booking:stays", **week, features="pets"))
    assert len(asked) <= 12
    assert "Nothing free as you ask" in text_of(page)

    with CaptureQueriesContext(connection) as asked:
        page = client.get(address("booking:stays", **week))
    assert len(asked) == 2
    assert len(page.context["cards"]) == 12


@pytest.mark.usefixtures("_remembering")
def test_places_are_never_remembered():
    offer = factories.a_lodging(now=NOW)
    assert search().count == 1

    add_to_basket(
        factories.a_basket(),
        LineRequest(
            offer_id=offer.pk,
            unit_id=offer.units.get().pk,
            arrival=SATURDAY,
            departure=NEXT_SATURDAY,
            ages=(None, None),
        ),
        now=NOW,
    )

    taken = search()
    assert (taken.results, taken.count, Facets(taken.sieved).total) == ([], 0, 0)
    assert search_stays(COUPLE, now=NOW + timedelta(minutes=16)).count == 1


@pytest.mark.usefixtures("_remembering")
def test_what_changed_shows_once_it_is_read_again():
    offer = factories.a_lodging(night="100", title_en="The mill", title_fr="Le moulin", now=NOW)
    with override("en"):
        before = search().results[0].quote.total
    Offer.objects.filter(pk=offer.pk).update(title_en="The old mill", title_fr="Le vieux moulin")
    PriceRule.objects.create(
        tariff=offer.tariffs.get(), dates=(SATURDAY, NEXT_SATURDAY), amount=Decimal("150")
    )

    with override("en"), read_again():
        assert titles(search()) == ["The old mill"]
        assert search().results[0].quote.total == before + 7 * 50
    with override("fr"):
        assert titles(search()) == ["Le vieux moulin"]
    with override("en"):
        assert titles(search()) == ["The old mill"]


@pytest.mark.usefixtures("_remembering")
def test_an_offer_that_left_meanwhile_is_replaced_by_the_next_one():
    offers = [factories.a_lodging(now=NOW) for _number in range(14)]
    catalogue(TODAY)
    order = list(catalogue(TODAY))
    Offer.objects.filter(pk=order[0]).update(state=Offer.State.PAUSED)
    gone = Offer.objects.get(pk=order[1]).provider_id
    Provider.objects.filter(pk=gone).update(state=Provider.State.SUSPENDED)
    left = [pk for pk in order if pk not in {order[0]} and _provider(pk) != gone]

    found = search()

    assert [one.offer.pk for one in found.results] == left[:12]
    assert found.count >= len(left)
    with read_again():
        assert search().count == len(left) < len(offers)


@pytest.mark.django_db
@pytest.mark.parametrize(("persons", "is_listed"), [(1, True), (2, False)])
def test_a_date_whose_last_places_are_on_hold_is_not_listed(persons, is_listed):
    offer = factories.an_activity()
    slot = factories.a_slot(offer, SATURDAY, capacity=2)
    add_to_basket(
        factories.a_basket(),
        LineRequest(offer_id=offer.pk, slot_id=slot.pk, ages=(None,) * persons),
        now=NOW,
    )

    found = search_experiences(kinds=["activity"], now=NOW)
    later = search_experiences(kinds=["activity"], now=NOW + timedelta(minutes=16))

    assert (found.count, Facets(found.sieved).total) == (int(is_listed),) * 2
    assert [one.slot for one in later.results] == [slot]


def _provider(offer_id: int) -> int:
    return Offer.objects.get(pk=offer_id).provider_id
