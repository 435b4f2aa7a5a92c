"""A host's program reads its bookings: its own lines, since a moment, and no more than a host."""

from __future__ import annotations

import base64
from datetime import UTC, timedelta
from typing import Any

import pytest

from booking.basket import add_to_basket
from booking.cancellation import cancel_lines
from booking.models import Order
from booking.wishes import LineRequest
from members.journal import SYSTEM
from oti.api.cursors import known_moment
from tests import factories
from tests.booking.pages import a_week, paid_stay
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY, FakeBank, paid_order
from tests.oti.api.client import codes
from tests.oti.api.house import ask, key_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(bank: FakeBank) -> Order:
    return paid_stay(bank)


def lines(answer: Any) -> list[int]:
    assert answer.status_code == 200, answer.content
    return [one["id"] for one in answer.json()["results"]]


def test_house_reads_its_own_line_and_nothing_of_the_rest(order: Order):
    bed = order.lines.get(kind="lodging")
    key = key_for(bed.sub_order.provider)

    answer = ask(key, f"bookings/{order.reference}")

    [line] = answer.json()["lines"]
    assert (line["id"], line["unit"], line["state"]) == (bed.pk, bed.unit_id, "sold")
    assert line["booked_by"] == order.first_name
    assert line["amount_cents"] == int(bed.gross_amount * 100)
    assert {one["first_name"] for one in line["guests"]} == {
        one.first_name for one in bed.participants.all()
    }
    text = answer.content.decode()
    others = [one for one in order.lines.all() if one.pk != bed.pk]
    assert others
    for secret in ("Dupont", order.email, order.access_token, *(one.offer.slug for one in others)):
        assert secret not in text
    assert lines(ask(key, "bookings")) == [bed.pk]


def test_booking_of_others_is_not_known(order: Order):
    key = key_for(a_week().provider)
    for reference in (order.reference, "NOTHING", "x" * 40):
        assert ask(key, f"bookings/{reference}").status_code == 404
    assert lines(ask(key, "bookings")) == []


def test_what_changed_since_a_moment_is_told(order: Order, at):
    bed = order.lines.get(kind="lodging")
    key = key_for(bed.sub_order.provider)
    later = NOW + timedelta(days=2)
    assert lines(ask(key, "bookings", since=NOW.isoformat())) == [bed.pk]
    assert lines(ask(key, "bookings", since=later.isoformat())) == []

    at(later)
    cancel_lines(order, [bed.pk], basis="policy", reason="Malade", actor=SYSTEM, now=later)

    [found] = ask(key, "bookings", since=later.isoformat()).json()["results"]
    assert (found["id"], found["state"]) == (bed.pk, "cancelled")


def test_lines_come_page_after_page_each_once(bank: FakeBank):
    offer = a_week(units=3)
    made = []
    for number in range(3):
        basket = factories.a_basket()
        unit = offer.units.order_by("pk")[number]
        hold(basket, offer, unit)
        made.append(paid_order(basket, bank).lines.get().pk)
    key = key_for(offer.provider)

    found, cursor = [], ""
    for _page in range(2):
        answer = ask(key, "bookings", size=2, cursor=cursor).json()
        found += [one["id"] for one in answer["results"]]
        cursor = answer["next"]

    assert (sorted(found), cursor) == (sorted(made), None)


def hold(basket: Any, offer: Any, unit: Any) -> None:
    add_to_basket(
        basket,
        LineRequest(
            offer_id=offer.pk,
            unit_id=unit.pk,
            arrival=SATURDAY,
            departure=NEXT_SATURDAY,
            ages=(None, None),
        ),
        now=NOW,
    )


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"since": "yesterday"}, "moment_unreadable"),
        ({"since": "2027-07-11T14:00:00"}, "moment_unreadable"),
        ({"since": "0001-01-01T00:00:00+14:00"}, "moment_unreadable"),
        ({"cursor": "!"}, "cursor_unreadable"),
        ({"size": "1000"}, "max_value"),
        ({"provider": "other"}, "unknown_field"),
    ],
)
def test_bad_questions_are_said(query, code):
    answer = ask(key_for(a_week().provider), "bookings", **query)
    assert (answer.status_code, codes(answer)) == (422, [code])


@pytest.mark.parametrize(
    "told",
    [
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "1999-12-31T00:00:00+00:00",
        "2200-01-01T00:00:00+00:00",
        "2027-07-11T14:00:00",
    ],
)
def test_moment_that_no_row_has_makes_no_cursor(told: str):
    cursor = base64.urlsafe_b64encode(f"{told}|1".encode()).decode().rstrip("=")
    answer = ask(key_for(a_week().provider), "bookings", cursor=cursor)
    assert (answer.status_code, codes(answer)) == (422, ["cursor_unreadable"])


@pytest.mark.parametrize("zone", ["+23:59:59.999999", "+16:00", "-23:59"])
def test_zone_that_the_database_refuses_is_read(zone: str):
    key, told = key_for(a_week().provider), f"2027-07-11T14:00:00{zone}"
    # Without prepared statements it would be written out as it is.
    assert known_moment(told).tzinfo is UTC
    cursor = base64.urlsafe_b64encode(f"{told}|1".encode()).decode().rstrip("=")
    assert ask(key, "bookings", since=told).status_code == 200
    assert ask(key, "bookings", cursor=cursor).status_code == 200


def test_plus_of_a_zone_may_come_as_a_space(order: Order):
    key = key_for(order.lines.get(kind="lodging").sub_order.provider)
    assert len(lines(ask(key, "bookings", since="2027-04-01T00:00:00 02:00"))) == 1


def test_list_costs_few_statements(order: Order, django_assert_max_num_queries):
    key = key_for(order.lines.get(kind="lodging").sub_order.provider)
    ask(key, "bookings")
    with django_assert_max_num_queries(8):
        ask(key, "bookings")
