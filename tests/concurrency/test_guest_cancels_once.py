"""A guest who cancels in two tabs while the office cancels the same line: one of them does.

The line is looked at again under the order's lock; the sentinel takes it away, and what was paid
goes back more than once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from booking import cancellation, locks
from booking.basket import add_to_basket
from booking.models import Order, OrderLine, Refund, Slot
from booking.own_cancelling import cancel_own
from booking.refusals import WrongState
from booking.wishes import LineRequest
from members.journal import SYSTEM, VISITOR
from tests import factories
from tests.cast import NOW, FakeBank, cancel_order, paid_order
from tests.concurrency.rivals import Meeting, errors_in, run_together

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("cloned_database")]


@pytest.fixture
def line(bank: FakeBank) -> OrderLine:
    """Give one line of an order of two of one host: payment and share have room for both prices.

    No constraint stops a second refund of the first one then, the locks alone do.
    """
    basket, host = factories.a_basket(), factories.a_provider()
    for day in (12, 13):
        offer = factories.an_activity(provider=host)
        slot = factories.a_slot(offer, date(2027, 7, day))
        wish = LineRequest(offer_id=offer.pk, slot_id=slot.pk, ages=(None,))
        add_to_basket(basket, wish, now=NOW)
    return paid_order(basket, bank).lines.order_by("starts_at")[0]


def race(line: OrderLine, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Let a tab and the office meet once each has read the line and neither has written."""
    meeting = Meeting(2)
    sums = cancellation._refund_of

    def met(*args: Any, **kwargs: Any) -> Any:
        result = sums(*args, **kwargs)
        meeting.wait()
        return result

    monkeypatch.setattr(cancellation, "_refund_of", met)
    return run_together([guest(line), office(line)])


def guest(line: OrderLine) -> Callable[[], Any]:
    order = Order.objects.get(pk=line.order_id)
    return lambda: cancel_own(
        order, [line.pk], agreed=Decimal(32), reason="", actor=VISITOR, now=NOW
    )


def office(line: OrderLine) -> Callable[[], Any]:
    order = Order.objects.get(pk=line.order_id)
    return lambda: cancellation.cancel_lines(
        order, [line.pk], basis="full", reason="Orage", actor=SYSTEM, now=NOW
    )


def given_back(line: OrderLine) -> Decimal:
    return sum(Refund.objects.filter(line=line).values_list("amount", flat=True), Decimal(0))


def test_one_of_them_cancels(line: OrderLine, monkeypatch: pytest.MonkeyPatch):
    errors = errors_in(race(line, monkeypatch))

    assert [type(one) for one in errors] == [WrongState]
    assert errors[0].code == "nothing_to_cancel"
    assert given_back(line) == 32
    assert Slot.objects.get(pk=line.slot_id).sold == 0


def test_sentinel_without_the_locks_it_goes_back_twice(
    line: OrderLine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(locks, "lock_order", lambda pk: Order.objects.get(pk=pk))
    monkeypatch.setattr(locks, "lock_slots", lambda pks: Slot.objects.filter(pk__in=list(pks)))

    monkeypatch.setattr(locks, "lock_payments_of", lambda order: list(order.payments.all()))

    errors = errors_in(race(line, monkeypatch))

    assert not [one for one in errors if isinstance(one, WrongState)], errors
    assert not errors, errors
    assert given_back(line) == 64


def test_two_tabs_and_the_office_give_back_once(line: OrderLine):
    errors = errors_in(run_together([guest(line), guest(line), office(line)]))

    assert all(isinstance(one, WrongState) for one in errors), errors
    assert len(errors) == 2
    assert given_back(line) == 32
    cancel_order(
        Order.objects.get(pk=line.order_id), basis="full", reason="x", actor=SYSTEM, now=NOW
    )
    assert sum(Refund.objects.values_list("amount", flat=True)) == 64
