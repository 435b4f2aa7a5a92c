"""Each template in a browser: axe finds nothing, nothing scrolls sideways, in both themes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from oti.demo.accounts import PASSWORD, VISITOR
from tests.browser.conftest import Town, assert_is_clean, assert_is_clean_everywhere

pytestmark = pytest.mark.browser

# One page of each template in French and in English; what the office writes is looked at in
# test_office_pages_are_clean. `{week}` is the Duponts' week in July.
PAGES = [
    ("/fr/", "/en/"),
    ("/fr/dormir/", "/en/stay/"),
    ("/fr/dormir/?{week}", "/en/stay/?{week}"),
    (
        "/fr/dormir/?arrival=2020-01-01&departure=2019-01-01&adults=0",
        "/en/stay/?arrival=2020-01-01&departure=2019-01-01&adults=0",
    ),
    ("/fr/dormir/le-gite-des-narces/?{week}", "/en/stay/le-gite-des-narces/?{week}"),
    ("/fr/vivre/", "/en/experience/"),
    ("/fr/vivre/premiers-points-de-dentelle/", "/en/experience/premiers-points-de-dentelle/"),
    ("/fr/agenda/", "/en/agenda/"),
    ("/fr/agenda/choeur-et-grand-orgue/", "/en/agenda/choeur-et-grand-orgue/"),
    ("/fr/mon-sejour/", "/en/my-stay/"),
    ("/fr/retrouver/", "/en/find/"),
    ("/fr/carte/", "/en/map/"),
    ("/fr/recherche/?q=dentelle", "/en/search/?q=lace"),
    ("/fr/plan-du-site/", "/en/site-map/"),
    ("/fr/explorer/massif-du-mezenc/", "/en/explore/massif-du-mezenc/"),
    ("/fr/mentions-legales/", "/en/mentions-legales/"),
    ("/fr/rien-ici/", "/en/nothing-here/"),
    ("/fr/mon-sejour/ajouter/", "/en/my-stay/add/"),
]
# The same in every language: the visitor's browser says which.
ACCOUNTS = ["/compte/login/", "/compte/signup/", "/compte/login/code/", "/compte/password/reset/"]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_template_is_accessible_in_every_look(
    town: Town, open_browser: Callable[..., Page], language: str
):
    page = open_browser(1280)
    for pair in PAGES:
        path = pair[language == "en"].replace("{week}", town.week)
        answer = page.goto(f"{town.url}{path}")
        assert answer is not None
        assert page.locator("html").get_attribute("lang") == language
        missing = path in ("/fr/rien-ici/", "/en/nothing-here/")
        refused = path.endswith(("/ajouter/", "/add/"))
        assert answer.status == (404 if missing else 405 if refused else 200), path
        assert_is_clean_everywhere(page)


def test_pages_of_the_way_in_are_accessible_in_every_look(
    town: Town, open_browser: Callable[..., Page]
):
    page = open_browser(1280)
    for path in ACCOUNTS:
        page.goto(f"{town.url}{path}")
        assert_is_clean_everywhere(page)


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
