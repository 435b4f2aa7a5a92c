"""On request through the API: said on the line, asked for at checkout, never in what is paid."""

from __future__ import annotations

from typing import Any

import pytest

from booking.models import BookingRequest, Offer, Order
from tests.booking.pages import a_week
from tests.cast import FakeBank
from tests.oti.api.client import (
    a_workshop,
    ask,
    checkout_body,
    codes,
    new_basket,
    places_line,
    send,
    week_line,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def offer() -> Offer:
    return a_week(confirmation="on_request")


def basket_with(*lines: dict[str, Any]) -> str:
    token = new_basket()
    for line in lines:
        answer = send(f"baskets/{token}/lines", line)
        assert answer.status_code == 201, answer.content
    return token


def test_a_line_on_request_says_so_and_is_apart_from_the_total(offer: Offer):
    token = basket_with(week_line(offer), places_line(a_workshop()))

    told = ask(f"baskets/{token}").json()

    asked, sold = told["lines"] if told["lines"][0]["on_request"] else told["lines"][::-1]
    assert (asked["on_request"], asked["is_held"], asked["is_counted"]) == (True, False, False)
    assert (sold["on_request"], sold["is_held"], sold["is_counted"]) == (False, True, True)
    assert told["totals"]["total_cents"] == 9600
    assert told["totals"]["on_request_cents"] == 77540
    assert told["can_check_out"]


def test_the_instant_part_is_paid_and_the_rest_asked_for(offer: Offer, bank: FakeBank):
    token = basket_with(week_line(offer), places_line(a_workshop()))

    answer = send(f"baskets/{token}/checkout", checkout_body(token))

    assert answer.status_code == 201, answer.content
    body, request = answer.json(), BookingRequest.objects.get()
    assert body["payment_url"].startswith("https://bank.example.org/")
    (row,) = body["requests"]
    assert (row["code"], row["state"]) == (request.code, "requested")
    assert (row["total_cents"], row["arrival"]) == (77540, "2027-07-10")
    assert row["answer_before"] == "2027-04-07T10:00+02:00"
    assert f"cle={request.access_token}" in row["url"]
    assert [one.amount_total_cents for one in bank.sessions.values()] == [9600]
    key = {"Authorization": f"Bearer {body['access_token']}"}
    assert ask(f"orders/{body['order']}", **key).json()["requests"] == body["requests"]
    # A second call answers the same, and asks nobody again.
    assert send(f"baskets/{token}/checkout", checkout_body(token)).json() == body


def test_a_stay_on_request_only_makes_no_payment(offer: Offer, bank: FakeBank):
    token = basket_with(week_line(offer))
    sent = checkout_body(token)
    assert sent["shown_total_cents"] == 0

    answer = send(f"baskets/{token}/checkout", sent)
    again = send(f"baskets/{token}/checkout", sent)

    assert (answer.status_code, again.status_code) == (201, 200)
    assert answer.json()["order"] is answer.json()["payment_url"] is None
    assert answer.json()["requests"] == again.json()["requests"]
    assert BookingRequest.objects.count() == 1
    assert not Order.objects.exists()
    assert not bank.sessions


def test_names_are_asked_for_too(offer: Offer):
    token = basket_with(week_line(offer))

    answer = send(f"baskets/{token}/checkout", checkout_body(token, participants=[]))

    assert answer.status_code == 422
    assert not BookingRequest.objects.exists()


def test_a_total_that_isnt_shown_is_refused(offer: Offer):
    token = basket_with(week_line(offer))

    answer = send(f"baskets/{token}/checkout", checkout_body(token, shown_total_cents=77540))

    assert codes(answer) == ["total_changed"]
    assert not BookingRequest.objects.exists()


def test_offers_say_how_they_are_confirmed(offer: Offer):
    assert ask(f"offers/{offer.slug}").json()["confirmation"] == "on_request"
    found = ask("stays?arrival=2027-07-10&departure=2027-07-17&adults=2").json()["results"]
    assert [one["is_on_request"] for one in found] == [True]
