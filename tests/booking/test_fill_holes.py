"""Holes between two stays: sold whole where the tariff says so, as long as they are holes."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from booking import cancellation, search_table
from booking.availability import StaySearch, search_stays
from booking.basket import add_to_basket
from booking.models import Closure, Offer, Stay, UnitDay
from booking.refusals import NotAllowed
from booking.stay_calendar import stay_calendar
from booking.stay_view import view_basket
from booking.wishes import LineRequest
from members.journal import SYSTEM
from tests import factories
from tests.cast import NOW, SATURDAY, TODAY, FakeBank, paid_order

pytestmark = pytest.mark.django_db
# Three nights between a week and another.
HOLE = (SATURDAY, SATURDAY + timedelta(days=3))


def a_gite(*, fills: bool = True, min_stay: int = 7) -> Offer:
    offer = factories.a_lodging(min_stay=min_stay)
    offer.tariffs.update(fills_gaps=fills)
    search_table.rebuild_units([offer.units.get().pk], today=TODAY)
    return offer


def block(offer: Offer, first: date, nights: int) -> Stay:
    dates = (first, first + timedelta(days=nights))
    stay = Stay.objects.create(unit=offer.units.get(), dates=dates, state="blocked")
    search_table.refresh_runs([stay.unit_id], *dates)
    return stay


def with_hole(offer: Offer) -> Offer:
    block(offer, HOLE[0] - timedelta(days=7), 7)
    block(offer, HOLE[1], 7)
    return offer


def is_shown(arrival: date, departure: date) -> bool:
    return bool(search_stays(StaySearch(arrival, departure, adults=2), now=NOW).results)


def add(offer: Offer, arrival: date, departure: date, basket=None):
    request = LineRequest(
        offer_id=offer.pk,
        unit_id=offer.units.get().pk,
        arrival=arrival,
        departure=departure,
        ages=(None, None),
    )
    basket = basket or factories.a_basket()
    add_to_basket(basket, request, now=NOW)
    return basket


def test_a_hole_shorter_than_the_minimum_is_sold_whole():
    offer = with_hole(a_gite())

    month = stay_calendar(offer, year=2027, month=7, now=NOW)
    days = {day.day.day: day for week in month.weeks for day in week if day}
    assert [day for day in (10, 11, 12) if days[day].can_arrive] == [10]
    assert is_shown(*HOLE)
    assert view_basket(add(offer, *HOLE), now=NOW).can_check_out
    assert search_table.find_drift(today=TODAY) == []


def test_by_default_holes_stay_as_they_are():
    offer = with_hole(a_gite(fills=False))

    assert not is_shown(*HOLE)
    with pytest.raises(NotAllowed) as error:
        add(offer, *HOLE)
    assert error.value.code == "min_stay"


@pytest.mark.parametrize(("start", "end"), [(0, 2), (1, 3), (1, 2)])
def test_a_part_of_a_hole_is_not_sold(start: int, end: int):
    offer = with_hole(a_gite())
    dates = HOLE[0] + timedelta(days=start), HOLE[0] + timedelta(days=end)

    assert not is_shown(*dates)
    with pytest.raises(NotAllowed):
        add(offer, *dates)


def test_a_closure_bounds_a_hole_and_a_hold_does_not():
    closed, held = a_gite(), a_gite()
    for offer in (closed, held):
        block(offer, HOLE[0] - timedelta(days=7), 7)
    after = (HOLE[1], HOLE[1] + timedelta(days=7))
    Closure.objects.create(unit=closed.units.get(), dates=after, reason="Travaux")
    search_table.refresh_runs([closed.units.get().pk], *after)
    add(held, *after)

    add(closed, *HOLE)
    with pytest.raises(NotAllowed):
        add(held, *HOLE)
    assert search_table.find_drift(today=TODAY) == []


def test_arrival_days_still_hold_in_a_hole():
    offer = a_gite()
    factories.a_restriction(offer, "closed_to_arrival", HOLE[0], HOLE[0] + timedelta(days=1))
    search_table.rebuild_units([offer.units.get().pk], today=TODAY)
    with_hole(offer)

    assert not is_shown(*HOLE)
    with pytest.raises(NotAllowed) as error:
        add(offer, *HOLE)
    assert error.value.code == "closed_to_arrival"


def test_what_passes_over_a_through_rule_is_filled_too():
    offer = a_gite(min_stay=1)
    factories.a_restriction(offer, "min_stay_through", *HOLE, value=5)
    search_table.rebuild_units([offer.units.get().pk], today=TODAY)
    with_hole(offer)

    assert is_shown(*HOLE)
    add(offer, *HOLE)


def test_a_sale_makes_the_hole_and_its_cancellation_ends_it(bank: FakeBank):
    offer = a_gite()
    block(offer, HOLE[0] - timedelta(days=7), 7)
    assert not is_shown(*HOLE)

    order = paid_order(add(offer, HOLE[1], HOLE[1] + timedelta(days=7)), bank)
    assert is_shown(*HOLE)
    assert search_table.find_drift(today=TODAY) == []

    basket = add(offer, *HOLE)
    line = order.lines.get()
    cancellation.cancel_lines(
        order, [line.pk], basis="full", reason="Travaux", actor=SYSTEM, now=NOW
    )
    assert UnitDay.objects.get(unit=offer.units.get(), day=HOLE[0]).min_stay == 7
    assert search_table.find_drift(today=TODAY) == []
    # Held, but no hole any more: the stay says so before anything is paid.
    view = view_basket(basket, now=NOW)
    assert "min_stay" in [one.code for one in view.troubles]
    assert not view.can_check_out


def test_a_hole_that_widens_while_it_is_being_held_is_refused(monkeypatch):
    offer = with_hole(a_gite())
    from booking import holds

    hold = holds.hold_nights

    def neighbour_leaves_first(*args, **kwargs):
        neighbour = Stay.objects.get(dates__startswith=HOLE[1])
        neighbour.delete()
        search_table.refresh_runs([neighbour.unit_id], HOLE[1], HOLE[1] + timedelta(days=7))
        return hold(*args, **kwargs)

    monkeypatch.setattr(holds, "hold_nights", neighbour_leaves_first)
    with pytest.raises(NotAllowed) as error:
        add(offer, *HOLE)

    assert error.value.code == "min_stay"


def test_the_table_knows_a_hole_that_begins_today():
    offer = a_gite()
    block(offer, TODAY - timedelta(days=2), 2)
    block(offer, TODAY + timedelta(days=2), 3)

    row = UnitDay.objects.get(unit=offer.units.get(), day=TODAY)
    assert (row.free_run, row.min_stay) == (2, 2)
    assert search_table.find_drift(today=TODAY) == []
