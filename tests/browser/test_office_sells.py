"""The office enters a real offer on its desk, in French, and a visitor buys it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from booking.models import Offer, Order
from booking.payment import pursue_refunds
from oti.demo.accounts import OFFICE, PASSWORD
from oti.lib.dates import today
from tests.browser.conftest import Town
from tests.browser.test_dupont_stay import fill_checkout, pay, wait_until_confirmed

pytestmark = pytest.mark.browser


def sign_in(page: Page, town: Town) -> None:
    page.goto(f"{town.url}/gestion/login/")
    page.fill("[name=login]", OFFICE)
    page.fill("[name=password]", PASSWORD)
    page.locator("main button[type=submit]").first.click()
    page.wait_for_url("**/gestion/")


def enter_offer(page: Page, town: Town) -> Offer:
    """Enter a workshop with its price and its policy."""
    page.goto(f"{town.url}/gestion/experiences/new/")
    page.select_option("[name=kind]", "workshop")
    page.select_option("[name=provider]", index=1)
    page.fill("[name=title_fr]", "Tailler un sifflet de frêne")
    page.fill("[name=summary_fr]", "Une heure, un couteau, une branche.")
    page.fill("[name=duration_minutes]", "60")
    page.select_option("[name=commune]", label="Les Estables")
    page.get_by_role("tab", name="Prix").click()
    page.click("#id_bands-ADD")
    page.fill("[name=bands-0-name_fr]", "Tous")
    page.fill("[name=bands-0-min_age]", "0")
    page.fill("[name=bands-0-amount]", "12")
    page.get_by_role("tab", name="Règles").click()
    page.select_option("[name=cancellation_policy]", index=1)
    page.get_by_role("button", name="Créer").first.click()
    page.wait_for_url("**/gestion/experiences/inspect/**")
    return Offer.objects.get(title_fr="Tailler un sifflet de frêne")


def add_dates(page: Page, town: Town, offer: Offer) -> None:
    """Add every day of the coming days at ten, then publish."""
    day = today(timezone.now())
    page.goto(f"{town.url}/gestion/dates/series/?offer={offer.pk}")
    page.fill("[name=first_day]", f"{day + timedelta(days=3)}")
    page.fill("[name=last_day]", f"{day + timedelta(days=12)}")
    for box in page.locator("[name=weekdays]").all():
        box.check()
    page.fill("[name=start_times]", "10:00")
    page.fill("[name=capacity]", "6")
    page.locator("main form button[type=submit]").last.click()
    expect(page.locator("body")).to_contain_text("10")
    page.goto(f"{town.url}/gestion/experiences/inspect/{offer.pk}/")
    page.locator("form[action*='/publish/'] button").click()


def test_offer_entered_by_the_office_is_bought_then_cancelled(
    town: Town, open_browser: Callable[..., Page]
):
    office = open_browser(1280)
    sign_in(office, town)
    offer = enter_offer(office, town)
    # Not yet: it says what is missing, and visitors don't see it.
    expect(office.locator("main")).to_contain_text("créneau")
    visitor = open_browser(390)
    assert visitor.goto(f"{town.url}/fr/vivre/{offer.slug}/").status == 404
    add_dates(office, town, offer)
    offer.refresh_from_db()
    assert (offer.state, offer.slots.count()) == ("published", 10)

    visitor.goto(f"{town.url}/fr/vivre/{offer.slug}/?adults=2")
    visitor.locator("form[action$='/mon-sejour/ajouter/'] button[type=submit]").first.click()
    visitor.wait_for_url("**/fr/mon-sejour/**")
    visitor.goto(f"{town.url}/fr/reserver/")
    fill_checkout(visitor)
    visitor.locator("#checkout button[type=submit]").first.click()
    pay(visitor)
    order = wait_until_confirmed(visitor)
    assert order.total_amount == 24

    office.goto(f"{town.url}/gestion/commandes/")
    expect(office.locator("main")).to_contain_text(order.reference)
    office.goto(f"{town.url}/gestion/commandes/annuler/{order.pk}/")
    for box in office.locator("[name=lines]").all():
        box.check()
    office.check("[name=basis][value=full]")
    office.fill("[name=reason]", "La branche a cassé")
    office.locator("main form button[type=submit]").first.click()
    # The preview says what is given back; only then is there a button that cancels.
    expect(office.locator("button[name=confirm]")).to_contain_text("24,00")
    assert Order.objects.get(pk=order.pk).state == "confirmed"
    office.locator("button[name=confirm]").click()
    office.wait_for_url("**/gestion/commandes/inspect/**")

    order.refresh_from_db()
    assert order.state == "cancelled"
    assert pursue_refunds(now=timezone.now()) == 1
    assert order.payments.get().refunds.get().state == "done"
    visitor.goto(f"{town.url}/fr/voyage/{order.reference}/")
    expect(visitor.locator("main")).to_contain_text("24")
    assert offer.slots.order_by("starts_at").first().sold == 0
