"""A host who notes a no-show, or gives back, while the office cancels the same line.

A no-show and a cancellation exclude each other, and together no more goes back than was paid. Each
is decided again under the order's lock; the sentinel takes it away, and a line is given back whose
price "stays due".
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from booking import cancellation, host_refunds, locks, no_shows
from booking.basket import add_to_basket
from booking.models import Order, OrderLine, Refund
from booking.refusals import Refusal
from booking.wishes import LineRequest
from members.journal import SYSTEM
from tests import factories
from tests.cast import NOW, FakeBank, cancel_order, paid_order
from tests.concurrency.rivals import Meeting, errors_in, run_together

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("cloned_database")]
DAY = date(2027, 7, 12)


@pytest.fixture
def line(bank: FakeBank) -> OrderLine:
    offer = factories.an_activity()
    slot = factories.a_slot(offer, DAY)
    basket = factories.a_basket()
    add_to_basket(basket, LineRequest(offer_id=offer.pk, slot_id=slot.pk, ages=(None,)), now=NOW)
    return paid_order(basket, bank).lines.get()


def race(line: OrderLine, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Let both meet once each has looked at the line and neither has written."""
    meeting = Meeting(2)

    def met(step: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            meeting.wait()
            return step(*args, **kwargs)

        return run

    monkeypatch.setattr(no_shows, "_check_moment", met(no_shows._check_moment))
    monkeypatch.setattr(cancellation, "_refund_of", met(cancellation._refund_of))
    order = Order.objects.get(pk=line.order_id)

    def cancel() -> None:
        cancel_order(order, basis="full", reason="Orage", actor=SYSTEM, now=line.starts_at)

    def note() -> None:
        no_shows.note_no_show(line, actor=SYSTEM, now=line.starts_at)

    return run_together([note, cancel])


def test_one_of_them_wins(line: OrderLine, monkeypatch: pytest.MonkeyPatch):
    errors = errors_in(race(line, monkeypatch))

    assert len([one for one in errors if isinstance(one, Refusal)]) == len(errors) == 1
    line.refresh_from_db()
    assert (line.state == "cancelled") == Refund.objects.exists()


def test_sentinel_without_the_lock_both_are_told_yes(
    line: OrderLine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(locks, "lock_order", lambda pk: Order.objects.get(pk=pk))

    errors = errors_in(race(line, monkeypatch))

    # Nobody was told no; whoever wrote last, the database itself may have refused half of both.
    assert not [one for one in errors if isinstance(one, Refusal)], errors
    assert errors or Refund.objects.exists()


def test_host_and_office_together_give_back_no_more_than_was_paid(line: OrderLine):
    order = Order.objects.get(pk=line.order_id)
    left = host_refunds.refundable(line)

    def give() -> None:
        host_refunds.refund_line(line, left, shown_left=left, reason="Pluie", actor=SYSTEM, now=NOW)

    def cancel() -> None:
        cancel_order(order, basis="full", reason="Orage", actor=SYSTEM, now=NOW)

    errors = errors_in(run_together([give, give, cancel]))

    assert all(isinstance(one, Refusal) for one in errors), errors
    given = sum(Refund.objects.values_list("amount", flat=True), Decimal(0))
    assert given == order.total_amount
