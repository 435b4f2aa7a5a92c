"""A host on the phone and a visitor on the site want the last place; a host presses twice.

The sale of a host goes through the same holds and locks as every other one: their sentinels are
in `test_sold_once.py`. Here both ends meet.
"""

from __future__ import annotations

from datetime import date

import pytest

from booking.basket import add_to_basket
from booking.counter import CounterGuest, sell_at_counter
from booking.models import Order, Slot, SlotHold
from booking.refusals import Refusal
from booking.wishes import LineRequest
from members.journal import SYSTEM
from oti.lib.codes import secret_token
from tests import factories
from tests.cast import NOW
from tests.concurrency.rivals import errors_in, run_together

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("cloned_database")]
PAUL = CounterGuest("Paul", phone="06 11 22 33 44")


@pytest.fixture
def slot() -> Slot:
    return factories.a_slot(factories.an_activity(), date(2027, 7, 12), capacity=1)


def a_wish(slot: Slot) -> LineRequest:
    return LineRequest(offer_id=slot.offer_id, slot_id=slot.pk, ages=(None,))


def sell(slot: Slot, once: str) -> Order:
    house = slot.offer.provider
    return sell_at_counter(house, a_wish(slot), PAUL, once=once, actor=SYSTEM, now=NOW)


def test_last_place_is_had_once(slot: Slot):
    visitor = factories.a_basket()

    results = run_together(
        [
            lambda: sell(slot, secret_token()),
            lambda: add_to_basket(visitor, a_wish(slot), now=NOW),
            lambda: sell(slot, secret_token()),
        ]
    )

    errors = errors_in(results)
    assert len(errors) == 2
    assert all(isinstance(one, Refusal) for one in errors), errors
    slot.refresh_from_db()
    assert slot.sold + SlotHold.objects.filter(expires_at__gt=NOW).count() == 1


def test_two_presses_sell_once(slot: Slot):
    Slot.objects.filter(pk=slot.pk).update(capacity=5)
    once = secret_token()

    results = run_together([lambda: sell(slot, once) for _press in range(3)])

    assert all(isinstance(one, Refusal) for one in errors_in(results))
    slot.refresh_from_db()
    assert slot.sold == Order.objects.count() == 1
