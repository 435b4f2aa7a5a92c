"""Days that nobody can mean: a page answers, whatever stands in its address."""

from __future__ import annotations

from datetime import time

import pytest
from django.test import Client

from booking.models import BasketLine, Offer
from tests import factories
from tests.cast import NOW, SATURDAY
from tests.pages import address, with_basket

pytestmark = pytest.mark.django_db
ABSURD = ["9999-12-31", "0001-01-01", "31/12/9999", "2150-07-01"]
# What each page reads of an address, besides the dates of the stay.
FIELDS = {
    "booking:stay-offer": ["month"],
    "booking:experience-offer": ["from", "first_day", "last_day"],
    "booking:ideas": ["day"],
}


@pytest.fixture(autouse=True)
def _spring(at) -> None:
    at(NOW)


@pytest.fixture
def rental() -> Offer:
    offer = factories.a_rental()
    factories.rental_days(offer, SATURDAY, 3)
    return offer


@pytest.fixture
def addresses(rental: Offer) -> list[tuple[str, str]]:
    activity = factories.an_activity()
    factories.a_slot(activity, SATURDAY, time(10))
    return [
        ("booking:stay-offer", factories.a_lodging(now=NOW).slug),
        ("booking:experience-offer", activity.slug),
        ("booking:experience-offer", rental.slug),
        ("booking:stays", ""),
        ("booking:experiences", ""),
        ("booking:ideas", ""),
    ]


@pytest.mark.parametrize("day", ABSURD)
def test_pages_answer_whatever_the_day(client: Client, addresses, day) -> None:
    for name, slug in addresses:
        queries = [{field: day} for field in ["arrival", "departure", *FIELDS.get(name, [])]]
        queries += [
            {"arrival": SATURDAY, "departure": day},
            dict.fromkeys(["arrival", "departure", *FIELDS.get(name, [])], day),
        ]
        if "first_day" in FIELDS.get(name, []):
            queries.append({"first_day": SATURDAY, "last_day": day})
        for query in queries:
            args = [slug] if slug else []
            assert client.get(address(name, *args, **query)).status_code == 200, (name, query)


@pytest.mark.parametrize("day", ABSURD)
def test_nothing_is_added_for_such_a_day_and_the_page_says_why(
    client: Client, rental: Offer, day: str
) -> None:
    lodging = factories.a_lodging(now=NOW)
    visitor = with_basket(client, factories.a_basket())
    for posted in (
        {"offer": rental.pk, "first_day": SATURDAY, "last_day": day, "quantity": 1},
        {"offer": rental.pk, "first_day": day, "last_day": day, "quantity": 1},
        {
            "offer": lodging.pk,
            "unit": lodging.units.get().pk,
            "arrival": SATURDAY,
            "departure": day,
            "adults": 2,
        },
    ):
        answer = visitor.post(address("booking:line-add"), posted)
        assert answer.status_code == 422
    assert not BasketLine.objects.exists()
