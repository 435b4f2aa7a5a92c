"""Requests that many tests meet: asked by the Duponts, answered by the host."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from booking import requests
from booking.basket import add_to_basket
from booking.checkout import Given
from booking.models import Basket, BookingRequest, Offer, Order, Slot
from booking.people import Contact
from booking.stay_view import view_basket
from booking.wishes import LineRequest
from members.journal import Actor
from tests import factories
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY, names_of

HOST = Actor("anne@example.org")
CLAIRE = Contact("Claire", "Dupont", "claire.dupont@example.org", "06 00 00 00 00")


def asked_lodging(**fields: Any) -> Offer:
    """Make a lodging whose host answers first."""
    return factories.a_lodging(now=NOW, confirmation="on_request", **fields)


def asked_activity(**fields: Any) -> Offer:
    """Make an activity whose host answers first."""
    return factories.an_activity(confirmation="on_request", **fields)


def plan_week(basket: Basket, offer: Offer, *, now: datetime = NOW) -> Basket:
    """Add a week of two adults in a lodging."""
    request = LineRequest(
        offer_id=offer.pk,
        unit_id=offer.units.get().pk,
        arrival=SATURDAY,
        departure=NEXT_SATURDAY,
        ages=(None, None),
    )
    add_to_basket(basket, request, now=now)
    return basket


def plan_places(basket: Basket, slot: Slot, *, count: int = 2, now: datetime = NOW) -> Basket:
    """Add places for adults in a slot."""
    request = LineRequest(offer_id=slot.offer_id, slot_id=slot.pk, ages=(None,) * count)
    add_to_basket(basket, request, now=now)
    return basket


def ask(basket: Basket, *, now: datetime = NOW, **changes: Any) -> list[BookingRequest]:
    """Send what is on request in a basket, where nothing else is in it."""
    basket.refresh_from_db()
    view = view_basket(basket, now=now)
    given: dict[str, Any] = {
        "contact": CLAIRE,
        "names": names_of(basket),
        "arrival_time": None,
        "needs": "",
        "shown_total": view.total,
        **changes,
    }
    if "terms" not in given:
        given["terms"] = factories.terms()
    return requests.ask_hosts(basket, lambda view, standing: Given(**given), language="fr", now=now)


def a_request(offer: Offer | None = None, *, now: datetime = NOW) -> BookingRequest:
    """Ask for a week of a lodging on request."""
    (request,) = ask(plan_week(factories.a_basket(), offer or asked_lodging(), now=now), now=now)
    return request


def a_place_asked(slot: Slot, *, count: int = 2, now: datetime = NOW) -> BookingRequest:
    """Ask for places of a slot on request."""
    (request,) = ask(plan_places(factories.a_basket(), slot, count=count, now=now), now=now)
    return request


def accepted(request: BookingRequest, *, now: datetime = NOW) -> Order:
    """Let the host say yes."""
    return requests.accept_request(request, actor=HOST, now=now)
