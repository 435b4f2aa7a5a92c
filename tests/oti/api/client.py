"""Asking the API as a program would, and the Duponts' stay through it."""

from __future__ import annotations

import json
from datetime import date, time
from typing import Any

from django.test import Client

from booking.models import Offer
from tests import factories
from tests.booking.pages import a_week
from tests.replay import TEXTS, replayed_beside

ROOT = "/api/v1/"
# Two adults who give no age, a child of 5 and one of 10.
DUPONT = [{"age": None}, {"age": None}, {"age": 5}, {"age": 10}]
WEEK = {"arrival": "2027-07-10", "departure": "2027-07-17"}
CONTACT = {
    "first_name": "Claire",
    "last_name": "Dupont",
    "email": "claire.dupont@example.org",
    "phone": "06 12 34 56 78",
}


def ask(path: str, client: Client | None = None, **headers: Any) -> Any:
    """Read an address of the API."""
    return (client or Client()).get(ROOT + path, headers=headers)


def send(path: str, body: Any = None, client: Client | None = None, **headers: Any) -> Any:
    """Send JSON to an address of the API."""
    return (client or Client()).post(
        ROOT + path, json.dumps(body or {}), content_type="application/json", headers=headers
    )


def codes(answer: Any) -> list[str]:
    """Return the codes of a refusal."""
    return [one["code"] for one in answer.json()["problems"]]


def fields(answer: Any) -> dict[str, str]:
    """Return the fields of a refusal, each with its code."""
    return {one.get("field", ""): one["code"] for one in answer.json()["problems"]}


def new_basket() -> str:
    """Make a basket; return its token."""
    answer = send("baskets")
    assert answer.status_code == 201, answer.content
    return str(answer.json()["token"])


def week_line(offer: Offer, /, **changes: Any) -> dict[str, Any]:
    """Return what the Duponts send for a week in July."""
    line = {"offer": offer.slug, "unit": offer.units.first().pk, "participants": DUPONT, **WEEK}
    return {name: value for name, value in {**line, **changes}.items() if value is not ...}


def a_workshop(*, day: int = 12, hour: int = 14, capacity: int = 10, **options: Any) -> Any:
    """Make a workshop in July; return its slot."""
    offer = factories.an_activity(kind="workshop", **options)
    return factories.a_slot(offer, date(2027, 7, day), time(hour), capacity=capacity)


def places_line(slot: Any, /, **changes: Any) -> dict[str, Any]:
    """Return what the Duponts send for places in a slot."""
    return {"offer": slot.offer.slug, "slot": slot.pk, "participants": DUPONT, **changes}


@replayed_beside(*TEXTS)
def dupont_basket() -> str:
    """Put a week and a workshop into a basket, 871.40 euros; return its token."""
    token = new_basket()
    for line in (week_line(a_week()), places_line(a_workshop())):
        answer = send(f"baskets/{token}/lines", line)
        assert answer.status_code == 201, answer.content
    return token


def checkout_body(token: str, /, **changes: Any) -> dict[str, Any]:
    """Return what the Duponts send to order what the basket shows."""
    basket = ask(f"baskets/{token}").json()
    body = {
        "contact": CONTACT,
        "participants": [
            {"key": one["key"], "first_name": f"Prénom {one['key']}", "last_name": "Dupont"}
            for one in basket["people"]
        ],
        "terms_version": "test-1",
        "shown_total_cents": basket["totals"]["total_cents"],
        "language": "fr",
        "arrival_time": "17:30",
        "needs": "Une allergie aux noix",
    }
    return {name: value for name, value in {**body, **changes}.items() if value is not ...}
