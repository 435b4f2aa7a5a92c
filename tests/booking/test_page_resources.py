"""What a host's offers share, on its pages: made, named by offers, refused, deleted."""

from __future__ import annotations

from datetime import date, time

import pytest
from django.test import Client
from django.urls import reverse

from booking.basket import add_to_basket
from booking.models import Offer, OfferResource, Resource, Slot
from booking.wishes import LineRequest
from members.models import Entry, Provider
from tests import factories
from tests.booking.pages import body
from tests.cast import NOW, FakeBank, paid_order
from tests.pages import text_of

pytestmark = pytest.mark.django_db

LIST = reverse("extranet-resources")
ADD = reverse("extranet-resource-add")
DAY = date(2027, 7, 6)


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


@pytest.fixture
def house() -> Provider:
    return factories.a_provider(name="Les Sentiers")


@pytest.fixture
def walk(house: Provider) -> Offer:
    return factories.an_activity(provider=house, title="Forest", title_en="Forest")


@pytest.fixture
def lake(house: Provider) -> Offer:
    return factories.an_activity(provider=house, title="Lake", title_en="Lake")


@pytest.fixture
def host(house: Provider) -> Client:
    person = Client(headers={"Accept-Language": "en"})
    person.force_login(factories.a_host(house))
    return person


def page_of(resource: Resource) -> str:
    return reverse("extranet-resource", args=[resource.pk])


def need(offer: Offer, **fields: str) -> dict[str, str]:
    values = {"quantity": "1", "minutes_before": "0", "minutes_after": "0"}
    return {"step": "link", "offer": str(offer.pk), **values, **fields}


def sell(slot: Slot, bank: FakeBank) -> None:
    basket = factories.a_basket()
    request = LineRequest(offer_id=slot.offer_id, slot_id=slot.pk, ages=(None,))
    add_to_basket(basket, request, now=NOW)
    paid_order(basket, bank)


def test_host_names_a_guide_and_says_which_offers_need_her(house, walk, host):
    assert "Nothing is shared yet" in text_of(host.get(LIST))
    made = host.post(ADD, {"provider": house.slug, "name": " Marie ", "quantity": "1"})
    assert made.status_code == 303
    guide = Resource.objects.get()
    assert (guide.name, guide.provider) == ("Marie", house)
    assert "say which offers need it" in text_of(host.get(made.url))

    answer = host.post(page_of(guide), need(walk, minutes_before="15", minutes_after="30"))

    assert answer.status_code == 303
    told = text_of(host.get(LIST))
    assert "Marie" in told
    assert "Forest 1 for a date · 15 minutes before · 30 minutes after" in told
    verbs = list(Entry.objects.values_list("verb", flat=True))
    assert {"resource added", "resource named"} <= set(verbs)


def test_list_of_dates_says_who_has_the_guide(walk, lake, house, host, bank: FakeBank):
    guide = factories.a_resource(house)
    for offer in (walk, lake):
        factories.a_need(offer, guide)
    sold, other = factories.a_slot(walk, DAY), factories.a_slot(lake, DAY, time(15))
    sell(sold, bank)
    words = "not sold: “Marie” is taken by “Forest”, 2 pm"
    assert words in text_of(host.get(reverse("extranet-slots"), {"mois": "2027-07"}))
    assert words in text_of(host.get(reverse("extranet-slot", args=[other.pk])))
    page = reverse("booking:experience-offer", args=[lake.slug])
    shown = text_of(Client(headers={"Accept-Language": "en"}).get(page.replace("/fr/", "/en/")))
    assert "Marie" not in shown


def test_sold_dates_that_collide_stand_on_the_page(walk, lake, house, host, bank: FakeBank):
    guide = factories.a_resource(house)
    factories.a_need(walk, guide)
    sell(factories.a_slot(walk, DAY), bank)
    sell(factories.a_slot(lake, DAY, time(15)), bank)

    answer = host.post(page_of(guide), need(lake))

    told = text_of(host.get(answer.url))
    assert "2 dates that are sold need more than there is" in told
    assert "Tuesday 6 July 2027, 2 pm , Forest" in told
    assert "Tuesday 6 July 2027, 3 pm , Lake" in told
    assert "“Marie” is needed by “Lake” too, 3 pm" in text_of(
        host.get(reverse("extranet-slots"), {"mois": "2027-07"})
    )


