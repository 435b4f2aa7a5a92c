"""The Martins at their house: what is new, « we are here », their card, a basket of the farm."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from members.models import Presence
from oti.demo.accounts import MARTIN
from oti.lib.dates import today
from tests.browser.conftest import Town, assert_is_clean, sign_in
from tests.browser.test_dupont_stay import (
    add_places,
    fill_checkout,
    pay,
    wait_until_confirmed,
)

pytestmark = pytest.mark.browser
BASKET = "le-panier-du-mezenc"


@pytest.mark.parametrize("width", [390, 1280])
def test_martins_see_what_is_new_show_their_card_and_order_a_farm_basket(
    town: Town, open_browser: Callable[..., Page], width: int
):
    page = open_browser(width)
    sign_in(page, town.url, MARTIN)
    page.goto(f"{town.url}/espace/")
    expect(page.locator("main")).to_contain_text("Nouveau depuis votre dernière venue")
    novelties = page.locator(".news > li")
    assert novelties.count() >= 3
    assert novelties.locator(".pic img").count() == novelties.count()

    page.click("button[name=wish][value=here]")
    page.wait_for_selector("button[name=wish][value=left]")
    here = Presence.objects.get(
        household__members__user__email=MARTIN, arrival=today(timezone.now())
    )
    assert here.covers(today(timezone.now()))
    # What was new stays new while they are here.
    expect(novelties.first).to_be_visible()

    page.click("main a[href='/espace/carte/']")
    card = page.locator(".card-res")
    expect(card).to_contain_text("Thomas")
    expect(card.locator(".qr svg")).to_be_visible()
    assert_is_clean(page)

    add_places(page, town, BASKET)
    stay = page.locator("main")
    expect(stay).to_contain_text("Réserver en une fois")
    # They have a house: nobody asks where they sleep, and there is no tax on it.
    assert page.locator("main a[href*='/fr/dormir/']").count() == 0
    expect(stay).not_to_contain_text("taxe de séjour")
    assert_is_clean(page)

    page.goto(f"{town.url}/fr/reserver/")
    assert page.locator("[name=arrival_time]").count() == 0
    fill_checkout(page)
    page.locator("#checkout button[type=submit]").first.click()
    pay(page)
    order = wait_until_confirmed(page)
    line = order.lines.get()
    assert (line.kind, line.tourist_tax_amount, order.user.email) == ("produce", 0, MARTIN)
    assert order.payments.get().captured_amount == order.total_amount
