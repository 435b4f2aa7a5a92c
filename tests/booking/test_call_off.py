"""A date is called off: nothing more is sold, and whoever booked it is given everything back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils.translation import override

from booking import (
    call_off_rounds,
    called_off,
    cancellation,
    checkout,
    counter,
    request_rounds,
    settlement,
)
from booking.basket import add_to_basket
from booking.emails import compose
from booking.models import (
    Basket,
    CalledOff,
    Offer,
    Order,
    OrderLine,
    OutboxMessage,
    Refund,
    Slot,
)
from booking.models.money import EVENT_CANCELLED
from booking.refusals import Busy, Refusal, Unavailable, WrongState, trouble
from booking.requests import accept_request
from booking.rules.pricing import OptionChoice
from booking.showing import offer_url
from booking.slots import change_slot
from booking.wishes import LineRequest
from events.models import Session, Ticket
from members.journal import SYSTEM, Actor
from members.models import Entry
from tests import factories
from tests.booking.requesting import a_place_asked, asked_activity
from tests.cast import NOW, FakeBank, order_from, paid_order
from tests.events.dated import an_event_of

pytestmark = pytest.mark.django_db
DAY = date(2027, 7, 12)
COUPLE = (None, None)
HOUSE = Actor("anne@example.org")
LATER = timedelta(minutes=5)


@pytest.fixture(autouse=True)
def _at_now(at: Callable[..., None]) -> None:
    at(NOW)


@pytest.fixture
def walk() -> Offer:
    return factories.an_activity()


@pytest.fixture
def slot(walk: Offer) -> Slot:
    return factories.a_slot(walk, DAY)


def basket_with(*slots: Slot, ages: Any = COUPLE, **fields: Any) -> Basket:
    basket = factories.a_basket()
    for one in slots:
        wish = LineRequest(offer_id=one.offer_id, slot_id=one.pk, ages=ages, **fields)
        add_to_basket(basket, wish, now=NOW)
    return basket


def call_off(*slots: Slot, reason: str = "Orage", by: str = "office", now: Any = NOW) -> Any:
    return called_off.call_off_dates(slots, reason=reason, by=by, actor=SYSTEM, now=now)


def given_back() -> Decimal:
    return sum(Refund.objects.values_list("amount", flat=True), Decimal(0))


def lines_of(slot: Slot) -> set[str]:
    return set(OrderLine.objects.filter(takes__slot=slot).values_list("state", flat=True))


# --- All of it ----------------------------------------------------------------------------------
def test_everybody_is_cancelled_and_given_all_back(slot: Slot, bank: FakeBank):
    orders = [paid_order(basket_with(slot), bank) for _number in range(3)]
    OutboxMessage.objects.all().delete()

    [row] = call_off(slot)

    slot.refresh_from_db()
    assert (slot.is_closed, slot.closed_reason, slot.sold) == (True, "Orage", 6)
    assert row.finished_at is None
    assert call_off_rounds.carry_out(row.pk, now=NOW)
    slot.refresh_from_db()
    row.refresh_from_db()
    assert (slot.sold, row.finished_at, row.problems) == (0, NOW, {})
    assert given_back() == sum(order.total_amount for order in orders)
    assert set(Order.objects.values_list("state", flat=True)) == {"cancelled"}
    kinds = list(OutboxMessage.objects.values_list("kind", flat=True))
    assert sorted(kinds) == ["date_called_off"] + ["lines_cancelled"] * 3
    assert Entry.objects.get(verb="date called off").data["sold"] == 6


def test_what_is_said_before_is_what_happens(slot: Slot, walk: Offer, bank: FakeBank):
    other = factories.a_slot(walk, DAY + timedelta(days=1))
    first = paid_order(basket_with(slot, other), bank)
    paid_order(basket_with(slot), bank)
    order_from(basket_with(slot))

    told = called_off.preview_call_off([slot], now=NOW)

    assert (told.orders, told.persons, told.unpaid, told.requests, told.on_site) == (2, 4, 1, 0, 0)
    [row] = call_off(slot)
    call_off_rounds.carry_out(row.pk, now=NOW)
    assert given_back() == told.back > 0
    # The other date of the same order stands.
    first.refresh_from_db()
    assert (first.state, lines_of(other)) == ("confirmed", {"sold"})
    assert called_off.preview_call_off([slot], now=NOW).is_empty


def test_twice_is_the_same_as_once(slot: Slot, bank: FakeBank):
    order = paid_order(basket_with(slot), bank)
    [row] = call_off(slot)
    assert call_off_rounds.carry_out(row.pk, now=NOW)
    assert not call_off_rounds.carry_out(row.pk, now=NOW + LATER)
    assert call_off_rounds.carry_out_all(now=NOW + LATER) == 0
    with pytest.raises(Refusal) as error:
        call_off(slot)
    assert error.value.code == "date_called_off"
    assert given_back() == order.total_amount
    assert OutboxMessage.objects.filter(kind="lines_cancelled").count() == 1


def test_a_round_that_was_killed_is_taken_up_again(slot: Slot, bank: FakeBank, monkeypatch):
    for _number in range(3):
        paid_order(basket_with(slot), bank)
    [row] = call_off(slot)
    cancel = call_off_rounds.cancel_lines
    done: list[int] = []

    def killed(order: Order, *args: Any, **kwargs: Any) -> Any:
        if done:
            raise KeyboardInterrupt
        done.append(order.pk)
        return cancel(order, *args, **kwargs)

    monkeypatch.setattr(call_off_rounds, "cancel_lines", killed)
    with pytest.raises(KeyboardInterrupt):
        call_off_rounds.carry_out(row.pk, now=NOW)
    monkeypatch.setattr(call_off_rounds, "cancel_lines", cancel)

    # Its lease keeps others away as long as it may live.
    assert call_off_rounds.carry_out_all(now=NOW + timedelta(minutes=1)) == 0
    assert lines_of(slot) == {"sold", "cancelled"}
    assert call_off_rounds.carry_out_all(now=NOW + LATER) == 1
    assert lines_of(slot) == {"cancelled"}
    assert Refund.objects.count() == 3


def test_what_is_busy_is_named_and_tried_again(slot: Slot, bank: FakeBank, monkeypatch):
    orders = [paid_order(basket_with(slot), bank) for _number in range(2)]
    [row] = call_off(slot)
    cancel = call_off_rounds.cancel_lines

    def busy(order: Order, *args: Any, **kwargs: Any) -> Any:
        if order.pk == orders[0].pk:
            raise Busy(trouble("busy"))
        return cancel(order, *args, **kwargs)

    monkeypatch.setattr(call_off_rounds, "cancel_lines", busy)
    assert not call_off_rounds.carry_out(row.pk, now=NOW)
    row.refresh_from_db()
    assert row.problems == {orders[0].reference: "busy"}
    orders[1].refresh_from_db()
    assert orders[1].state == "cancelled"
    assert call_off_rounds.carry_out_all(now=NOW) == 0
    monkeypatch.setattr(call_off_rounds, "cancel_lines", cancel)
    assert call_off_rounds.carry_out_all(now=NOW + LATER) == 1
    row.refresh_from_db()
    assert (row.problems, lines_of(slot)) == ({}, {"cancelled"})


def test_many_orders_take_several_runs(slot: Slot, bank: FakeBank, monkeypatch):
    monkeypatch.setattr(call_off_rounds, "MOST_AT_ONCE", 2)
    for _number in range(3):
        paid_order(basket_with(slot, ages=(None,)), bank)
    [row] = call_off(slot)
    assert not call_off_rounds.carry_out(row.pk, now=NOW)
    # The next one follows at once.
    assert call_off_rounds.carry_out(row.pk, now=NOW)
    assert Refund.objects.count() == 3


def test_one_that_fails_keeps_nobody_else_waiting(slot: Slot, bank: FakeBank, monkeypatch):
    orders = [paid_order(basket_with(slot), bank) for _number in range(2)]
    [row] = call_off(slot)
    cancel = call_off_rounds.cancel_lines

    def broken(order: Order, *args: Any, **kwargs: Any) -> Any:
        if order.pk == orders[0].pk:
            raise KeyError(order.pk)
        return cancel(order, *args, **kwargs)

    monkeypatch.setattr(call_off_rounds, "cancel_lines", broken)
    assert not call_off_rounds.carry_out(row.pk, now=NOW)

    orders[1].refresh_from_db()
    row.refresh_from_db()
    assert orders[1].state == "cancelled"
    assert row.problems == {orders[0].reference: "call_off_failed"}


def test_what_never_can_be_had_is_tried_more_and_more_rarely(
    slot: Slot, bank: FakeBank, monkeypatch
):
    paid_order(basket_with(slot), bank)
    [row] = call_off(slot)

    def busy(*args: Any, **kwargs: Any) -> Any:
        raise Busy(trouble("busy"))

    monkeypatch.setattr(call_off_rounds, "cancel_lines", busy)
    pauses = []
    for hours in (0, 1, 5, 100):
        now = NOW + timedelta(hours=hours)
        call_off_rounds.carry_out(row.pk, now=now)
        row.refresh_from_db()
        pauses.append((row.next_try_at - now) / timedelta(minutes=1))
    assert pauses == [1, 6, 30, 60]


def test_what_ends_by_itself_meanwhile_is_not_asked_for_in_a_ring(
    slot: Slot, bank: FakeBank, monkeypatch
):
    begin(order_from(basket_with(slot)))
    [row] = call_off(slot)

    def paid_elsewhere(order: Order, *, now: Any) -> None:
        raise WrongState(trouble("already_paid"))

    monkeypatch.setattr(call_off_rounds, "close_payment", paid_elsewhere)
    assert not call_off_rounds.carry_out(row.pk, now=NOW)
    row.refresh_from_db()
    assert row.next_try_at == NOW + timedelta(minutes=1)


def test_a_silent_bank_is_asked_once_a_round_and_keeps_nobodys_money(
    slot: Slot, bank: FakeBank, monkeypatch
):
    asked: list[int] = []

    def silent(order: Order, *, now: Any) -> None:
        asked.append(order.pk)
        raise Unavailable(trouble("bank_unavailable"))

    waiting = [order_from(basket_with(slot, ages=(None,))) for _number in range(3)]
    paid = paid_order(basket_with(slot), bank)
    [row] = call_off(slot)
    monkeypatch.setattr(call_off_rounds, "close_payment", silent)
    monkeypatch.setattr(call_off_rounds, "MOST_AT_ONCE", 2)

    assert not call_off_rounds.carry_out(row.pk, now=NOW)

    assert len(asked) == 1
    assert asked[0] in {order.pk for order in waiting}
    paid.refresh_from_db()
    assert paid.state == "cancelled"


# --- What is left alone -------------------------------------------------------------------------
def test_a_line_that_is_cancelled_already_is_left_alone(slot: Slot, bank: FakeBank):
    order = paid_order(basket_with(slot), bank)
    cancellation.cancel_lines(
        order,
        [order.lines.get().pk],
        basis="policy",
        reason="Malade",
        actor=SYSTEM,
        now=NOW,
    )
    before = given_back()
    assert call_off(slot) == []
    assert given_back() == before


def test_who_left_a_party_alone_is_not_given_back_twice(slot: Slot, bank: FakeBank):
    order = paid_order(basket_with(slot), bank)
    line = order.lines.get()
    leaver = line.participants.order_by("pk").last()
    assert leaver is not None
    # Long before: by its rule all of it comes back to who leaves.
    half = line.gross_amount / 2
    cancellation.cancel_lines(
        order,
        [line.pk],
        basis="policy",
        reason="",
        actor=SYSTEM,
        now=NOW,
        agreed=half,
        leaving={line.pk: [leaver.pk]},
    )
    OutboxMessage.objects.all().delete()
    told = called_off.preview_call_off([slot], now=NOW + LATER)
    assert (told.orders, told.persons, told.back) == (1, 1, half)

    [row] = call_off(slot, now=NOW + LATER)
    assert call_off_rounds.carry_out(row.pk, now=NOW + LATER)

    assert given_back() == order.total_amount
    slot.refresh_from_db()
    assert slot.sold == 0
    done = call_off_rounds.with_progress(CalledOff.objects.filter(pk=row.pk)).get()
    assert (done.done, done.back) == (1, half)
    to_host = OutboxMessage.objects.get(kind="date_called_off")
    to_host.language = "en"
    assert "for 1 person" in compose(to_host).body


def test_what_has_begun_stays_and_is_said_before(bank: FakeBank):
    bike = factories.a_rental()
    days = factories.rental_days(bike, DAY, 3)
    basket = factories.a_basket()
    wish = LineRequest(offer_id=bike.pk, arrival=DAY, departure=DAY + timedelta(days=3), quantity=1)
    add_to_basket(basket, wish, now=NOW)
    order = paid_order(basket, bank)
    started = days[0].starts_at + timedelta(hours=2)

    told = called_off.preview_call_off([days[2]], now=started)

    assert (told.orders, told.begun, told.back) == (0, 1, 0)
    assert call_off(days[2], now=started) == []
    assert (order.lines.get().state, given_back()) == ("sold", 0)
    days[2].refresh_from_db()
    assert days[2].is_closed


@pytest.mark.parametrize("passed", [timedelta(0), timedelta(hours=3)])
def test_a_date_that_has_begun_is_refused(slot: Slot, bank: FakeBank, passed):
    paid_order(basket_with(slot), bank)
    with pytest.raises(Refusal) as error:
        call_off(slot, now=slot.starts_at + passed)
    assert error.value.code == "date_begun"
    slot.refresh_from_db()
    assert not slot.is_closed


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("", "call_off_reason_missing"),
        (" \n", "call_off_reason_missing"),
        ("x" * 161, "call_off_reason_long"),
    ],
)
def test_a_reason_is_needed(slot: Slot, bank: FakeBank, reason: str, code: str):
    paid_order(basket_with(slot), bank)
    with pytest.raises(Refusal) as error:
        call_off(slot, reason=reason)
    assert (error.value.code, error.value.troubles[0].field) == (code, "reason")
    slot.refresh_from_db()
    assert not slot.is_closed


def test_a_date_without_bookings_is_simply_closed(slot: Slot):
    assert call_off(slot) == []
    slot.refresh_from_db()
    assert slot.is_closed
    assert not CalledOff.objects.exists()
    assert not OutboxMessage.objects.exists()


def test_it_opens_again_once_everybody_was_told(slot: Slot, bank: FakeBank):
    paid_order(basket_with(slot), bank)
    [row] = call_off(slot)
    again = {"capacity": 10, "is_closed": False, "reason": "", "actor": SYSTEM, "now": NOW}
    with pytest.raises(Refusal) as error:
        change_slot(slot, **again)
    assert error.value.code == "call_off_under_way"
    call_off_rounds.carry_out(row.pk, now=NOW)
    change_slot(slot, **again)
    paid_order(basket_with(slot), bank)
    # Who books now has it: nothing is left of what was done.
    done = call_off_rounds.with_progress(CalledOff.objects.filter(pk=row.pk)).get()
    assert (done.done, done.left, call_off_rounds.left_orders(done)) == (1, 0, [])
    # And may be called off once more.
    [row] = call_off(slot, now=NOW + LATER)
    under_way = call_off_rounds.with_progress(CalledOff.objects.filter(pk=row.pk)).get()
    assert (under_way.done, under_way.left, len(call_off_rounds.left_orders(row))) == (0, 1, 1)
    assert call_off_rounds.carry_out(row.pk, now=NOW + LATER)
    assert lines_of(slot) == {"cancelled"}


def test_a_date_of_the_programme_is_struck_there_whoever_calls_it_off(bank: FakeBank):
    tickets = factories.an_activity(kind="event_ticket", child=None)
    slot = factories.a_slot(tickets, DAY)
    event = an_event_of(tickets)
    session = Session.objects.create(
        event=event, slot=slot, starts_at=slot.starts_at, ends_at=slot.ends_at
    )
    paid_order(basket_with(slot), bank)

    [row] = call_off(slot, by="host")
    call_off_rounds.carry_out(row.pk, now=NOW)

    session.refresh_from_db()
    assert session.is_cancelled
    told = Entry.objects.get(verb="session cancelled").data
    assert told["reason"] == "Orage"
    assert set(Ticket.objects.values_list("state", flat=True)) == {"revoked"}


def test_a_guest_who_cancels_meanwhile_loses_nothing_by_its_own_rule(slot: Slot, bank: FakeBank):
    order = paid_order(basket_with(slot), bank)
    [row] = call_off(slot)
    with pytest.raises(Refusal) as error:
        cancellation.cancel_lines(
            order,
            [order.lines.get().pk],
            basis="policy",
            reason="",
            actor=SYSTEM,
            now=NOW,
            agreed=Decimal(0),
        )
    assert error.value.code == "given_back_by_itself"
    call_off_rounds.carry_out(row.pk, now=NOW)
    assert given_back() == order.total_amount


# --- Every kind ---------------------------------------------------------------------------------
def test_every_day_of_something_lent_comes_back(bank: FakeBank):
    bike = factories.a_rental()
    days = factories.rental_days(bike, DAY, 3)
    basket = factories.a_basket()
    wish = LineRequest(offer_id=bike.pk, arrival=DAY, departure=DAY + timedelta(days=3), quantity=1)
    add_to_basket(basket, wish, now=NOW)
    order = paid_order(basket, bank)

    [row] = call_off(days[1])
    call_off_rounds.carry_out(row.pk, now=NOW)

    assert given_back() == order.total_amount
    assert set(Slot.objects.values_list("sold", flat=True)) == {0}
    assert list(Slot.objects.order_by("day").values_list("is_closed", flat=True)) == [
        False,
        True,
        False,
    ]


def test_places_and_what_stands_beside_them_come_back(bank: FakeBank):
    shuttle = factories.a_shuttle()
    ride = factories.a_ride(shuttle, DAY)
    basket = factories.a_basket()
    wish = LineRequest(
        offer_id=shuttle.pk, slot_id=ride.pk, ages=(None,), options=(OptionChoice("bike", 1),)
    )
    add_to_basket(basket, wish, now=NOW)
    paid_order(basket, bank)

    [row] = call_off(ride)
    call_off_rounds.carry_out(row.pk, now=NOW)

    beside = Slot.stocks.filter(offer=shuttle)
    assert set(beside.values_list("sold", "is_closed")) == {(0, True)}


def test_childcare_comes_back_in_its_own_units(bank: FakeBank):
    care = factories.a_childcare()
    slot = factories.a_slot(care, DAY)
    units = slot.capacity
    basket = factories.a_basket()
    add_to_basket(basket, LineRequest(offer_id=care.pk, slot_id=slot.pk, ages=(2,)), now=NOW)
    order = paid_order(basket, bank)
    [row] = call_off(slot)
    call_off_rounds.carry_out(row.pk, now=NOW)
    slot.refresh_from_db()
    assert (slot.sold, slot.capacity) == (0, units)
    assert given_back() == order.total_amount


def test_what_was_paid_on_site_is_cancelled_and_its_host_told(slot: Slot, walk: Offer):
    counter.sell_at_counter(
        walk.provider,
        LineRequest(offer_id=walk.pk, slot_id=slot.pk, ages=COUPLE),
        counter.CounterGuest("Marcel", email="marcel@example.org"),
        once="s" * 32,
        actor=HOUSE,
        now=NOW,
    )
    told = called_off.preview_call_off([slot], now=NOW)
    assert (told.orders, told.on_site, told.back) == (1, 1, 0)
    OutboxMessage.objects.all().delete()

    [row] = call_off(slot, by="host")
    call_off_rounds.carry_out(row.pk, now=NOW)

    assert lines_of(slot) == {"cancelled"}
    assert not Refund.objects.exists()
    host = compose(OutboxMessage.objects.get(kind="date_called_off")).body
    assert "Marcel" in host
    assert compose(OutboxMessage.objects.get(kind="lines_cancelled")).to == ["marcel@example.org"]


# --- Not paid yet, asked for --------------------------------------------------------------------
def begin(order: Order) -> str:
    checkout.begin_payment(order, success_url="s", cancel_url="c", now=NOW)
    return str(order.payments.get().session_id)


def test_an_order_that_awaits_its_payment_ends_and_keeps_the_rest(
    slot: Slot, walk: Offer, bank: FakeBank
):
    other = factories.a_slot(walk, DAY + timedelta(days=1))
    basket = basket_with(slot, other)
    order = order_from(basket)
    session = begin(order)

    [row] = call_off(slot)
    assert call_off_rounds.carry_out(row.pk, now=NOW)

    order.refresh_from_db()
    basket.refresh_from_db()
    assert (order.state, basket.state) == ("expired", "open")
    assert bank.sessions[session].status == "expired"
    assert basket.lines.filter(slot_holds__slot=other, slot_holds__expires_at__gt=NOW).exists()
    assert Entry.objects.filter(verb=call_off_rounds.STOPPED).count() == 1


def test_what_is_paid_at_that_very_moment_goes_back(slot: Slot, bank: FakeBank):
    order = order_from(basket_with(slot))
    bank.pay(begin(order))

    [row] = call_off(slot)
    assert call_off_rounds.carry_out(row.pk, now=NOW)

    assert lines_of(slot) == {"released"}
    assert given_back() == order.total_amount
    slot.refresh_from_db()
    assert slot.sold == 0


def test_money_that_comes_late_leaves_nobody_with_a_ticket(slot: Slot, walk: Offer, bank: FakeBank):
    other = factories.a_slot(walk, DAY + timedelta(days=1))
    order = order_from(basket_with(slot, other))
    session = begin(order)
    [row] = call_off(slot)
    assert call_off_rounds.carry_out(row.pk, now=NOW)

    bank.pay(session)
    settlement.settle_payment(order.payments.get().pk, now=NOW + LATER)

    assert lines_of(slot) == {"released"}
    assert lines_of(other) == {"sold"}
    [refund] = Refund.objects.all()
    assert refund.line is not None
    assert refund.line.slot_id == slot.pk


def test_a_bank_that_is_away_is_asked_again(slot: Slot, bank: FakeBank):
    order = order_from(basket_with(slot))
    begin(order)
    bank.is_down = True
    [row] = call_off(slot)
    assert not call_off_rounds.carry_out(row.pk, now=NOW)
    row.refresh_from_db()
    assert row.problems == {order.reference: "bank_unavailable"}
    bank.is_down = False
    assert call_off_rounds.carry_out_all(now=NOW + LATER) == 1
    order.refresh_from_db()
    assert order.state == "expired"


def test_requests_for_the_date_are_declined_with_the_reason(bank: FakeBank):
    slot = factories.a_slot(asked_activity(), DAY)
    asked = a_place_asked(slot)
    told = called_off.preview_call_off([slot], now=NOW)
    assert (told.requests, told.orders) == (1, 0)

    [row] = call_off(slot)
    assert call_off_rounds.carry_out(row.pk, now=NOW)

    asked.refresh_from_db()
    assert (asked.state, asked.reason, asked.words) == ("declined", "called_off", "Orage")
    mail = compose(OutboxMessage.objects.get(kind="request_refused"))
    assert "Orage" in mail.body
    assert "had to say no" not in mail.body


@pytest.mark.parametrize("is_round_first", [False, True])
def test_a_request_that_was_accepted_and_not_paid_ends(bank: FakeBank, is_round_first: bool):
    slot = factories.a_slot(asked_activity(), DAY)
    asked = a_place_asked(slot)
    order = accept_request(asked, actor=HOUSE, now=NOW)
    OutboxMessage.objects.all().delete()

    [row] = call_off(slot)
    if is_round_first:
        # The order's time was over, and the clock comes before us.
        settlement.end_unpaid(order.pk, now=NOW, actor=SYSTEM, keep_holds=False)
        assert request_rounds.follow_requests(now=NOW)["unpaid"] == 1
    assert call_off_rounds.carry_out(row.pk, now=NOW)

    asked.refresh_from_db()
    order.refresh_from_db()
    assert (asked.state, asked.reason, order.state) == ("lapsed", "called_off", "expired")
    assert OutboxMessage.objects.filter(kind="request_refused").count() == 1
    assert "Orage" in compose(OutboxMessage.objects.get(kind="request_refused")).body


def test_a_request_that_was_paid_at_the_last_moment_doesnt_read_that_nothing_was(bank: FakeBank):
    slot = factories.a_slot(asked_activity(), DAY)
    asked = a_place_asked(slot)
    order = accept_request(asked, actor=HOUSE, now=NOW)
    bank.pay(begin(order))

    [row] = call_off(slot)
    assert call_off_rounds.carry_out(row.pk, now=NOW)

    asked.refresh_from_db()
    assert (asked.state, asked.reason) == ("lapsed", "called_off")
    assert given_back() == order.total_amount
    message = OutboxMessage.objects.get(kind="request_refused")
    message.language = "en"
    mail = compose(message).body
    assert "it costs you nothing" in mail
    assert "nothing was charged" not in mail


# --- What is told -------------------------------------------------------------------------------
def mail_to_guest(language: str = "en") -> str:
    message = OutboxMessage.objects.get(kind="lines_cancelled")
    message.language = language
    return compose(message).body.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize("by", ["office", "host"])
def test_a_guest_reads_who_called_it_off_why_and_where_to_book_again(
    slot: Slot, walk: Offer, bank: FakeBank, by: str
):
    paid_order(basket_with(slot), bank)
    [row] = call_off(slot, by=by)
    call_off_rounds.carry_out(row.pk, now=NOW)

    mail = mail_to_guest()

    assert ("The tourist office had to call this date off" in mail) == (by == "office")
    assert "Reason: Orage" in mail
    assert "All that you paid for it is given back." in mail
    with override("en"):
        assert f"http://testserver{offer_url(walk)}" in mail


def test_a_host_gets_one_mail_of_the_whole_date(slot: Slot, walk: Offer, bank: FakeBank):
    orders = [paid_order(basket_with(slot), bank) for _number in range(3)]
    OutboxMessage.objects.all().delete()
    [row] = call_off(slot)
    early = compose(OutboxMessage.objects.get(kind="date_called_off"))
    call_off_rounds.carry_out(row.pk, now=NOW)

    mail = compose(OutboxMessage.objects.get(kind="date_called_off"))

    assert mail.to == [walk.provider.email]
    assert mail.body == early.body
    for order in orders:
        assert order.reference in mail.body
        assert order.email not in mail.body
    assert not OutboxMessage.objects.filter(kind="provider_cancelled").exists()


def test_a_cancelled_event_is_said_in_the_language_of_its_reader(slot: Slot, bank: FakeBank):
    paid_order(basket_with(slot), bank)
    with override("fr"):
        [row] = call_off(slot, reason=EVENT_CANCELLED)
        call_off_rounds.carry_out(row.pk, now=NOW)

    assert "Reason: the event is cancelled" in mail_to_guest("en")
    assert EVENT_CANCELLED not in mail_to_guest("fr")
    assert "l’événement est annulé" in mail_to_guest("fr")
