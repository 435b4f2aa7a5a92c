"""Whatever visitors, the bank and the office do, in whatever order: nothing is sold twice or lost.

A state machine plays visitors with baskets, a clock that only goes forward, a bank that is paid,
declines or lapses, and an office that cancels.
"""

from __future__ import annotations

from datetime import date, time, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from booking import cancellation, checkout, payment, settlement
from booking.basket import add_to_basket, extend_hold, remove_line, renew_holds
from booking.models import Basket, BasketLine, Order, OrderLine, Payment, Refund, Slot, Stay
from booking.refusals import Refusal
from booking.rules.pricing import OptionChoice
from booking.search_table import find_drift
from booking.stay_view import view_basket
from booking.wishes import LineRequest
from members.journal import SYSTEM
from oti.lib.dates import today
from tests import factories
from tests.cast import NOW, SATURDAY, FakeBank, names_of, place_order

pytestmark = [pytest.mark.django_db, pytest.mark.long]
ages = st.lists(st.sampled_from([None, None, 1, 5, 10]), min_size=1, max_size=4)


class Shop(RuleBasedStateMachine):
    """A gîte, a workshop with six places, produce, and three visitors."""

    bank: FakeBank

    def __init__(self) -> None:
        super().__init__()
        # Known to Django as a test's own, so that durable transactions may stand inside it.
        self.rollback = transaction.atomic()
        self.rollback._from_testcase = True  # type: ignore[attr-defined]
        self.rollback.__enter__()
        self.now = NOW
        self.bank.sessions.clear()
        self.gite = factories.a_lodging(now=NOW, cleaning="60")
        self.workshop = factories.an_activity(
            kind="workshop",
            provider=factories.a_provider(commission_percent=Decimal("7.5")),
        )
        self.produce = factories.a_produce()
        self.slots = [
            factories.a_slot(self.workshop, date(2027, 7, 12), time(14), capacity=6),
            factories.a_slot(self.produce, date(2027, 7, 12), time(10), capacity=3),
        ]
        self.rental = factories.a_rental()
        factories.rental_days(self.rental, date(2027, 7, 11), 4, capacity=2)
        self.shuttle = factories.a_shuttle()
        self.ride = factories.a_ride(self.shuttle, date(2027, 7, 11), seats=4, bikes=1, bags=2)
        self.care = factories.a_childcare()
        self.evening = factories.a_slot(self.care, date(2027, 7, 12), time(19), capacity=40)
        self.baskets = [factories.a_basket() for _visitor in range(3)]

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.rollback.__exit__(None, None, None)

    def basket(self, number: int) -> Basket:
        basket = self.baskets[number]
        basket.refresh_from_db()
        if basket.state == Basket.State.ORDERED:
            basket = self.baskets[number] = factories.a_basket()
        return basket

    def attempt(self, action: object, *args: object, **kwargs: object) -> object:
        """Do it; a refusal is a fair answer."""
        try:
            return action(*args, **kwargs, now=self.now)  # type: ignore[operator]
        except Refusal:
            return None

    visitors = st.integers(0, 2)

    @rule(visitor=visitors, ages=ages, start=st.integers(0, 4), length=st.integers(1, 4))
    def add_nights(self, visitor, ages, start, length):
        arrival = SATURDAY + timedelta(days=start)
        request = LineRequest(
            offer_id=self.gite.pk,
            unit_id=self.gite.units.get().pk,
            arrival=arrival,
            departure=arrival + timedelta(days=length),
            ages=tuple(ages),
        )
        self.attempt(add_to_basket, self.basket(visitor), request)

    @rule(visitor=visitors, ages=ages)
    def add_places(self, visitor, ages):
        request = LineRequest(offer_id=self.workshop.pk, slot_id=self.slots[0].pk, ages=tuple(ages))
        self.attempt(add_to_basket, self.basket(visitor), request)

    @rule(visitor=visitors, quantity=st.integers(0, 4))
    def add_produce(self, visitor, quantity):
        request = LineRequest(offer_id=self.produce.pk, slot_id=self.slots[1].pk, quantity=quantity)
        self.attempt(add_to_basket, self.basket(visitor), request)

    @rule(visitor=visitors, start=st.integers(0, 3), length=st.integers(1, 4))
    def add_rental(self, visitor, start, length):
        first = date(2027, 7, 11) + timedelta(days=start)
        request = LineRequest(
            offer_id=self.rental.pk, arrival=first, departure=first + timedelta(days=length)
        )
        self.attempt(add_to_basket, self.basket(visitor), request)

    @rule(visitor=visitors, ages=ages, bikes=st.integers(0, 2), bags=st.integers(0, 3))
    def add_ride(self, visitor, ages, bikes, bags):
        request = LineRequest(
            offer_id=self.shuttle.pk,
            slot_id=self.ride.pk,
            ages=tuple(ages),
            options=(OptionChoice("bike", bikes), OptionChoice("luggage", bags)),
        )
        self.attempt(add_to_basket, self.basket(visitor), request)

    @rule(visitor=visitors, children=st.lists(st.integers(2, 12), min_size=1, max_size=5))
    def add_childcare(self, visitor, children):
        request = LineRequest(offer_id=self.care.pk, slot_id=self.evening.pk, ages=tuple(children))
        self.attempt(add_to_basket, self.basket(visitor), request)

    @rule(visitor=visitors)
    def remove_first(self, visitor):
        basket = self.basket(visitor)
        line = basket.lines.first()
        if line:
            self.attempt(remove_line, basket, line.pk)

    @rule(visitor=visitors)
    def extend(self, visitor):
        self.attempt(extend_hold, self.basket(visitor))

    @rule(visitor=visitors)
    def renew(self, visitor):
        self.attempt(renew_holds, self.basket(visitor))

    @rule(minutes=st.sampled_from([1, 10, 16, 40]))
    def time_passes(self, minutes):
        self.now += timedelta(minutes=minutes)

    @rule(visitor=visitors)
    def order(self, visitor):
        basket = self.basket(visitor)

        def place(now):
            order = place_order(
                basket,
                contact=checkout.Contact("Claire", "Dupont", "c@example.org"),
                names=names_of(basket),
                arrival_time=None,
                needs="",
                terms=factories.terms(),
                package_form=factories.package_form(),
                shown_total=view_basket(basket, now=now).total,
                language="fr",
                now=now,
            )
            checkout.begin_payment(order, success_url="s", cancel_url="c", now=now)

        self.attempt(place)

    @rule(visitor=visitors)
    def order_and_pay(self, visitor):
        self.order(visitor)
        basket = self.baskets[visitor]
        for payment_row in Payment.objects.filter(order__basket=basket, state="pending"):
            if self.bank.sessions[payment_row.session_id].status == "open":
                self.bank.pay(payment_row.session_id)
                settlement.settle_payment(payment_row.pk, now=self.now)

    @rule(number=st.integers(0, 5))
    def bank_is_paid(self, number):
        sessions = [one for one in self.bank.sessions.values() if one.status == "open"]
        if sessions:
            self.bank.pay(sessions[number % len(sessions)].session_id)

    @rule(number=st.integers(0, 5))
    def page_lapses(self, number):
        sessions = [one for one in self.bank.sessions.values() if one.status == "open"]
        if sessions:
            self.bank.let_expire(sessions[number % len(sessions)].session_id)

    @rule(number=st.integers(0, 5))
    def webhook_comes(self, number):
        payments = list(Payment.objects.exclude(session_id="").order_by("pk"))
        if payments:
            settlement.settle_payment(payments[number % len(payments)].pk, now=self.now)

    @rule()
    def job_reconciles(self):
        settlement.reconcile_payments(now=self.now)

    @rule(number=st.integers(0, 5), basis=st.sampled_from(["policy", "full"]))
    def office_cancels(self, number, basis):
        lines = list(OrderLine.objects.filter(state="sold").order_by("pk"))
        if lines:
            line = lines[number % len(lines)]
            self.attempt(
                cancellation.cancel_lines,
                line.order,
                [line.pk],
                basis=basis,
                reason="Essai",
                actor=SYSTEM,
            )

    @rule(visitor=visitors, ages=ages, leavers=st.sets(st.integers(0, 3), min_size=1))
    def a_party_comes_and_some_leave(self, visitor, ages, leavers):
        self.add_places(visitor, [None, *ages])
        self.order_and_pay(visitor)
        basket = self.baskets[visitor]
        for line in OrderLine.objects.filter(order__basket=basket, state="sold"):
            people = list(line.participants.order_by("pk").values_list("pk", flat=True))
            self.attempt(
                cancellation.cancel_lines,
                line.order,
                [line.pk],
                basis="policy",
                reason="Essai",
                actor=SYSTEM,
                leaving={line.pk: [pk for place, pk in enumerate(people) if place in leavers]},
            )

    @rule()
    def refunds_are_pursued(self):
        payment.pursue_refunds(now=self.now)

    @invariant()
    def places_are_never_oversold(self):
        for slot in Slot.stocks.with_free(self.now):
            assert slot.sold + slot.held <= slot.capacity

    @invariant()
    def sold_places_are_those_of_sold_lines(self):
        for slot in Slot.stocks.all():
            sold = slot.takes.filter(line__state="sold").aggregate(n=Sum("quantity"))["n"] or 0
            assert slot.sold == sold

    @invariant()
    def a_line_holds_all_that_it_takes_or_nothing(self):
        for line in BasketLine.objects.filter(offer__in=[self.rental, self.shuttle]):
            live = line.slot_holds.filter(expires_at__gt=self.now).count()
            assert live in {0, line.slot_holds.count()}

    @invariant()
    def sold_nights_are_those_of_sold_lines(self):
        sold = OrderLine.objects.filter(state="sold", unit__isnull=False).count()
        assert Stay.objects.filter(state="sold").count() == sold

    @invariant()
    def each_order_has_its_payment_or_its_money_back(self):
        for order in Order.objects.all():
            paid = order.payments.filter(state="paid")
            if order.state == "confirmed":
                assert paid.count() == 1
            for one in paid:
                assert one.captured_amount == order.total_amount
                if order.state == "expired":
                    assert one.refunded_amount == one.captured_amount

    @invariant()
    def parts_sum_to_what_was_kept(self):
        for order in Order.objects.filter(state__in=["confirmed", "cancelled"]):
            paid = order.payments.get(state="paid")
            shares = sum(
                (
                    part.payout_amount + part.commission_amount + part.tourist_tax_amount
                    for part in order.sub_orders.all()
                ),
                Decimal(0),
            )
            assert shares == paid.captured_amount - paid.refunded_amount

    @invariant()
    def lines_are_what_was_sold(self):
        for order in Order.objects.exclude(state="expired"):
            lines = list(order.lines.prefetch_related("items"))
            assert sum((one.gross_amount for one in lines), Decimal(0)) == order.gross_amount
            for line in lines:
                items = [one for one in line.items.all() if one.kind != "tourist_tax"]
                assert sum((one.gross_amount for one in items), Decimal(0)) == line.gross_amount

    @invariant()
    def never_more_back_than_paid(self):
        for one in Payment.objects.all():
            back = Refund.objects.filter(payment=one).aggregate(n=Sum("amount"))["n"] or 0
            assert back == one.refunded_amount <= one.captured_amount

    @invariant()
    def search_table_says_the_truth(self):
        assert find_drift(today=today(NOW)) == []


def test_nothing_is_sold_twice_or_lost(bank: FakeBank, request: pytest.FixtureRequest):
    site = request.getfixturevalue("settings")
    site.SEARCH_HORIZON_DAYS = 120
    Shop.bank = bank
    run_state_machine_as_test(
        Shop,
        settings=hypothesis_settings,
    )


hypothesis_settings = settings(
    max_examples=7,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
