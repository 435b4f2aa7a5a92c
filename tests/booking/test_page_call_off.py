"""A host calls one of its own dates off: what it does is said, then everybody is given back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from booking import call_off_rounds, counter
from booking.basket import add_to_basket
from booking.models import CalledOff, Offer, Order, OutboxMessage, Slot
from booking.models.money import EVENT_CANCELLED
from booking.refusals import Busy, trouble
from booking.wishes import LineRequest
from members.journal import Actor
from members.models import Entry, ProviderRole
from tests import factories
from tests.booking.pages import body
from tests.booking.test_page_slots import host_of
from tests.cast import NOW, FakeBank, paid_order
from tests.pages import text_of

pytestmark = pytest.mark.django_db
TUESDAY = date(2027, 7, 6)


@pytest.fixture(autouse=True)
def _in_spring(at: Any) -> None:
    at(NOW)


@pytest.fixture
def lace() -> Offer:
    return factories.an_activity(kind="workshop", title="Dentelle", title_en="Lace")


@pytest.fixture
def slot(lace: Offer) -> Slot:
    return factories.a_slot(lace, TUESDAY)


@pytest.fixture
def host(lace: Offer) -> Client:
    return host_of(lace.provider)


def sell(slot: Slot, bank: FakeBank, *, count: int = 2) -> Order:
    basket = factories.a_basket()
    wish = LineRequest(offer_id=slot.offer_id, slot_id=slot.pk, ages=(None,) * count)
    add_to_basket(basket, wish, now=NOW)
    return paid_order(basket, bank)


def page_of(slot: Slot) -> str:
    return reverse("extranet-slot-call-off", args=[slot.pk])


def date_of(slot: Slot) -> str:
    return reverse("extranet-slot", args=[slot.pk])


def test_it_says_what_it_does_does_it_and_says_how_far_it_is(
    host: Client, slot: Slot, bank: FakeBank
):
    orders = [sell(slot, bank), sell(slot, bank, count=3)]
    assert page_of(slot) in body(host.get(date_of(slot)))
    told = text_of(host.get(page_of(slot)))
    assert "2 bookings are cancelled, for 5 persons" in told
    assert f"€{sum(order.total_amount for order in orders):.2f} go back" in told

    answer = host.post(page_of(slot), {"reason": "La dentellière est malade"})

    assert (answer.status_code, answer.url) == (303, date_of(slot))
    row = CalledOff.objects.get()
    assert (row.by, row.reason) == ("host", "La dentellière est malade")
    begun = text_of(host.get(date_of(slot)))
    assert "2 bookings are being cancelled" in begun
    assert "0 of 2 bookings cancelled" in begun
    call_off_rounds.carry_out(row.pk, now=NOW)
    after = text_of(host.get(date_of(slot)))
    assert "everybody is told" in after
    assert "2 of 2 bookings cancelled" in after
    assert page_of(slot) not in body(host.get(date_of(slot)))
    journal = Entry.objects.filter(verb="line cancelled")
    assert {one.actor_label for one in journal} == {row.actor.email}
    assert OutboxMessage.objects.filter(kind="lines_cancelled").count() == 2
    slot.refresh_from_db()
    assert (slot.sold, slot.is_closed) == (0, True)


def test_a_second_press_changes_nothing(host: Client, slot: Slot, bank: FakeBank):
    order = sell(slot, bank)
    host.post(page_of(slot), {"reason": "Malade"})
    again = host.post(page_of(slot), {"reason": "Autre chose"}, follow=True)
    assert again.redirect_chain[-1][0] == date_of(slot)
    assert "called off already" in text_of(again)
    row = CalledOff.objects.get()
    assert row.reason == "Malade"
    call_off_rounds.carry_out(row.pk, now=NOW)
    order.refresh_from_db()
    assert order.state == "cancelled"


@pytest.mark.parametrize("reason", [None, "", "  ", "x" * 161, "a\u0000b"])
def test_a_bad_reason_is_told_beside_its_field(
    host: Client, slot: Slot, bank: FakeBank, reason: str | None
):
    sell(slot, bank)
    answer = host.post(page_of(slot), {} if reason is None else {"reason": reason})
    assert answer.status_code == 422
    assert "reason" in answer.context["form"].errors
    slot.refresh_from_db()
    assert not slot.is_closed


def test_a_busy_date_says_so_and_loses_nothing(
    host: Client, slot: Slot, bank: FakeBank, monkeypatch: pytest.MonkeyPatch
):
    sell(slot, bank)

    def busy(ids: Any) -> None:
        raise Busy(trouble("busy"))

    monkeypatch.setattr("booking.called_off.locks.lock_slots", busy)
    answer = host.post(page_of(slot), {"reason": "La pluie"})
    assert answer.status_code == 503
    assert "La pluie" in body(answer)
    assert not CalledOff.objects.exists()


def test_bookings_on_site_are_said_and_cancelled_too(host: Client, slot: Slot, lace: Offer):
    counter.sell_at_counter(
        lace.provider,
        LineRequest(offer_id=lace.pk, slot_id=slot.pk, ages=(None,)),
        counter.CounterGuest("Marcel", phone="06 00 00 00 00"),
        once="s" * 32,
        actor=Actor("anne@example.org"),
        now=NOW,
    )
    told = text_of(host.get(page_of(slot)))
    assert "1 of them you sold yourself" in told
    assert "go back to the cards" not in told
    host.post(page_of(slot), {"reason": "Malade"})
    call_off_rounds.carry_out(CalledOff.objects.get().pk, now=NOW)
    assert "1 of 1 booking cancelled" in text_of(host.get(date_of(slot)))


def test_a_date_that_has_begun_leads_back(
    host: Client, lace: Offer, slot: Slot, bank: FakeBank, at: Any
):
    sell(slot, bank)
    at(slot.starts_at + timedelta(hours=1))
    host = host_of(lace.provider)
    for answer in (host.get(page_of(slot)), host.post(page_of(slot), {"reason": "Malade"})):
        assert (answer.status_code, answer.url) == (303, date_of(slot))
    page = host.get(date_of(slot))
    assert "begun or is over" in text_of(page)
    assert page_of(slot) not in body(page)
    slot.refresh_from_db()
    assert not slot.is_closed


def test_a_date_nobody_booked_is_simply_closed(host: Client, slot: Slot):
    assert "Nobody has booked" in text_of(host.get(page_of(slot)))
    answer = host.post(page_of(slot), {"reason": "Malade"}, follow=True)
    assert "nobody had booked it" in text_of(answer)
    assert not CalledOff.objects.exists()


def test_only_owners_give_money_back_and_nobody_of_another_house(
    lace: Offer, slot: Slot, bank: FakeBank
):
    sell(slot, bank)
    others = host_of(factories.an_activity().provider)
    user = factories.a_user()
    ProviderRole.objects.create(provider=lace.provider, user=user, role=ProviderRole.Role.STAFF)
    staff = Client(headers={"Accept-Language": "en"})
    staff.force_login(user)
    for person in (others, staff):
        assert person.get(page_of(slot)).status_code == 404
        assert person.post(page_of(slot), {"reason": "Malade"}).status_code == 404
    page = staff.get(date_of(slot))
    assert page_of(slot) not in body(page)
    assert "An owner of the house calls it off here" in text_of(page)
    assert Client().get(page_of(slot)).status_code == 302
    slot.refresh_from_db()
    assert not slot.is_closed


def test_plan_b_is_told_of_first(bank: FakeBank):
    composite = factories.a_composite()
    slot = factories.a_slot(composite, TUESDAY)
    sell(slot, bank)
    assert "has a plan B" in text_of(host_of(composite.provider).get(page_of(slot)))


def test_pages_cost_few_statements(
    host: Client, slot: Slot, bank: FakeBank, django_assert_max_num_queries: Any
):
    for _number in range(6):
        sell(slot, bank, count=1)
    host.get(page_of(slot))
    with django_assert_max_num_queries(18):
        host.get(page_of(slot))
    host.post(page_of(slot), {"reason": "Malade"})
    with django_assert_max_num_queries(22):
        assert "0 of 6 bookings cancelled" in text_of(host.get(date_of(slot)))


def test_why_an_event_is_off_is_read_in_the_hosts_language(host: Client, slot: Slot):
    Slot.objects.filter(pk=slot.pk).update(is_closed=True, closed_reason=EVENT_CANCELLED)
    french = host.get(date_of(slot), headers={"Accept-Language": "fr"})
    assert "l’événement est annulé" in text_of(french)
    assert EVENT_CANCELLED not in body(french)
