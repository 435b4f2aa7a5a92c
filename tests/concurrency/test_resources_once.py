"""One guide, two walks at once, two visitors: one of them has the guide.

Sentinels take the slots' lock away: the same race then sells the guide twice.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any

import pytest

from booking import checkout, holds, locks, resources, settlement
from booking.basket import add_to_basket
from booking.models import Offer, Payment, Resource, Slot, SlotHold
from booking.refusals import Refusal
from booking.wishes import LineRequest
from members.journal import SYSTEM
from tests import factories
from tests.cast import NOW, FakeBank, order_from
from tests.concurrency.rivals import Meeting, errors_in, run_together

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("cloned_database")]
DAY = date(2027, 7, 12)
Action = Callable[[], Any]


def two_walks(quantity: int = 1) -> list[Slot]:
    """Make two walks of one provider whose hours meet, and their guide."""
    provider = factories.a_provider()
    guide = factories.a_resource(provider, quantity=quantity)
    slots = []
    for hour in (14, 15):
        offer = factories.an_activity(provider=provider)
        factories.a_need(offer, guide)
        slots.append(factories.a_slot(offer, DAY, time(hour)))
    return slots


def adding(slot: Slot) -> Action:
    basket = factories.a_basket()
    request = LineRequest(offer_id=slot.offer_id, slot_id=slot.pk, ages=(None,))
    return lambda: add_to_basket(basket, request, now=NOW)


def meet_after(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> None:
    """Make the rivals meet between a check of what is left and the write."""
    meeting = Meeting(2)
    check = getattr(module, name)

    def check_then_meet(*args: Any, **kwargs: Any) -> Any:
        found = check(*args, **kwargs)
        meeting.wait()
        return found

    monkeypatch.setattr(module, name, check_then_meet)


def without_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "lock_slots", lambda ids: list(Slot.stocks.filter(pk__in=list(ids))))


def test_one_of_two_has_the_guide(monkeypatch: pytest.MonkeyPatch):
    slots = two_walks()
    meet_after(monkeypatch, holds, "places_left")

    results = run_together([adding(slot) for slot in slots])

    (refused,) = errors_in(results)
    assert isinstance(refused, Refusal)
    assert refused.code == "resource_busy"
    assert SlotHold.objects.count() == 1


def test_sentinel_without_the_lock_both_have_the_guide(monkeypatch: pytest.MonkeyPatch):
    slots = two_walks()
    meet_after(monkeypatch, holds, "places_left")
    without_the_lock(monkeypatch)

    results = run_together([adding(slot) for slot in slots])

    assert errors_in(results) == []
    assert SlotHold.objects.count() == 2


# --- Money that comes late -----------------------------------------------------------------------
def late_payments(slots: list[Slot], bank: FakeBank) -> list[Payment]:
    """Pay for both walks after the deadline of what was held for them."""
    payments = []
    for number, slot in enumerate(slots):
        moment = NOW + timedelta(hours=2 * number)
        basket = factories.a_basket()
        request = LineRequest(offer_id=slot.offer_id, slot_id=slot.pk, ages=(None,))
        add_to_basket(basket, request, now=moment)
        order = order_from(basket, now=moment)
        checkout.begin_payment(order, success_url="s", cancel_url="c", now=moment)
        payments.append(order.payments.get())
        bank.pay(payments[-1].session_id)
    return payments


def settling(payment: Payment) -> Action:
    return lambda: settlement.settle_payment(payment.pk, now=NOW + timedelta(hours=5))


def test_late_money_for_both_sells_one(monkeypatch: pytest.MonkeyPatch, bank: FakeBank):
    payments = late_payments(two_walks(), bank)
    meet_after(monkeypatch, settlement, "take_lines")

    results = run_together([settling(one) for one in payments])

    assert errors_in(results) == []
    assert sorted(Slot.objects.values_list("sold", flat=True)) == [0, 1]


def test_sentinel_without_the_lock_late_money_sells_both(
    monkeypatch: pytest.MonkeyPatch, bank: FakeBank
):
    payments = late_payments(two_walks(), bank)
    meet_after(monkeypatch, settlement, "take_lines")
    without_the_lock(monkeypatch)

    results = run_together([settling(one) for one in payments])

    assert errors_in(results) == []
    assert sorted(Slot.objects.values_list("sold", flat=True)) == [1, 1]


# --- Hosts who change it meanwhile ---------------------------------------------------------------
def test_guide_that_goes_while_it_is_booked_stays(monkeypatch: pytest.MonkeyPatch):
    first, second = two_walks(quantity=2)
    adding(first)()
    meet_after(monkeypatch, holds, "places_left")
    guide = Resource.objects.get()

    def one_less() -> None:
        resources.change_resource(guide, name="Marie", quantity=1, actor=SYSTEM, now=NOW)

    results = run_together([adding(second), one_less])

    (refused,) = errors_in(results)
    assert isinstance(refused, Refusal)
    assert SlotHold.objects.count() <= Resource.objects.get().quantity


def test_walks_that_cross_never_wait_for_each_other_in_a_ring():
    provider = factories.a_provider()
    guide = factories.a_resource(provider, quantity=500)
    slots = []
    for number in range(6):
        offer = factories.an_activity(provider=provider)
        factories.a_need(offer, guide)
        slots.append(factories.a_slot(offer, DAY, time(10 + number)))

    results = run_together([adding(slots[(5 * number) % 6]) for number in range(12)])

    assert errors_in(results) == []
    assert SlotHold.objects.count() == 12
    assert Offer.objects.filter(uses_resources=True).count() == 6
