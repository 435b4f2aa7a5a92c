"""Adding to the basket: what is held, for how long, and every reason why not."""

from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal

import pytest

from booking.basket import add_to_basket, extend_hold
from booking.models import Closure, Offer, SlotHold, Stay
from booking.refusals import Refusal
from booking.rules.pricing import OptionChoice
from booking.stay_view import view_basket
from booking.wishes import LineRequest
from tests import factories
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY

pytestmark = pytest.mark.django_db
DUPONT = (None, None, 5, 10)


def week(offer: Offer, **fields: object) -> LineRequest:
    """Return the request of the Duponts for a week in July."""
    request = LineRequest(
        offer_id=offer.pk,
        unit_id=offer.units.first().pk,
        arrival=SATURDAY,
        departure=NEXT_SATURDAY,
        ages=DUPONT,
    )
    return replace(request, **fields)


def codes_of(error: pytest.ExceptionInfo[Refusal]) -> list[str]:
    return [one.code for one in error.value.troubles]


def test_visitor_adds_a_week_and_sees_its_full_price():
    offer = factories.a_lodging(night="100", cleaning="60")
    basket = factories.a_basket()

    add_to_basket(basket, week(offer), now=NOW)

    view = view_basket(basket, now=NOW)
    # 7 nights, the cleaning, and 2 adults x 7 nights x 1.00 + 10 % of tourist tax (vector T1).
    assert view.total == Decimal("700.00") + Decimal("60.00") + Decimal("15.40")
    assert view.tourist_tax == Decimal("15.40")
    assert view.held_until == NOW + timedelta(minutes=15)
    assert [person.age for person in view.people] == [None, None, 5, 10]


def test_same_night_is_refused_to_another_basket():
    offer = factories.a_lodging()
    add_to_basket(factories.a_basket(), week(offer), now=NOW)

    with pytest.raises(Refusal) as error:
        add_to_basket(
            factories.a_basket(),
            week(offer, arrival=date(2027, 7, 16), departure=date(2027, 7, 18)),
            now=NOW,
        )
    assert codes_of(error) == ["gone"]


def test_departure_day_is_anothers_arrival_day():
    offer = factories.a_lodging()
    add_to_basket(factories.a_basket(), week(offer), now=NOW)

    add_to_basket(
        factories.a_basket(),
        week(offer, arrival=NEXT_SATURDAY, departure=date(2027, 7, 20)),
        now=NOW,
    )

    assert Stay.objects.filter(state="held").count() == 2


def test_expired_hold_counts_for_nothing():
    offer = factories.a_lodging()
    add_to_basket(factories.a_basket(), week(offer), now=NOW)

    line = add_to_basket(factories.a_basket(), week(offer), now=NOW + timedelta(minutes=15))

    assert Stay.objects.get(state="held").line_id == line.pk


def test_failed_add_leaves_the_clock_alone():
    offer = factories.a_lodging()
    taken = factories.a_lodging()
    add_to_basket(factories.a_basket(), week(taken), now=NOW)
    basket = factories.a_basket()
    add_to_basket(basket, week(offer), now=NOW)

    with pytest.raises(Refusal):
        add_to_basket(basket, week(taken), now=NOW + timedelta(minutes=5))

    basket.refresh_from_db()
    assert basket.expires_at == NOW + timedelta(minutes=15)


def test_adding_keeps_every_line_as_long():
    stay = factories.a_lodging()
    activity = factories.an_activity()
    slot = factories.a_slot(activity, date(2027, 7, 12))
    basket = factories.a_basket()
    add_to_basket(basket, week(stay), now=NOW)
    later = NOW + timedelta(minutes=10)

    add_to_basket(
        basket, LineRequest(offer_id=activity.pk, slot_id=slot.pk, ages=DUPONT), now=later
    )

    until = later + timedelta(minutes=15)
    assert Stay.objects.get().expires_at == until
    assert SlotHold.objects.get().expires_at == until
    assert SlotHold.objects.get().quantity == 4


def test_hold_is_extended_ten_times_and_never_past_the_cap():
    basket = factories.a_basket()
    add_to_basket(basket, week(factories.a_lodging()), now=NOW)

    for _press in range(10):
        extend_hold(basket, now=NOW + timedelta(minutes=1))

    assert basket.expires_at == NOW + timedelta(minutes=165)
    with pytest.raises(Refusal) as error:
        extend_hold(basket, now=NOW + timedelta(minutes=2))
    assert codes_of(error) == ["not_extendable"]


