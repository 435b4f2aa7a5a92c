"""What a host opens now and then: one guest’s thread, a program’s address, a double booking."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page

from booking.called_off import call_off_dates
from booking.counter import CounterGuest, sell_at_counter
from booking.models import ChannelIncident, Order, Slot, Unit
from booking.talks import write_to_guest, write_to_host
from booking.webhooks.owning import add_webhook
from booking.wishes import LineRequest
from members.journal import SYSTEM
from members.models import Provider
from oti.demo.accounts import ANNE
from oti.lib.codes import secret_token
from tests import factories
from tests.browser.conftest import LOOKS_OF, Town, assert_all_are_clean, sign_in

pytestmark = pytest.mark.browser
LONG_NAME = "Marie-Antoinette de la Tour-Saint-Vidal"


def sold_by_phone(unit: Unit, town: Town) -> Order:
    """Sell the week of July at the counter, to somebody with a long name."""
    week = LineRequest(
        offer_id=unit.offer_id,
        unit_id=unit.pk,
        arrival=town.arrival,
        departure=town.departure,
        ages=(None, None),
    )
    guest = CounterGuest("Marie-Antoinette", LONG_NAME, email="marie-antoinette@example.org")
    house = unit.offer.provider
    return sell_at_counter(
        house, week, guest, once=secret_token(), actor=SYSTEM, now=timezone.now()
    )


def a_double_booking(unit: Unit, order: Order) -> ChannelIncident:
    """Let another platform have sold some of the same nights."""
    line = order.lines.get()
    assert line.arrival
    assert line.departure
    return ChannelIncident.objects.create(
        unit=unit,
        feed=unit.feeds.get(),
        feed_name="Airbnb",
        order_line=line,
        dates=(line.arrival, line.departure - timedelta(days=2)),
        opened_at=timezone.now(),
    )


def dates_of(house: Provider) -> tuple[Slot, Slot]:
    """Sell two dates to somebody with a long name, and call the second one off."""
    offer = factories.an_activity(provider=house, kind="workshop")
    day = timezone.now().date() + timedelta(days=20)
    dates = factories.a_slot(offer, day), factories.a_slot(offer, day + timedelta(days=1))
    for slot in dates:
        places = LineRequest(offer_id=offer.pk, slot_id=slot.pk, ages=(None, None))
        guest = CounterGuest("Marie-Antoinette", LONG_NAME, email="marie-antoinette@example.org")
        sell_at_counter(house, places, guest, once=secret_token(), actor=SYSTEM, now=timezone.now())
    call_off_dates(
        dates[1:], reason="Orage violent " * 9, by="host", actor=SYSTEM, now=timezone.now()
    )
    return dates


def errands_of(house: Provider, unit: Unit, town: Town) -> list[str]:
    """Return the addresses of pages that only exist once something happened."""
    now = timezone.now()
    order = sold_by_phone(unit, town)
    write_to_host(order, house, "Bonjour, à quelle heure arrive-t-on ? " * 8, now=now)
    write_to_guest(order, house, "Dès 16 h. " + "x" * 120, actor=SYSTEM, now=now)
    topics = ["booking.confirmed"]
    long_address = f"https://hooks.example.org/{'velay-' * 12}"
    hook, _secret = add_webhook(house, long_address, topics=topics, actor=SYSTEM, now=now)
    calendar = factories.a_feed(unit, now=now)
    incident = a_double_booking(unit, order)
    sold, off = dates_of(house)
    return [
        reverse("extranet-slot", args=[sold.pk]),
        reverse("extranet-slot-call-off", args=[sold.pk]),
        reverse("extranet-slot", args=[off.pk]),
        reverse("extranet-talk", args=[order.reference, house.slug]),
        reverse("extranet-webhook", args=[hook.pk]),
        reverse("extranet-feed-remove", args=[calendar.pk]),
        reverse("extranet-incident", args=[incident.pk]),
        reverse("extranet-counter-cancel", args=[order.lines.get().pk]),
        # With a calendar and a double booking, these say more than before.
        "/pro/",
        "/pro/liens/",
    ]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_pages_of_what_happened_are_accessible_in_every_look(
    town: Town, open_browser: Callable[..., Page], language: str
):
    unit = Unit.objects.get(offer__slug="le-gite-des-narces")
    paths = errands_of(unit.offer.provider, unit, town)
    page = open_browser(1280)
    cookie = {"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": town.url}
    page.context.add_cookies([cookie])
    sign_in(page, town.url, ANNE)
    assert_all_are_clean(
        page, town.url, dict.fromkeys(paths, 200), language=language, looks=LOOKS_OF[language]
    )
