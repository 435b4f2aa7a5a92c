"""A provider’s whole life: enrolled, on sale, bought, asked, written to, refunded, paid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from django.core import mail
from django.urls import reverse
from django.utils.translation import override
from playwright.sync_api import Page, expect

from booking.models import Offer, Order
from oti.demo.accounts import OFFICE
from oti.lib.dates import at_paris
from tests.browser.conftest import Town, seen, sign_in
from tests.browser.test_dupont_stay import fill_checkout, pay, wait_until_confirmed
from tests.browser.test_host_enrols import PASSWORD, WHO, give_papers, make_account, open_house
from tests.browser.test_host_makes_offer import (
    Counter,
    approve,
    begin,
    send_photographs,
    set_season,
    type_pages,
)

pytestmark = pytest.mark.browser
HOUSE, TITLE = "Le Gîte des Genêts", "Le gîte du Lac bleu"


@dataclass
class Life:
    """Who takes part: the host's page, the office's, a way to open a visitor's."""

    town: Town
    host: Page
    office: Page
    visitor: Callable[[], Page]

    def go(self, address: str) -> None:
        """Open a page of the host, which fits its screen."""
        answer = self.host.goto(f"{self.town.url}{address}")
        assert answer
        assert answer.status == 200, address
        assert self.host.evaluate("document.documentElement.scrollWidth <= innerWidth"), address


def come_in(life: Life, scan: Path) -> None:
    """Make the account and the house, give its papers; the office approves it."""
    with override("fr"):
        life.host.goto(life.town.url + reverse("booking:host"))
    life.host.click("main a[href*='/compte/signup/']")
    make_account(life.host)
    open_house(life.host)
    give_papers(life.host, scan)
    life.go("/pro/")
    expect(life.host.locator(".alerts")).to_contain_text(HOUSE)

    sign_in(life.office, life.town.url, OFFICE)
    life.office.goto(f"{life.town.url}/gestion/inscriptions/")
    life.office.click(f"text={HOUSE}")
    life.office.click("button[value=approve]")
    life.office.wait_for_url("**/gestion/inscriptions/")


def offer_it(life: Life, tmp_path: Path) -> Offer:
    """Begin from the first page, fill in every part, set a season; the office approves it."""
    life.go("/pro/")
    life.host.click(".alerts a")
    count = Counter()
    begin(life.host, count, look=seen)
    type_pages(life.host, count, look=seen)
    send_photographs(life.host, tmp_path, count, look=seen)
    offer = Offer.objects.get(title_fr=TITLE)
    address = f"/pro/offres/{offer.pk}/"
    life.go(address)
    life.host.click("button[value=submit]")
    life.host.wait_for_selector(".tag--info")
    set_season(life.host, life.town, f"{life.town.url}{address}", count)
    approve(life.office, life.town, look=seen)
    offer.refresh_from_db()
    assert offer.is_published
    return offer


def choose(life: Life, offer: Offer, *, week: int = 0) -> Page:
    """Let a visitor choose a week of the season and fill in the checkout."""
    page = life.visitor()
    arrival = life.town.arrival + timedelta(weeks=week)
    with override("fr"):
        stay = reverse("booking:stay-offer", args=[offer.slug])
    query = f"arrival={arrival}&departure={arrival + timedelta(days=7)}&adults=2"
    page.goto(f"{life.town.url}{stay}?{query}")
    page.locator("form[action$='/mon-sejour/ajouter/'] button[type=submit]").first.click()
    page.wait_for_url("**/fr/mon-sejour/**")
    page.goto(f"{life.town.url}/fr/reserver/")
    fill_checkout(page)
    page.locator("#checkout button[type=submit]").first.click()
    return page


def buy(life: Life, offer: Offer) -> Order:
    """Let a visitor pay a week at once."""
    page = choose(life, offer)
    pay(page)
    return wait_until_confirmed(page)


