"""Special needs and the hour of arrival: told to the hosts concerned, before and after paying."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from booking.basket import add_to_basket
from booking.emails import compose
from booking.models import Basket, Offer, Order, OutboxMessage
from booking.rules.kinds import BY_CODE
from booking.wishes import LineRequest
from tests import factories
from tests.booking.pages import (
    CONTACT,
    a_week,
    address,
    body,
    carry,
    checkout_form,
    hold_place,
    hold_week,
)
from tests.booking.test_emails import parts, pay
from tests.cast import NEXT_SATURDAY, NOW, TODAY, FakeBank, order_from
from tests.oti.api.client import send

pytestmark = pytest.mark.django_db
CHECKOUT = "booking:checkout"
ALLERGY = "A nut allergy"


@pytest.fixture(autouse=True)
def _in_spring(at: Any) -> None:
    at(NOW)
    factories.terms()
    factories.package_form()


def named(name: str) -> Any:
    return factories.a_provider(name=name, host_names=name)


def a_stay(client: Client) -> Basket:
    """Give a bed until 20 h at Anne's, a dinner at Solange's, an evening and a farm's basket."""
    basket = carry(client, factories.a_basket(language="en"))
    gite = a_week(provider=named("Anne"))
    Offer.objects.filter(pk=gite.pk).update(check_in_until=time(20))
    hold_week(basket, gite)
    hold_place(basket, "Solange’s table", kind="meal", day=14, hour=19, provider=named("Solange"))
    hold_place(basket, "Choir", kind="event_ticket", day=13, hour=21, provider=named("Abbaye"))
    box = factories.a_produce(provider=named("Ferme"))
    slot = factories.a_slot(box, date(2027, 7, 11))
    add_to_basket(basket, LineRequest(offer_id=box.pk, slot_id=slot.pk, quantity=2), now=NOW)
    basket.refresh_from_db()
    return basket


@pytest.fixture
def order(bank: FakeBank) -> Order:
    """Give that stay, paid, by somebody who comes at 22:30."""
    order = order_from(a_stay(Client()), language="en")
    order.arrival_time, order.needs = time(22, 30), ALLERGY
    order.save()
    pay(order, bank)
    return order


def mail_to(order: Order, kind: str) -> tuple[str, str]:
    number = order.lines.get(kind=kind).sub_order_id
    messages = OutboxMessage.objects.filter(kind="provider_booking")
    message = next(one for one in messages if one.data["sub_order"] == number)
    message.language = "en"
    return parts(compose(message))


def pages_of_host(order: Order, kind: str) -> list[str]:
    """Return what the host of one line sees: its list, and that booking."""
    person = Client(headers={"Accept-Language": "en"})
    line = order.lines.get(kind=kind)
    person.force_login(factories.a_host(line.sub_order.provider))
    urls = (reverse("extranet-home"), reverse("extranet-line", args=[line.pk]))
    return [body(person.get(url)) for url in urls]


# --- Who reads them ---------------------------------------------------------------------------
def test_the_kind_says_who_prepares_for_needs() -> None:
    readers = {code for code, kind in BY_CODE.items() if kind.reads_needs}

    assert {"lodging", "meal", "childcare", "workshop", "activity"} <= readers
    assert not readers & {"rental", "produce", "event_ticket", "visit"}


def test_checkout_names_those_who_will_read(client: Client) -> None:
    a_stay(client)

    page = body(client.get(address(CHECKOUT)))

    assert "Read by: Anne, Solange, and the office." in page
    assert "before you come. Read by" in page


def test_a_hint_that_ends_with_its_own_stop_has_one(client: Client) -> None:
    a_stay(client)

    with override("fr"):
        page = body(client.get(reverse(CHECKOUT)))

    assert "votre venue. Lu par" in page
    assert "avant de venir." in page


def test_where_nobody_prepares_nothing_is_asked_nor_kept(client: Client, bank: FakeBank) -> None:
    basket = carry(client, factories.a_basket())
    box = factories.a_produce()
    slot = factories.a_slot(box, TODAY + timedelta(days=30))
    add_to_basket(basket, LineRequest(offer_id=box.pk, slot_id=slot.pk, quantity=2), now=NOW)

    assert 'name="needs"' not in body(client.get(address(CHECKOUT)))
    answer = client.post(address(CHECKOUT), checkout_form(basket, shown_total="50.00"))

    assert answer.status_code == 303
    assert Order.objects.get().needs == ""


def test_the_api_keeps_needs_only_where_somebody_reads_them(bank: FakeBank) -> None:
    basket = factories.a_basket()
    box = factories.a_produce()
    slot = factories.a_slot(box, TODAY + timedelta(days=30))
    add_to_basket(basket, LineRequest(offer_id=box.pk, slot_id=slot.pk, quantity=2), now=NOW)
    sent = {"contact": CONTACT, "terms_version": "test-1", "shown_total_cents": 5000}

    answer = send(f"baskets/{basket.token}/checkout", {**sent, "language": "fr", "needs": ALLERGY})

    assert answer.status_code == 201, answer.content
    assert Order.objects.get().needs == ""


