"""The maps before a visitor: opened by hand, by keyboard alone, without script, when they fail."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse
from django.utils.translation import override
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Town, assert_is_clean

pytestmark = pytest.mark.browser
LIVE = ".map-live"
MARKERS = ".map-marker"


def path(name: str, *args: str, language: str) -> str:
    with override(language):
        return reverse(name, args=args)


def price_of(text: str) -> str:
    """Return a sum as it is read, whatever its spaces."""
    return "".join(text.split())


@pytest.mark.parametrize("look", [("fr", 390, "dark"), ("en", 1280, "light")])
def test_every_map_is_accessible_drawn_and_live(
    town: Town, open_browser: Callable[..., Page], look: tuple[str, int, str]
):
    language, width, scheme = look
    # Without what fades in: a colour half way is nobody's.
    page = open_browser(width, color_scheme=scheme, reduced_motion="reduce")
    for address in (
        f"{path('booking:stays', language=language)}?{town.week}&view=map",
        path("booking:map", language=language),
        path("booking:stay-offer", "le-gite-des-narces", language=language),
        path("destination:pole", "massif-du-mezenc", language=language),
    ):
        page.goto(f"{town.url}{address}")
        ask = page.locator("[data-map-ask] button")
        if "view=map" not in address:
            page.locator(".map-box").scroll_into_view_if_needed()
            if ask.is_visible():
                assert_is_clean(page)
                ask.click()
        page.wait_for_selector(MARKERS)
        assert_is_clean(page)
        page.locator(MARKERS).first.press("Enter")
        assert_is_clean(page)


def test_nothing_of_a_live_map_is_fetched_before_somebody_asks(
    town: Town, open_browser: Callable[..., Page]
):
    page = open_browser(390)
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    page.goto(f"{town.url}{path('booking:map', language='fr')}", wait_until="networkidle")
    assert not [url for url in fetched if "leaflet" in url]

    page.locator("[data-map-ask] button").click()
    page.wait_for_selector(MARKERS)

    assert [url for url in fetched if "leaflet.js" in url]
    assert {url.split("/")[2] for url in fetched} == {town.url.split("/")[2]}
    expect(page.locator(LIVE)).to_be_focused()


def test_pins_say_the_prices_of_the_cards_and_both_light_up(
    town: Town, open_browser: Callable[..., Page]
):
    page = open_browser(1280)
    page.goto(f"{town.url}{path('booking:stays', language='fr')}?{town.week}")
    page.locator(".map-switch a").click()
    page.wait_for_selector(MARKERS)
    single = [one for one in page.locator(MARKERS).all() if " " not in pins(one)]
    assert single
    for marker in single:
        card = page.locator(f"#{pins(marker)}")
        sum_ = card.locator(".price").first.evaluate("node => node.firstChild.textContent")
        assert price_of(marker.inner_text()) == price_of(sum_)

    marker = single[0]
    card = page.locator(f"#{pins(marker)}")
    marker.focus()
    assert "card--on" in (card.get_attribute("class") or "")
    card.locator(".card-t a").focus()
    assert "pin--on" in (marker.locator(".pin").get_attribute("class") or "")
    assert "card--on" not in (card.get_attribute("class") or "")


def pins(marker: object) -> str:
    """Return the ids of the lines that a marker stands for."""
    return str(marker.get_attribute("data-pins"))  # type: ignore[attr-defined]


def test_a_filter_keeps_the_map_and_draws_it_anew(town: Town, open_browser: Callable[..., Page]):
    page = open_browser(1280)
    page.goto(f"{town.url}{path('booking:stays', language='fr')}?{town.week}&view=map")
    page.wait_for_selector(MARKERS)
    page.locator(".list .chip", has_text="La Chaise-Dieu").first.click()
    page.wait_for_url("**pole=la-chaise-dieu**")
    page.wait_for_selector(MARKERS)

    assert "view=map" in page.url
    shown = {one for marker in page.locator(MARKERS).all() for one in pins(marker).split()}
    cards = {card.get_attribute("id") for card in page.locator(".rl .card").all()}
    assert shown == cards


def test_the_map_by_keyboard_alone(town: Town, open_browser: Callable[..., Page]):
    page = open_browser(1280)
    page.goto(f"{town.url}{path('booking:stays', language='fr')}?{town.week}&view=map")
    page.wait_for_selector(MARKERS)
    # Passing by: the link before the map leads behind it.
    skip = page.locator(".map-skip")
    skip.focus()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.wait_for_url("**#result-list")

    one = next(marker for marker in page.locator(MARKERS).all() if " " not in pins(marker))
    one.focus()
    page.keyboard.press("Enter")
    note = page.locator(".leaflet-popup")
    expect(note.locator("a").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(note).to_have_count(0)
    expect(one).to_be_focused()

    page.keyboard.press("Enter")
    link = note.locator("a.link")
    anchor = link.get_attribute("href")
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{anchor}")
    expect(page.locator(f"{anchor} .card-t a, {anchor} a").first).to_be_focused()


def test_a_bead_opens_into_its_pins_and_the_focus_stays_on_the_map(
    town: Town, open_browser: Callable[..., Page]
):
    page = open_browser(1280)
    page.goto(f"{town.url}{path('booking:map', language='fr')}")
    page.wait_for_selector(MARKERS)
    before = page.locator(MARKERS).count()
    bead = page.locator(MARKERS, has=page.locator(".pin--many")).first
    bead.focus()
    page.keyboard.press("Enter")
    page.wait_for_function(
        "before => document.querySelectorAll('.map-marker').length !== before", arg=before
    )

    assert page.evaluate("document.activeElement.closest('.map-box') !== null")


@pytest.mark.parametrize("what", ["**/leaflet.js", "**/*.json*"])
def test_a_map_that_can_not_come_says_so_and_can_be_tried_again(
    town: Town, open_browser: Callable[..., Page], what: str
):
    page = open_browser(390)

    def refuse(route: Route) -> None:
        route.abort()

    page.route(what, refuse)
    page.goto(f"{town.url}{path('booking:stay-offer', 'le-gite-des-narces', language='fr')}")
    page.locator("[data-map-ask] button").click()
    failed = page.locator("[data-map-failed]")
    expect(failed).to_be_visible()
    expect(failed.locator("button")).to_be_focused()
    expect(page.locator(".map-drawn")).to_be_visible()
    assert_is_clean(page)

    page.unroute(what, refuse)
    failed.locator("button").click()
    page.wait_for_selector(MARKERS)
    expect(failed).to_be_hidden()


def test_tiles_that_never_come_leave_the_drawn_map(
    town: Town, open_browser: Callable[..., Page], settings: object
):
    settings.MAP_TILES_URL = f"{town.url}/nowhere/{{z}}/{{x}}/{{y}}.png"  # type: ignore[attr-defined]
    settings.MAP_TILES_ATTRIBUTION = "© <b>IGN</b>"  # type: ignore[attr-defined]
    page = open_browser(1280)
    page.goto(f"{town.url}{path('booking:map', language='fr')}")

    expect(page.locator(".map-picture")).to_have_count(1)
    assert page.locator(".leaflet-control-attribution b").count() == 0


def test_without_script_the_drawing_leads_to_the_list(
    town: Town, open_browser: Callable[..., Page]
):
    page = open_browser(1280, java_script_enabled=False)
    page.goto(f"{town.url}{path('booking:stays', language='fr')}?{town.week}")
    page.locator(".map-switch a").click()
    drawing = page.locator(".map-drawn")
    expect(drawing).to_be_visible()
    expect(page.locator("[data-map-ask]")).to_be_hidden()
    pin = drawing.locator("a").first
    anchor = pin.get_attribute("href")
    pin.focus()
    page.keyboard.press("Enter")

    page.wait_for_url(f"**{anchor}")
    expect(page.locator(str(anchor))).to_be_in_viewport()


def test_a_printed_map_is_the_drawing(town: Town, open_browser: Callable[..., Page]):
    page = open_browser(1280)
    page.goto(f"{town.url}{path('booking:map', language='fr')}")
    page.wait_for_selector(MARKERS)
    page.emulate_media(media="print")

    expect(page.locator(LIVE)).to_be_hidden()
    expect(page.locator(".map-drawn")).to_be_visible()
    expect(page.locator(".atlas-list")).to_be_visible()


@pytest.mark.parametrize("with_script", [True, False])
def test_what_is_folded_opens_by_hand_and_where_a_link_leads(
    town: Town, open_browser: Callable[..., Page], with_script: bool
):
    page = open_browser(390, java_script_enabled=with_script)
    address = f"{town.url}{path('booking:map', language='fr')}?layers=sites"
    page.goto(address)
    last = page.locator(".atlas-more li").last
    expect(last).to_be_hidden()
    page.locator(".atlas-more summary").click()
    expect(last).to_be_visible()

    page.goto(f"{address}&pole=#{last.get_attribute('id')}")
    expect(last).to_be_in_viewport()


def test_a_moved_map_searches_what_it_shows_and_the_chip_leaves_it(
    town: Town, open_browser: Callable[..., Page]
):
    page = open_browser(1280, reduced_motion="reduce")
    page.goto(f"{town.url}{path('booking:stays', language='fr')}?{town.week}&view=map")
    page.wait_for_selector(MARKERS)
    search = page.locator("[data-map-zone]")
    expect(search).to_be_hidden()

    page.locator(LIVE).focus()
    page.keyboard.press("ArrowDown")
    expect(search).to_be_visible()
    assert_is_clean(page)
    search.locator("a").click()
    page.wait_for_url("**zone=**")
    chip = page.locator("#chip-zone")
    expect(chip).to_have_attribute("aria-current", "true")
    [zone] = parse_qs(urlsplit(page.url).query)["zone"]
    south, west, north, east = map(float, zone.split(","))
    page.wait_for_selector(MARKERS)
    points = page.evaluate("JSON.parse(document.querySelector('.map-box').dataset.points)")
    assert all(south <= one["at"][0] <= north and west <= one["at"][1] <= east for one in points)

    chip.click()
    page.wait_for_url(lambda url: "zone=" not in url)
