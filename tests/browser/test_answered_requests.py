"""The guest's page of what was asked of a host: what it says after an answer, or after none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from playwright.sync_api import Page, expect

from booking.basket import add_to_basket
from booking.models import Basket, BookingRequest, Offer, Unit
from booking.request_rounds import follow_requests
from booking.requests import accept_request, decline_request
from booking.wishes import LineRequest
from destination.models import LegalText
from members.journal import SYSTEM
from tests.booking.requesting import ask
from tests.browser.conftest import Town, assert_is_clean

pytestmark = pytest.mark.browser


def a_request(town: Town) -> BookingRequest:
    """Let somebody ask for the Duponts' week of a lodging whose host answers first."""
    now = timezone.now()
    unit = Unit.objects.get(offer__slug="le-gite-des-narces")
    Offer.objects.filter(pk=unit.offer_id).update(confirmation=Offer.Confirmation.ON_REQUEST)
    basket = Basket.objects.create()
    week = LineRequest(
        offer_id=unit.offer_id,
        unit_id=unit.pk,
        arrival=town.arrival,
        departure=town.departure,
        ages=(None, None),
    )
    add_to_basket(basket, week, now=now)
    terms = LegalText.objects.filter(kind=LegalText.Kind.TERMS).first()
    (request,) = ask(basket, terms=terms, now=now)
    return request


def accepted(request: BookingRequest) -> None:
    accept_request(request, actor=SYSTEM, now=timezone.now())


def declined(request: BookingRequest) -> None:
    words = "Nous recevons notre famille cette semaine-là, et nous en sommes désolés."
    decline_request(request, reason="other", words=words, actor=SYSTEM, now=timezone.now())


def lapsed(request: BookingRequest) -> None:
    follow_requests(now=request.deadline + timedelta(minutes=1))


@pytest.mark.parametrize(("width", "language"), [(390, "fr"), (1280, "en")])
@pytest.mark.parametrize("become", [accepted, declined, lapsed])
def test_page_says_what_came_of_it_and_what_is_free_instead(
    town: Town,
    open_browser: Callable[..., Page],
    width: int,
    language: str,
    become: Callable[[BookingRequest], None],
):
    request = a_request(town)
    become(request)
    request.refresh_from_db()
    page = open_browser(width, color_scheme="dark" if width == 390 else "light")
    with override(language):
        address = reverse("booking:request", args=[request.code])
    answer = page.goto(f"{town.url}{address}?cle={request.access_token}")
    assert answer
    assert answer.status == 200
    assert_is_clean(page)
    instead = page.locator("section[aria-labelledby=instead] li a")
    expect(instead).to_have_count(0 if become is accepted else 3)
