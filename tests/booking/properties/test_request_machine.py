"""Guests, host, bank and clock in random order: places are held for one, money is never lost."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta

import pytest
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from booking import checkout, request_rounds, requests, settlement
from booking.models import BookingRequest, Order, Slot, SlotHold
from booking.refusals import Refusal
from booking.rules import states
from tests import factories
from tests.booking.requesting import HOST, a_place_asked, asked_activity
from tests.cast import NOW, FakeBank

pytestmark = pytest.mark.django_db
DAY = date(2027, 7, 12)
CAPACITY = 5
STEPS = ("ask", "accept", "decline", "withdraw", "begin", "pay", "wait", "rounds")


class World:
    """A slot of five places, and what its guests and its host do with it."""

    def __init__(self, bank: FakeBank) -> None:
        self.bank, self.now = bank, NOW
        self.slot = factories.a_slot(asked_activity(), DAY, capacity=CAPACITY)

    def do(self, step: str, choice: int) -> None:
        """Do one thing; who isn't allowed to is refused, and nothing else."""
        if step == "ask":
            with suppress(Refusal):
                a_place_asked(self.slot, now=self.now)
        elif step == "wait":
            self.now += timedelta(hours=choice)
        elif step == "rounds":
            settlement.reconcile_payments(now=self.now)
            request_rounds.follow_requests(now=self.now)
        else:
            known = list(BookingRequest.objects.filter(slot=self.slot).order_by("pk"))
            if known:
                with suppress(Refusal):
                    self._answers(known[choice % len(known)])[step]()

    def _answers(self, one: BookingRequest) -> dict[str, Callable[[], object]]:
        now = self.now
        return {
            "accept": lambda: requests.accept_request(one, actor=HOST, now=now),
            "decline": lambda: requests.decline_request(
                one, reason="away", words="", actor=HOST, now=now
            ),
            "withdraw": lambda: requests.withdraw_request(one, now=now),
            "begin": lambda: (
                one.order
                and checkout.begin_payment(
                    one.order, success_url="https://x/", cancel_url="https://x/", now=now
                )
            ),
            "pay": lambda: self._pay(one),
        }

    def _pay(self, one: BookingRequest) -> None:
        payment = one.order and one.order.payments.exclude(session_id="").last()
        if payment and self.bank.sessions[payment.session_id].status == "open":
            self.bank.pay(payment.session_id)
            settlement.settle_payment(payment.pk, now=self.now)

    def check(self) -> None:
        """What must hold after each step."""
        slot = Slot.objects.get(pk=self.slot.pk)
        live = SlotHold.objects.filter(slot=slot, expires_at__gt=self.now)
        held = live.aggregate(n=Sum("quantity"))["n"] or 0
        assert held + slot.sold <= CAPACITY
        for one in BookingRequest.objects.filter(slot=slot).select_related("order"):
            if one.state in {states.REQUESTED, states.DECLINED}:
                assert one.order is None
            if one.order is not None:
                assert one.order.total_amount == one.total_amount
                self._check_money(one.order)
        taken = Order.objects.filter(lines__slot=slot)
        assert not taken.filter(request__isnull=True).exists()

    def _check_money(self, order: Order) -> None:
        paid = sum(one.captured_amount - one.refunded_amount for one in order.payments.all())
        assert paid == (order.total_amount if order.state == states.CONFIRMED else 0)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 30)), max_size=14))
def test_whatever_happens_places_and_money_are_right(
    bank: FakeBank, steps: list[tuple[str, int]]
) -> None:
    # Each example has a slot of its own among those of the others.
    world = World(bank)
    world.do("ask", 0)
    for step, choice in steps:
        world.do(step, choice)
        world.check()
