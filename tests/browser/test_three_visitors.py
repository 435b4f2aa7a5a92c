"""From a page that a search engine gave to a stay that can be bought, in two steps.

On a phone, with the keyboard alone, and without script.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from booking.models import BasketLine
from tests.browser.conftest import Town
from tests.browser.test_keyboard_only import tab_to

pytestmark = pytest.mark.browser

# Whatever is added: a bed or something to do.
ADD = "form[action$='/mon-sejour/ajouter/'] button[type=submit]"


def test_on_a_phone_a_theme_leads_to_something_that_can_be_bought(
    town: Town, open_browser: Callable[..., Page]
):
    page = open_browser(390, has_touch=True, is_mobile=True)
    page.goto(f"{town.url}/fr/envies/savoir-faire-et-apprentissage/")

    # First step: the live block of the page. Second step: the place.
    page.locator("main .card a[href*='/fr/vivre/']").first.tap()
    page.wait_for_url("**/fr/vivre/**")
    page.locator(ADD).first.tap()

    page.wait_for_url("**/fr/mon-sejour/**")
    assert BasketLine.objects.filter(basket__state="open").count() == 1
    expect(page.get_by_role("link", name="Réserver en une fois").first).to_be_visible()


def test_with_the_keyboard_the_home_composes_a_whole_stay(
    town: Town, open_browser: Callable[..., Page]
):
    page = open_browser(1280)
    page.goto(f"{town.url}/fr/")
    tab_to(page, "#home-wish")
    page.keyboard.press("ArrowDown")
    tab_to(page, "#home-arrival")
    page.fill("#home-arrival", town.arrival.isoformat())
    tab_to(page, "#home-departure")
    page.fill("#home-departure", town.departure.isoformat())
    tab_to(page, ".seek button[type=submit]")
    page.keyboard.press("Enter")

    page.wait_for_url("**/fr/composer/**")
    assert "wish=craft" in page.url
    tab_to(page, "#adopt button")
    page.keyboard.press("Enter")

    page.wait_for_url("**/fr/mon-sejour/")
    assert BasketLine.objects.filter(offer__kind="lodging").count() == 1
    assert BasketLine.objects.filter(offer__kind__in=["workshop", "composite"]).exists()


def test_without_script_a_pole_leads_to_a_bed(town: Town, open_browser: Callable[..., Page]):
    page = open_browser(390, java_script_enabled=False)
    page.goto(f"{town.url}/fr/explorer/massif-du-mezenc/")
    page.locator("a[href*='/fr/dormir/?pole=massif-du-mezenc']").first.click()
    page.wait_for_url("**/fr/dormir/**")
    page.goto(f"{page.url}&{town.week}")
    page.locator(ADD).first.click()

    page.wait_for_url("**/fr/mon-sejour/**")
    line = BasketLine.objects.get(basket__state="open")
    assert line.offer.kind == "lodging"
    expect(page.get_by_role("link", name="Réserver en une fois").first).to_be_visible()


def test_without_script_the_menu_of_languages_opens_and_leads(
    town: Town, open_browser: Callable[..., Page]
):
    page = open_browser(1280, java_script_enabled=False)
    page.goto(f"{town.url}/fr/envies/bien-etre-et-calme/")
    page.locator("header .wide summary", has_text="FR").click()
    page.get_by_role("link", name="English").first.click()

    page.wait_for_url("**/en/themes/well-being-and-calm/")
    page.locator("header .wide summary", has_text="EN").click()
    # Not translated into German: the nearest page above it.
    page.get_by_role("link", name="Deutsch").first.click()
    page.wait_for_url("**/de/")
    assert page.locator("html").get_attribute("lang") == "de"
