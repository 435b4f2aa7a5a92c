"""Baskets that nobody comes back to go; what was bought, or may still be, stays."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from booking import old_baskets
from booking.basket import add_to_basket
from booking.models import Basket, BasketLine
from booking.old_baskets import tidy_baskets
from booking.tasks import tidy_holds
from booking.wishes import LineRequest
from tests import factories
from tests.booking.test_place_order import dupont_basket
from tests.cast import NOW, FakeBank, order_from, paid_order

pytestmark = pytest.mark.django_db
MONTH = timedelta(days=30, seconds=1)
DAY = timedelta(days=1, seconds=1)


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


def a_filled_basket() -> Basket:
    offer = factories.an_activity()
    slot = factories.a_slot(offer, date(2027, 7, 12))
    basket = factories.a_basket()
    wish = LineRequest(offer_id=offer.pk, slot_id=slot.pk, ages=(None, 5))
    add_to_basket(basket, wish, now=NOW)
    return basket


def test_empty_one_goes_after_a_day_and_a_plan_after_a_month():
    empty, plan = factories.a_basket(), a_filled_basket()

    assert tidy_baskets(now=NOW + timedelta(hours=23)) == 0
    assert tidy_baskets(now=NOW + DAY) == 1
    assert not Basket.objects.filter(pk=empty.pk).exists()
    assert tidy_baskets(now=NOW + timedelta(days=29)) == 0
    assert tidy_baskets(now=NOW + MONTH) == 1
    assert not BasketLine.objects.filter(basket_id=plan.pk).exists()


def test_plan_with_nights_goes_with_its_holds():
    basket = dupont_basket()
    # Held for nobody since: the nights go with the line.
    assert tidy_baskets(now=NOW + MONTH) == 1
    assert not Basket.objects.filter(pk=basket.pk).exists()


def test_what_was_touched_since_stays(at):
    basket = a_filled_basket()
    at(NOW + timedelta(days=20))
    basket.save()

    assert tidy_baskets(now=NOW + timedelta(days=40)) == 0
    assert tidy_baskets(now=NOW + timedelta(days=51)) == 1


def test_what_was_ordered_or_awaits_its_payment_stays(bank: FakeBank):
    order_from(dupont_basket())
    paid_order(a_filled_basket(), bank)

    assert tidy_baskets(now=NOW + timedelta(days=400)) == 0
    assert Basket.objects.count() == 2


def test_many_go_in_batches_and_the_rest_next_time(monkeypatch):
    monkeypatch.setattr(old_baskets, "BATCH", 2)
    monkeypatch.setattr(old_baskets, "MOST_BATCHES", 2)
    for _number in range(5):
        factories.a_basket()

    assert tidy_baskets(now=NOW + DAY) == 4
    assert tidy_baskets(now=NOW + DAY) == 1


def test_the_clock_tidies_them(at):
    factories.a_basket()
    at(NOW + DAY)
    tidy_holds()
    assert not Basket.objects.exists()
