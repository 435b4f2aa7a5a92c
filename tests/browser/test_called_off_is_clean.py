"""What the office opens to call a date off: axe finds nothing of ours on any of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from booking.called_off import call_off_dates
from booking.counter import CounterGuest, sell_at_counter
from booking.models import CalledOff, Slot
from booking.wishes import LineRequest
from events.models import Session
from members.journal import SYSTEM
from oti.demo.accounts import OFFICE
from oti.lib.codes import secret_token
from oti.lib.dates import today as day_of
from tests import factories
from tests.browser.conftest import Town
from tests.browser.test_editor_forms_are_clean import assert_nothing_of_ours
from tests.browser.test_editor_writes import sign_in

pytestmark = pytest.mark.browser


def a_date(number: int) -> Slot:
    """Make a date of a workshop with a plan B, sold to somebody."""
    offer = factories.a_composite()
    slot = factories.a_slot(offer, day_of(timezone.now()) + timedelta(days=20 + number))
    sell_at_counter(
        offer.provider,
        LineRequest(offer_id=offer.pk, slot_id=slot.pk, ages=(None, None)),
        CounterGuest("Marcel", email="marcel@example.org"),
        once=secret_token(),
        actor=SYSTEM,
        now=timezone.now(),
    )
    return slot


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_pages_of_a_date_that_is_called_off_can_be_read_by_everybody(
    town: Town, open_browser: Callable[..., Page], width: int, scheme: str
):
    now = timezone.now()
    sold, off = a_date(0), a_date(1)
    [row] = call_off_dates([off], reason="Orage", by="office", actor=SYSTEM, now=now)
    CalledOff.objects.filter(pk=row.pk).update(next_try_at=now + timedelta(days=1))
    session = Session.objects.filter(starts_at__gt=now, slot__isnull=False).earliest("starts_at")
    page = open_browser(width, color_scheme=scheme)
    sign_in(page, town, OFFICE)
    for address, words in (
        (f"dates/edit/{sold.pk}/", "Annuler"),
        (f"dates/edit/{off.pk}/", "Orage"),
        (f"dates/annuler/{sold.pk}/", "1"),
        ("dates-annulees/", "Orage"),
        (f"dates-annulees/inspect/{row.pk}/", "Marcel"),
        (f"dates-evenements/edit/{session.pk}/", session.event.title),
        (f"evenements/annuler/{session.event_id}/", session.event.title),
    ):
        page.goto(f"{town.url}/gestion/{address}")
        expect(page.locator("main")).to_contain_text(words)
        assert_nothing_of_ours(page)
