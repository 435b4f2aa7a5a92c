"""On request: asked beside what is bought, answered by the host, paid by its own link."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from booking import checkout, request_rounds, requests, settlement
from booking.basket import add_to_basket, change_line, remove_line, renew_holds
from booking.checkout import Given, NothingAtOnce
from booking.models import (
    Basket,
    BookingRequest,
    Offer,
    Order,
    OrderEvidence,
    OrderLine,
    OutboxMessage,
    Slot,
    SlotHold,
    Stay,
)
from booking.refusals import BadInput, NotAllowed, PriceChanged, Unavailable, WrongState
from booking.rules import states
from booking.stay_view import view_basket
from booking.wishes import LineRequest
from destination import office
from members.models import Entry
from tests import factories
from tests.booking.requesting import (
    CLAIRE,
    HOST,
    a_place_asked,
    a_request,
    accepted,
    ask,
    asked_activity,
    asked_lodging,
    plan_places,
    plan_week,
)
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY, FakeBank, names_of, order_from, paid_order

pytestmark = pytest.mark.django_db
DAY = date(2027, 7, 12)
HOUR = timedelta(hours=1)


def kinds_sent() -> list[str]:
    return list(OutboxMessage.objects.order_by("pk").values_list("kind", flat=True))


# --- In the stay -----------------------------------------------------------
def test_a_line_on_request_holds_nothing_and_isnt_in_the_total() -> None:
    basket = plan_week(factories.a_basket(), asked_lodging())

    view = view_basket(basket, now=NOW)

    (line,) = view.lines
    assert (line.is_on_request, line.asked, line.counted, line.is_held) == (
        True,
        True,
        False,
        False,
    )
    assert (view.total, view.asked_total) == (Decimal(0), line.amount)
    assert line.troubles == []
    assert view.can_check_out
    assert view.held_until is None
    assert not view.is_lapsed
    assert not Stay.objects.exists()
    # Somebody else may buy, or ask for, the same nights.
    plan_week(factories.a_basket(), line.offer)


def test_a_line_on_request_keeps_no_other_line_longer() -> None:
    basket = factories.a_basket()
    slot = factories.a_slot(factories.an_activity(), DAY)
    plan_places(basket, slot)
    until = basket.expires_at

    plan_week(basket, asked_lodging(), now=NOW + timedelta(minutes=5))

    assert basket.expires_at == until
    assert SlotHold.objects.get().expires_at == until


def test_what_is_taken_cant_be_asked_for() -> None:
    offer = asked_lodging()
    request = a_request(offer)
    accepted(request)

    with pytest.raises(Unavailable) as refused:
        plan_week(factories.a_basket(), offer)

    assert refused.value.code == "gone"


def test_what_is_taken_meanwhile_is_marked_and_asked_of_nobody() -> None:
    offer = asked_lodging()
    basket = plan_week(factories.a_basket(), offer)
    accepted(a_request(offer))

    view = view_basket(basket, now=NOW)

    assert [one.code for one in view.lines[0].troubles] == ["gone"]
    assert not view.can_check_out


def test_what_begins_too_soon_isnt_asked_for_online() -> None:
    slot = factories.a_slot(asked_activity(), NOW.date())
    late = slot.starts_at - timedelta(hours=2)

    with pytest.raises(NotAllowed) as refused:
        plan_places(factories.a_basket(), slot, now=late)

    assert refused.value.code == "request_too_late"
    assert office.phone() in refused.value.troubles[0].message
    plan_places(factories.a_basket(), slot, now=late - HOUR)


def test_a_changed_line_lets_go_when_it_becomes_a_request() -> None:
    offer = factories.a_lodging(now=NOW)
    basket = plan_week(factories.a_basket(), offer)
    Offer.objects.update(confirmation="on_request")
    line = basket.lines.get()
    request = LineRequest(
        offer_id=offer.pk,
        unit_id=line.unit_id,
        arrival=SATURDAY + timedelta(days=1),
        departure=NEXT_SATURDAY,
        people=tuple(line.people),
    )

    change_line(basket, line.pk, request, now=NOW)

    assert basket.lines.get().is_on_request
    assert not Stay.objects.exists()
    assert basket.expires_at is None


def test_removing_the_last_held_line_leaves_the_requests_without_a_deadline() -> None:
    basket = plan_week(factories.a_basket(), asked_lodging())
    plan_places(basket, factories.a_slot(factories.an_activity(), DAY))

    remove_line(basket, basket.lines.get(slot__isnull=False).pk, now=NOW)

    assert basket.expires_at is None
    assert basket.lines.get().is_on_request


def test_a_lapsed_line_becomes_a_request_when_its_host_wants_to_be_asked() -> None:
    basket = plan_week(factories.a_basket(), factories.a_lodging(now=NOW))
    Offer.objects.update(confirmation="on_request")

    troubles = renew_holds(basket, now=NOW + HOUR)

    assert [one.code for one in troubles] == ["now_on_request"]
    assert view_basket(basket, now=NOW + HOUR).asked


# --- Asked -----------------------------------------------------------
def test_only_the_instant_lines_are_ordered_and_charged(bank: FakeBank) -> None:
    basket = plan_week(factories.a_basket(), factories.a_lodging(now=NOW, night="100"))
    plan_places(basket, factories.a_slot(asked_activity(adult="30"), DAY))

    order = order_from(basket)

    request = BookingRequest.objects.get()
    assert order.lines.get().unit is not None
    line = order.lines.get()
    assert order.total_amount == line.gross_amount + line.tourist_tax_amount
    assert (order.payments.get().amount, request.total_amount) == (order.total_amount, 60)
    assert (request.came_with, request.state) == (order, states.REQUESTED)
    assert request.deadline == NOW + timedelta(hours=24)
    # A second press asks nobody again, and the stay that is taken back is what is bought.
    assert order_from(basket) == order
    checkout.begin_payment(order, success_url="https://x/", cancel_url="https://x/", now=NOW)
    again = checkout.give_basket_back(order, now=NOW)
    assert [line.unit_id is not None for line in again.lines.all()] == [True]
    assert BookingRequest.objects.count() == 1


def test_a_stay_on_request_only_is_asked_for_without_a_payment() -> None:
    basket = plan_week(factories.a_basket(), asked_lodging())

    (request,) = ask(basket)

    assert not Order.objects.exists()
    assert not basket.lines.exists()
    assert request.people[0]["last_name"] == "Dupont"
    assert (request.provider, request.email) == (request.offer.provider, CLAIRE.email)
    assert kinds_sent() == ["request_received", "request_sent"]
    assert Entry.objects.filter(subject=f"request:{request.code}", verb="asked").exists()
    # A second press finds what the first one asked.
    assert ask(basket) == [request]
    with pytest.raises(BadInput):
        ask(basket, now=NOW + HOUR)


def test_a_stay_on_request_only_makes_no_order() -> None:
    basket = plan_week(factories.a_basket(), asked_lodging())

    with pytest.raises(NothingAtOnce):
        order_from(basket)


def test_what_another_tab_added_is_never_asked_for_without_being_paid() -> None:
    basket = plan_week(factories.a_basket(), asked_lodging())
    plan_places(basket, factories.a_slot(factories.an_activity(), DAY))

    with pytest.raises(PriceChanged):
        ask(basket, shown_total=Decimal(0))

    assert not BookingRequest.objects.exists()


@pytest.mark.parametrize("missing", [{"terms": None}, {"names": {}}])
def test_nothing_is_asked_without_terms_or_names(missing: dict[str, None]) -> None:
    basket = plan_week(factories.a_basket(), asked_lodging())

    with pytest.raises(BadInput):
        ask(basket, **missing)

    assert not BookingRequest.objects.exists()
    assert basket.lines.exists()


def test_a_new_price_is_accepted_before_it_is_asked_for() -> None:
    offer = asked_lodging(night="100")
    basket = plan_week(factories.a_basket(), offer)
    offer.tariffs.update(base_amount=Decimal(120))

    with pytest.raises(PriceChanged):
        ask(basket)


# --- Accepted -----------------------------------------------------------
def test_accepting_makes_an_order_at_the_price_that_was_asked(bank: FakeBank) -> None:
    offer = asked_lodging(night="100")
    request = a_request(offer)
    offer.tariffs.update(base_amount=Decimal(150))
    now = NOW + 3 * HOUR

    order = accepted(request, now=now)

    assert (order.state, order.total_amount) == (states.AWAITING_PAYMENT, request.total_amount)
    line = order.lines.get()
    assert (line.state, line.gross_amount) == (states.HELD, request.gross_amount)
    stay = Stay.objects.get()
    assert (stay.state, stay.expires_at) == (Stay.State.HELD, order.deadline)
    assert timedelta(hours=23, minutes=50) < order.pay_until - now <= timedelta(hours=24)
    assert request.state == states.ACCEPTED
    evidence = OrderEvidence.objects.get(order=order)
    assert evidence.accepted_at == NOW
    assert "request_accepted" in kinds_sent()

    # The link makes the bank's page when it is pressed, hours later.
    later = now + 20 * HOUR
    checkout.begin_payment(order, success_url="https://x/", cancel_url="https://x/", now=later)
    payment = order.payments.get()
    assert payment.expires_at == order.pay_until
    session = bank.sessions[payment.session_id]
    assert session.amount_total_cents == int(request.total_amount * 100)
    bank.pay(payment.session_id)
    settlement.settle_payment(payment.pk, now=later)
    order.refresh_from_db()
    assert (order.state, order.lines.get().state) == (states.CONFIRMED, states.SOLD)
    assert request_rounds.follow_requests(now=later + 9 * HOUR)["unpaid"] == 0


def test_what_was_promised_is_kept_although_the_offer_changes(bank: FakeBank) -> None:
    offer = asked_lodging()
    request = a_request(offer)
    Offer.objects.update(cancellation_policy=factories.a_policy((2400, 10)), title_fr="Autre")
    asked = offer.units.get().name
    offer.units.update(name_fr="Autre", name_en="Other", name_de="Andere")
    scheme = offer.vat_scheme
    Offer.objects.update(vat_scheme="exempt" if scheme != "exempt" else "standard")

    line = accepted(request).lines.get()

    assert line.vat_scheme == request.vat_scheme == scheme
    assert line.unit_name == request.unit_name == asked
    assert line.policy == request.policy
    assert line.titles == request.titles


def test_who_presses_in_the_last_minutes_has_half_an_hour(bank: FakeBank) -> None:
    order = accepted(a_request())
    late = order.pay_until - timedelta(minutes=3)

    checkout.begin_payment(order, success_url="https://x/", cancel_url="https://x/", now=late)

    order.refresh_from_db()
    assert order.pay_until >= late + timedelta(minutes=30)
    assert Stay.objects.get().expires_at == order.deadline


def test_one_pays_before_it_begins(bank: FakeBank) -> None:
    slot = factories.a_slot(asked_activity(), NOW.date() + timedelta(days=1))
    asked = slot.starts_at - timedelta(hours=6)
    request = a_place_asked(slot, now=asked)

    assert request.deadline == slot.starts_at - timedelta(minutes=90)
    order = accepted(request, now=request.deadline - timedelta(seconds=1))
    assert order.pay_until == slot.starts_at - timedelta(minutes=40)


def test_places_are_held_for_who_was_accepted(bank: FakeBank) -> None:
    slot = factories.a_slot(asked_activity(), DAY, capacity=2)

    order = accepted(a_place_asked(slot))

    assert SlotHold.objects.get().quantity == 2
    assert order.lines.get().takes.get().quantity == 2
    assert order.participants.count() == 2
    with pytest.raises(Unavailable):
        plan_places(factories.a_basket(), slot)


@pytest.mark.parametrize("is_closed", [True, False])
def test_a_place_that_went_is_refused_and_the_request_stays(
    bank: FakeBank, is_closed: bool
) -> None:
    slot = factories.a_slot(asked_activity(), DAY, capacity=2)
    request = a_place_asked(slot)
    if is_closed:
        Slot.objects.update(is_closed=True)
    else:
        accepted(a_place_asked(slot, count=1))

    with pytest.raises(Unavailable) as refused:
        accepted(request)

    assert refused.value.code == "request_gone"
    request.refresh_from_db()
    assert request.state == states.REQUESTED
    requests.decline_request(request, reason="taken", words="", actor=HOST, now=NOW)


def test_nights_that_went_are_refused_and_leave_nothing_behind(bank: FakeBank) -> None:
    offer = asked_lodging()
    first, second = a_request(offer), a_request(offer)
    accepted(first)
    baskets = Basket.objects.count()

    with pytest.raises(Unavailable) as refused:
        accepted(second)

    assert refused.value.code == "request_gone"
    assert (Order.objects.count(), Basket.objects.count()) == (1, baskets)


def test_an_offer_off_sale_isnt_sold(bank: FakeBank) -> None:
    request = a_request()
    Offer.objects.update(state="paused")

    with pytest.raises(NotAllowed) as refused:
        accepted(request)

    assert refused.value.code == "request_not_sold"


@pytest.mark.parametrize(
    ("notice", "hours"),
    [
        ({"notice_hours": 24}, 23),
        ({"min_advance_days": 1}, 5),
        ({"min_advance_days": 1, "booked_until": time(11)}, 21),
    ],
)
def test_its_host_accepts_although_its_own_notice_has_begun(
    bank: FakeBank, notice: dict[str, object], hours: int
) -> None:
    slot = factories.a_slot(asked_activity(**notice), NOW.date() + timedelta(days=2))
    request = a_place_asked(slot, now=slot.starts_at - 28 * HOUR)
    now = slot.starts_at - hours * HOUR
    BookingRequest.objects.update(deadline=now + HOUR)
    with pytest.raises(Unavailable):
        plan_places(factories.a_basket(), slot, now=now)

    order = accepted(request, now=now)

    assert order.state == states.AWAITING_PAYMENT
    assert SlotHold.objects.get().quantity == 2


def test_what_was_accepted_cant_be_changed_only_withdrawn(bank: FakeBank) -> None:
    order = accepted(a_request())

    with pytest.raises(NotAllowed) as refused:
        checkout.give_basket_back(order, now=NOW)

    assert refused.value.code == "request_no_change"


# --- Over -----------------------------------------------------------
def test_a_request_is_answered_once(bank: FakeBank) -> None:
    request = a_request()
    requests.decline_request(request, reason="away", words=" Désolée ", actor=HOST, now=NOW)

    assert (request.state, request.words) == (states.DECLINED, "Désolée")
    assert "request_refused" in kinds_sent()
    for answer in (
        lambda: accepted(request),
        lambda: requests.decline_request(request, reason="away", words="", actor=HOST, now=NOW),
        lambda: requests.withdraw_request(request, now=NOW),
    ):
        with pytest.raises(WrongState) as refused:
            answer()
        assert refused.value.code == "request_over"


def test_a_reason_is_one_of_the_list() -> None:
    with pytest.raises(BadInput):
        requests.decline_request(a_request(), reason="rude", words="", actor=HOST, now=NOW)


def test_it_is_too_late_after_the_deadline() -> None:
    request = a_request()

    with pytest.raises(WrongState) as refused:
        accepted(request, now=request.deadline)

    assert refused.value.code == "request_lapsed"


def test_its_host_is_reminded_once_at_half_time_then_it_lapses() -> None:
    request = a_request()
    rounds = [
        request_rounds.follow_requests(now=NOW + hours * HOUR) for hours in (11, 12, 13, 24, 25)
    ]

    assert [one["reminded"] for one in rounds] == [0, 1, 0, 0, 0]
    assert [one["lapsed"] for one in rounds] == [0, 0, 0, 1, 0]
    request.refresh_from_db()
    assert request.state == states.LAPSED
    assert kinds_sent()[2:] == ["request_received", "request_refused", "request_closed"]


def test_what_isnt_paid_in_time_is_released_and_told(bank: FakeBank) -> None:
    request = a_request()
    order = accepted(request)
    late = order.deadline + timedelta(minutes=1)

    settlement.reconcile_payments(now=late)
    told = request_rounds.follow_requests(now=late)

    assert told["unpaid"] == 1
    order.refresh_from_db()
    request.refresh_from_db()
    assert (order.state, request.state) == (states.EXPIRED, states.LAPSED)
    assert kinds_sent()[-2:] == ["request_refused", "request_closed"]
    plan_week(factories.a_basket(), request.offer, now=late)


def test_what_late_money_confirms_during_the_round_isnt_ended(
    bank: FakeBank, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = a_request()
    order = accepted(request)
    checkout.begin_payment(order, success_url="https://x/", cancel_url="https://x/", now=NOW)
    payment = order.payments.get()
    late = order.deadline + timedelta(minutes=1)
    settlement.end_unpaid(order.pk, now=late, actor=HOST, keep_holds=False)
    bank.pay(payment.session_id)
    each, seen = request_rounds._each, []

    def read_then_pay(rows: Any, step: request_rounds.Step, *, now: datetime) -> int:
        found = list(rows)
        if step is request_rounds._end_unpaid:
            seen.extend(found)
            settlement.settle_payment(payment.pk, now=late)
        return each(found, step, now=now)

    monkeypatch.setattr(request_rounds, "_each", read_then_pay)

    assert request_rounds.follow_requests(now=late)["unpaid"] == 0

    assert seen == [request]
    request.refresh_from_db()
    order.refresh_from_db()
    assert (order.state, request.state) == (states.CONFIRMED, states.ACCEPTED)


def test_what_was_paid_and_given_back_isnt_called_unpaid(bank: FakeBank) -> None:
    request = a_request()
    order = accepted(request)
    checkout.begin_payment(order, success_url="https://x/", cancel_url="https://x/", now=NOW)
    payment = order.payments.get()
    # Taken by a calendar of another platform while the guest was at the bank.
    Stay.objects.update(state=Stay.State.BLOCKED, line=None, expires_at=None)
    bank.pay(payment.session_id)
    settlement.settle_payment(payment.pk, now=NOW)

    assert request_rounds.follow_requests(now=NOW)["unpaid"] == 1

    request.refresh_from_db()
    assert (request.state, request.reason) == (states.LAPSED, "taken")
    told = OutboxMessage.objects.filter(kind__in=["request_refused", "request_closed"])
    assert {one.data["why"] for one in told} == {"taken"}
    assert "payment_returned" in kinds_sent()


def test_the_bank_isnt_asked_about_a_page_that_nobody_opened(bank: FakeBank) -> None:
    accepted(a_request())

    assert settlement.reconcile_payments(now=NOW + HOUR) == 0


def test_the_guest_takes_a_request_back(bank: FakeBank) -> None:
    request = a_request()

    requests.withdraw_request(request, now=NOW)

    assert request.state == states.WITHDRAWN
    assert kinds_sent()[-1] == "request_closed"


def test_taking_back_what_was_accepted_frees_it_and_closes_the_page(bank: FakeBank) -> None:
    request = a_request()
    order = accepted(request)
    checkout.begin_payment(order, success_url="https://x/", cancel_url="https://x/", now=NOW)

    requests.withdraw_request(request, now=NOW + HOUR)

    assert request.state == states.WITHDRAWN
    assert {one.status for one in bank.sessions.values()} == {"expired"}
    assert OrderLine.objects.get().state == states.RELEASED
    plan_week(factories.a_basket(), request.offer, now=NOW + HOUR)


def test_what_is_paid_isnt_taken_back(bank: FakeBank) -> None:
    request = a_request()
    order = accepted(request)
    checkout.begin_payment(order, success_url="https://x/", cancel_url="https://x/", now=NOW)
    bank.pay(order.payments.get().session_id)

    with pytest.raises(WrongState) as refused:
        requests.withdraw_request(request, now=NOW)

    assert refused.value.code == "already_paid"
    order.refresh_from_db()
    request.refresh_from_db()
    assert (order.state, request.state) == (states.CONFIRMED, states.ACCEPTED)


def test_a_request_never_blocks_what_is_bought(bank: FakeBank) -> None:
    basket = plan_week(factories.a_basket(), asked_lodging())
    plan_places(basket, factories.a_slot(factories.an_activity(), DAY))

    order = paid_order(basket, bank)

    assert order.state == states.CONFIRMED
    assert BookingRequest.objects.get().state == states.REQUESTED


def test_something_bought_by_the_piece_is_asked_for(bank: FakeBank) -> None:
    offer = factories.a_produce(confirmation="on_request")
    slot = factories.a_slot(offer, DAY)
    basket = factories.a_basket(None)
    add_to_basket(basket, LineRequest(offer_id=offer.pk, slot_id=slot.pk, quantity=3), now=NOW)

    (request,) = ask(basket, names=names_of(basket))

    assert (request.quantity, request.people) == (3, [])
    assert accepted(request).lines.get().takes.get().quantity == 3


def test_what_came_to_nothing_is_forgotten_what_was_bought_stays(bank: FakeBank) -> None:
    paid, declined, waiting = (a_request(asked_lodging()) for _one in range(3))
    order = accepted(paid)
    checkout.begin_payment(order, success_url="https://x/", cancel_url="https://x/", now=NOW)
    bank.pay(order.payments.get().session_id)
    settlement.settle_payment(order.payments.get().pk, now=NOW)
    requests.decline_request(declined, reason="away", words="", actor=HOST, now=NOW)

    assert request_rounds.forget_requests(now=NOW + timedelta(days=90)) == 0
    assert request_rounds.forget_requests(now=NOW + timedelta(days=92)) == 1
    assert set(BookingRequest.objects.all()) == {paid, waiting}


def test_something_free_is_confirmed_without_the_bank(bank: FakeBank) -> None:
    slot = factories.a_slot(asked_activity(adult="0", child=None), DAY)
    order = accepted(a_place_asked(slot))

    url = checkout.begin_payment(order, success_url="https://x/", cancel_url="https://y/", now=NOW)

    order.refresh_from_db()
    assert (url, order.state, bank.sessions) == ("https://x/", states.CONFIRMED, {})


def test_given_is_what_a_request_needs() -> None:
    given = Given(CLAIRE, {}, None, "Sans noix", None, Decimal(0))
    assert set(given.for_requests) == {"contact", "names", "arrival_time", "needs", "terms"}
