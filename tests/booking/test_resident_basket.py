"""A family with a house of its own buys without a bed: normal, and without tourist tax (M10)."""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from booking.basket import add_to_basket
from booking.messages import drain_outbox
from booking.models import Basket, Order
from booking.stay_view import view_basket
from booking.wishes import LineRequest
from members.models import HouseholdMember
from tests import factories
from tests.booking.pages import address, body, carry, checkout_form, hold_place
from tests.cast import NOW, FakeBank, paid_order

pytestmark = pytest.mark.django_db
# What would tell somebody without a bed that one is missing.
A_BED = re.compile(r"where (do|will) you sleep|need (a )?(bed|lodging)|choose a lodging", re.I)


@pytest.fixture(autouse=True)
def _in_spring(at) -> None:
    at(NOW)
    factories.terms()
    factories.package_form()


@pytest.fixture
def martin() -> HouseholdMember:
    return factories.a_household()


@pytest.fixture
def browser(martin: HouseholdMember) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(martin.user)
    return client


def own(page: str) -> str:
    """Return what a page says between its header and its footer."""
    return page[page.index("<main") : page.index("</main>")]


def a_farm_basket(client: Client) -> Basket:
    """Let somebody add an organic basket of the farm by its form; return what it is in."""
    box = factories.a_produce(price="25", title="Panier bio", title_en="Organic basket")
    slot = factories.a_slot(box, date(2027, 5, 8), time(10))
    sent = {"offer": box.pk, "slot": slot.pk, "quantity": "1"}
    assert client.post(address("booking:line-add"), sent).status_code == 303
    return Basket.objects.get()


def test_farm_basket_alone_is_a_whole_order(browser: Client, bank: FakeBank) -> None:
    basket = a_farm_basket(browser)
    page = own(body(browser.get(address("booking:my-stay"))))
    assert "Book all at once" in page
    assert not A_BED.search(page)
    assert address("booking:stays") not in page

    asked = own(body(browser.get(address("booking:checkout"))))
    assert "Pay €25.00 now" in asked
    assert not A_BED.search(asked)
    assert "tourist tax" not in asked.lower()
    # No arrival, and nobody's name but the buyer's.
    assert "arrival_time" not in asked
    assert "p2_first" not in asked

    form = checkout_form(basket, shown_total="25.00", arrival_time=None, needs=None)
    assert browser.post(address("booking:checkout"), form).status_code == 303
    order = Order.objects.get()
    assert (order.total_amount, order.user) == (Decimal(25), HouseholdMember.objects.get().user)
    taxes = order.lines.values_list("tourist_tax_amount", "tourist_tax_on_site_amount")
    assert list(taxes) == [(Decimal(0), Decimal(0))]


def test_family_and_its_guests_sleep_at_home_without_tourist_tax(browser: Client) -> None:
    basket = carry(browser, factories.a_basket(None, None, None, None, 5))
    hold_place(basket, "First stitches of lace", day=12)
    hold_place(basket, "Solange’s table", kind="meal", day=14, hour=19)
    box = factories.a_produce(price="25", provider=factories.a_provider())
    slot = factories.a_slot(box, date(2027, 7, 13), time(10))
    add_to_basket(basket, LineRequest(offer_id=box.pk, slot_id=slot.pk, quantity=2), now=NOW)
    basket.refresh_from_db()

    view = view_basket(basket, now=NOW)
    assert (view.has_lodging, view.tourist_tax, view.tourist_tax_on_site) == (False, 0, 0)
    assert view.total == sum(one.amount for one in view.counted)
    page = own(body(browser.get(address("booking:my-stay"))))
    assert not A_BED.search(page)
    assert "tourist tax" not in page.lower()
    # The two nights between are the family's own business.
    assert address("booking:stays") not in page
    assert browser.get(address("booking:checkout")).status_code == 200


def test_what_comes_by_mail_names_no_arrival_and_no_tax(
    browser: Client, martin: HouseholdMember, bank: FakeBank
) -> None:
    basket = a_farm_basket(browser)
    order = paid_order(basket, bank)
    drain_outbox(now=NOW + timedelta(minutes=1))
    [letter] = [one for one in mail.outbox if one.to == [order.email]]
    assert "Panier bio" in letter.body
    assert "taxe de séjour" not in letter.body.lower()
    trip = reverse("booking:trip", args=[order.reference])
    page = own(body(browser.get(f"{trip}?cle={order.access_token}", follow=True)))
    assert not A_BED.search(page)
    assert "tourist tax" not in page.lower()
