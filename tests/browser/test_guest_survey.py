"""A guest follows the mail's link after the stay, on a phone; who is unhappy is called back."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, time, timedelta

import pytest
from django.conf import settings
from django.core import mail
from django.utils import timezone
from playwright.sync_api import Page, expect

from booking.basket import add_to_basket
from booking.models import FollowUp, Slot, Survey
from booking.relations.surveys_sent import ask_guests
from booking.wishes import LineRequest
from oti.demo.accounts import OFFICE
from oti.lib.dates import at_paris
from tests import factories
from tests.browser.conftest import Town, assert_is_clean, sign_in
from tests.cast import FakeBank, paid_order

pytestmark = pytest.mark.browser
WORDS = "Il faisait froid, et personne ne nous attendait."
SHORT = "form[action*='/enquete/'], form[action*='/survey/'], main form.stack--lg"


def survey_link(town: Town) -> str:
    """Return where the last mail to the guest leads, on the served site."""
    letter = next(one for one in reversed(mail.outbox) if "claire.dupont@example.org" in one.to)
    found = re.search(rf"{re.escape(settings.BASE_URL)}(\S+\?cle=\S+)", str(letter.body))
    assert found is not None
    return town.url + found[1]


def fill(page: Page, recommend: int, words: str) -> None:
    page.locator(f"[name=recommend][value='{recommend}']").check(force=True)
    page.locator("main [name=words]").fill(words)


def test_guest_says_how_it_was_once_and_the_office_calls_back(
    town: Town,
    bank: FakeBank,
    open_browser: Callable[..., Page],
    at: Callable[[datetime], datetime],
):
    slot = Slot.objects.filter(offer__kind="meal", day__gte=town.arrival).order_by("day", "pk")[0]
    basket = factories.a_basket()
    request = LineRequest(offer_id=slot.offer_id, slot_id=slot.pk, ages=(None, None))
    add_to_basket(basket, request, now=timezone.now())
    order = paid_order(basket, bank, now=timezone.now())
    at(at_paris(slot.day + timedelta(days=3), time(10)))
    assert ask_guests(now=timezone.now()) == 1
    town.send_mails()

    page = open_browser(390)
    link = survey_link(town)
    page.goto(link)
    assert_is_clean(page)
    # Its address without the key is nobody's: another browser, a wrong key.
    for address in (page.url, re.sub("cle=.*", "cle=x", link)):
        answer = open_browser(390).goto(address)
        assert answer
        assert answer.status == 404
    # The same page, open twice.
    again = page.context.new_page()
    again.goto(page.url)

    page.locator(SHORT).locator("button[type=submit]").click()
    page.locator(".alert--err").wait_for()
    assert_is_clean(page)
    fill(page, 2, WORDS)
    page.locator(SHORT).locator("button[type=submit]").click()
    expect(page.locator("main")).to_contain_text(WORDS)
    assert_is_clean(page)
    fill(again, 10, "Parfait")
    again.locator(SHORT).locator("button[type=submit]").click()
    expect(again.locator("main")).to_contain_text(WORDS)
    survey = Survey.objects.get(order=order)
    assert (survey.recommend, survey.words) == (2, WORDS)

    # The office has a task, with a day on which it is due, and a mail.
    task = FollowUp.objects.get(survey=survey)
    assert task.due_at - task.opened_at <= timedelta(hours=24)
    town.send_mails()
    assert any(WORDS in str(one.body) for one in mail.outbox if OFFICE not in one.cc)
    desk = open_browser(1280)
    sign_in(desk, town.url, OFFICE)
    desk.goto(f"{town.url}/gestion/a-rappeler/")
    expect(desk.locator("main")).to_contain_text("Claire")
