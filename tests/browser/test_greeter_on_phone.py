"""A greeter on a phone, from the sign-up to the words of thanks; a visitor on another one."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.core import mail
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from playwright.sync_api import Page, expect

from booking.models import Meeting
from booking.relations import greeter_reviews
from booking.relations.meeting_rounds import follow_meetings
from members.journal import Actor
from members.models import Greeter
from oti.lib.dates import today
from tests.booking.relations.greeting import a_charter
from tests.browser.conftest import Town, assert_is_clean
from tests.browser.test_host_enrols import make_account

pytestmark = pytest.mark.browser
WHO, VISITOR = "odile@example.org", "claire@example.org"
SPACE = "/espace/greeter/"
PHONE = "06 98 76 54 32"


@dataclass
class Two:
    """The two phones, and the site between them."""

    town: Town
    greeter: Page
    visitor: Page

    def keep(self, page: Page, form: str = "main form.stack") -> None:
        """Look at a page, then send its form."""
        assert_is_clean(page)
        page.locator(form).first.locator("button[type=submit]").first.click()
        page.wait_for_load_state()


def sign_up(two: Two) -> None:
    """Make an account: it leads to the greeter's own page."""
    page = two.greeter
    page.goto(f"{two.town.url}/compte/signup/?next={SPACE}")
    make_account(page, WHO, then=f"**{SPACE}")


def write_profile(two: Two) -> None:
    """Write the profile, sign the charter, send both to the office."""
    page = two.greeter
    page.click("main a[href$='/profil/']")
    page.fill("[name=first_name]", "Odile")
    page.select_option("[name=commune]", label="Les Estables")
    page.fill("[name=about_fr]", "Je garde les vaches l’été et je fais du ski l’hiver.")
    page.fill("[name=places_fr]", "La croix de Peccata au lever du jour.")
    page.check("[name=languages][value=fr]")
    for day in page.locator("[name=weekdays]").all():
        day.check()
    page.fill("[name=phone]", "04 71 12 34 56")
    page.fill("[name=born_on]", "1961-05-04")
    two.keep(page)
    page.click("main a[href$='/charte/']")
    page.fill("[name=signed_name]", "Odile Ferrand")
    page.check("[name=agreed]")
    two.keep(page)
    page.goto(two.town.url + SPACE)
    page.click("form[action$='/envoyer/'] button")
    page.wait_for_load_state()


def ask(two: Two, slug: str) -> Meeting:
    """Ask for a meeting from the greeter's page, then follow the link of the mail."""
    page = two.visitor
    first = today(timezone.now()) + timedelta(days=settings.GREETER_NOTICE_DAYS + 2)
    with override("fr"):
        page.goto(two.town.url + reverse("booking:greeter", args=[slug]))
    assert_is_clean(page)
    page.click(f"main a[href*='greeter={slug}']")
    page.fill("[name=first_day]", first.isoformat())
    page.fill("[name=last_day]", (first + timedelta(days=3)).isoformat())
    page.fill("[name=ages]", "5")
    page.check("[name=languages][value=fr]")
    page.fill("[name=first_name]", "Claire")
    page.fill("[name=email]", VISITOR)
    page.fill("[name=phone]", PHONE)
    page.check("[name=is_of_age]")
    two.keep(page)
    assert_is_clean(page)
    meeting = Meeting.objects.get(email=VISITOR)
    assert not meeting.asks.exists()
    two.town.send_mails()
    page.goto(link_of(two.town, VISITOR))
    two.keep(page, "main form:has([name=cle])")
    assert [one.greeter.first_name for one in meeting.asks.all()] == ["Odile"]
    return meeting


def link_of(town: Town, address: str) -> str:
    """Return where the last mail to somebody leads, on the served site."""
    letter = next(one for one in reversed(mail.outbox) if address in one.to)
    found = re.search(rf"{re.escape(settings.BASE_URL)}(/\S+)", str(letter.body))
    assert found is not None
    return town.url + found[1]


def say_yes(two: Two) -> None:
    """Open the request from the mail and agree."""
    page = two.greeter
    two.town.send_mails()
    page.goto(link_of(two.town, WHO))
    page.locator("[name=day]").first.check()
    page.fill("[name=hour]", "10:00")
    page.fill("[name=place]", "Place de l’église des Estables")
    two.keep(page)
    expect(page.locator("#messages")).to_contain_text("entendu")


def test_an_inhabitant_becomes_a_greeter_and_meets_a_visitor(
    town: Town, open_browser: Callable[..., Page], at: Callable[[datetime], datetime]
):
    # Outside a developer's machine the demonstration's charter binds nobody.
    a_charter()
    two = Two(town, open_browser(390), open_browser(390))
    sign_up(two)
    write_profile(two)
    greeter = Greeter.objects.get(user__email=WHO)
    assert greeter.state == "submitted"
    greeter_reviews.approve_greeter(
        greeter,
        seen=greeter.edition,
        identity="met",
        note="",
        actor=Actor("bureau@example.org"),
        now=timezone.now(),
    )
    meeting = ask(two, greeter.slug)
    say_yes(two)
    meeting.refresh_from_db()
    assert meeting.state == "accepted"

    # What the visitor writes arrives, but for the number.
    page = two.visitor
    page.reload()
    page.fill("main [name=text]", f"À jeudi ! Mon numéro : {PHONE}")
    page.locator("form:has([name=text]) button[type=submit]").click()
    page.wait_for_load_state()
    two.greeter.reload()
    talk = two.greeter.locator(".talk")
    expect(talk).to_contain_text("À jeudi")
    expect(two.greeter.locator("main")).not_to_contain_text(PHONE)
    assert_is_clean(two.greeter)

    # Two days before, both have each other's phone; afterwards both say how it was.
    assert meeting.starts_at is not None
    at(meeting.starts_at - timedelta(hours=40))
    two.greeter.reload()
    expect(two.greeter.locator("main")).to_contain_text(PHONE)
    at(meeting.starts_at + timedelta(hours=4))
    assert follow_meetings(now=timezone.now())["done"] == 1
    say_how_it_was(two)
    meeting.refresh_from_db()
    assert (meeting.felt, meeting.greeter_felt, meeting.minutes) == ("wonderful", "good", 150)
    two.greeter.goto(town.url + SPACE)
    expect(two.greeter.locator("main")).to_contain_text("Merci Odile")


def say_how_it_was(two: Two) -> None:
    """Let the visitor, then the greeter, say it."""
    two.visitor.reload()
    two.visitor.check("[name=felt][value=wonderful]")
    two.visitor.fill("[name=words]", "Merci Odile, on se souviendra du lever du jour.")
    two.keep(two.visitor, "form:has([name=felt])")
    two.greeter.reload()
    two.greeter.check("[name=felt][value=good]")
    two.greeter.select_option("[name=minutes]", "150")
    two.keep(two.greeter, "form:has([name=felt])")
