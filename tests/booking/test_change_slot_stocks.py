"""What stands beside the places, one time a day for what is lent, dates deleted in another tab."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from booking import slots
from booking.basket import add_to_basket
from booking.models import Offer, Slot, SlotHold
from booking.refusals import BadInput, NotAllowed
from booking.rules.pricing import OptionChoice
from booking.stay_view import view_basket
from booking.wishes import LineRequest
from members.journal import Actor
from members.models import Entry
from tests import factories
from tests.cast import NOW, FakeBank, paid_order

pytestmark = pytest.mark.django_db
DAY = date(2027, 7, 12)
OFFICE = Actor("office")


@pytest.fixture
def desk(client: Client, at) -> Client:
    at(NOW)
    client.force_login(factories.a_user("chef@example.org", is_superuser=True))
    return client


def change(slot: Slot, **changes: Any) -> Slot:
    values = {"capacity": slot.capacity, "is_closed": False, "reason": "", **changes}
    return slots.change_slot(slot, **values, actor=OFFICE, now=NOW)


def stocks() -> dict[str, int]:
    return dict(Slot.stocks.values_list("resource", "capacity"))


# --- Capacities beside the places ----------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ({}, {"": 8, "bike": 0, "luggage": 0}),
        ({"side_bike": "", "side_luggage": "3"}, {"": 8, "bike": 0, "luggage": 3}),
    ],
)
def test_an_emptied_side_of_a_ride_takes_nothing_more(desk: Client, typed, expected) -> None:
    slot = factories.a_ride(factories.a_shuttle(), DAY)

    answer = desk.post(reverse("desk_slots:edit", args=[slot.pk]), {"capacity": "8", **typed})

    assert answer.status_code == 302
    assert stocks() == expected
    assert Entry.objects.get(verb="slot changed").data["before"] == {
        "sides": {"bike": 2, "luggage": 6}
    }


def test_places_for_children_are_no_longer_counted_apart_and_again(desk: Client) -> None:
    slot = factories.a_slot(factories.a_composite(), DAY)
    factories.a_side(slot, "child", 2)
    edit = reverse("desk_slots:edit", args=[slot.pk])

    desk.post(edit, {"capacity": "10", "side_child": ""})
    assert stocks() == {"": 10}

    desk.post(edit, {"capacity": "10", "side_child": "4"})
    assert stocks() == {"": 10, "child": 4}


def test_sides_that_nobody_speaks_of_stay_as_they_are() -> None:
    change(factories.a_ride(factories.a_shuttle(), DAY), capacity=9)

    assert stocks() == {"": 9, "bike": 2, "luggage": 6}


def test_a_side_is_not_emptied_under_what_is_being_booked() -> None:
    offer = factories.a_shuttle()
    slot = factories.a_ride(offer, DAY)
    request = LineRequest(
        offer_id=offer.pk, slot_id=slot.pk, ages=(None,), options=(OptionChoice("bike", 1),)
    )
    add_to_basket(factories.a_basket(), request, now=NOW)

    with pytest.raises(NotAllowed) as refused:
        change(slot, sides={})

    (trouble,) = refused.value.troubles
    assert (trouble.code, trouble.field) == ("capacity_under_held", "side_bike")
    assert stocks()["bike"] == 2


def test_places_for_children_are_counted_while_a_booking_speaks_of_them(bank: FakeBank) -> None:
    offer = factories.a_composite()
    slot = factories.a_slot(offer, DAY)
    factories.a_side(slot, "child", 2)
    basket = factories.a_basket()
    add_to_basket(basket, LineRequest(offer_id=offer.pk, slot_id=slot.pk, ages=(None, 9)), now=NOW)
    paid_order(basket, bank)
    # As after a cancellation: nothing is sold any more, the order still speaks of it.
    Slot.stocks.update(sold=0)

    with pytest.raises(NotAllowed) as refused:
        change(slot, sides={})

    assert (refused.value.code, refused.value.troubles[0].field) == ("side_used", "side_child")


# --- One time a day ------------------------------------------------------------------------------
def lend_out(offer: Offer, *times: time, last_day: date = DAY) -> int:
    return slots.add_slots(
        offer,
        first_day=DAY,
        last_day=last_day,
        weekdays=set(range(7)),
        start_times=times,
        capacity=2,
        actor=OFFICE,
        now=NOW,
    )


def test_what_is_lent_has_one_time_a_day() -> None:
    with pytest.raises(BadInput) as refused:
        lend_out(factories.a_rental(), time(9), time(14))

    assert refused.value.code == "one_time_a_day"
    assert not Slot.objects.exists()


def test_a_second_time_on_a_day_that_is_known_is_refused_and_the_same_one_is_not() -> None:
    offer = factories.a_rental()
    lend_out(offer, time(9))

    with pytest.raises(BadInput) as refused:
        lend_out(offer, time(14), last_day=DAY + timedelta(days=1))
    assert (refused.value.code, refused.value.troubles[0].field) == (
        "one_time_a_day",
        "start_times",
    )
    assert "09:00" in refused.value.troubles[0].message

    assert lend_out(offer, time(9), last_day=DAY + timedelta(days=2)) == 2


# --- Held for several days -----------------------------------------------------------------------
def test_a_closed_day_in_the_middle_of_a_held_rental_is_told_and_named(
    django_assert_max_num_queries,
) -> None:
    offer = factories.a_rental()
    _first, second, _third = factories.rental_days(offer, DAY, 3)
    basket = factories.a_basket()
    request = LineRequest(
        offer_id=offer.pk, arrival=DAY, departure=DAY + timedelta(days=3), quantity=1
    )
    add_to_basket(basket, request, now=NOW)
    Slot.objects.filter(pk=second.pk).update(is_closed=True)

    with django_assert_max_num_queries(12):
        (line,) = view_basket(basket, now=NOW).lines

    assert line.is_held
    assert [(one.code, one.params["day"]) for one in line.troubles] == [
        ("not_lent_on", DAY + timedelta(days=1))
    ]
    assert not line.counted


def test_a_rental_that_leaves_its_season_is_told() -> None:
    offer = factories.a_rental()
    first = date(2027, 7, 30)
    factories.rental_days(offer, first, 3)
    basket = factories.a_basket()
    request = LineRequest(offer_id=offer.pk, arrival=first, departure=first + timedelta(days=3))
    add_to_basket(basket, request, now=NOW)
    Offer.objects.filter(pk=offer.pk).update(season_from_month=6, season_to_month=7)

    (line,) = view_basket(basket, now=NOW).lines

    assert [one.code for one in line.troubles] == ["out_of_season"]


def test_lapsed_lodgings_are_asked_for_in_one_statement(django_assert_max_num_queries) -> None:
    offers = [factories.a_lodging() for _number in range(5)]
    basket = factories.a_basket()
    for number, offer in enumerate(offers):
        arrival = DAY + timedelta(days=number)
        request = LineRequest(
            offer_id=offer.pk,
            unit_id=offer.units.get().pk,
            arrival=arrival,
            departure=arrival + timedelta(days=1),
            ages=(None,),
        )
        add_to_basket(basket, request, now=NOW)
    later = NOW + timedelta(hours=1)
    slots_held = SlotHold.objects.count()

    with django_assert_max_num_queries(14):
        view = view_basket(basket, now=later)

    assert slots_held == 0
    assert {one.code for one in view.troubles} == {"hold_expired"}
    assert len(view.counted) == 5


# --- Deleted in another tab ----------------------------------------------------------------------
def test_a_date_that_another_tab_deleted_is_told() -> None:
    slot = factories.a_slot(factories.a_composite(), DAY)
    Slot.objects.filter(pk=slot.pk).delete()

    with pytest.raises(NotAllowed) as changed:
        change(slot, capacity=5)
    with pytest.raises(NotAllowed) as planned:
        slots.apply_plan_b(slot, reason="Pluie", actor=OFFICE, now=NOW)

    assert {changed.value.code, planned.value.code} == {"slot_removed"}
