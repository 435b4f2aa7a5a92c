"""A pole's editor writes a page, the office reads and publishes it, in French then in English."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from destination.models import PlacePage, PolePage
from oti.demo.accounts import CHAISE_DIEU, MEZENC, OFFICE, PASSWORD
from tests.browser.conftest import Town

pytestmark = pytest.mark.browser
TITLE = "Le suc de Montfol"
LIVE = "À vivre ici cette semaine"
IN_ENGLISH = {
    TITLE: "Suc de Montfol",
    "Un cône de basalte, seul sur le plateau.": "A cone of basalt, alone on the plateau.",
    LIVE: "To do here this week",
    "Rien cette semaine": "Nothing this week",
    "le-suc-de-montfol": "suc-de-montfol",
    "Une heure de marche.": "An hour on foot.",
}
INTRODUCTION, DESCRIPTION = list(IN_ENGLISH)[1], list(IN_ENGLISH)[5]
ENGLISH_ADDRESS = "/en/explore/massif-du-mezenc/suc-de-montfol/"


def sign_in(page: Page, town: Town, email: str) -> None:
    page.goto(f"{town.url}/gestion/login/")
    page.fill("[name=login]", email)
    page.fill("[name=password]", PASSWORD)
    page.locator("main button[type=submit]").first.click()
    page.wait_for_url("**/gestion/")


def more_actions(page: Page) -> Locator:
    """Open what stands beside « save the draft »; return it."""
    page.get_by_role("button", name="Autres actions").click()
    return page.locator("footer")


def write_page(page: Page, town: Town, pole: PolePage) -> None:
    """Write a place below a pole, with a live block, and look at it as on a phone."""
    page.goto(f"{town.url}/gestion/pages/add/destination/placepage/{pole.pk}/")
    page.fill("[name=title]", TITLE)
    page.fill("[name=introduction]", INTRODUCTION)
    page.get_by_role("tab", name="Promotion").click()
    page.fill("[name=search_description]", DESCRIPTION)
    page.get_by_role("tab", name="Contenu").click()
    page.get_by_role("button", name="Insérer un bloc").click()
    page.get_by_role("option", name="En direct : à vivre").click()
    page.fill("[name='body-0-value-heading']", LIVE)
    page.fill("[name='body-0-value-empty_text']", "Rien cette semaine")
    page.get_by_role("button", name="Afficher/masquer la prévisualisation").click()
    # The sign of a phone stands over it.
    page.locator("[name=preview-size][value=mobile]").check(force=True)
    shown = page.frame_locator("#w-preview-iframe")
    expect(shown.locator("h1")).to_have_text(TITLE)
    expect(shown.locator("body")).to_contain_text(LIVE)
    assert page.locator("#w-preview-iframe").evaluate("it => it.contentWindow.innerWidth") == 375


def approve(page: Page, town: Town, pole: PolePage) -> None:
    """Open what waits for the office from its first page, and approve it."""
    sign_in(page, town, OFFICE)
    page.get_by_role("link", name=TITLE).first.click()
    more_actions(page).locator(
        "[data-workflow-action-name=approve]:not([data-workflow-action-modal-url])"
    ).click()
    page.wait_for_url(f"**/gestion/pages/{pole.pk}/")


def ask_for_english(page: Page, town: Town, place: PlacePage) -> None:
    page.goto(f"{town.url}/gestion/pages/{place.pk}/edit/")
    page.get_by_role("button", name="Actions").first.click()
    page.get_by_role("link", name="Traduire cette page").click()
    page.get_by_label("Anglais").check()
    page.locator("main form [type=submit]").click()
    expect(page.get_by_role("button", name="Publier en")).to_be_visible()


def translate(page: Page, texts: list[str]) -> None:
    """Write the English of texts that stand on the tab, in their order."""
    for text in texts:
        item = page.get_by_role("listitem").filter(has_text=text).last
        item.get_by_role("button", name="Traduire").click()
        page.keyboard.type(IN_ENGLISH[text])
        page.get_by_role("button", name="Enregistrer").first.click()
        expect(page.locator("main")).to_contain_text(IN_ENGLISH[text])


def publish_english(page: Page) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name="Publier en").click()


def assert_read(page: Page, address: str, words: str, twins: dict[str, str]) -> None:
    """Assert that anybody reads a page, which names itself in both languages."""
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 200
    expect(page.locator("h1")).to_have_text(words)
    for code, twin in twins.items():
        link = page.locator(f"link[rel=alternate][hreflang={code}]")
        assert (link.get_attribute("href") or "").endswith(twin)


def test_a_page_is_written_reviewed_published_and_translated(
    town: Town, open_browser: Callable[..., Page]
):
    pole = PolePage.objects.get(pole_slug="massif-du-mezenc", locale__language_code="fr")
    editor, office, visitor = (open_browser(width) for width in (1280, 1280, 390))
    sign_in(editor, town, MEZENC)
    write_page(editor, town, pole)
    more_actions(editor).get_by_role("button", name="Soumettre à Relecture par l’office").click()
    editor.wait_for_url(f"**/gestion/pages/{pole.pk}/")
    place = PlacePage.objects.get(title=TITLE)
    french = f"{town.url}{place.url}"
    assert visitor.goto(french).status == 404

    approve(office, town, pole)
    assert visitor.goto(french).status == 200
    expect(visitor.locator("h1")).to_have_text(TITLE)

    ask_for_english(office, town, place)
    for slug in ("le-suc-de-montfol", "suc-de-montfol"):
        address = f"{town.url}/en/explore/massif-du-mezenc/{slug}/"
        assert visitor.goto(address).status == 404
    translate(office, list(IN_ENGLISH)[:4])
    # Half of it is not enough, and what is written stays.
    publish_english(office)
    expect(office.locator(".messages")).to_contain_text("2")
    assert visitor.goto(f"{town.url}{ENGLISH_ADDRESS}").status == 404
    office.get_by_role("tab", name="Promotion").click()
    translate(office, list(IN_ENGLISH)[4:])
    publish_english(office)

    twins = {"fr": place.url, "en": ENGLISH_ADDRESS}
    assert_read(visitor, french, TITLE, twins)
    assert_read(visitor, f"{town.url}{ENGLISH_ADDRESS}", IN_ENGLISH[TITLE], twins)
    expect(visitor.locator("main")).not_to_contain_text(LIVE)


def test_an_editor_of_another_pole_does_not_open_it(town: Town, open_browser: Callable[..., Page]):
    place = PlacePage.objects.filter(url_path__contains="massif-du-mezenc").first()
    page = open_browser(1280)
    sign_in(page, town, CHAISE_DIEU)
    page.goto(f"{town.url}/gestion/pages/{place.pk}/edit/")

    assert page.url == f"{town.url}/gestion/"
    expect(page.locator("[name=title]")).to_have_count(0)
