"""The hosts' dates: a month by days, series seen before they are made, places, closing."""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from booking.basket import add_to_basket
from booking.models import Offer, Slot
from booking.wishes import LineRequest
from members.models import Entry, Provider
from tests import factories
from tests.booking.pages import body
from tests.cast import NOW, FakeBank, paid_order
from tests.pages import text_of

pytestmark = pytest.mark.django_db

DATES = reverse("extranet-slots")
ADD = reverse("extranet-slots-add")
TUESDAY = date(2027, 7, 6)


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


@pytest.fixture
def lace() -> Offer:
    return factories.an_activity(kind="workshop", title="Dentelle", title_en="Lace")


@pytest.fixture
def host(lace: Offer) -> Client:
    return host_of(lace.provider)


def host_of(provider: Provider) -> Client:
    person = Client(headers={"Accept-Language": "en"})
    person.force_login(factories.a_host(provider))
    return person


def series(offer: Offer, **fields: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "provider": offer.provider.slug,
        "offer": offer.pk,
        "first_day": "2027-07-01",
        "last_day": "2027-08-31",
        "weekdays": ["1"],
        "start_times": "14:00",
        "capacity": "8",
    }
    return {**values, **fields}


def page_of(slot: Slot) -> str:
    return reverse("extranet-slot", args=[slot.pk])


def sell(offer: Offer, slot: Slot, bank: FakeBank) -> None:
    basket = factories.a_basket(None, None)
    request = LineRequest(offer_id=offer.pk, slot_id=slot.pk, ages=(None, None))
    add_to_basket(basket, request, now=NOW)
    paid_order(basket, bank)


# --- Series --------------------------------------------------------------------------------------
def test_every_tuesday_of_july_and_august_but_one_is_seen_then_made(lace: Offer, host: Client):
    fields = series(lace, skip_days="13/07/2027")

    shown = host.post(ADD, fields)

    told = text_of(shown)
    assert "8 new dates" in told
    assert "Tuesday 6 July 2027, 2 pm , until 4 pm" in told
    assert "13 July" not in told
    assert not Slot.objects.exists()

    answer = host.post(ADD, {**fields, "step": "apply"})
    assert answer.status_code == 303
    assert "8 dates added." in text_of(host.get(answer.url))
    assert {one.day.weekday() for one in Slot.objects.all()} == {1}
    assert {one.capacity for one in Slot.objects.all()} == {8}
    entry = Entry.objects.get(verb="slots added")
    assert entry.actor_label == lace.provider.roles.get().user.email


def test_what_exists_or_has_passed_is_said_and_left_alone(lace: Offer, host: Client):
    factories.a_slot(lace, TUESDAY, capacity=3)
    told = text_of(host.post(ADD, series(lace, first_day="2027-03-30")))
    assert "1 exists already and stays as it is." in told
    assert "1 has passed and is left out." in told
    host.post(ADD, series(lace, step="apply"))
    assert Slot.objects.get(day=TUESDAY).capacity == 3


def test_nothing_new_is_said_beside_the_days(lace: Offer, host: Client):
    host.post(ADD, series(lace, step="apply"))
    answer = host.post(ADD, series(lace))
    assert answer.status_code == 422
    assert "No new date" in text_of(answer)
    answer = host.post(ADD, series(lace, last_day="2027-07-02"))
    assert 'id="id_weekdays_error"' in body(answer)


def test_slot_over_midnight_ends_on_the_day_after(lace: Offer, host: Client):
    told = text_of(host.post(ADD, series(lace, start_times="23h")))
    assert "11 pm , until 1 am the day after" in told
    host.post(ADD, series(lace, start_times="23h", step="apply"))
    slot = Slot.objects.order_by("day").first()
    assert slot.ends_at - slot.starts_at == timedelta(hours=2)
    page = text_of(host.get(DATES, {"mois": "2027-07"}))
    assert "Tuesday 6 July 11 pm Lace until 1 am the day after" in page


def test_hour_that_the_spring_change_skips_is_refused_with_its_day(lace: Offer, host: Client):
    fields = series(lace, first_day="2028-03-26", last_day="2028-03-26", weekdays=["6"])
    answer = host.post(ADD, {**fields, "start_times": "2:30"})
    assert answer.status_code == 422
    error = re.search(r'id="id_start_times_error">(.*?)</p>', body(answer), flags=re.S)
    assert error
    assert "the clocks go forward: 02:30 doesn't exist" in error[1]
    assert host.post(ADD, {**fields, "start_times": "1:30", "step": "apply"}).status_code == 303
    # Two hours that really pass end at half past four on the clock.
    assert "until 4:30 am" in text_of(host.get(page_of(Slot.objects.get())))


def test_hour_that_the_autumn_change_repeats_is_its_first_one(lace: Offer, host: Client):
    fields = series(lace, first_day="2027-10-31", last_day="2027-10-31", weekdays=["6"])
    host.post(ADD, {**fields, "start_times": "2:30", "step": "apply"})
    slot = Slot.objects.get()
    assert slot.starts_at.isoformat() == "2027-10-31T00:30:00+00:00"
    assert "2:30 am" in text_of(host.get(page_of(slot)))
    assert "until 3:30 am" in text_of(host.get(page_of(slot)))


