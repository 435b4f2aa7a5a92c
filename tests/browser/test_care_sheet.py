"""Parents tell a carer what to know, on a phone; the carer reads it, in both themes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page

from booking.basket import add_to_basket
from booking.models import Slot
from booking.wishes import LineRequest
from tests import factories
from tests.browser.conftest import Town, assert_is_clean
from tests.cast import FakeBank, paid_order

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("look", [(390, "dark", "fr"), (1280, "light", "en")])
def test_a_care_sheet_goes_from_parents_to_carer(
    town: Town, bank: FakeBank, open_browser: Callable[..., Page], look: tuple[int, str, str]
):
    width, scheme, language = look
    now = timezone.now()
    slots = Slot.objects.filter(offer__kind="childcare", day__gte=town.arrival)
    slot = slots.order_by("day", "pk")[0]
    basket = factories.a_basket()
    add_to_basket(
        basket, LineRequest(offer_id=slot.offer_id, slot_id=slot.pk, ages=(5, 10)), now=now
    )
    order = paid_order(basket, bank, now=now)
    line = order.lines.get()
    page = open_browser(width, color_scheme=scheme)
    trip = {"fr": "voyage", "en": "trip"}[language]
    page.goto(f"{town.url}/{language}/{trip}/{order.reference}/?cle={order.access_token}")
    page.locator(f"#ligne-{line.pk} a.btn").click()
    assert_is_clean(page)

    page.fill("[name=emergency_phone]", "")
    page.locator("form.stack [type=submit]").click()
    page.locator(".alert--err").wait_for()
    assert_is_clean(page)
    first, _ = line.participants.order_by("pk")
    page.fill("[name=emergency_phone]", "06 12 34 56 78")
    page.fill(f"[name=health_{first.key}]", "Arachides, stylo dans le sac")
    page.fill("[name=fetcher_1]", "Mamie Odette de Saint-Julien-Chapteuil-sur-Sumène")
    page.fill("[name=fetcher_1_phone]", "04 71 00 00 01")
    page.check("[name=consent]")
    page.locator("form.stack [type=submit]").click()
    page.wait_for_url(f"**/{order.reference}/**")
    assert_is_clean(page)

    host = factories.a_host(line.sub_order.provider)
    host.set_password("Lentille-verte-43")
    host.save()
    EmailAddress.objects.create(user=host, email=host.email, verified=True, primary=True)
    page = open_browser(width, color_scheme=scheme)
    page.goto(f"{town.url}/compte/login/?next={reverse('extranet-line', args=[line.pk])}")
    page.fill("[name=login]", host.email)
    page.fill("[name=password]", "Lentille-verte-43")
    page.press("[name=password]", "Enter")
    page.locator("#sheet").wait_for()
    assert "Arachides" in page.inner_text("main")
    assert_is_clean(page)
