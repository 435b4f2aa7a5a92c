"""The payment page in a real browser: accessible in each state, by keyboard, without scripts."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.oti.fakestripe.standin import Probe

pytestmark = pytest.mark.browser


def assert_is_clean(page: Page) -> None:
    page.wait_for_load_state()
    found = Axe().run(page).response["violations"]
    assert [(v["id"], [n["target"] for n in v["nodes"]]) for v in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_card_and_the_banks_question_are_accessible_on_a_phone(
    stand_in: Probe, browser: Browser
) -> None:
    page = browser.new_page(color_scheme="light", viewport={"width": 390, "height": 844})
    page.goto(stand_in.open_session().url)
    page.locator("summary").click()
    assert_is_clean(page)
    page.locator("form button").click()
    page.locator("[role=alert]:focus").wait_for()
    assert_is_clean(page)
    for name, value in (("number", "4000002500003155"), ("expiry", "1234"), ("cvc", "123")):
        page.fill(f"#{name}", value)
    page.fill("#name", "Camille Dupont")
    page.locator("form button").click()
    page.wait_for_url("**/c/3ds/*")
    assert_is_clean(page)


def test_errors_and_a_paid_page_are_accessible_on_a_dark_desktop(
    stand_in: Probe, browser: Browser
) -> None:
    page = browser.new_page(color_scheme="dark", viewport={"width": 1280, "height": 900})
    session = stand_in.open_session(locale="de")
    page.goto(session.url)
    page.locator("form button").click()
    page.locator("[role=alert]:focus").wait_for()
    assert_is_clean(page)
    stand_in.control("pay", session=session.id)
    page.goto(session.url)
    assert_is_clean(page)
    page.goto(stand_in.url)
    assert_is_clean(page)


def test_one_pays_by_keyboard_without_javascript(stand_in: Probe, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    back = f"{stand_in.url}/_control/health?s={{CHECKOUT_SESSION_ID}}"
    session = stand_in.open_session(success_url=back)
    page.goto(session.url)
    page.locator("#number").focus()
    for typed in ("4242424242424242", "12 / 34", "123", "Camille Dupont"):
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/health?s={session.id}")
    truth = stand_in.client.v1.checkout.sessions.retrieve(session.id)
    assert truth.payment_status == "paid"
    context.close()
