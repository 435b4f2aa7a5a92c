"""A house's civil year as the tax office is told: quarters, refunds, fees, properties, days."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from booking import cancellation
from booking.basket import add_to_basket
from booking.host_refunds import refund_line, refundable
from booking.models import Offer, Order
from booking.rules import sellers
from booking.seller_years import (
    Quarter,
    SellerYear,
    houses_of_year,
    sold_in_year,
    years_of_houses,
)
from booking.wishes import LineRequest
from members.journal import SYSTEM
from members.models import Provider
from oti.lib.dates import PARIS
from tests import factories
from tests.cast import NOW, FakeBank, order_from, paid_order

pytestmark = pytest.mark.django_db
JULY = datetime(2027, 7, 20, 12, tzinfo=PARIS)
TWO = (40, 38)


@pytest.fixture
def house() -> Provider:
    return factories.a_provider(name="Les Narces", commission_percent=Decimal("7.77"))


def a_gite(house: Provider, night: str = "100", **fields: Any) -> Offer:
    return factories.a_lodging(night=night, provider=house, now=NOW, **fields)


def nights(offer: Offer, first: date, after: date) -> LineRequest:
    unit = offer.units.first()
    return LineRequest(offer_id=offer.pk, unit_id=unit.pk, arrival=first, departure=after, ages=TWO)


def buy(bank: FakeBank, *requests: LineRequest, now: datetime = NOW) -> Order:
    basket = factories.a_basket()
    for one in requests:
        add_to_basket(basket, one, now=now)
    return paid_order(basket, bank, now=now)


def year_of(house: Provider, year: int = 2027) -> SellerYear:
    return years_of_houses([house], year)[house.pk]


def cancel(order: Order, *lines: int, now: datetime, basis: cancellation.Basis = "full") -> None:
    keys = lines or [one.pk for one in order.lines.all()]
    cancellation.cancel_lines(order, keys, basis=basis, reason="x", actor=SYSTEM, now=now)


def test_paid_week_stands_in_the_quarter_of_its_payment(house: Provider, bank: FakeBank):
    order = buy(bank, nights(a_gite(house), date(2027, 7, 10), date(2027, 7, 17)))

    whole = year_of(house)

    part = order.sub_orders.get()
    [gite] = whole.parts
    # Vector: 7 nights at 100 euros, 7.77 % kept; paid in April, slept in July.
    second = Quarter(1, Decimal("700.00"), Decimal("54.39"), part.tourist_tax_amount)
    assert gite.quarters == (Quarter(), second, Quarter(), Quarter())
    assert part.tourist_tax_amount > 0
    assert second.net == part.payout_amount == Decimal("645.61")
    assert (gite.activity, gite.days, gite.property_type) == ("property", 7, "DPI904")
    assert whole.total == whole.quarters[1] == second
    assert houses_of_year(2027) == [house.pk]
    assert houses_of_year(2026) == []


def test_what_is_given_back_in_a_later_quarter_is_taken_off_that_of_the_sale(
    house: Provider, bank: FakeBank
):
    order = buy(bank, nights(a_gite(house), date(2027, 7, 10), date(2027, 7, 17)))
    line = order.lines.get()

    refund_line(
        line, Decimal(100), shown_left=refundable(line), reason="Eau froide", actor=SYSTEM, now=JULY
    )

    whole = year_of(house)
    assert [one.gross for one in whole.quarters] == [0, 600, 0, 0]
    assert whole.total.fees == order.sub_orders.get().commission_amount == Decimal("46.62")
    assert whole.total.operations == 1


def test_cancelled_line_counts_for_what_is_kept_of_it_and_for_no_day(
    house: Provider, bank: FakeBank
):
    # Half is given back two days before.
    policy = factories.a_policy((24, 50))
    offer = a_gite(house, cancellation_policy=policy)
    order = buy(
        bank,
        nights(offer, date(2027, 7, 10), date(2027, 7, 12)),
        nights(offer, date(2027, 7, 20), date(2027, 7, 24)),
    )
    first = order.lines.order_by("starts_at").first()
    assert first is not None

    cancel(order, first.pk, now=datetime(2027, 7, 8, 9, tzinfo=PARIS), basis="policy")

    [gite] = year_of(house).parts
    # 100 of 200 kept, and 400; the tax of nights not spent went back.
    assert (gite.total.operations, gite.total.gross, gite.days) == (2, 500, 4)
    assert gite.total.taxes == order.sub_orders.get().tourist_tax_amount


def test_sale_given_back_whole_is_no_sale(house: Provider, bank: FakeBank):
    order = buy(bank, nights(a_gite(house), date(2027, 7, 10), date(2027, 7, 17)))

    cancel(order, now=JULY)

    assert year_of(house).parts == ()
    assert houses_of_year(2027) == []
    assert sold_in_year(2027) == {}


def test_fees_are_cut_between_properties_without_losing_a_cent(house: Provider, bank: FakeBank):
    gites = [a_gite(house, night, title=f"Gîte {night}") for night in ("33.33", "17.17", "61.01")]
    workshop = factories.an_activity(provider=house, kind="workshop")
    slot = factories.a_slot(workshop, date(2027, 7, 12))
    order = buy(
        bank,
        *(
            nights(one, date(2027, 7, 10 + 3 * at), date(2027, 7, 12 + 3 * at))
            for at, one in enumerate(gites)
        ),
        LineRequest(offer_id=workshop.pk, slot_id=slot.pk, ages=TWO),
    )

    whole = year_of(house)

    part = order.sub_orders.get()
    assert [(one.activity, one.title) for one in whole.parts] == [
        ("property", "Gîte 17.17"),
        ("property", "Gîte 33.33"),
        ("property", "Gîte 61.01"),
        ("services", ""),
    ]
    assert sum(one.total.fees for one in whole.parts) == part.commission_amount
    assert sum(one.total.gross for one in whole.parts) == part.gross_amount
    for one in whole.parts:
        share = one.total.gross * Decimal("0.0777")
        assert abs(one.total.fees - share) <= Decimal("0.01")


def test_who_looks_after_children_does_a_service(bank: FakeBank):
    offer = factories.a_childcare(price="20")
    slot = factories.a_slot(offer, date(2027, 7, 12), capacity=80)
    basket = factories.a_basket(40, 5)
    add_to_basket(basket, LineRequest(offer_id=offer.pk, slot_id=slot.pk, ages=(5,)), now=NOW)
    paid_order(basket, bank)

    [part] = year_of(offer.provider).parts
    assert (part.activity, part.total.gross, part.offer) == (sellers.SERVICES, 20, None)


def test_years_end_at_midnight_in_paris(house: Provider, bank: FakeBank):
    offer = a_gite(house)
    buy(
        bank,
        nights(offer, date(2028, 1, 10), date(2028, 1, 12)),
        now=datetime(2027, 12, 31, 23, 50, tzinfo=PARIS),
    )
    # Still the last day of the year in Greenwich.
    buy(
        bank,
        nights(offer, date(2028, 1, 20), date(2028, 1, 21)),
        now=datetime(2028, 1, 1, 0, 10, tzinfo=PARIS),
    )

    assert [one.gross for one in year_of(house, 2027).quarters] == [0, 0, 0, 200]
    assert [one.gross for one in year_of(house, 2028).quarters] == [100, 0, 0, 0]


def test_days_let_are_those_of_the_year_whenever_they_were_paid(house: Provider, bank: FakeBank):
    offer = a_gite(house, units=2)
    one, two = offer.units.order_by("pk")
    requests = [
        LineRequest(
            offer_id=offer.pk,
            unit_id=unit.pk,
            arrival=date(2027, 12, 28),
            departure=date(2028, 1, last),
            ages=TWO,
        )
        for unit, last in ((one, 3), (two, 2))
    ]
    for request in requests:
        buy(bank, request, now=datetime(2027, 11, 2, 9, tzinfo=PARIS))

    # Two rooms of one night are one day; the day of departure isn't let.
    assert [one.days for one in year_of(house, 2027).parts] == [4]
    [after] = year_of(house, 2028).parts
    assert (after.days, after.total) == (2, Quarter())
    assert houses_of_year(2028) == [house.pk]
    assert house.pk not in sold_in_year(2028)


def test_what_a_host_sells_itself_and_what_is_not_paid_is_not_told(house: Provider, bank: FakeBank):
    offer = a_gite(house)
    counter = buy(bank, nights(offer, date(2027, 7, 10), date(2027, 7, 12)))
    Order.objects.filter(pk=counter.pk).update(channel=Order.Channel.COUNTER)
    basket = factories.a_basket()
    add_to_basket(basket, nights(offer, date(2027, 8, 10), date(2027, 8, 12)), now=NOW)
    order_from(basket)

    assert year_of(house).parts == ()


def test_many_houses_take_as_many_statements_as_one(bank: FakeBank, django_assert_num_queries: Any):
    houses = [factories.a_provider() for _number in range(4)]
    for at, one in enumerate(houses):
        buy(bank, nights(a_gite(one), date(2027, 7, 10 + at), date(2027, 7, 11 + at)))

    with django_assert_num_queries(3):
        years_of_houses(houses[:1], 2027)
    with django_assert_num_queries(3):
        found = years_of_houses(houses, 2027)

    assert [found[one.pk].total.gross for one in houses] == [100] * 4
    assert found.keys() == sold_in_year(2027).keys() == set(houses_of_year(2027))


def test_excluded_houses_are_said_to_be(bank: FakeBank, monkeypatch: pytest.MonkeyPatch):
    hotel = factories.a_provider(is_professional=True)
    town = factories.a_provider(is_professional=True, is_public_body=True)
    farm = factories.a_provider()
    rooms = a_gite(hotel, lodging_type="hotel")
    for day in (10, 12):
        buy(bank, nights(rooms, date(2027, 7, day), date(2027, 7, day + 1)))
    buy(bank, nights(a_gite(town), date(2027, 7, 10), date(2027, 7, 11)))
    eggs = factories.a_produce(provider=farm)
    slot = factories.a_slot(eggs, date(2027, 7, 10))
    buy(bank, LineRequest(offer_id=eggs.pk, slot_id=slot.pk, quantity=2))

    assert year_of(hotel).exclusion == ""
    monkeypatch.setattr("booking.rules.sellers.MOST_RENTALS", 1)
    assert year_of(hotel).exclusion == sellers.LARGE_HOTEL
    assert sold_in_year(2027)[hotel.pk].rentals == 2
    assert year_of(town).exclusion == sellers.PUBLIC
    assert year_of(farm).exclusion == sellers.SMALL_SHOP
    sold = sold_in_year(2027)[farm.pk]
    assert (sold.operations, sold.goods, sold.goods_amount) == (1, 1, 50)
