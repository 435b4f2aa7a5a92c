"""Whatever is bought, cancelled, sent, lost and refused: every cent is somewhere, once.

A state machine sells places of two hosts, lets time pass, cancels lines, sends shares through a
bank that is away, loses answers, refuses, forgets its keys and whose accounts are emptied.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.db.models import F, Sum
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from booking import cancellation, host_refunds, no_shows, payment, payouts, reversals
from booking.basket import add_to_basket
from booking.gateways.base import ReversalTruth
from booking.models import Order, OrderLine, Payment, Payout, PayoutReversal, Refund
from booking.rules import states
from booking.wishes import LineRequest
from members.journal import SYSTEM
from members.models import PayoutAccount
from tests import factories
from tests.cast import NOW, FakeBank, paid_order

pytestmark = [pytest.mark.django_db, pytest.mark.long]
DAYS = (date(2027, 7, 12), date(2027, 7, 14))
OPEN = (states.CREATED, states.PENDING, states.OWED)


class Money(RuleBasedStateMachine):
    """Two hosts, one with a commission, some orders, and a bank with bad days."""

    bank: FakeBank

    def __init__(self) -> None:
        super().__init__()
        # Known to Django as a test's own, so that durable transactions may stand inside it.
        self.rollback = transaction.atomic()
        self.rollback._from_testcase = True  # type: ignore[attr-defined]
        self.rollback.__enter__()
        self.bank.transfers.clear()
        self.bank.drained.clear()
        self.bank.is_down = False
        self.bank.forgets_keys = False
        self.bank.refusals = []
        self.bank.lost_answers = 0
        self.has_refused = False
        # Every share may go.
        self.now = NOW + timedelta(days=101)
        hosts = [
            factories.a_provider(commission_percent=Decimal("7.5")),
            factories.a_provider(),
        ]
        self.accounts = [factories.an_account(host).account_id for host in hosts]
        for account in self.accounts:
            self.bank.give_papers(account)
        self.slots = [
            factories.a_slot(
                factories.an_activity(adult="33.33", provider=host), day, time(14), capacity=99
            )
            for host, day in zip(hosts, DAYS, strict=True)
        ]

    def teardown(self) -> None:
        try:
            self.settle_everything()
            self.every_cent_is_somewhere()
        finally:
            self.undo()

    def undo(self) -> None:
        transaction.set_rollback(True)
        self.rollback.__exit__(None, None, None)

    @initialize(people=st.integers(1, 3), has_released=st.booleans())
    def sell_to_begin_with(self, people, has_released):
        self.buy(people, (0, 1))
        self.buy(1, (0,))
        if has_released:
            self.release()
        self.buy(people, (0, 1))

    @rule(people=st.integers(1, 3), which=st.sampled_from([(0,), (1,), (0, 1)]))
    def buy(self, people, which):
        if Order.objects.count() > 5:
            return
        was_down, self.bank.is_down = self.bank.is_down, False
        basket = factories.a_basket()
        for number in which:
            slot = self.slots[number]
            request = LineRequest(offer_id=slot.offer_id, slot_id=slot.pk, ages=(None,) * people)
            add_to_basket(basket, request, now=NOW)
        paid_order(basket, self.bank)
        self.bank.is_down = was_down

    @rule(number=st.integers(0, 9), basis=st.sampled_from(["full", "full", "policy"]))
    def cancel(self, number, basis):
        sold = list(OrderLine.objects.filter(state=states.SOLD).order_by("pk"))
        if sold:
            line = sold[number % len(sold)]
            cancellation.cancel_lines(
                line.order, [line.pk], basis=basis, reason="Orage", actor=SYSTEM, now=self.now
            )

    @rule(number=st.integers(0, 9))
    def cancel_what_went(self, number):
        paid = list(Payout.objects.filter(state__in=[states.PAID, states.PENDING]).order_by("pk"))
        lines = OrderLine.objects.filter(
            sub_order__payout__in=paid[number % len(paid) :] if paid else [], state=states.SOLD
        )
        for line in lines[:1]:
            cancellation.cancel_lines(
                line.order, [line.pk], basis="full", reason="Orage", actor=SYSTEM, now=self.now
            )

    @rule(number=st.integers(0, 9), cents=st.integers(1, 9000))
    def host_gives_back(self, number, cents):
        lines = list(OrderLine.objects.order_by("pk"))
        line = lines[number % len(lines)]
        left = host_refunds.refundable(line)
        if left > 0:
            amount = min(left, Decimal(cents) / 100)
            host_refunds.refund_line(
                line, amount, shown_left=left, reason="Pluie", actor=SYSTEM, now=self.now
            )

    @rule(number=st.integers(0, 9))
    def nobody_came(self, number):
        sold = list(OrderLine.objects.filter(state=states.SOLD).order_by("pk"))
        line = sold[number % len(sold)] if sold else None
        if line is not None:
            no_shows.note_no_show(line, actor=SYSTEM, now=line.starts_at)

    @rule(minutes=st.sampled_from([6, 60 * 24]))
    def time_passes(self, minutes):
        self.now += timedelta(minutes=minutes)

    @rule(is_down=st.booleans(), forgets=st.booleans(), lost=st.integers(0, 2))
    def bank_changes(self, is_down, forgets, lost):
        self.bank.is_down, self.bank.forgets_keys = is_down, forgets
        self.bank.lost_answers = lost

    @rule()
    def bank_refuses_once(self):
        self.bank.refusals = ["no"]
        self.has_refused = True

    @rule(number=st.integers(0, 1))
    def host_empties_its_account(self, number):
        self.bank.drained.add(self.accounts[number])

    @rule(accepted=st.booleans(), number=st.integers(0, 1))
    def papers_change(self, accepted, number):
        self.bank.give_papers(self.accounts[number], accepted=accepted)

    @rule()
    def release(self):
        self.now += timedelta(minutes=6)
        payouts.release_payouts(now=self.now)

    @rule()
    def take_back(self):
        reversals.reverse_payouts(now=self.now)

    @rule(number=st.integers(0, 9))
    def office_takes_back_a_debt_at_the_bank(self, number):
        debts = list(PayoutReversal.objects.filter(state=states.OWED).order_by("pk"))
        if not debts or self.bank.is_down:
            return
        debt = debts[number % len(debts)]
        truth = self.bank.transfers.get(debt.payout.transfer_id)
        if truth is None:
            return
        left = truth.amount_cents - truth.reversed_cents
        cents = min(left, int((debt.amount - debt.netted_amount) * 100))
        if cents <= 0:
            return
        row = ReversalTruth(f"trr_office_{next(self.bank.numbers)}", cents, {})
        self.bank.transfers[truth.transfer_id] = replace(
            truth, reversed_cents=truth.reversed_cents + cents, reversals=(row, *truth.reversals)
        )
        payouts.follow_transfer(truth.transfer_id, {}, now=self.now)

    @rule()
    def office_asks_again(self):
        for pk in Payout.objects.filter(state=states.FAILED).values_list("pk", flat=True):
            payouts.ask_payout_again(pk, actor=SYSTEM, now=self.now)

    @invariant()
    def nothing_is_sent_twice(self):
        named = [one.metadata["payout"] for one in self.bank.transfers.values()]
        assert len(named) == len(set(named))

    @invariant()
    def no_more_is_taken_back_than_went(self):
        assert all(one.reversed_cents <= one.amount_cents for one in self.bank.transfers.values())

    @invariant()
    def parts_are_what_was_paid(self):
        """Owed + commission + tax + fees + refunds = captured, for each order."""
        for order in Order.objects.filter(state__in=[states.CONFIRMED, states.CANCELLED]):
            money = order.payments.aggregate(
                got=Sum("captured_amount"), back=Sum("refunded_amount")
            )
            parts = order.sub_orders.aggregate(
                due=Sum("payout_amount"),
                kept=Sum("commission_amount"),
                tax=Sum("tourist_tax_amount"),
            )
            assert sum(parts.values()) + order.fee_amount + money["back"] == money["got"]
            owed = Payout.objects.filter(sub_order__order=order).aggregate(sum=Sum("amount"))["sum"]
            assert owed == parts["due"]

    def settle_everything(self) -> None:
        """Let the bank be well for long enough."""
        self.bank.is_down = self.bank.forgets_keys = False
        self.bank.lost_answers = 0
        self.bank.refusals = []
        for account in self.accounts:
            self.bank.give_papers(account)
        PayoutAccount.objects.update(state="active")
        self.now += timedelta(days=60)
        for _round in range(3):
            self.office_asks_again()
            payment.pursue_refunds(now=self.now)
            self.release()
            self.take_back()
            self.now += timedelta(minutes=6)

    def every_cent_is_somewhere(self) -> None:
        """Σ transfers − reversals + commission + tax + fees + refunds = captured + open debts."""
        assert set(Payout.objects.values_list("state", flat=True)) <= {"paid", "cancelled"}
        net = sum((self.bank.net_of(one) for one in self.accounts), Decimal(0))
        debts = PayoutReversal.objects.filter(state__in=OPEN).aggregate(
            sum=Sum(F("amount") - F("netted_amount"))
        )["sum"]
        parts = Order.objects.filter(confirmed_at__isnull=False).aggregate(
            kept=Sum("sub_orders__commission_amount"), tax=Sum("sub_orders__tourist_tax_amount")
        )
        fees = Order.objects.aggregate(sum=Sum("fee_amount"))["sum"] or 0
        got = Payment.objects.aggregate(sum=Sum("captured_amount"))["sum"] or 0
        back = Refund.objects.aggregate(sum=Sum("amount"))["sum"] or 0
        kept = (parts["kept"] or 0) + (parts["tax"] or 0)
        assert net + kept + fees + back == got + (debts or 0)
        # Only an emptied account, or a bank that says no, leaves a debt.
        assert not debts or self.bank.drained or self.has_refused


def test_every_cent_is_somewhere_once(bank: FakeBank):
    Money.bank = bank
    run_state_machine_as_test(
        Money,
        settings=settings(
            max_examples=8,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