def test_last_places_are_held_once():
    activity = factories.an_activity()
    slot = factories.a_slot(activity, date(2027, 7, 12), capacity=5)
    request = LineRequest(offer_id=activity.pk, slot_id=slot.pk, ages=DUPONT)
    add_to_basket(factories.a_basket(), request, now=NOW)

    with pytest.raises(Refusal) as error:
        add_to_basket(factories.a_basket(), request, now=NOW)

    assert codes_of(error) == ["partly_gone"]
    assert error.value.troubles[0].params["free"] == 1


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"arrival": NEXT_SATURDAY, "departure": SATURDAY}, "dates_reversed"),
        ({"arrival": date(2027, 4, 1), "departure": date(2027, 4, 8)}, "in_the_past"),
        ({"arrival": date(2029, 7, 1), "departure": date(2029, 7, 8)}, "too_far"),
        ({"arrival": None}, "dates_missing"),
        ({"ages": ()}, "no_adult"),
        ({"ages": (5, 10)}, "no_adult"),
        ({"ages": (None,) * 7}, "too_many_adults"),
        ({"ages": (None,) * 99}, "too_many_people"),
        ({"people": ("p9",)}, "nobody"),
        ({"options": (OptionChoice("sauna", 1),)}, "bad_option"),
        ({"shown_amount": Decimal("1.00")}, "price_changed"),
        ({"unit_id": 0}, "unit_unknown"),
        ({"offer_id": 0}, "not_on_sale"),
        ({"departure": date(2027, 7, 11)}, "min_stay"),
    ],
)
def test_bad_request_for_a_stay_says_why_and_changes_nothing(fields, code):
    offer = factories.a_lodging(min_stay=2)
    basket = factories.a_basket()

    with pytest.raises(Refusal) as error:
        add_to_basket(basket, week(offer, **fields), now=NOW)

    assert code in codes_of(error)
    assert not basket.lines.exists()
    assert not Stay.objects.exists()
    assert all(one.message and "%(" not in one.message for one in error.value.troubles)


def test_closed_nights_are_refused():
    offer = factories.a_lodging()
    Closure.objects.create(
        unit=offer.units.get(), dates=(date(2027, 7, 14), date(2027, 7, 15)), reason="Travaux"
    )

    with pytest.raises(Refusal) as error:
        add_to_basket(factories.a_basket(), week(offer), now=NOW)

    assert codes_of(error) == ["closed"]


def test_lodging_without_tariff_of_its_council_is_not_sold():
    offer = factories.a_lodging(tax_category="palace")

    with pytest.raises(Refusal) as error:
        add_to_basket(factories.a_basket(), week(offer), now=NOW)

    assert codes_of(error) == ["no_tariff"]


def test_offer_outside_the_perimeter_is_not_sold():
    neighbour = factories.a_commune("Sainte-Eulalie", insee="07235", inside=False)
    offer = factories.a_lodging(commune=neighbour)

    with pytest.raises(Refusal) as error:
        add_to_basket(factories.a_basket(), week(offer), now=NOW)

    assert codes_of(error) == ["not_on_sale"]


def test_child_below_the_age_is_refused_and_others_may_come():
    workshop = factories.an_activity(kind="workshop", min_age=8)
    slot = factories.a_slot(workshop, date(2027, 7, 12))
    basket = factories.a_basket(*DUPONT)

    with pytest.raises(Refusal) as error:
        add_to_basket(
            basket,
            LineRequest(offer_id=workshop.pk, slot_id=slot.pk, people=("p1", "p2", "p3", "p4")),
            now=NOW,
        )
    add_to_basket(
        basket,
        LineRequest(offer_id=workshop.pk, slot_id=slot.pk, people=("p1", "p2", "p4")),
        now=NOW,
    )

    assert codes_of(error) == ["age_mismatch"]
    assert basket.lines.get().people == ["p1", "p2", "p4"]


def test_nobody_is_in_two_places_at_once_unless_they_say_so():
    first = factories.an_activity()
    second = factories.an_activity(kind="meal")
    one = factories.a_slot(first, date(2027, 7, 12), time(14))
    other = factories.a_slot(second, date(2027, 7, 12), time(15, 30))
    basket = factories.a_basket(*DUPONT)
    add_to_basket(
        basket, LineRequest(offer_id=first.pk, slot_id=one.pk, people=("p1", "p3")), now=NOW
    )
    request = LineRequest(offer_id=second.pk, slot_id=other.pk, people=("p1", "p2"))

    with pytest.raises(Refusal) as error:
        add_to_basket(basket, request, now=NOW)
    add_to_basket(basket, replace(request, is_overlap_accepted=True), now=NOW)

    assert codes_of(error) == ["overlap"]
    assert view_basket(basket, now=NOW).can_check_out


def test_two_rooms_take_different_persons():
    offer = factories.a_lodging(units=2, sleeps=2)
    rooms = list(offer.units.all())
    basket = factories.a_basket()
    for room in rooms:
        couple = week(offer, unit_id=room.pk, ages=(None, None), is_for_others=room != rooms[0])
        add_to_basket(basket, couple, now=NOW)

    assert [line.people for line in basket.lines.order_by("pk")] == [["p1", "p2"], ["p3", "p4"]]


def test_produce_is_bought_by_the_piece():
    offer = factories.a_produce(price="25")
    slot = factories.a_slot(offer, date(2027, 7, 12), capacity=3)
    basket = factories.a_basket(None)

    add_to_basket(basket, LineRequest(offer_id=offer.pk, slot_id=slot.pk, quantity=3), now=NOW)
    with pytest.raises(Refusal) as error:
        add_to_basket(
            factories.a_basket(None),
            LineRequest(offer_id=offer.pk, slot_id=slot.pk, quantity=1),
            now=NOW,
        )

    assert view_basket(basket, now=NOW).total == Decimal("75.00")
    assert codes_of(error) == ["held_by_others"]
