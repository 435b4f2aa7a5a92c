"""A share goes once, whatever two workers, a late cancellation or a second share do meanwhile.

Each guard has its sentinel: the same race with the guard taken away pays twice.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from booking import locks, payouts, reversals
from booking.basket import add_to_basket
from booking.models import Order, Payout, PayoutReversal
from booking.wishes import LineRequest
from members.journal import SYSTEM
from tests import factories
from tests.cast import NOW, FakeBank, cancel_order, paid_order
from tests.concurrency.rivals import Appointment, Meeting, errors_in, run_together

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("cloned_database")]
DAY = date(2027, 7, 12)
AFTER = datetime(2027, 7, 20, 12, tzinfo=NOW.tzinfo)


def a_share(bank: FakeBank, provider: Any = None) -> Payout:
    """Make a paid place whose provider is owed 64 euros."""
    offer = factories.an_activity(**({"provider": provider} if provider else {}))
    slot = factories.a_slot(offer, DAY)
    basket = factories.a_basket()
    request = LineRequest(offer_id=offer.pk, slot_id=slot.pk, ages=(None, None))
    add_to_basket(basket, request, now=NOW)
    order = paid_order(basket, bank)
    if provider is None:
        account = factories.an_account(offer.provider)
        bank.give_papers(account.account_id)
    return Payout.objects.get(sub_order__order=order)


def meet_before_freezing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make two workers meet between the look at a share and its taking."""
    meeting = Meeting(2)
    freeze = payouts._freeze

    def meet_then_freeze(*args: Any, **kwargs: Any) -> bool:
        meeting.wait()
        return freeze(*args, **kwargs)

    monkeypatch.setattr(payouts, "_freeze", meet_then_freeze)


def settle_together(payout: Payout) -> list[Any]:
    return run_together(
        [lambda: payouts.settle_payout(payout.pk, now=AFTER) for _worker in range(2)]
    )


def test_sentinel_two_workers_pay_twice_without_the_lock(bank: FakeBank, monkeypatch):
    payout = a_share(bank)
    bank.forgets_keys = True
    meet_before_freezing(monkeypatch)
    monkeypatch.setattr(locks, "lock_free_rows", lambda rows: rows)

    assert errors_in(settle_together(payout)) == []

    assert len(bank.transfers) == 2


def test_two_workers_pay_once(bank: FakeBank, monkeypatch):
    payout = a_share(bank)
    bank.forgets_keys = True
    meet_before_freezing(monkeypatch)

    assert errors_in(settle_together(payout)) == []

    assert len(bank.transfers) == 1
    payout.refresh_from_db()
    assert (payout.state, payout.attempts) == ("paid", 1)


def test_the_key_is_a_second_guard(bank: FakeBank, monkeypatch):
    payout = a_share(bank)
    meet_before_freezing(monkeypatch)
    monkeypatch.setattr(locks, "lock_free_rows", lambda rows: rows)

    settle_together(payout)

    assert len(bank.transfers) == 1


def test_two_releases_at_once_send_each_share_once(bank: FakeBank):
    shares = [a_share(bank) for _number in range(3)]

    results = run_together([lambda: payouts.release_payouts(now=AFTER) for _worker in range(3)])

    assert errors_in(results) == []
    assert len(bank.transfers) == len(shares)
    assert set(Payout.objects.values_list("state", flat=True)) == {"paid"}


def test_cancelled_while_the_transfer_is_under_way_comes_back_once(bank: FakeBank, monkeypatch):
    payout = a_share(bank)
    order = payout.sub_order.order
    at_the_bank, cancelled = Appointment(2), Appointment(2)
    send = bank.create_transfer

    def send_slowly(request: Any) -> Any:
        truth = send(request)
        at_the_bank.wait()
        cancelled.wait()
        return truth

    monkeypatch.setattr(bank, "create_transfer", send_slowly)

    def cancel() -> None:
        at_the_bank.wait()
        try:
            cancel_all(order)
        finally:
            cancelled.wait()

    results = run_together([lambda: payouts.settle_payout(payout.pk, now=AFTER), cancel])

    assert errors_in(results) == []
    assert reversals.reverse_payouts(now=AFTER) == 1
    payout.refresh_from_db()
    assert (payout.state, payout.amount) == ("paid", 0)
    assert payout.sent_amount == payout.reversed_amount == Decimal("64.00")
    assert sum(one.amount_cents - one.reversed_cents for one in bank.transfers.values()) == 0


def test_cancelling_and_sending_at_once_never_leave_money_at_a_host(bank: FakeBank):
    payout = a_share(bank)
    order = payout.sub_order.order

    results = run_together(
        [lambda: payouts.settle_payout(payout.pk, now=AFTER), lambda: cancel_all(order)]
    )

    assert errors_in(results) == []
    payouts.release_payouts(now=AFTER)
    reversals.reverse_payouts(now=AFTER)
    assert sum(one.amount_cents - one.reversed_cents for one in bank.transfers.values()) == 0


def cancel_all(order: Order) -> None:
    cancel_order(order, basis="full", reason="Orage", actor=SYSTEM, now=AFTER)


def a_debt(bank: FakeBank) -> tuple[PayoutReversal, list[Payout]]:
    """Make a debt of 64 euros, and two shares of 64 euros of the same host."""
    first = a_share(bank)
    provider = first.sub_order.provider
    payouts.settle_payout(first.pk, now=AFTER)
    bank.drained.add(provider.payout_account.account_id)
    cancel_all(first.sub_order.order)
    reversals.reverse_payouts(now=AFTER)
    return PayoutReversal.objects.get(), [a_share(bank, provider) for _number in range(2)]


def test_sentinel_a_debt_is_kept_twice_without_its_lock(bank: FakeBank, monkeypatch):
    _debt, shares = a_debt(bank)
    meeting = Meeting(2)

    def read_then_meet(rows: Any) -> list[PayoutReversal]:
        found = list(rows)
        meeting.wait()
        return found

    monkeypatch.setattr(locks, "lock_reversals", read_then_meet)

    run_together([lambda p=one: payouts.settle_payout(p.pk, now=AFTER) for one in shares])

    assert sum(Payout.objects.values_list("netted_amount", flat=True)) == Decimal("128.00")


def test_a_debt_is_kept_once_from_two_shares_at_once(bank: FakeBank):
    debt, shares = a_debt(bank)

    results = run_together([lambda p=one: payouts.settle_payout(p.pk, now=AFTER) for one in shares])

    assert errors_in(results) == []
    debt.refresh_from_db()
    assert (debt.state, debt.netted_amount) == ("netted", Decimal("64.00"))
    assert sum(Payout.objects.values_list("netted_amount", flat=True)) == Decimal("64.00")


def test_a_reversal_asked_for_by_two_workers_takes_back_once(bank: FakeBank):
    payout = a_share(bank)
    payouts.settle_payout(payout.pk, now=AFTER)
    cancel_all(payout.sub_order.order)
    bank.forgets_keys = True
    reversal = PayoutReversal.objects.get()

    results = run_together(
        [lambda: reversals.reverse_payout(reversal.pk, now=AFTER) for _worker in range(3)]
    )

    assert errors_in(results) == []
    assert sum(len(one.reversals) for one in bank.transfers.values()) == 1
