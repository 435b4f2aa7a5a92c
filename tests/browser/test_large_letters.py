"""Letters twice as large, and words of forty letters: nothing is cut, nothing scrolls sideways."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Town
from tests.browser.test_dupont_stay import add_gite

pytestmark = pytest.mark.browser

PAGES = (
    "/fr/",
    "/fr/dormir/?{week}",
    "/de/uebernachten/le-gite-des-narces/?{week}",
    "/fr/agenda/",
    "/fr/mon-sejour/",
    "/fr/reserver/",
)
WORD = "Ferienwohnungsvermittlungsgesellschaft"
REWORD = """
word => document.querySelectorAll("h1, .card-t a, .itb h3, .facts li, .ag strong, legend")
  .forEach((one) => {
    const text = [...one.childNodes].findLast((node) => node.nodeType === 3 && node.data.trim());
    if (text) text.data = word;
  })
"""


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.mark.parametrize("width", [390, 1280])
def test_letters_twice_as_large_fit(town: Town, open_browser: Callable[..., Page], width: int):
    page = open_browser(width)
    add_gite(page, town)
    for address in PAGES:
        page.goto(town.url + address.format(week=town.week))
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert fits(page), address


def test_long_words_fit_the_phone(town: Town, open_browser: Callable[..., Page]):
    page = open_browser(390)
    add_gite(page, town)
    for address in PAGES:
        page.goto(town.url + address.format(week=town.week))
        page.evaluate(REWORD, WORD)
        assert fits(page), address
