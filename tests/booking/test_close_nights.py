"""The office takes nights off sale, never those that are sold."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange

from booking import basket as baskets
from booking import offers, search_table
from booking.models import Closure, Offer, Stay, Unit, UnitDay
from booking.refusals import BadInput, Unavailable
from members.journal import Actor
from members.models import Entry
from tests import factories
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY, TODAY, FakeBank, paid_order

pytestmark = pytest.mark.django_db

OFFICE = Actor("office@example.org")


@pytest.fixture
def unit() -> Unit:
    return factories.a_lodging(now=NOW).units.get()


@pytest.fixture
def sold_stay(bank: FakeBank) -> Stay:
    offer = factories.a_lodging(now=NOW)
    basket = factories.a_basket(None, None)
    request = baskets.LineRequest(
        offer_id=offer.pk,
        unit_id=offer.units.get().pk,
        arrival=SATURDAY,
        departure=NEXT_SATURDAY,
        ages=(None, None),
    )
    baskets.add_to_basket(basket, request, now=NOW)
    paid_order(basket, bank)
    return Stay.objects.get(state=Stay.State.SOLD)


def close(unit: Unit, first: date, reopening: date, reason: str = "travaux") -> Closure:
    return offers.close_nights(
        unit, first_night=first, reopening=reopening, reason=reason, actor=OFFICE, now=NOW
    )


def free_from(unit: Unit, day: date) -> int:
    return UnitDay.objects.get(unit=unit, day=day).free_run


def test_closed_nights_leave_the_search_and_the_day_before_knows_it(unit: Unit) -> None:
    close(unit, SATURDAY, NEXT_SATURDAY)

    assert free_from(unit, SATURDAY) == 0
    assert free_from(unit, NEXT_SATURDAY - timedelta(days=1)) == 0
    assert free_from(unit, NEXT_SATURDAY) == 90
    assert free_from(unit, SATURDAY - timedelta(days=2)) == 2
    assert search_table.find_drift(today=TODAY) == []
    entry = Entry.objects.get(verb="nights closed")
    assert entry.data["first_night"] == SATURDAY.isoformat()
    assert entry.data["reason"] == "travaux"


def test_nights_open_again(unit: Unit) -> None:
    closure = close(unit, SATURDAY, NEXT_SATURDAY)
    offers.reopen_nights(closure, actor=OFFICE, now=NOW)
    offers.reopen_nights(closure, actor=OFFICE, now=NOW)
    assert not Closure.objects.exists()
    assert free_from(unit, SATURDAY) == 90
    assert search_table.find_drift(today=TODAY) == []
    assert Entry.objects.filter(verb="nights reopened").count() == 1


def test_sold_nights_cannot_be_closed_and_the_orders_are_named(
    sold_stay: Stay,
) -> None:
    reference = sold_stay.order_line.order.reference
    unit = sold_stay.unit
    with pytest.raises(Unavailable) as refused:
        close(unit, sold_stay.dates.upper - timedelta(days=1), sold_stay.dates.upper)
    (trouble,) = refused.value.troubles
    assert trouble.code == "closure_over_sold"
    assert trouble.params["orders"] == [reference]
    assert reference in trouble.message
    assert not Closure.objects.exists()


def test_the_day_of_departure_can_be_closed(sold_stay: Stay) -> None:
    close(sold_stay.unit, sold_stay.dates.upper, sold_stay.dates.upper + timedelta(days=2))
    assert Closure.objects.count() == 1


def test_nights_that_somebody_is_booking_are_left_alone_until_the_hold_ends(unit: Unit) -> None:
    Stay.objects.create(
        unit=unit,
        dates=DateRange(SATURDAY, NEXT_SATURDAY),
        state=Stay.State.HELD,
        expires_at=NOW + timedelta(minutes=15),
    )
    with pytest.raises(Unavailable) as refused:
        close(unit, SATURDAY, NEXT_SATURDAY)
    assert refused.value.code == "closure_over_held"
    assert "10:15" in refused.value.troubles[0].message

    offers.close_nights(
        unit,
        first_night=SATURDAY,
        reopening=NEXT_SATURDAY,
        reason="travaux",
        actor=OFFICE,
        now=NOW + timedelta(minutes=16),
    )
    assert Closure.objects.count() == 1


def test_a_lapsed_line_whose_nights_were_closed_holds_nothing_again(unit: Unit) -> None:
    basket = factories.a_basket()
    request = baskets.LineRequest(
        offer_id=unit.offer_id,
        unit_id=unit.pk,
        arrival=SATURDAY,
        departure=NEXT_SATURDAY,
        ages=(None, None),
    )
    baskets.add_to_basket(basket, request, now=NOW)
    later = NOW + timedelta(hours=1)
    offers.close_nights(
        unit,
        first_night=SATURDAY,
        reopening=NEXT_SATURDAY,
        reason="travaux",
        actor=OFFICE,
        now=later,
    )

    troubles = baskets.renew_holds(basket, now=later)

    assert [one.code for one in troubles] == ["closed"]
    assert not Stay.objects.filter(state="held", expires_at__gt=later).exists()


def test_a_closure_moves_and_the_former_nights_are_free_again(unit: Unit) -> None:
    closure = close(unit, SATURDAY, NEXT_SATURDAY)
    offers.move_closure(
        closure,
        first_night=NEXT_SATURDAY,
        reopening=NEXT_SATURDAY + timedelta(days=7),
        reason="famille",
        actor=OFFICE,
        now=NOW,
    )
    assert free_from(unit, SATURDAY) == 7
    assert free_from(unit, NEXT_SATURDAY) == 0
    assert search_table.find_drift(today=TODAY) == []
    closure.refresh_from_db()
    assert closure.reason == "famille"


@pytest.mark.parametrize(
    ("first", "reopening", "reason", "code", "field"),
    [
        (NEXT_SATURDAY, SATURDAY, "travaux", "dates_reversed", "reopening"),
        (SATURDAY, SATURDAY, "travaux", "dates_reversed", "reopening"),
        (TODAY - timedelta(days=9), TODAY, "travaux", "in_the_past", "reopening"),
        (SATURDAY, date(2099, 1, 1), "travaux", "too_long", "reopening"),
        (date(9999, 12, 1), date.max, "travaux", "too_far", "reopening"),
        (SATURDAY, NEXT_SATURDAY, "  ", "reason_missing", "reason"),
    ],
)
def test_bad_dates_and_a_missing_reason_are_told_beside_their_field(
    unit: Unit, first: date, reopening: date, reason: str, code: str, field: str
) -> None:
    with pytest.raises(BadInput) as refused:
        close(unit, first, reopening, reason)
    assert [(one.code, one.field) for one in refused.value.troubles] == [(code, field)]
    assert not Closure.objects.exists()


def test_the_same_closure_twice_is_told(unit: Unit) -> None:
    close(unit, SATURDAY, NEXT_SATURDAY)
    with pytest.raises(Unavailable) as refused:
        close(unit, SATURDAY, NEXT_SATURDAY)
    assert refused.value.code == "closed_already"


def test_a_closure_of_one_unit_leaves_the_others_on_sale() -> None:
    offer: Offer = factories.a_lodging(units=2, now=NOW)
    first, second = offer.units.order_by("pk")
    close(first, SATURDAY, NEXT_SATURDAY)
    assert free_from(first, SATURDAY) == 0
    assert free_from(second, SATURDAY) == 90