def ask_and_answer(life: Life, offer: Offer) -> Order:
    """Let a visitor ask for another week, the host accept it, the visitor pay it."""
    Offer.objects.filter(pk=offer.pk).update(confirmation=Offer.Confirmation.ON_REQUEST)
    guest = choose(life, offer, week=2)
    guest.wait_for_url("**/fr/demande/**")
    life.go("/pro/")
    life.host.click("main a[href*='/pro/demandes/']")
    life.host.click("form[action$='/accepter/'] button")
    expect(life.host.locator("#messages")).to_contain_text("Claire")
    guest.reload()
    guest.locator("main form .btn--lg").first.click()
    pay(guest)
    return wait_until_confirmed(guest)


def write_to(life: Life, order: Order) -> None:
    """Write to the guest from the booking; the words come by mail."""
    life.go(f"/pro/reservations/{order.reference}/")
    life.host.click("main a[href*='/pro/messages/']")
    life.host.fill("main textarea", "La clé est sous le pot bleu.")
    life.host.locator("main form button[type=submit]").last.click()
    expect(life.host.locator("#messages")).to_contain_text("Claire")
    life.town.send_mails()
    assert any("sous le pot bleu" in str(one.body) for one in mail.outbox)


def give_back(life: Life, order: Order) -> None:
    """Give back 20 € beyond the rule: what it costs is shown, then it goes."""
    line = order.lines.get()
    life.go(f"/pro/reservations/ligne/{line.pk}/rembourser/")
    life.host.check("[name=how][value=part]")
    life.host.fill("[name=amount]", "20")
    life.host.fill("[name=reason]", "L’eau était froide.")
    life.host.locator("main form button[type=submit]").first.click()
    life.host.click("button[name=confirm]")
    expect(life.host.locator("#messages")).to_contain_text("20")
    assert line.refunds.get().amount == 20


def nobody_comes(life: Life, order: Order) -> None:
    """Note on the day that nobody came, and take it back."""
    line = order.lines.get()
    address = f"/pro/reservations/ligne/{line.pk}/absence/"
    life.go(address)
    life.host.click("main form button[type=submit]")
    expect(life.host.locator("#messages")).to_contain_text("C’est noté")
    line.refresh_from_db()
    assert line.state == "no_show"
    life.go(address)
    life.host.click("button[name=undo]")
    expect(life.host.locator("#messages")).not_to_be_empty()
    line.refresh_from_db()
    assert line.state == "sold"


def sign_in_later(life: Life, page: Page) -> None:
    """Come back months later, when the session has ended."""
    life.host = page
    page.goto(f"{life.town.url}/compte/login/")
    page.fill("[name=login]", WHO)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/pro/**")


@pytest.mark.parametrize("width", [390, 1280])
def test_house_comes_in_sells_answers_welcomes_and_is_paid(
    town: Town,
    open_browser: Callable[..., Page],
    at: Callable[[datetime], datetime],
    settings: object,
    tmp_path: Path,
    width: int,
):
    settings.PRIVATE_ROOT = tmp_path / "private"  # type: ignore[attr-defined]
    settings.MEDIA_ROOT = tmp_path / "media"  # type: ignore[attr-defined]
    life = Life(town, open_browser(width), open_browser(1280), lambda: open_browser(width))
    come_in(life, tmp_path / "rc.pdf")
    offer = offer_it(life, tmp_path)
    order = buy(life, offer)
    assert order.gross_amount == 7 * 120
    later = ask_and_answer(life, offer)
    write_to(life, order)
    give_back(life, later)

    # The day has come.
    at(at_paris(town.arrival, time(20)))
    sign_in_later(life, open_browser(width))
    life.go("/pro/journee/")
    expect(life.host.locator("main")).to_contain_text("Claire")
    nobody_comes(life, order)
    life.go("/pro/versements/")
    statement = life.host.locator("main")
    expect(statement).to_contain_text(order.reference)
    expect(statement).to_contain_text(later.reference)
    expect(statement).to_contain_text("840")
    expect(statement).to_contain_text("820")