def test_fewer_than_what_is_sold_is_refused_beside_the_number(walk, lake, house, host, bank):
    guide = factories.a_resource(house, quantity=2)
    for offer in (walk, lake):
        factories.a_need(offer, guide)
    sell(factories.a_slot(walk, DAY), bank)
    sell(factories.a_slot(lake, DAY, time(15)), bank)
    answer = host.post(page_of(guide), {"step": "save", "name": "Marie", "quantity": "1"})
    assert answer.status_code == 409
    assert 'id="id_quantity_error"' in body(answer)
    assert "06/07/2027 14:00 (Forest), 06/07/2027 15:00 (Lake)" in text_of(answer)


def test_preview_of_new_dates_warns_of_those_that_need_the_guide_too(walk, lake, house, host):
    guide = factories.a_resource(house)
    for offer in (walk, lake):
        factories.a_need(offer, guide)
    factories.a_slot(walk, DAY)
    series = {
        "provider": house.slug,
        "offer": lake.pk,
        "first_day": "2027-07-06",
        "last_day": "2027-07-13",
        "weekdays": ["1"],
        "start_times": "15:00",
        "capacity": "8",
    }
    told = text_of(host.post(reverse("extranet-slots-add"), series))
    assert "Tuesday 6 July 2027, 3 pm: “Marie” is needed by “Forest” too, 2 pm" in told
    assert "Tuesday 13 July 2027, 3 pm:" not in told
    added = host.post(reverse("extranet-slots-add"), {**series, "step": "apply"})
    assert added.status_code == 303


def test_need_is_changed_and_let_go_and_the_guide_deleted(walk, house, host):
    guide = factories.a_resource(house)
    factories.a_need(walk, guide, before=20)
    page = host.get(page_of(guide), {"offre": walk.slug})
    assert 'value="20"' in body(page)
    host.post(page_of(guide), need(walk, minutes_before="25"))
    assert OfferResource.objects.get().minutes_before == 25
    host.post(page_of(guide), {"step": "unlink", "offer": walk.pk})
    host.post(page_of(guide), {"step": "unlink", "offer": walk.pk})
    assert not OfferResource.objects.exists()
    answer = host.post(page_of(guide), {"step": "delete"})
    assert "What is sold stays sold" in text_of(host.get(answer.url))
    assert not Resource.objects.exists()
    assert host.post(page_of(guide), {"step": "delete"}).status_code == 404


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "", "quantity": "1"},
        {"name": "x" * 61, "quantity": "1"},
        {"name": "Paul", "quantity": ""},
        {"name": "Paul", "quantity": "a few"},
        {"name": "Paul", "quantity": "0"},
        {"name": "Paul", "quantity": "99999999999999999999"},
        {"name": "MARIE", "quantity": "1"},
        {"name": "Pa\x00ul", "quantity": "1"},
    ],
)
def test_what_can_t_be_is_refused_and_stays_in_the_form(house, host, fields):
    factories.a_resource(house)
    answer = host.post(ADD, {"provider": house.slug, **fields})
    assert answer.status_code == 422
    assert Resource.objects.count() == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"quantity": "2"},
        {"quantity": "-1"},
        {"minutes_before": "1441"},
        {"minutes_after": "soon"},
        {"offer": ""},
    ],
)
def test_needs_that_can_t_be_are_refused(walk, house, host, fields):
    guide = factories.a_resource(house)
    answer = host.post(page_of(guide), {**need(walk), **fields})
    assert answer.status_code in {409, 422}
    assert 'id="need_' in body(answer)
    assert not OfferResource.objects.exists()


@pytest.mark.parametrize("offer", ["9" * 30, "no", "-1"])
def test_offers_that_are_not_there_are_not_known_to_exist(walk, house, host, offer):
    guide = factories.a_resource(house)
    assert host.post(page_of(guide), {**need(walk), "offer": offer}).status_code == 404
    assert host.post(page_of(guide), {"step": "unlink", "offer": offer}).status_code == 303


def test_another_house_s_guide_and_offers_are_not_known_to_exist(walk, house, host):
    guide = factories.a_resource(house)
    stranger = factories.an_activity()
    theirs = factories.a_resource(stranger.provider)
    assert host.get(page_of(theirs)).status_code == 404
    assert host.post(page_of(theirs), {"step": "delete"}).status_code == 404
    assert host.post(page_of(guide), need(stranger)).status_code == 404
    assert host.get(LIST, {"maison": stranger.provider.slug}).status_code == 404
    assert host.get(ADD, {"provider": stranger.provider.slug}).status_code == 404
    assert "Marie" in text_of(host.get(LIST))
    assert Resource.objects.count() == 2
