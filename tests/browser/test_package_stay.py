"""A stay that becomes a package: told, read, accepted and paid, at the width of a phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from booking.models import Offer
from tests.browser.conftest import Town, assert_is_clean
from tests.browser.test_dupont_stay import (
    OTHERS,
    add_gite,
    add_places,
    fill_checkout,
    pay,
    wait_until_confirmed,
)

pytestmark = pytest.mark.browser


def test_package_is_told_and_its_form_asked_apart(town: Town, open_browser: Callable[..., Page]):
    evening = OTHERS[1]
    Offer.objects.filter(slug=evening).update(is_essential=True)
    page = open_browser(390, color_scheme="dark")
    add_gite(page, town)
    expect(page.locator("#package")).to_have_count(0)
    add_places(page, town, evening)
    expect(page.locator("#package")).to_contain_text("04 71")
    assert_is_clean(page)
    page.locator("#package summary").click()
    assert_is_clean(page)
    with page.context.expect_page() as opened:
        page.locator("#package a").first.click()
    assert_is_clean(opened.value)

    page.goto(f"{town.url}/fr/reserver/")
    fill_checkout(page)
    page.uncheck("[name=package_form]")
    page.evaluate("document.getElementById('checkout').noValidate = true")
    page.locator("#checkout button[type=submit]").first.click()
    expect(page.locator("#id_package_form_error")).to_be_visible()
    assert_is_clean(page)
    fill_checkout(page)
    page.locator("#checkout button[type=submit]").first.click()
    pay(page)
    order = wait_until_confirmed(page)

    assert order.evidence.is_package
    assert order.evidence.form_sha256
    for name in ("", "recu/"):
        page.goto(f"{town.url}/fr/voyage/{order.reference}/{name}")
        expect(page.locator("main")).to_contain_text("04 71 00 00 01")
        assert_is_clean(page)