def test_single_date_needs_no_day_of_the_week(lace: Offer, host: Client):
    one = {"first_day": "2027-07-14", "last_day": "2027-07-14", "weekdays": []}
    assert "Wednesday 14 July 2027" in text_of(host.post(ADD, series(lace, **one)))


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"last_day": "2027-06-01"}, "last_day", "must not come before"),
        ({"first_day": "2027-02-31"}, "first_day", "This date doesn't exist"),
        ({"first_day": ""}, "first_day", "Choose this day."),
        ({"last_day": "2037-07-01"}, "last_day", "Two years at most"),
        ({"first_day": "2027-03-01", "last_day": "2027-03-31"}, "last_day", "has passed"),
        ({"weekdays": []}, "weekdays", "at least one day"),
        ({"weekdays": ["8"]}, "weekdays", "8"),
        ({"start_times": ""}, "start_times", "at least one time"),
        ({"start_times": "25:00"}, "start_times", "is no time"),
        ({"start_times": "tôt"}, "start_times", "is no time"),
        ({"capacity": "0"}, "capacity", "1"),
        ({"capacity": "-3"}, "capacity", "1"),
        ({"capacity": "1e9"}, "capacity", "in figures"),
        ({"capacity": "9" * 30}, "capacity", "5000"),
        ({"skip_days": "31/02/2027"}, "skip_days", "is no day"),
        ({"start_times": ", ".join(f"{n}:00" for n in range(24))}, "", ""),
    ],
)
def test_message_stands_beside_its_field_and_what_was_typed_stays(
    lace: Offer, host: Client, fields: dict[str, Any], field: str, message: str
):
    answer = host.post(ADD, series(lace, **fields))
    if not field:
        assert answer.status_code == 200
        return
    assert answer.status_code == 422
    error = re.search(rf'id="id_{field}_error">(.*?)</p>', body(answer), flags=re.S)
    assert error, text_of(answer)
    assert message in error[1]
    if isinstance(fields[field], str) and fields[field]:
        assert fields[field] in body(answer)
    assert not Slot.objects.exists()


def test_correcting_keeps_what_was_typed(lace: Offer, host: Client):
    page = body(host.post(ADD, series(lace, skip_days="13/07/2027", step="edit")))
    assert 'value="14:00"' in page
    assert "13/07/2027" in page


# --- The month -----------------------------------------------------------------------------------
def test_month_says_what_is_sold_held_full_and_closed(lace: Offer, host: Client, bank: FakeBank):
    sold = factories.a_slot(lace, TUESDAY, capacity=2)
    sell(lace, sold, bank)
    held = factories.a_slot(lace, TUESDAY, time(17), capacity=5)
    basket = factories.a_basket(None, None)
    request = LineRequest(offer_id=lace.pk, slot_id=held.pk, ages=(None, None))
    add_to_basket(basket, request, now=NOW)
    closed = factories.a_slot(lace, TUESDAY + timedelta(days=7))
    Slot.objects.filter(pk=closed.pk).update(is_closed=True, closed_reason="storm")

    told = text_of(host.get(DATES, {"mois": "2027-07"}))

    assert "2 of 2 sold · full" in told
    assert "0 of 5 sold · 2 being booked" in told
    assert "closed (storm)" in told


def test_month_costs_few_statements(lace: Offer, host: Client, django_assert_max_num_queries):
    for number in range(30):
        factories.a_slot(lace, date(2027, 7, 1) + timedelta(days=number))
    host.get(DATES)
    with django_assert_max_num_queries(12):
        page = host.get(DATES, {"mois": "2027-07"})
    assert text_of(page).count("0 of 10 sold") == 30


def test_host_of_nothing_with_dates_is_told_what_comes():
    gite = factories.a_lodging()
    empty = host_of(gite.provider)
    assert "Nothing with dates yet" in text_of(empty.get(DATES))
    answer = empty.get(ADD, {"provider": gite.provider.slug})
    assert (answer.status_code, answer.url) == (303, DATES)
    stranger = Client(headers={"Accept-Language": "en"})
    stranger.force_login(factories.a_user())
    assert "This account isn’t tied to a provider yet" in text_of(stranger.get(DATES))


# --- One date ------------------------------------------------------------------------------------
def test_places_change_but_never_below_what_is_sold(lace: Offer, host: Client, bank: FakeBank):
    slot = factories.a_slot(lace, TUESDAY)
    sell(lace, slot, bank)

    answer = host.post(page_of(slot), {"capacity": "1"})
    assert answer.status_code == 409
    assert "2 places are sold already: keep at least those." in text_of(answer)
    assert host.post(page_of(slot), {"capacity": "2"}).status_code == 303

    slot.refresh_from_db()
    assert (slot.capacity, slot.sold) == (2, 2)


