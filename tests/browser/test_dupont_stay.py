"""The Duponts: two adults, Élodie (5) and Romain (10), a whole week in July, paid once by card."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from playwright.sync_api import Page, expect

from booking.models import Order, OutboxMessage
from tests.browser.conftest import Town, assert_is_clean

pytestmark = pytest.mark.browser

GITE = "le-gite-des-narces"
OTHERS = ("premiers-points-de-dentelle", "choeur-et-grand-orgue", "la-table-de-solange")


def add_gite(page: Page, town: Town, *, check: bool = False) -> None:
    """Find the gîte in the list of that week and add it from its page."""
    page.goto(
        f"{town.url}/fr/dormir/?{town.week}&sort=relevance&features=pets&pole=massif-du-mezenc"
    )
    if check:
        assert_is_clean(page)
    page.locator(f"a[href*='/dormir/{GITE}/']").first.click()
    expect(page.locator("h1")).to_contain_text("Gîte des Narces")
    expect(page.locator("#reserver")).to_contain_text("1 055,40")
    if check:
        assert_is_clean(page)
    page.locator("form[action$='/mon-sejour/ajouter/'] button[type=submit]").first.click()
    page.wait_for_url("**/fr/mon-sejour/**")


def add_places(page: Page, town: Town, slug: str, *, check: bool = False) -> None:
    """Add the first slot of that week that takes whoever may come."""
    last = town.departure - timedelta(days=1)
    page.goto(f"{town.url}/fr/vivre/{slug}/?from={town.arrival}&to={last}")
    if check:
        assert_is_clean(page)
    page.locator("form[action$='/mon-sejour/ajouter/'] button[type=submit]").first.click()
    page.wait_for_url("**/fr/mon-sejour/**")


def fill_checkout(page: Page) -> None:
    """Type what the checkout asks, once for each person."""
    page.fill("[name=first_name]", "Claire")
    page.fill("[name=last_name]", "Dupont")
    page.fill("[name=email]", "claire.dupont@example.org")
    page.fill("[name=phone]", "06 12 34 56 78")
    names = iter(["Claire", "Marc", "Élodie", "Romain", "Zoé"])
    for field in page.locator("fieldset.person input[name*=first]").all():
        if field.is_visible():
            field.fill(next(names))
    for field in page.locator("fieldset.person input[name*=last]").all():
        if field.is_visible():
            field.fill("Dupont")
    # Asked for a package only.
    if page.locator("[name=package_form]").count():
        page.check("[name=package_form]")
    page.check("[name=terms]")


def figures(text: str) -> str:
    """Return a text without any space, so that sums compare however they are set."""
    return "".join(text.split())


def pay(page: Page, number: str = "4242424242424242") -> None:
    """Type a card on the bank's page."""
    page.wait_for_url("**/c/pay/**")
    page.fill("#number", number)
    page.fill("#expiry", "12/34")
    page.fill("#cvc", "123")
    page.fill("#name", "Claire Dupont")
    page.locator("form button").first.click()


def wait_until_confirmed(page: Page) -> Order:
    """Stay on the return page until the webhook has told that it is paid."""
    page.wait_for_url(re.compile(r"/(merci|thanks)/"))
    reference = re.search(r"/(?:merci|thanks)/([A-Z0-9]+)/", page.url)
    assert reference
    expect(page.locator("body")).to_contain_text(reference[1])
    for _reload in range(20):
        order = Order.objects.get(reference=reference[1])
        if order.state == "confirmed":
            page.reload()
            return order
        page.reload()
    pytest.fail("the order was not confirmed")


@pytest.mark.parametrize("width", [390, 1280])
def test_duponts_buy_a_whole_stay(town: Town, open_browser: Callable[..., Page], width: int):
    page = open_browser(width)
    page.goto(f"{town.url}/fr/")
    assert_is_clean(page)
    add_gite(page, town, check=True)
    for slug in OTHERS:
        add_places(page, town, slug, check=True)
    assert_is_clean(page)
    shown = figures(page.locator("main aside").inner_text())
    page.goto(f"{town.url}/fr/reserver/")
    assert_is_clean(page)
    fill_checkout(page)
    page.locator("#checkout button[type=submit]").first.click()
    pay(page)
    order = wait_until_confirmed(page)
    assert_is_clean(page)
    page.goto(f"{town.url}/fr/voyage/{order.reference}/")
    assert_is_clean(page)
    page.goto(f"{town.url}/fr/voyage/{order.reference}/recu/")
    assert_is_clean(page)

    town.send_mails()
    assert order.sub_orders.count() == 4
    assert order.payments.get().captured_amount == order.total_amount
    assert figures(f"{order.total_amount:.2f}".replace(".", ",")) in shown
    assert OutboxMessage.objects.filter(order=order, state="sent").count() == 5
    confirmation = next(one for one in mail.outbox if one.to == ["claire.dupont@example.org"])
    assert order.reference in confirmation.subject + confirmation.body
    assert any(str(part[0]).endswith(".ics") for part in confirmation.attachments)


def test_duponts_buy_without_javascript(town: Town, open_browser: Callable[..., Page]):
    page = open_browser(390, java_script_enabled=False)
    add_gite(page, town)
    add_places(page, town, OTHERS[2])
    page.goto(f"{town.url}/fr/reserver/")
    fill_checkout(page)
    page.locator("#checkout button[type=submit]").first.click()
    pay(page)

    order = wait_until_confirmed(page)

    assert order.lines.filter(state="sold").count() == 2


def test_declined_card_may_be_tried_again_and_the_stay_is_kept(
    town: Town, open_browser: Callable[..., Page]
):
    page = open_browser(1280)
    add_gite(page, town)
    page.goto(f"{town.url}/fr/reserver/")
    fill_checkout(page)
    page.locator("#checkout button[type=submit]").first.click()
    pay(page, "4000000000000002")
    expect(page.locator("[role=alert]").first).to_be_visible()
    pay(page, "4242424242424242")

    order = wait_until_confirmed(page)

    assert order.payments.count() == 1


def test_three_d_secure_that_is_left_can_be_finished_later(
    town: Town, open_browser: Callable[..., Page]
):
    page = open_browser(390)
    add_gite(page, town)
    page.goto(f"{town.url}/fr/reserver/")
    fill_checkout(page)
    page.locator("#checkout button[type=submit]").first.click()
    pay(page, "4000002500003155")
    page.wait_for_url("**/c/3ds/**")
    # The visitor closes the bank's page and comes back to the stay.
    page.goto(f"{town.url}/fr/mon-sejour/")
    assert_is_clean(page)
    page.locator("form[action*='/reserver/reessayer/'] button").first.click()
    pay(page)

    order = wait_until_confirmed(page)

    assert Order.objects.filter(channel=Order.Channel.SITE).count() == 1
    assert order.lines.get().state == "sold"