@pytest.mark.parametrize(
    ("kind", "is_told"),
    [("lodging", True), ("meal", True), ("produce", False), ("event_ticket", False)],
)
def test_mails_and_pages_of_hosts_keep_to_it(order: Order, kind: str, *, is_told: bool) -> None:
    for text in (*mail_to(order, kind), *pages_of_host(order, kind)):
        assert (ALLERGY in text) is is_told
        assert "06 00 00 00 00" in text or "Claire" in text


def test_the_trip_and_the_desk_say_who_knows(order: Order) -> None:
    visitor, office = Client(), Client(headers={"Accept-Language": "en"})
    agent = factories.a_user(is_staff=True)
    codes = ["access_admin", "view_order"]
    agent.user_permissions.set(Permission.objects.filter(codename__in=codes))
    office.force_login(agent)
    trip = f"{address('booking:trip', order.reference)}?cle={order.access_token}"

    for page in (
        visitor.get(trip, follow=True),
        office.get(reverse("desk_orders:inspect", args=[order.pk])),
    ):
        assert ALLERGY in body(page)
        assert "Read by: Anne, Solange, and the office" in body(page)


# --- The hour of arrival ----------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["meal", "produce", "event_ticket"])
def test_the_hour_of_arrival_is_for_the_bed(order: Order, kind: str) -> None:
    for text in (*mail_to(order, kind), *pages_of_host(order, kind)):
        assert "10:30 pm" not in text


def test_the_host_of_the_bed_is_told_that_it_is_outside_its_hours(order: Order) -> None:
    for text in (*mail_to(order, "lodging"), *pages_of_host(order, "lodging")):
        assert "10:30 pm" in text
        assert "between 3 pm and 8 pm" in text
        assert "they are asked to call you first" in text


def test_a_bed_later_in_the_stay_is_not_told_the_hour(bank: FakeBank) -> None:
    basket = factories.a_basket(language="en")
    hold_week(basket, a_week(provider=named("Anne")))
    later = factories.a_lodging(provider=named("Bruno"), title="Chez Bruno")
    request = LineRequest(
        offer_id=later.pk,
        unit_id=later.units.get().pk,
        arrival=NEXT_SATURDAY,
        departure=date(2027, 7, 20),
        ages=(None, None, 5, 10),
    )
    add_to_basket(basket, request, now=NOW)
    order = order_from(basket, language="en")
    order.arrival_time = time(22, 30)
    order.save()
    pay(order, bank)
    bruno = Client(headers={"Accept-Language": "en"})
    bruno.force_login(factories.a_host(later.provider))
    line = order.lines.get(offer=later)

    assert "10:30 pm" not in body(bruno.get(reverse("extranet-line", args=[line.pk])))
    assert "10:30 pm" not in body(bruno.get(reverse("extranet-home")))


def test_a_thing_lent_for_days_is_no_arrival(bank: FakeBank) -> None:
    basket = factories.a_basket(None, None, language="en")
    bike = factories.a_rental()
    factories.rental_days(bike, date(2027, 7, 12), 3)
    request = LineRequest(
        offer_id=bike.pk, arrival=date(2027, 7, 12), departure=date(2027, 7, 15), quantity=1
    )
    add_to_basket(basket, request, now=NOW)
    order = order_from(basket, language="en")
    pay(order, bank)

    for page in pages_of_host(order, "rental"):
        assert "arrives at" not in page


def test_an_hour_outside_is_told_before_paying_and_never_refused(
    client: Client, bank: FakeBank
) -> None:
    basket = a_stay(client)
    page = body(client.get(address(CHECKOUT)))
    assert "between 3 pm and 8 pm. At another hour, you will have to agree" in page
    assert "outside the hours of" not in page

    # Another field is wrong: the page comes again, with what is known of the hour.
    form = checkout_form(basket, arrival_time="22:30", email="x", shown_total="1")
    again = client.post(address(CHECKOUT), form)

    assert again.status_code == 422
    assert "You arrive at 10:30 pm, outside the hours of “The Narces Cottage”" in body(again)


def test_an_hour_outside_is_told_on_the_way_back_from_the_bank(bank: FakeBank) -> None:
    client = Client()
    order = order_from(a_stay(client), language="en")
    order.arrival_time = time(22, 30)
    order.save()
    back = f"{address('booking:payment-back', order.reference)}?cle={order.access_token}"

    page = body(client.get(back, follow=True))

    assert "Try again to pay" in page
    assert "You arrive at 10:30 pm, outside the hours of “The Narces Cottage”" in page
