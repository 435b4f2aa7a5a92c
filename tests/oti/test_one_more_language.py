"""One more language is a line of the settings: nl and es need no code (features.md S03).

Its pages are written or translated by the office; what is sold shows the nearest text that there
is, and says so, until the columns of the language are added.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils.translation import override
from wagtail.models import Locale

from booking.messages import send_message
from booking.models import Order, OutboxMessage
from booking.settlement import settle_payment
from destination.models import ThemePage
from tests import factories
from tests.booking.pages import checkout_form, dupont_stay
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY, TODAY, FakeBank
from tests.destination.cms import a_home, a_page, a_pole_page, translated
from tests.oti.test_alternates import alternates, an_event
from tests.pages import address

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _spring(at: Any) -> None:
    at(NOW)


@pytest.fixture(params=["nl", "es"])
def code(request: Any, settings: Any) -> str:
    """Add a language to those of the site, as a line of the settings would."""
    names = {"nl": "Dutch", "es": "Spanish"}
    added = [*settings.LANGUAGES, (request.param, names[request.param])]
    settings.LANGUAGES = added
    settings.WAGTAIL_CONTENT_LANGUAGES = added
    return str(request.param)


def read(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, url
    return str(answer.content.decode())


def test_every_page_of_the_machine_is_there(client: Client, code: str):
    lodging, activity = factories.a_lodging(now=NOW), factories.an_activity()
    factories.a_slot(activity, TODAY + timedelta(days=3))
    stay, event = factories.a_ready_stay(), an_event()
    week = f"arrival={SATURDAY}&departure={NEXT_SATURDAY}&adults=2"
    with override(code):
        urls = [
            reverse(name)
            for name in (
                *("destination:home", "booking:stays", "booking:experiences", "events:agenda"),
                *("booking:ready-stays", "booking:compose", "booking:map", "booking:my-stay"),
                *("booking:find-order", "booking:ranking", "site-map", "site-search"),
            )
        ]
        urls += [
            f"{reverse('booking:stays')}?{week}",
            f"{reverse('site-search')}?q=dentelle",
            f"{reverse('booking:compose')}?{week}&pace=calm",
            f"{reverse('booking:map')}?layer=stay",
            reverse("booking:stay-offer", args=[lodging.slug]),
            f"{reverse('booking:stay-offer', args=[lodging.slug])}?{week}",
            reverse("booking:experience-offer", args=[activity.slug]),
            f"{reverse('booking:ready-stay', args=[stay.slug])}?{week}",
            reverse("events:event", args=[event.slug]),
            reverse("destination:pole", args=["massif-du-mezenc"]),
        ]
    for url in urls:
        assert url.startswith(f"/{code}/")
        html = read(client, url)
        assert f'<html lang="{code}"' in html
        # The menu of languages leads to it from there and from everywhere.
        assert f'hreflang="{code}"' in html or f'lang="{code}"' in html


def test_what_is_sold_shows_the_nearest_text_and_says_so(client: Client, code: str):
    lodging = factories.a_lodging(now=NOW, title="Le Gîte des Narces")
    html = read(client, address("booking:stay-offer", lodging.slug, language=code))
    assert "Le Gîte des Narces" in html
    # Read aloud in its own language; not kept by search engines as a page of this one.
    assert re.search(r"<h1[^>]* lang=\"fr\"", html)
    assert '<meta name="robots" content="noindex">' in html
    assert alternates(html) == {}
    assert f"/{code}/" not in client.get("/sitemap-offers.xml").content.decode()


def test_a_page_of_the_office_is_there_once_it_is_translated(client: Client, code: str):
    french = a_page(ThemePage, title="La nuit", slug="la-nuit")
    assert client.get(f"/{code}/la-nuit/").status_code == 404

    home = a_home(code)
    twin = translated(french, home, title="De nacht", slug="de-nacht")
    assert Locale.objects.filter(language_code=code).exists()
    html = read(client, twin.url)

    assert twin.url == f"/{code}/de-nacht/"
    assert f'hreflang="{code}" href="http://testserver{twin.url}"' in html
    assert alternates(read(client, french.url))[code] == f"http://testserver{twin.url}"
    plan = client.get("/sitemap-written.xml").content.decode()
    assert f"<loc>http://testserver{twin.url}</loc>" in plan
    # Its own menu, and the pole's page that nobody translated is there with its places alone.
    a_pole_page()
    factories.a_perimeter()
    assert read(client, address("destination:pole", "massif-du-mezenc", language=code))


def test_a_stay_is_bought_in_it(client: Client, bank: FakeBank, code: str):
    """The bank's own page and the mails have no such language: they take the nearest."""
    factories.terms()
    factories.package_form()
    form = checkout_form(dupont_stay(client))
    answer = client.post(address("booking:checkout", language=code), form)
    assert answer.status_code in {302, 303}
    order = Order.objects.get()
    assert order.language == code
    # The mails that say so are written without fail.
    payment = order.payments.get()
    bank.pay(payment.session_id)
    settle_payment(payment.pk, now=NOW)
    order.refresh_from_db()
    assert order.state == Order.State.CONFIRMED
    for message in OutboxMessage.objects.filter(order=order):
        send_message(message.pk, now=NOW)
    assert len(mail.outbox) == OutboxMessage.objects.filter(order=order).count() > 0


def test_robots_and_the_plan_know_it(client: Client, code: str):
    factories.a_perimeter()
    closed = address("booking:my-stay", language=code)
    assert closed.startswith(f"/{code}/")
    assert f"Disallow: {closed}" in client.get("/robots.txt").content.decode()
    assert f"/{code}/" in client.get("/sitemap-pages.xml").content.decode()


def test_its_name_stands_in_the_menu(client: Client, code: str):
    html = read(client, "/fr/")
    assert {"nl": "Nederlands", "es": "Español"}[code] in html
