"""A guest tells another hour, then cancels a part of its stay, on a phone and at a desk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time

import pytest
from django.core.mail import EmailMessage
from django.utils import timezone
from playwright.sync_api import Page, expect

from booking.basket import add_to_basket
from booking.models import Offer, Order, Slot
from booking.wishes import LineRequest
from tests import factories
from tests.browser.conftest import Town, assert_is_clean
from tests.cast import FakeBank, paid_order
from tests.members.factors import mailed_code

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("look", [(390, "dark", "fr"), (1280, "light", "en")])
def test_a_guest_cancels_the_bed_and_keeps_the_evening(
    town: Town,
    bank: FakeBank,
    open_browser: Callable[..., Page],
    mailoutbox: list[EmailMessage],
    look: tuple[int, str, str],
):
    width, scheme, language = look
    now = timezone.now()
    basket = factories.a_basket()
    house = Offer.objects.get(slug="le-gite-des-narces")
    bed = LineRequest(
        offer_id=house.pk,
        unit_id=house.units.order_by("pk")[0].pk,
        arrival=town.arrival,
        departure=town.departure,
        ages=(None, None),
    )
    evenings = Slot.objects.filter(offer__kind="event_ticket", day__gt=town.arrival)
    evening = evenings.filter(day__lt=town.departure).order_by("day", "pk")[0]
    add_to_basket(basket, bed, now=now)
    wish = LineRequest(offer_id=evening.offer_id, slot_id=evening.pk, ages=(None, None))
    add_to_basket(basket, wish, now=now)
    order = paid_order(basket, bank, now=now)
    page = open_browser(width, color_scheme=scheme)
    trip = {"fr": "voyage", "en": "trip"}[language]
    page.goto(f"{town.url}/{language}/{trip}/{order.reference}/?cle={order.access_token}")

    page.locator("a[href$='/venue/'], a[href$='/coming/']").click()
    assert_is_clean(page)
    page.fill("#id_arrival_time", "21:30")
    page.locator("form.stack [type=submit]").click()
    page.locator(".alert--ok").first.wait_for()
    assert Order.objects.get(pk=order.pk).arrival_time == time(21, 30)

    page.locator("a[href$='/annuler/'], a[href$='/cancel/']").click()
    assert_is_clean(page)
    page.locator("form[novalidate] button[type=submit]:not([name])").click()
    page.locator(".alert--err").wait_for()
    assert_is_clean(page)
    page.locator("[name=line]").first.check()
    page.locator("form[novalidate] button[type=submit]:not([name])").click()
    page.locator("#id_code").wait_for()
    assert_is_clean(page)
    page.locator("[name=confirm]").click()
    page.locator("#id_code_error").wait_for()
    assert_is_clean(page)
    page.fill("#id_code", mailed_code(mailoutbox))
    page.locator("[name=confirm]").click()

    expect(page.locator("#gone")).to_be_visible()
    assert_is_clean(page)
    assert order.lines.get(kind="lodging").state == "cancelled"
    assert order.lines.get(kind="event_ticket").state == "sold"
