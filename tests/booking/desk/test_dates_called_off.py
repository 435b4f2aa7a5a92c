"""Somebody of the office calls a date off: what it does is said first, how far it is after."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from booking import call_off_rounds
from booking.basket import add_to_basket
from booking.models import CalledOff, Order, Slot
from booking.refusals import Busy, trouble
from booking.wishes import LineRequest
from members.models import User
from tests import factories
from tests.cast import NOW, SATURDAY, FakeBank, paid_order
from tests.pages import text_of


@pytest.fixture
def slot(db: None) -> Slot:
    return factories.a_slot(factories.an_activity(), SATURDAY)


def sell(slot: Slot, bank: FakeBank, *, count: int = 2) -> Order:
    basket = factories.a_basket()
    wish = LineRequest(offer_id=slot.offer_id, slot_id=slot.pk, ages=(None,) * count)
    add_to_basket(basket, wish, now=NOW)
    return paid_order(basket, bank)


def page_of(slot: Slot) -> str:
    return reverse("desk_slots:call-off", args=[slot.pk])


def errors(response: Any) -> set[str]:
    assert response.status_code == 200
    return set(response.context["form"].errors)


def test_what_it_does_is_said_then_done_then_read_again(
    desk: Client, slot: Slot, bank: FakeBank
) -> None:
    orders = [sell(slot, bank), sell(slot, bank, count=3)]
    date_page = reverse("desk_slots:edit", args=[slot.pk])
    assert page_of(slot) in desk.get(date_page).content.decode()

    told = text_of(desk.get(page_of(slot)))
    assert "2 bookings are cancelled, for 5 persons" in told
    assert f"€{sum(order.total_amount for order in orders):.2f} go back" in told
    slot.refresh_from_db()
    assert not slot.is_closed

    done = desk.post(page_of(slot), {"reason": "Orage"}, follow=True)

    row = CalledOff.objects.get()
    progress = reverse("desk_called_off:inspect", args=[row.pk])
    assert done.redirect_chain[-1][0] == progress
    assert "2 bookings are being cancelled" in text_of(done)
    assert "0 of 2" in text_of(done)
    assert all(order.reference in text_of(done) for order in orders)
    call_off_rounds.carry_out(row.pk, now=NOW)
    after = text_of(desk.get(progress))
    assert "2 of 2" in after
    assert "everybody told" in after
    assert not any(order.reference in after for order in orders)
    assert "2 of 2" in text_of(desk.get(reverse("desk_called_off:index")))
    assert "called off" in text_of(desk.get(reverse("desk_slots:index")))
    # The date's page leads there, and it isn't called off twice.
    assert progress in desk.get(date_page).content.decode()
    assert page_of(slot) not in desk.get(date_page).content.decode()


def test_a_second_press_leads_to_how_far_it_is(desk: Client, slot: Slot, bank: FakeBank) -> None:
    sell(slot, bank)
    desk.post(page_of(slot), {"reason": "Orage"})
    again = desk.post(page_of(slot), {"reason": "Orage"}, follow=True)
    row = CalledOff.objects.get()
    assert again.redirect_chain[-1][0] == reverse("desk_called_off:inspect", args=[row.pk])
    assert "called off already" in text_of(again)


@pytest.mark.parametrize("reason", ["", "   ", "x" * 161, "Orage\u0000"])
def test_a_bad_reason_is_told_beside_its_field(
    desk: Client, slot: Slot, bank: FakeBank, reason: str
) -> None:
    sell(slot, bank)
    assert errors(desk.post(page_of(slot), {"reason": reason})) == {"reason"}
    assert errors(desk.post(page_of(slot))) == {"reason"}
    slot.refresh_from_db()
    assert not slot.is_closed


def test_a_date_nobody_booked_is_simply_closed(desk: Client, slot: Slot) -> None:
    assert "Nobody has booked" in text_of(desk.get(page_of(slot)))
    done = desk.post(page_of(slot), {"reason": "Orage"}, follow=True)
    assert "nobody had booked it" in text_of(done)
    slot.refresh_from_db()
    assert slot.is_closed
    assert not CalledOff.objects.exists()


def test_a_date_that_has_begun_is_led_away(
    desk: Client, staff: User, slot: Slot, bank: FakeBank, at: Any
) -> None:
    sell(slot, bank)
    at(slot.starts_at + timedelta(minutes=1))
    desk.force_login(staff)
    done = desk.post(page_of(slot), {"reason": "Orage"}, follow=True)
    assert done.redirect_chain[-1][0] == reverse("desk_slots:edit", args=[slot.pk])
    assert "begun or is over" in text_of(done)
    assert page_of(slot) not in done.content.decode()
    assert desk.get(page_of(slot)).status_code == 302
    slot.refresh_from_db()
    assert not slot.is_closed


def test_what_could_not_be_given_back_is_named_with_its_order(
    desk: Client, slot: Slot, bank: FakeBank, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = sell(slot, bank)
    desk.post(page_of(slot), {"reason": "Orage"})
    row = CalledOff.objects.get()

    def busy(*args: Any, **kwargs: Any) -> None:
        raise Busy(trouble("busy"))

    monkeypatch.setattr(call_off_rounds, "cancel_lines", busy)
    call_off_rounds.carry_out(row.pk, now=NOW)

    page = desk.get(reverse("desk_called_off:inspect", args=[row.pk]))
    assert reverse("desk_orders:inspect", args=[order.pk]) in page.content.decode()
    assert str(trouble("busy").message)[:20] in text_of(page)


def test_what_is_still_sold_of_it_waits_on_the_first_page(
    desk: Client, slot: Slot, bank: FakeBank
) -> None:
    order, other = sell(slot, bank), factories.a_slot(slot.offer, SATURDAY + timedelta(days=1))
    stands = sell(other, bank)
    # Closed by itself, with nobody to be cancelled by that.
    Slot.objects.filter(pk=other.pk).update(is_closed=True)
    listed = f"{reverse('desk_orders:index')}?trouble=date"
    assert order.reference not in text_of(desk.get(listed))
    desk.post(page_of(slot), {"reason": "Orage"})

    page = text_of(desk.get(listed))
    assert order.reference in page
    assert stands.reference not in page
    waits = "1 order of a date that is called off: not given back yet"
    assert waits in text_of(desk.get(reverse("wagtailadmin_home")))

    call_off_rounds.carry_out(CalledOff.objects.get().pk, now=NOW)
    assert order.reference not in text_of(desk.get(listed))


def test_a_busy_date_is_told_and_nothing_is_written(
    desk: Client, slot: Slot, bank: FakeBank, monkeypatch: pytest.MonkeyPatch
) -> None:
    sell(slot, bank)

    def busy(ids: Any) -> None:
        raise Busy(trouble("busy"))

    monkeypatch.setattr("booking.called_off.locks.lock_slots", busy)
    shown = desk.post(page_of(slot), {"reason": "Orage"})
    assert errors(shown) == {"__all__"}
    assert "Orage" in shown.content.decode()
    assert not CalledOff.objects.exists()


def test_plan_b_is_offered_first(desk: Client, bank: FakeBank) -> None:
    slot = factories.a_slot(factories.a_composite(), SATURDAY)
    sell(slot, bank)
    first = "Apply plan B instead"
    page = desk.get(page_of(slot))
    assert first in text_of(page)
    assert reverse("desk_slots:edit", args=[slot.pk]) in page.content.decode()
    Slot.objects.filter(pk=slot.pk).update(plan_b_reason="Pluie")
    assert first not in text_of(desk.get(page_of(slot)))


def test_who_may_not_give_money_back_may_not_call_off(
    desk: Client, staff: User, slot: Slot, bank: FakeBank
) -> None:
    sell(slot, bank)
    staff.groups.clear()
    names = ("access_admin", "change_slot", "view_slot")
    staff.user_permissions.set(Permission.objects.filter(codename__in=names))
    assert desk.get(page_of(slot)).status_code in {302, 403}
    assert desk.post(page_of(slot), {"reason": "Orage"}).status_code in {302, 403}
    assert (
        page_of(slot) not in desk.get(reverse("desk_slots:edit", args=[slot.pk])).content.decode()
    )
    slot.refresh_from_db()
    assert not slot.is_closed


def test_lists_of_many_cost_few_statements(
    desk: Client, slot: Slot, bank: FakeBank, django_assert_max_num_queries: Any
) -> None:
    for number in range(6):
        other = factories.a_slot(slot.offer, SATURDAY + timedelta(days=number + 1))
        sell(other, bank, count=1)
        desk.post(page_of(other), {"reason": "Orage"})
    index = reverse("desk_called_off:index")
    desk.get(index)
    with django_assert_max_num_queries(14):
        assert text_of(desk.get(index)).count("0 of 1") == 6


def test_a_preview_of_many_bookings_costs_few_statements(
    desk: Client, slot: Slot, bank: FakeBank, django_assert_max_num_queries: Any
) -> None:
    for _number in range(8):
        sell(slot, bank, count=1)
    desk.get(page_of(slot))
    with django_assert_max_num_queries(24):
        assert "8 bookings are cancelled" in text_of(desk.get(page_of(slot)))