def test_date_without_bookings_closes_and_opens_again(lace: Offer, host: Client):
    slot = factories.a_slot(lace, TUESDAY)
    host.post(page_of(slot), {"capacity": "10", "is_closed": "on", "closed_reason": "storm"})
    slot.refresh_from_db()
    assert (slot.is_closed, slot.closed_reason) == (True, "storm")
    host.post(page_of(slot), {"capacity": "10"})
    slot.refresh_from_db()
    assert not slot.is_closed


def test_date_with_bookings_stays_open_and_says_how_many(lace: Offer, host: Client, bank: FakeBank):
    slot = factories.a_slot(lace, TUESDAY)
    sell(lace, slot, bank)
    fields = {"capacity": "10", "is_closed": "on", "closed_reason": "storm"}

    answer = host.post(page_of(slot), fields)

    assert answer.status_code == 409
    assert "2 places are booked: it stays open here." in text_of(answer)
    assert 'value="storm"' in body(answer)
    slot.refresh_from_db()
    assert not slot.is_closed
    # What the office closed already can still be given more places.
    Slot.objects.filter(pk=slot.pk).update(is_closed=True, closed_reason="office")
    assert host.post(page_of(slot), {**fields, "capacity": "12"}).status_code == 303


def test_date_is_deleted_unless_it_was_booked(lace: Offer, host: Client, bank: FakeBank):
    slot, booked = factories.a_slot(lace, TUESDAY), factories.a_slot(lace, TUESDAY, time(17))
    sell(lace, booked, bank)
    assert host.post(page_of(slot), {"step": "delete"}).status_code == 303
    answer = host.post(page_of(booked), {"step": "delete"}, follow=True)
    assert "close it instead" in text_of(answer)
    # Where it can't be deleted, it isn't proposed: it is called off.
    page = text_of(host.get(page_of(booked)))
    assert "Delete this date" not in page
    assert "Call this date off" in page
    assert list(Slot.objects.all()) == [booked]


@pytest.mark.parametrize("capacity", ["", "x", "0", "-1", "1e9", "9" * 30])
def test_places_that_are_no_number_are_refused(lace: Offer, host: Client, capacity: str):
    slot = factories.a_slot(lace, TUESDAY)
    assert host.post(page_of(slot), {"capacity": capacity}).status_code == 422
    slot.refresh_from_db()
    assert slot.capacity == 10


def test_capacities_beside_the_places_are_asked_for(bank: FakeBank):
    shuttle = factories.a_shuttle()
    host = host_of(shuttle.provider)
    assert 'name="side_bike"' in body(host.get(ADD, {"provider": shuttle.provider.slug}))
    host.post(ADD, series(shuttle, side_bike="2", side_bag="4", step="apply"))
    ride = Slot.objects.order_by("day").first()
    page = body(host.get(page_of(ride)))
    assert re.search(r'name="side_bike"[^>]*value="2"|value="2"[^>]*name="side_bike"', page)


def test_only_what_the_chosen_offer_counts_apart_is_asked_for(lace: Offer, host: Client):
    shuttle = factories.a_shuttle(provider=lace.provider)

    first = body(host.get(ADD, {"offre": lace.slug}))
    assert "side_bike" not in first
    # What htmx asks for when another offer is chosen.
    then = body(host.get(ADD, {"provider": shuttle.provider.slug, "offer": shuttle.pk}))
    assert 'name="side_bike"' in then
    assert f'name="sides_of" value="{shuttle.pk}"' in then
    assert "Only for" not in then


def test_without_script_an_offer_chosen_afterwards_is_asked_what_it_counts_apart(
    lace: Offer, host: Client
):
    shuttle = factories.a_shuttle(provider=lace.provider)

    answer = host.post(ADD, series(shuttle, sides_of=lace.pk))
    page = body(answer)
    assert answer.status_code == 422
    assert "Counted apart for this offer" in page
    assert 'name="side_bike"' in page
    assert 'value="14:00"' in page

    again = host.post(ADD, series(shuttle, sides_of=shuttle.pk, side_bike="2", side_bag=""))
    assert again.status_code == 200
    assert "8 places on each." in body(again)


# --- Nobody else's -------------------------------------------------------------------------------
def test_dates_and_offers_of_another_host_are_not_known_to_exist(lace: Offer, host: Client):
    other = factories.an_activity(kind="workshop", title="Autre", title_en="Other")
    slot = factories.a_slot(other, TUESDAY)

    assert host.get(page_of(slot)).status_code == 404
    for step in ("", "delete"):
        fields = {"capacity": "1", "is_closed": "on", "step": step}
        assert host.post(page_of(slot), fields).status_code == 404
    for fields in (
        {"offer": other.pk},
        {"offer": other.pk, "step": "apply"},
        {"offer": other.pk, "provider": other.provider.slug},
        {"offer": "x"},
        {"offer": "9" * 40},
        {"offer": factories.a_lodging(provider=lace.provider).pk},
    ):
        assert host.post(ADD, {**series(lace), **fields}).status_code == 404
    assert host.get(DATES, {"maison": other.provider.slug}).status_code == 404
    assert host.get(ADD, {"provider": other.provider.slug}).status_code == 404
    assert "Other" not in text_of(host.get(DATES, {"mois": "2027-07", "offre": other.slug}))
    assert Slot.objects.count() == 1
