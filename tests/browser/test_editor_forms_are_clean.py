"""The forms in which pages are written and photographs taken in: axe finds nothing of ours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, expect

from destination.blocks import Body
from destination.models import HomePage, PolePage, ThemePage
from oti.demo.accounts import OFFICE
from oti.lib.dates import today
from tests.browser.conftest import Town
from tests.browser.test_editor_writes import sign_in
from tests.destination.cms import a_page
from tests.destination.test_publication import a_picture

pytestmark = pytest.mark.browser

# What Wagtail writes and we can't mend: (rule, selector) and why.
NOT_OURS = [
    # The editor of texts has no name of its own: the heading of its block stands above it.
    ("aria-input-field-name", ".public-DraftEditor-content"),
    # One value in a list has the heading of its block, which isn't bound to it (wagtail #11179).
    ("label", "[data-contentpath] input[name*='-value-']"),
    # Two blocks of one kind are two parts of the page with one name.
    ("landmark-unique", ".w-panel--nested"),
    # The map of a long form scrolls; the keyboard has the form itself.
    ("scrollable-region-focusable", ".w-minimap__list"),
    # What types the tags, and the zone that takes files, behind its button.
    ("label", ".tagit-new input"),
    ("label", "#fileupload"),
]
# What Wagtail says of saving by itself (color-contrast) comes and goes while axe looks at it.
COMES_AND_GOES = [[".footer__save-warning"], [".w-autosave-indicator"]]
TO_LOOK_AT = """([found, allowed]) => found.flatMap(({id, nodes}) => nodes
  .map(({target}) => target[0])
  .filter(target => !allowed.some(([rule, selector]) =>
    rule === id && document.querySelector(target)?.matches(selector)))
  .map(target => [id, target]))"""


def assert_nothing_of_ours(page: Page) -> None:
    """Assert that all that axe finds is Wagtail's own, and known."""
    options = {"preload": False, "resultTypes": ["violations"]}
    context = {"exclude": COMES_AND_GOES}
    page.wait_for_load_state()
    found = Axe().run(page, context=context, options=options).response["violations"]
    assert page.evaluate(TO_LOOK_AT, [found, NOT_OURS]) == [], page.url


def add_every_block(page: Page) -> None:
    for number, block in enumerate(Body().child_blocks.values()):
        page.get_by_role("button", name="Insérer un bloc").last.click()
        page.get_by_role("option", name=str(block.label), exact=True).click()
        expect(page.locator(f"[name='body-{number}-type']")).to_have_count(1)


def test_a_page_with_every_block_can_be_written_by_everybody(
    town: Town, open_browser: Callable[..., Page]
):
    pole = PolePage.objects.get(pole_slug="massif-du-mezenc", locale__language_code="fr")
    page = open_browser(1280)
    sign_in(page, town, OFFICE)
    page.goto(f"{town.url}/gestion/pages/add/destination/placepage/{pole.pk}/")
    add_every_block(page)
    assert_nothing_of_ours(page)
    page.get_by_role("tab", name="Promotion").click()
    assert_nothing_of_ours(page)


def test_what_editors_look_after_can_be_read_by_everybody(
    town: Town, open_browser: Callable[..., Page], settings: object, tmp_path: object
):
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]
    a_picture(rights_until=today(timezone.now()) - timedelta(days=1))
    home = HomePage.objects.get(locale__language_code="fr")
    # It lacks everything, and its title is not our voice: both parts of the list are shown.
    lacking = a_page(ThemePage, home, title="VENEZ")
    page = open_browser(1280)
    sign_in(page, town, OFFICE)
    for address, words in (
        (f"pages/{lacking.pk}/edit/", "introduction"),
        ("images/add/", "Droits"),
        ("images/multiple/add/", "JPG"),
        ("reports/a-revoir/", "Accueil"),
        ("reports/droits/", "Mézenc"),
        (f"localize/submit/page/{lacking.pk}/", "Anglais"),
    ):
        page.goto(f"{town.url}/gestion/{address}")
        expect(page.locator("main")).to_contain_text(words)
        assert_nothing_of_ours(page)
