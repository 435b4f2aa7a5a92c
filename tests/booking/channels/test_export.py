"""What other platforms read: what is sold and closed here, never what they say themselves."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from icalendar import Calendar

from booking import basket as baskets
from booking import offers
from booking.channels.export import give_link, revoke_link
from booking.channels.ical import read_calendar
from booking.channels.sync import import_feed
from booking.models import ExportLink, Order, Unit
from members.journal import Actor
from members.models import Entry
from tests import factories
from tests.booking.channels.platform import Platform, calendar, whole
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY, TODAY, FakeBank, paid_order

pytestmark = pytest.mark.django_db
HOST = Actor("host@example.org")


@pytest.fixture(autouse=True)
def _in_spring(at: Any) -> None:
    at(NOW)


@pytest.fixture
def unit() -> Unit:
    return factories.a_lodging(now=NOW).units.get()


@pytest.fixture
def link(unit: Unit) -> ExportLink:
    return give_link(unit, actor=HOST, now=NOW)


@pytest.fixture
def order(unit: Unit, bank: FakeBank) -> Order:
    basket = factories.a_basket()
    request = baskets.LineRequest(
        offer_id=unit.offer_id,
        unit_id=unit.pk,
        arrival=SATURDAY,
        departure=NEXT_SATURDAY,
        ages=(None, None),
    )
    baskets.add_to_basket(basket, request, now=NOW)
    return paid_order(basket, bank)


def address(link: ExportLink) -> str:
    return reverse("unit-calendar", args=[link.token])


def close(unit: Unit, first: date, after: date) -> None:
    offers.close_nights(
        unit, first_night=first, reopening=after, reason="Famille Durand", actor=HOST, now=NOW
    )


def test_sold_and_closed_nights_are_told_and_nobody_is_named(
    unit: Unit, link: ExportLink, order: Order, client: Client
) -> None:
    close(unit, date(2027, 8, 1), date(2027, 8, 4))

    answer = client.get(address(link))

    body = answer.content.decode()
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer["Cache-Control"] == "max-age=300"
    assert answer["X-Robots-Tag"] == "noindex"
    events = Calendar.from_ical(answer.content).walk("VEVENT")
    told = [(str(one["SUMMARY"]), one.decoded("DTSTART"), one.decoded("DTEND")) for one in events]
    assert told == [
        ("Réservé – OTI Velay", SATURDAY, NEXT_SATURDAY),
        ("Fermé – OTI Velay", date(2027, 8, 1), date(2027, 8, 4)),
    ]
    assert {"UID", "DTSTAMP", "SEQUENCE"} <= set(events[0])
    for secret in ("Dupont", "Durand", order.reference, order.email, str(order.total_amount)):
        assert secret not in body
    lines = answer.content.split(b"\r\n")
    assert all(len(one) <= 75 for one in lines)
    assert b"\n" not in answer.content.replace(b"\r\n", b"")


def test_what_another_calendar_takes_is_never_told(
    unit: Unit, link: ExportLink, order: Order, client: Client, platform: Platform
) -> None:
    """Two platforms that read each other would keep a night closed for ever."""
    platform.says(calendar(whole("20270901", "20270910")))
    before = client.get(address(link)).content
    import_feed(factories.a_feed(unit), now=NOW)

    assert client.get(address(link)).content == before


def test_the_calendar_is_the_same_until_something_changes(
    unit: Unit, link: ExportLink, order: Order, client: Client
) -> None:
    first = client.get(address(link))
    again = client.get(address(link), headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again["ETag"] == first["ETag"]

    close(unit, date(2027, 8, 1), date(2027, 8, 4))
    changed = client.get(address(link), headers={"If-None-Match": first["ETag"]})
    assert changed.status_code == 200
    assert first.content.split(b"UID:")[1].split()[0] in changed.content


def test_a_calendar_without_entries_is_a_calendar_still(
    unit: Unit, link: ExportLink, client: Client, at: Any
) -> None:
    """It has a component, as RFC 5545 wants (3.6), and says that nothing is taken."""
    first = client.get(address(link))

    assert parts_of(first.content) == {
        "VCALENDAR": ["VTIMEZONE"],
        "VTIMEZONE": ["DAYLIGHT", "STANDARD"],
    }
    assert read_calendar(first.content, today=TODAY).events == ()
    at(NOW + timedelta(days=30))
    assert client.get(address(link))["ETag"] == first["ETag"]


def test_a_calendar_with_entries_holds_nothing_else(
    link: ExportLink, order: Order, client: Client
) -> None:
    assert parts_of(client.get(address(link)).content) == {"VCALENDAR": ["VEVENT"]}


def parts_of(body: bytes) -> dict[str, list[str]]:
    """Return which components stand in which, read without the library that wrote them."""
    inside: dict[str, list[str]] = {}
    open_ones: list[str] = []
    for line in body.decode().removesuffix("\r\n").split("\r\n"):
        name, _colon, value = line.partition(":")
        assert name, body
        if name == "BEGIN":
            if open_ones:
                inside.setdefault(open_ones[-1], []).append(value)
            open_ones.append(value)
        elif name == "END":
            assert open_ones.pop() == value, body
    assert not open_ones, body
    return inside


def test_a_platform_that_reads_it_is_seen_now_and_then(
    link: ExportLink, client: Client, at: Any
) -> None:
    client.get(address(link))
    link.refresh_from_db()
    assert link.last_read_at == NOW
    at(NOW + timedelta(minutes=4))
    client.get(address(link))
    link.refresh_from_db()
    assert link.last_read_at == NOW


def test_a_revoked_address_answers_no_more(unit: Unit, link: ExportLink, client: Client) -> None:
    revoke_link(unit, actor=HOST, now=NOW)
    revoke_link(unit, actor=HOST, now=NOW)
    assert client.get(address(link)).status_code == 404

    other = give_link(unit, actor=HOST, now=NOW)
    assert other.token != link.token
    assert give_link(unit, actor=HOST, now=NOW) == other
    assert client.get(address(other)).status_code == 200
    assert Entry.objects.filter(verb="shared calendar revoked").count() == 1


@pytest.mark.parametrize("token", ["x", "x" * 300, "%00", "..%2F..", "é"])
def test_an_address_that_was_never_given_is_not_found(client: Client, token: str) -> None:
    assert client.get(f"/ical/{token}.ics").status_code == 404


def test_only_reading_is_possible(link: ExportLink, client: Client) -> None:
    assert client.post(address(link)).status_code == 405
    assert client.head(address(link)).status_code == 200


def test_our_own_calendar_can_be_read_back(link: ExportLink, order: Order, client: Client) -> None:
    found = read_calendar(client.get(address(link)).content, today=TODAY)
    assert [(one.first_night, one.departure) for one in found.events] == [(SATURDAY, NEXT_SATURDAY)]
