"""A whole purchase with the keyboard alone: no pointer, no trap, the order of reading."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Town
from tests.browser.test_dupont_stay import wait_until_confirmed

pytestmark = pytest.mark.browser


def tab_to(page: Page, selector: str, *, most: int = 200) -> None:
    """Press Tab until an element that matches has the focus."""
    for _press in range(most):
        if page.evaluate("chosen => document.activeElement.matches(chosen)", selector):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"the keyboard never reaches {selector} on {page.url}")


def type_in(page: Page, selector: str, text: str) -> None:
    tab_to(page, selector)
    page.keyboard.type(text)


def test_stay_is_bought_with_the_keyboard_alone(town: Town, open_browser: Callable[..., Page]):
    page = open_browser(1280)
    page.goto(f"{town.url}/fr/dormir/?{town.week}&features=pets&pole=massif-du-mezenc")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#contenu"
    tab_to(page, "a[href*='/dormir/le-gite-des-narces/']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/dormir/le-gite-des-narces/**")
    tab_to(page, "form[action$='/mon-sejour/ajouter/'] button[type=submit]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/fr/mon-sejour/**")
    tab_to(page, "a[href$='/fr/reserver/']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/fr/reserver/**")
    type_in(page, "[name=first_name]", "Claire")
    type_in(page, "[name=last_name]", "Dupont")
    type_in(page, "[name=email]", "claire.dupont@example.org")
    type_in(page, "[name=phone]", "06 12 34 56 78")
    names = ["Marc", "Élodie", "Romain", "Claire"]
    firsts = [
        field.get_attribute("name")
        for field in page.locator("fieldset.person input[name*=first]").all()
        if field.is_visible()
    ]
    for name in firsts:
        type_in(page, f"[name={name}]", names.pop(0))
        last = name.replace("first", "last")
        if page.locator(f"[name={last}]").count():
            type_in(page, f"[name={last}]", "Dupont")
    tab_to(page, "[name=terms]")
    page.keyboard.press("Space")
    tab_to(page, "#checkout button[type=submit]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/c/pay/**")
    type_in(page, "#number", "4242424242424242")
    type_in(page, "#expiry", "1234")
    type_in(page, "#cvc", "123")
    type_in(page, "#name", "Claire Dupont")
    page.keyboard.press("Enter")

    order = wait_until_confirmed(page)

    assert order.lines.get().state == "sold"
