"""One page of each type, with every block: axe finds nothing, nothing scrolls sideways."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from playwright.sync_api import Page

from destination.gallery_pages import LONG, bands, looked_up, texts
from destination.models import (
    ArticlePage,
    Commune,
    CommunePage,
    ItineraryPage,
    PersonaPage,
    PlacePage,
    PolePage,
    PracticalPage,
    SectionPage,
    Site,
    ThemePage,
)
from destination.models.pages import VelayPage
from oti.demo.accounts import OFFICE
from tests.browser.conftest import LOOKS_OF, Town, assert_all_are_clean, sign_in
from tests.destination.cms import a_home, a_page

pytestmark = pytest.mark.browser


def live_blocks(insee: str) -> list[tuple[str, dict[str, Any]]]:
    usual = {"count": 4, "empty_text": "Rien ces jours-ci."}
    return [
        ("lodgings", {"heading": "Libres bientôt", "when": "week", "adults": 2, **usual}),
        ("lodgings", {"heading": "Tout près", "commune": insee, **usual}),
        ("experiences", {"heading": "Avec des enfants", "for_children": True, **usual}),
        ("agenda", {"heading": "Ces jours-ci", **usual}),
        ("agenda", {"heading": "Nulle part", "pole": "parti", **usual}),
    ]


def write_pages(language: str) -> list[str]:
    """Write a page of each type in a language; returns their addresses, a long one last."""
    commune = Commune.objects.get(name="Les Estables")
    usual: dict[str, Any] = {"introduction": "À mille mètres, le soir, on entend le troupeau."}
    home = a_home("fr") if language == "fr" else (a_home("fr"), a_home("en"))[1]
    part = a_page(SectionPage, home, title="Essai", slug="essai", **usual)
    parts: list[VelayPage] = [
        part,
        a_page(SectionPage, home, title="Rien", slug="rien-encore"),
        a_page(ThemePage, part, title="Calme", body=[*texts(), *live_blocks(commune.insee)]),
        a_page(PersonaPage, part, title="En famille", body=bands(), **usual),
        a_page(PracticalPage, part, title="Venir", body=looked_up(), **usual),
        a_page(
            ArticlePage, part, title="Odile", date=date(2026, 7, 4), author="Claire", body=texts()
        ),
        a_page(
            ItineraryPage, part, title="En trois jours", kilometres=52, start="Le Puy",
            finish="Les Estables", body=looked_up(), **usual,
        ),
    ]  # fmt: skip
    pole = PolePage.objects.filter(
        pole_slug="massif-du-mezenc", locale__language_code=language
    ).first()
    if pole is None:
        slug = "massif-du-mezenc"
        pole = a_page(PolePage, part, title="Le Mézenc", pole_slug=slug, slug=slug, body=bands())
    site = Site.objects.filter(commune=commune).first()
    parts += [
        pole,
        a_page(CommunePage, pole, title="Le bourg", insee=commune.insee, body=texts(), **usual),
        a_page(PlacePage, pole, title="Le mont", site=site, is_locomotive=True, body=texts()),
        a_page(PracticalPage, part, title=LONG, introduction=LONG, body=[*bands(), *looked_up()]),
    ]
    return [one.url for one in parts]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_each_type_of_page_is_accessible_in_every_look(
    town: Town, open_browser: Callable[..., Page], language: str
):
    answers = dict.fromkeys(write_pages(language), 200)
    assert_all_are_clean(
        open_browser(1280), town.url, answers, language=language, looks=LOOKS_OF[language]
    )


@pytest.mark.parametrize("look", [(390, "dark"), (1280, "light")])
def test_the_gallery_is_accessible(
    town: Town, open_browser: Callable[..., Page], look: tuple[int, str]
):
    width, scheme = look
    page = open_browser(width, color_scheme=scheme)
    sign_in(page, town.url, OFFICE)
    answers = {"/gestion/composants/": 200, "/gestion/composants/pages/": 200}
    # The board's paper: the figures of who comes back, in our own frame.
    answers["/gestion/fidelite/imprimer/"] = 200
    assert_all_are_clean(page, town.url, answers, looks=None)


def test_a_page_fits_the_narrowest_phone_in_forced_colours(
    town: Town, open_browser: Callable[..., Page]
):
    page = open_browser(320, forced_colors="active", reduced_motion="reduce")
    for address in write_pages("fr"):
        page.goto(f"{town.url}{address}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
