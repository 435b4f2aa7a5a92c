"""On paper: what is read stays, what is pressed goes, nothing is light or wider than the sheet."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Town
from tests.browser.test_dupont_stay import add_gite

pytestmark = pytest.mark.browser

# A sheet of A4 between its margins, in CSS pixels.
SHEET = 703
PAGES = [
    ("/fr/", ".card .price"),
    ("/fr/explorer/massif-du-mezenc/", "h1"),
    ("/fr/dormir/?{week}", ".card .price"),
    ("/fr/vivre/premiers-points-de-dentelle/?from={from}&to={to}", ".sessions > li"),
    ("/fr/agenda/", ".ag time"),
    ("/fr/carte/", ".map-drawn"),
    ("/fr/mon-sejour/", ".itc .price"),
]
PRESSED = ".top, .foot, .bar, .seek, .chips, .btn, .skip, .hold, .map-open, .organ"
LIGHT_ON_PAPER = """
() => [...document.querySelectorAll("h1, h2, h3, strong, p")].filter((one) => {
  if (!one.checkVisibility() || !one.textContent.trim()) return false;
  const [red, green, blue] = getComputedStyle(one).color.match(/[\\d.]+/g).map(Number);
  return getComputedStyle(one).color.startsWith("rgb") && Math.min(red, green, blue) > 200;
}).map((one) => one.textContent.trim())
"""


def test_pages_of_a_dark_screen_are_made_for_paper(town: Town, open_browser: Callable[..., Page]):
    page = open_browser(SHEET, color_scheme="dark")
    add_gite(page, town)
    for address, kept in PAGES:
        days = {"from": str(town.arrival), "to": str(town.departure)}
        page.goto(town.url + address.format(week=town.week, **days))
        page.emulate_media(media="print")
        for one in page.locator(PRESSED).all():
            assert not one.is_visible(), (address, one.get_attribute("class"))
        assert page.locator(kept).first.is_visible(), address
        assert page.evaluate(LIGHT_ON_PAPER) == [], address
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        page.emulate_media(media="screen")
