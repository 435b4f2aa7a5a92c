"""A host links a calendar and reads what went wrong with another, on a phone and at a desk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page

from booking.basket import add_to_basket
from booking.channels import reading
from booking.models import ChannelIncident, Feed, Unit
from booking.wishes import LineRequest
from oti.demo.accounts import PASSWORD
from tests import factories
from tests.booking.channels.platform import Platform, calendar, whole
from tests.browser.conftest import Town, assert_is_clean
from tests.cast import FakeBank, paid_order

pytestmark = pytest.mark.browser
LINKS = "/pro/liens/"


@pytest.mark.parametrize("look", [(390, "dark"), (1280, "light")])
def test_a_host_links_its_calendars_and_settles_a_double_booking(
    town: Town,
    bank: FakeBank,
    open_browser: Callable[..., Page],
    monkeypatch: pytest.MonkeyPatch,
    look: tuple[int, str],
):
    width, scheme = look
    now = timezone.now()
    unit = Unit.objects.get(offer__slug="le-gite-des-narces")
    basket = factories.a_basket()
    add_to_basket(
        basket,
        LineRequest(
            offer_id=unit.offer_id,
            unit_id=unit.pk,
            arrival=town.arrival,
            departure=town.departure,
            ages=(None, None),
        ),
        now=now,
    )
    paid_order(basket, bank, now=now)
    factories.a_feed(
        unit,
        now=now,
        last_good_at=now - timedelta(hours=30),
        problem="emptied",
        warnings=["end_before_start"],
    )
    platform = Platform()
    nights = whole(f"{town.arrival:%Y%m%d}", f"{town.departure:%Y%m%d}")
    platform.says(calendar(nights))
    monkeypatch.setattr(reading, "fetch", platform.fetch)
    page = open_browser(width, color_scheme=scheme)

    page.goto(f"{town.url}/compte/login/?next={LINKS}")
    page.fill("[name=login]", "anne@example.org")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.locator(f"#unit-{unit.pk}").wait_for()
    page.locator("button[value=give]").first.click()
    page.locator(f"#export-{unit.pk}").wait_for()
    assert_is_clean(page)

    page.locator(f"a[href='{reverse('extranet-link-add', args=[unit.pk])}']").click()
    page.fill("[name=address]", "https://127.0.0.1/calendar.ics")
    page.locator("form.linked [type=submit]").click()
    page.locator(".alert--err").wait_for()
    assert_is_clean(page)
    page.fill("[name=address]", "https://ical.booking.com/v1/export?t=abc")
    page.locator("form.linked [type=submit]").click()
    page.locator("#doubles").wait_for()
    assert Feed.objects.filter(unit=unit).count() == 2
    assert_is_clean(page)

    incident = ChannelIncident.objects.get()
    page.locator(f"a[href='{reverse('extranet-incident', args=[incident.pk])}']").click()
    page.locator("form.linked [type=submit]").click()
    page.locator(".alert--err").wait_for()
    assert_is_clean(page)
    page.locator("input[value=no_clash]").check()
    page.fill("[name=note]", "La même réservation, saisie deux fois")
    page.locator("form.linked [type=submit]").click()
    page.locator("#settled").wait_for()
    assert_is_clean(page)

    page.locator("a[href$='/retirer/']").first.click()
    page.locator("form.linked").wait_for()
    assert_is_clean(page)
    page.locator("input[value=keep]").check()
    page.locator("form.linked [type=submit]").click()
    page.locator(f"#unit-{unit.pk}").wait_for()
    assert Feed.objects.filter(unit=unit).count() == 1
