"""Each kind of offer from the basket to the order and back: what it takes, what it refuses."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest

from booking import checkout, slots
from booking.basket import add_to_basket, change_line, renew_holds
from booking.models import Basket, Offer, OfferPermit, OutboxMessage, Refund, Slot, SlotHold
from booking.refusals import Refusal
from booking.rules.kinds.childcare import FORTIETH, UNITS_OF_CARER
from booking.rules.pricing import OptionChoice
from booking.stay_view import view_basket
from booking.wishes import LineRequest
from members.journal import Actor
from members.models import Entry
from oti.lib.dates import PARIS
from tests import factories
from tests.cast import NOW, FakeBank, cancel_order, order_from, paid_order

pytestmark = pytest.mark.django_db
DAY = date(2027, 7, 12)
OFFICE = Actor("office")


def add(basket: Basket, offer: Offer, slot: Slot, *ages: int | None, **more: object) -> object:
    request = LineRequest(offer_id=offer.pk, slot_id=slot.pk, ages=ages, **more)  # type: ignore[arg-type]
    return add_to_basket(basket, request, now=NOW)


def lend(basket: Basket, offer: Offer, first: date, days: int, quantity: int = 1) -> object:
    request = LineRequest(
        offer_id=offer.pk,
        arrival=first,
        departure=first + timedelta(days=days),
        quantity=quantity,
    )
    return add_to_basket(basket, request, now=NOW)


def codes_of(error: pytest.ExceptionInfo[Refusal]) -> list[str]:
    return [one.code for one in error.value.troubles]


def taken() -> dict[tuple[date, str], int]:
    """Return the units sold by day and resource."""
    return {(slot.day, slot.resource): slot.sold for slot in Slot.stocks.all()}


# --- Childcare ---
def test_a_sixth_small_child_finds_no_room_and_an_eighth_big_one_does():
    offer = factories.a_childcare()
    slot = factories.a_slot(offer, DAY, time(19), capacity=40)
    add(factories.a_basket(), offer, slot, 5, 5, 5, 5, 5)

    with pytest.raises(Refusal) as error:
        add(factories.a_basket(), offer, slot, 4)

    assert codes_of(error) == ["care_full"]
    other = factories.a_slot(offer, DAY + timedelta(days=1), time(19), capacity=40)
    add(factories.a_basket(), offer, other, *[6] * 8)


def test_room_that_is_left_is_told_in_children():
    offer = factories.a_childcare()
    slot = factories.a_slot(offer, DAY, time(19), capacity=40)
    add(factories.a_basket(), offer, slot, 5, 5, 5)

    with pytest.raises(Refusal) as error:
        add(factories.a_basket(), offer, slot, 5, 5, 5)

    assert codes_of(error) == ["care_partly_full"]
    assert error.value.troubles[0].params["free"] == 2


def test_childcare_during_the_dinner_of_the_parents_is_accepted(bank: FakeBank):
    basket = factories.a_basket(None, None, 5, 10)
    dinner = factories.an_activity(kind="meal", min_age=18, child=None)
    care = factories.a_childcare()
    evening = factories.a_slot(dinner, DAY, time(19, 30))
    request = LineRequest(offer_id=dinner.pk, slot_id=evening.pk, people=("p1", "p2"))
    add_to_basket(basket, request, now=NOW)
    slot = factories.a_slot(care, DAY, time(19), capacity=40)
    request = LineRequest(offer_id=care.pk, slot_id=slot.pk, people=("p3", "p4"))
    add_to_basket(basket, request, now=NOW)

    order = paid_order(basket, bank)

    assert order.state == "confirmed"
    assert Slot.objects.get(pk=slot.pk).sold == (8 + 5) * FORTIETH
    assert order.total_amount == Decimal("64") + Decimal("40")


def test_a_parent_is_not_looked_after():
    offer = factories.a_childcare()
    slot = factories.a_slot(offer, DAY, time(19), capacity=40)

    with pytest.raises(Refusal) as error:
        add(factories.a_basket(), offer, slot, None, 5)

    assert codes_of(error) == ["only_children"]


def test_a_day_past_the_authorisation_is_not_sold_and_a_held_one_can_not_be_paid():
    offer = factories.a_childcare(valid_until=DAY)
    last = factories.a_slot(offer, DAY, time(19), capacity=40)
    after = factories.a_slot(offer, DAY + timedelta(days=1), time(19), capacity=40)
    basket = factories.a_basket()
    add(basket, offer, last, 5)

    with pytest.raises(Refusal) as error:
        add(factories.a_basket(), offer, after, 5)
    assert codes_of(error) == ["permit_expired"]

    OfferPermit.objects.update(valid_until=DAY - timedelta(days=1))
    view = view_basket(basket, now=NOW)
    assert [one.code for one in view.troubles] == ["permit_expired"]
    assert not view.can_check_out


def test_capacity_is_entered_in_carers():
    offer = factories.a_childcare()
    slots.add_slots(
        offer,
        first_day=DAY,
        last_day=DAY,
        weekdays={DAY.weekday()},
        start_times={time(19)},
        capacity=2,
        actor=OFFICE,
        now=NOW,
    )
    slot = Slot.objects.get()
    assert slot.capacity == 2 * UNITS_OF_CARER

    slots.change_slot(slot, capacity=3, is_closed=False, reason="", actor=OFFICE, now=NOW)
    assert Slot.objects.get().capacity == 3 * UNITS_OF_CARER


def test_a_slot_past_the_authorisation_or_too_long_is_not_entered():
    offer = factories.a_childcare(valid_until=DAY)
    values = {
        "first_day": DAY,
        "weekdays": set(range(7)),
        "start_times": {time(19)},
        "capacity": 1,
        "actor": OFFICE,
        "now": NOW,
    }
    with pytest.raises(Refusal) as error:
        slots.add_slots(offer, last_day=DAY + timedelta(days=1), **values)
    assert codes_of(error) == ["permit_expired"]

    offer.duration_minutes = 360
    offer.save()
    with pytest.raises(Refusal) as error:
        slots.add_slots(offer, last_day=DAY, **values)
    assert codes_of(error) == ["care_too_long"]
    assert not Slot.objects.exists()


# --- Rental ---
def test_something_lent_for_three_days_takes_each_of_them_and_pays_each(bank: FakeBank):
    offer = factories.a_rental(price="10", deposit="150")
    factories.rental_days(offer, DAY, 5)
    basket = factories.a_basket()
    lend(basket, offer, DAY + timedelta(days=1), 3, quantity=2)

    view = view_basket(basket, now=NOW)
    assert view.total == Decimal("60")
    assert [day.day for day in view.days] == [DAY + timedelta(days=n) for n in (1, 2, 3)]
    assert view.days[-1].entries[0].is_return

    order = paid_order(basket, bank)

    assert order.total_amount == Decimal("60")
    assert order.lines.get().deposit_amount == Decimal("150")
    assert [taken()[DAY + timedelta(days=n), ""] for n in range(5)] == [0, 2, 2, 2, 0]


def test_what_is_brought_back_on_a_day_goes_out_again_the_day_after():
    offer = factories.a_rental()
    factories.rental_days(offer, DAY, 4, capacity=1)
    lend(factories.a_basket(), offer, DAY, 2)

    with pytest.raises(Refusal) as error:
        lend(factories.a_basket(), offer, DAY + timedelta(days=1), 2)
    assert codes_of(error) == ["gone_on"]
    assert "13" in error.value.troubles[0].message

    lend(factories.a_basket(), offer, DAY + timedelta(days=2), 2)


def test_too_few_left_on_one_of_the_days():
    offer = factories.a_rental()
    factories.rental_days(offer, DAY, 3, capacity=2)
    lend(factories.a_basket(), offer, DAY + timedelta(days=1), 1)

    with pytest.raises(Refusal) as error:
        lend(factories.a_basket(), offer, DAY, 3, quantity=2)

    assert codes_of(error) == ["partly_gone_on"]
    assert SlotHold.objects.count() == 1


@pytest.mark.parametrize(
    ("first", "days", "code"),
    [
        (DAY - timedelta(days=1), 2, "not_lent_on"),
        (DAY, 4, "not_lent_on"),
        (DAY, 0, "days_reversed"),
        (NOW.date() - timedelta(days=1), 1, "in_the_past"),
        (DAY, 31, "rental_too_long"),
        (DAY, 100, "rental_too_long"),
    ],
)
def test_days_that_can_not_be_lent_say_why(first: date, days: int, code: str):
    offer = factories.a_rental()
    factories.rental_days(offer, DAY, 3)

    with pytest.raises(Refusal) as error:
        lend(factories.a_basket(), offer, first, days)

    assert code in codes_of(error)
    assert not SlotHold.objects.exists()


def test_a_rental_without_days_asks_for_them():
    offer = factories.a_rental()

    with pytest.raises(Refusal) as error:
        add_to_basket(factories.a_basket(), LineRequest(offer_id=offer.pk), now=NOW)

    assert codes_of(error) == ["days_missing"]


def test_changing_the_days_gives_the_others_back():
    offer = factories.a_rental()
    factories.rental_days(offer, DAY, 4, capacity=1)
    basket = factories.a_basket()
    line = lend(basket, offer, DAY, 3)
    request = LineRequest(
        offer_id=offer.pk, arrival=DAY + timedelta(days=2), departure=DAY + timedelta(days=4)
    )

    change_line(basket, line.pk, request, now=NOW)  # type: ignore[attr-defined]

    days = set(SlotHold.objects.values_list("slot__day", flat=True))
    assert days == {DAY + timedelta(days=2), DAY + timedelta(days=3)}


def test_a_lapsed_rental_is_asked_again_whole():
    offer = factories.a_rental()
    factories.rental_days(offer, DAY, 2, capacity=1)
    basket = factories.a_basket()
    lend(basket, offer, DAY, 2)
    later = NOW + timedelta(minutes=20)
    Slot.objects.filter(day=DAY + timedelta(days=1)).update(sold=1)

    troubles = renew_holds(basket, now=later)

    assert [one.code for one in troubles] == ["gone_on"]
    assert not SlotHold.objects.filter(expires_at__gt=later).exists()
    Slot.objects.update(sold=0)
    assert renew_holds(basket, now=later) == []
    assert SlotHold.objects.filter(expires_at__gt=later).count() == 2


# --- Shuttle ---
def test_seats_bicycles_and_bags_are_taken_together_and_given_back_together(bank: FakeBank):
    offer = factories.a_shuttle()
    slot = factories.a_ride(offer, DAY)
    basket = factories.a_basket()
    options = (OptionChoice("bike", 2), OptionChoice("luggage", 3))
    add(basket, offer, slot, None, None, 5, options=options)

    order = paid_order(basket, bank)
    assert taken() == {(DAY, ""): 3, (DAY, "bike"): 2, (DAY, "luggage"): 3}
    assert order.total_amount == Decimal("8") * 2 + Decimal("4") + Decimal("10")

    cancel_order(order, basis="full", reason="Verglas", actor=OFFICE, now=NOW)
    assert set(taken().values()) == {0}
    assert Refund.objects.get().amount == order.total_amount


def test_two_bicycles_for_one_seat_are_refused():
    offer = factories.a_shuttle()
    slot = factories.a_ride(offer, DAY)

    with pytest.raises(Refusal) as error:
        add(factories.a_basket(), offer, slot, None, options=(OptionChoice("bike", 2),))

    assert codes_of(error) == ["too_many_bikes"]
    assert error.value.troubles[0].field == "options"


def test_two_bicycles_where_there_is_room_for_one_are_refused_and_nothing_is_held():
    offer = factories.a_shuttle()
    slot = factories.a_ride(offer, DAY, bikes=1)

    with pytest.raises(Refusal) as error:
        add(factories.a_basket(), offer, slot, None, None, options=(OptionChoice("bike", 2),))

    assert codes_of(error) == ["side_partly_gone"]
    assert not SlotHold.objects.exists()
    add(factories.a_basket(), offer, slot, None, None, options=(OptionChoice("bike", 1),))
    with pytest.raises(Refusal) as error:
        add(factories.a_basket(), offer, slot, None, options=(OptionChoice("bike", 1),))
    assert codes_of(error) == ["side_gone"]


def test_an_infant_takes_a_seat():
    offer = factories.a_shuttle()
    slot = factories.a_ride(offer, DAY, seats=2)

    with pytest.raises(Refusal) as error:
        add(factories.a_basket(), offer, slot, None, None, 0)

    assert codes_of(error) == ["partly_gone"]


def test_a_departure_that_carries_no_bicycle_says_so():
    offer = factories.a_shuttle()
    slot = factories.a_slot(offer, DAY, time(10))

    with pytest.raises(Refusal) as error:
        add(factories.a_basket(), offer, slot, None, options=(OptionChoice("bike", 1),))

    assert codes_of(error) == ["side_gone"]


def test_capacities_beside_the_seats_are_entered_changed_closed_and_removed_with_them():
    offer = factories.a_shuttle()
    slots.add_slots(
        offer,
        first_day=DAY,
        last_day=DAY,
        weekdays={DAY.weekday()},
        start_times={time(10)},
        capacity=8,
        sides={"bike": 2},
        actor=OFFICE,
        now=NOW,
    )
    slot = Slot.objects.get()
    stocks = dict(Slot.stocks.values_list("resource", "capacity"))
    assert stocks == {"": 8, "bike": 2, "luggage": 0}

    slots.change_slot(
        slot,
        capacity=8,
        sides={"bike": 4, "luggage": 9},
        is_closed=True,
        reason="Neige",
        actor=OFFICE,
        now=NOW,
    )
    stocks = dict(Slot.stocks.values_list("resource", "capacity"))
    assert stocks == {"": 8, "bike": 4, "luggage": 9}
    assert set(Slot.stocks.values_list("is_closed", flat=True)) == {True}

    slots.remove_slot(slot, actor=OFFICE, now=NOW)
    assert not Slot.stocks.exists()


def test_a_capacity_beside_the_seats_never_goes_below_what_is_sold():
    offer = factories.a_shuttle()
    slot = factories.a_ride(offer, DAY)
    Slot.stocks.filter(resource="bike").update(sold=2)

    with pytest.raises(Refusal) as error:
        slots.change_slot(
            slot,
            capacity=8,
            sides={"bike": 1},
            is_closed=False,
            reason="",
            actor=OFFICE,
            now=NOW,
        )

    assert codes_of(error) == ["capacity_under_sold"]
    assert error.value.troubles[0].field == "side_bike"


# --- Workshop in steps ---
def test_places_for_children_run_out_before_the_others():
    offer = factories.a_composite()
    slot = factories.a_slot(offer, DAY, time(9), capacity=10)
    factories.a_side(slot, "child", 2)
    add(factories.a_basket(), offer, slot, None, 10, 12)

    with pytest.raises(Refusal) as error:
        add(factories.a_basket(), offer, slot, None, 9)
    assert codes_of(error) == ["side_gone"]

    add(factories.a_basket(), offer, slot, None, None)


def test_without_places_for_children_of_their_own_they_are_places():
    offer = factories.a_composite()
    slot = factories.a_slot(offer, DAY, time(9), capacity=4)

    add(factories.a_basket(), offer, slot, None, 9, 10)

    assert SlotHold.objects.get().quantity == 3


def test_plan_b_applies_bookings_stand_and_everybody_is_told_once(bank: FakeBank):
    offer = factories.a_composite()
    slot = factories.a_slot(offer, DAY, time(9))
    basket = factories.a_basket()
    add(basket, offer, slot, None, 9)
    order = paid_order(basket, bank)

    told = slots.apply_plan_b(slot, reason="Pas de cèpes", actor=OFFICE, now=NOW)
    again = slots.apply_plan_b(slot, reason="Pas de cèpes", actor=OFFICE, now=NOW)

    assert (told, again) == (1, 0)
    order.refresh_from_db()
    assert order.state == "confirmed"
    assert not Refund.objects.exists()
    assert OutboxMessage.objects.filter(kind="plan_b").count() == 1
    assert Entry.objects.get(verb="plan B applied").data["sold"] == 2


def test_there_is_no_plan_b_where_none_was_decided_and_none_without_reason():
    plain = factories.an_activity()
    slot = factories.a_slot(plain, DAY)
    with pytest.raises(Refusal) as error:
        slots.apply_plan_b(slot, reason="Pluie", actor=OFFICE, now=NOW)
    assert codes_of(error) == ["plan_b_unknown"]
    with pytest.raises(Refusal) as error:
        slots.apply_plan_b(slot, reason="  ", actor=OFFICE, now=NOW)
    assert codes_of(error) == ["reason_missing"]


def test_out_of_its_season_a_workshop_is_not_sold():
    offer = factories.a_composite(season_from_month=9, season_to_month=11)
    slot = factories.a_slot(offer, DAY, time(9))

    with pytest.raises(Refusal) as error:
        add(factories.a_basket(), offer, slot, None)

    assert codes_of(error) == ["out_of_season"]


# --- Visit, free activity ---
def test_a_visit_overlaps_with_nothing_and_holds_until_it_closes(bank: FakeBank):
    basket = factories.a_basket(None)
    workshop = factories.an_activity(kind="workshop")
    visit = factories.an_activity(kind="visit", duration_minutes=480)
    add(basket, workshop, factories.a_slot(workshop, DAY, time(14)), None)
    open_day = factories.a_slot(visit, DAY, time(10))
    add(basket, visit, open_day, None)

    assert view_basket(basket, now=NOW).troubles == []

    at_noon = datetime(2027, 7, 12, 12, tzinfo=PARIS)
    request = LineRequest(offer_id=visit.pk, slot_id=open_day.pk, ages=(None,))
    add_to_basket(factories.a_basket(), request, now=at_noon)
    with pytest.raises(Refusal) as error:
        add_to_basket(factories.a_basket(), request, now=at_noon.replace(hour=19))
    assert codes_of(error) == ["slot_past"]


def test_a_free_activity_is_a_place_and_is_confirmed_without_a_bank():
    offer = factories.an_activity(kind="registration", adult="0", child="0")
    slot = factories.a_slot(offer, DAY, capacity=2)
    basket = factories.a_basket()
    add(basket, offer, slot, None, None)

    order = order_from(basket)
    checkout.begin_payment(order, success_url="s", cancel_url="c", now=NOW)
    order.refresh_from_db()

    assert (order.state, order.total_amount) == ("confirmed", Decimal("0"))
    assert Slot.objects.get().sold == 2
    with pytest.raises(Refusal) as error:
        add(factories.a_basket(), offer, slot, None)
    assert codes_of(error) == ["sold_out"]
