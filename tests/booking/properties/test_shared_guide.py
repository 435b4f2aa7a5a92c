"""Visitors hold, pay, lapse, pay late and cancel: a guide is never in two places at once."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from booking import cancellation, checkout, resources, settlement
from booking.basket import add_to_basket, renew_holds
from booking.models import Basket, Order, Resource, Slot
from booking.refusals import Refusal
from booking.rules import states
from booking.wishes import LineRequest
from members.journal import SYSTEM
from tests import factories
from tests.cast import NOW, FakeBank, order_from

pytestmark = pytest.mark.django_db(transaction=False)
DAY = date(2027, 7, 12)

ACTS = ("hold", "hold", "hold", "order", "pay", "renew", "cancel", "wait", "fewer")


class Town:
    """Three offers of one provider whose dates meet, and who asks for them."""

    def __init__(self, bank: FakeBank, quantity: int, after: int) -> None:
        self.bank, self.now = bank, NOW
        self.baskets: list[Basket] = []
        self.orders: list[Order] = []
        provider = factories.a_provider()
        self.guide = factories.a_resource(provider, quantity=quantity)
        self.slots: list[Slot] = []
        for number in range(3):
            offer = factories.an_activity(provider=provider, duration_minutes=60 + 40 * number)
            factories.a_need(offer, self.guide, 1 + number % quantity, after=after)
            self.slots += [
                factories.a_slot(offer, DAY, time(10 + hour, 20 * number), capacity=3)
                for hour in range(2)
            ]

    def act(self, name: str, place: int) -> None:
        """Do something that may be refused."""
        try:
            getattr(self, name)(place)
        except Refusal:
            return

    def hold(self, place: int) -> None:
        slot = self.slots[place % len(self.slots)]
        basket = factories.a_basket()
        request = LineRequest(offer_id=slot.offer_id, slot_id=slot.pk, ages=(None,))
        add_to_basket(basket, request, now=self.now)
        self.baskets.append(basket)

    def order(self, place: int) -> None:
        if self.baskets:
            order = order_from(self.baskets.pop(place % len(self.baskets)), now=self.now)
            checkout.begin_payment(order, success_url="s", cancel_url="c", now=self.now)
            self.orders.append(order)

    def pay(self, place: int) -> None:
        if self.orders:
            payment = self.orders[place % len(self.orders)].payments.get()
            if self.bank.sessions[payment.session_id].status == "open":
                self.bank.pay(payment.session_id)
            settlement.settle_payment(payment.pk, now=self.now)

    def renew(self, place: int) -> None:
        if self.baskets:
            renew_holds(self.baskets[place % len(self.baskets)], now=self.now)

    def cancel(self, place: int) -> None:
        if self.orders:
            order = self.orders[place % len(self.orders)]
            lines = order.lines.filter(state=states.SOLD).values_list("pk", flat=True)
            cancellation.cancel_lines(
                order, list(lines), basis="full", reason="Rain", actor=SYSTEM, now=self.now
            )

    def wait(self, place: int) -> None:
        self.now += timedelta(minutes=10 + 25 * (place % 3))

    def fewer(self, place: int) -> None:
        resources.change_resource(
            self.guide, name="Marie", quantity=1 + place % 2, actor=SYSTEM, now=self.now
        )

    def check(self) -> None:
        """See that no moment needs more than there is."""
        guide = Resource.objects.get(pk=self.guide.pk)
        assert resources.clashes_of(guide, now=self.now) == []
        used: list[tuple[datetime, datetime, int]] = []
        needs = {link.offer_id: link for link in guide.links.all()}
        for slot in Slot.objects.with_free(self.now):
            if slot.sold + slot.held:
                link = needs[slot.offer_id]
                end = slot.ends_at + timedelta(minutes=link.minutes_after)
                used.append((slot.starts_at, end, link.quantity))
        for start, _end, _quantity in used:
            now = sum(quantity for first, last, quantity in used if first <= start < last)
            assert now <= guide.quantity


@settings(
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    quantity=st.integers(1, 2),
    after=st.sampled_from([0, 30]),
    acts=st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 11)), min_size=4, max_size=14),
)
def test_nobody_is_sold_what_another_date_needs(bank: FakeBank, quantity, after, acts):
    point = transaction.savepoint()
    try:
        town = Town(bank, quantity, after)
        for name, place in acts:
            town.act(name, place)
            town.check()
    finally:
        transaction.savepoint_rollback(point)
