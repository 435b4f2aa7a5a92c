"""Each template in a browser: axe finds nothing, nothing scrolls sideways, in both themes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from oti.demo.accounts import PASSWORD, VISITOR
from tests.browser.conftest import Town, assert_is_clean

pytestmark = pytest.mark.browser

# One page for each template.
PAGES = [
    "/{}/",
    "/fr/dormir/",
    "/fr/dormir/?{week}",
    "/fr/dormir/?arrival=2020-01-01&departure=2019-01-01&adults=0",
    "/fr/dormir/le-gite-des-narces/?{week}",
    "/fr/vivre/",
    "/fr/vivre/premiers-points-de-dentelle/",
    "/fr/agenda/",
    "/fr/agenda/choeur-et-grand-orgue/",
    "/fr/mon-sejour/",
    "/fr/retrouver/",
    "/fr/explorer/massif-du-mezenc/",
    "/fr/mentions-legales/",
    "/fr/conditions-de-vente/",
    "/fr/rien-ici/",
    "/fr/mon-sejour/ajouter/",
    "/compte/login/",
    "/compte/signup/",
    "/compte/login/code/",
    "/compte/password/reset/",
]


@pytest.mark.parametrize("look", [("fr", 390, "dark"), ("en", 1280, "light")])
def test_every_template_is_accessible(
    town: Town, open_browser: Callable[..., Page], look: tuple[str, int, str]
):
    language, width, scheme = look
    page = open_browser(width, color_scheme=scheme)
    for address in PAGES:
        path = address.replace("{week}", town.week).replace("{}", language)
        page.goto(f"{town.url}{path}")
        assert_is_clean(page)


@pytest.mark.parametrize("look", [(390, "dark"), (1280, "light")])
def test_pages_of_an_account_are_accessible(
    town: Town, open_browser: Callable[..., Page], look: tuple[int, str]
):
    width, scheme = look
    page = open_browser(width, color_scheme=scheme)
    page.goto(f"{town.url}/compte/login/")
    page.fill("[name=login]", VISITOR)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/fr/**")
    assert_is_clean(page)
    for path in ("/compte/email/", "/compte/password/change/", "/compte/logout/"):
        page.goto(f"{town.url}{path}")
        assert_is_clean(page)


def test_english_pages_keep_to_english(town: Town, open_browser: Callable[..., Page]):
    page = open_browser(1280)
    for path in ("/en/", f"/en/stay/?{town.week}", "/en/my-stay/", "/en/find/", "/en/agenda/"):
        page.goto(f"{town.url}{path}")
        assert page.locator("html").get_attribute("lang") == "en"
        assert_is_clean(page)
