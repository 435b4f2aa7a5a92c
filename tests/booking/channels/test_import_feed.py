"""Importing calendars of other platforms: what closes, what opens, what is left alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from booking import basket as baskets
from booking import cancellation, search_table
from booking.channels import sync
from booking.channels.sync import import_feed
from booking.models import ChannelIncident, Feed, FeedEvent, Offer, Order, Stay, Unit, UnitDay
from booking.refusals import Unavailable
from booking.rules import states
from members.journal import Actor
from members.models import Entry
from oti.lib.http import FetchFailed, FetchRefused
from oti.lib.public_hosts import Reason
from tests import factories
from tests.booking.channels.platform import Platform, calendar, whole
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY, TODAY, FakeBank, order_from, paid_order

pytestmark = pytest.mark.django_db
QUARTER = timedelta(minutes=15)
OFFICE = Actor("office@example.org")
WEEK = whole("20270710", "20270717")


@pytest.fixture
def lodging() -> Offer:
    return factories.a_lodging(now=NOW)


@pytest.fixture
def unit(lodging: Offer) -> Unit:
    return lodging.units.get()


@pytest.fixture
def feed(unit: Unit) -> Feed:
    return factories.a_feed(unit)


def blocks(unit: Unit) -> list[tuple[str, str]]:
    rows = Stay.objects.filter(unit=unit, state=Stay.State.BLOCKED).order_by("dates")
    return [(f"{row.dates.lower}", f"{row.dates.upper}") for row in rows]


def read(feed: Feed, now: datetime = NOW) -> str:
    feed.refresh_from_db()
    return import_feed(feed, now=now)


def request(unit: Unit, arrival: date = SATURDAY, nights: int = 7) -> baskets.LineRequest:
    return baskets.LineRequest(
        offer_id=unit.offer_id,
        unit_id=unit.pk,
        arrival=arrival,
        departure=arrival + timedelta(days=nights),
        ages=(None, None),
    )


@contextmanager
def writes() -> Iterator[list[str]]:
    """Give the statements that write, but for the clock of the calendar itself."""
    found: list[str] = []
    with CaptureQueriesContext(
        connection,
    ) as asked:
        yield found
    for one in asked.captured_queries:
        sql = one["sql"]
        if sql.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE", "SELECT 1 FOR")):
            found.append(sql)


def sold(unit: Unit, bank: FakeBank) -> Order:
    basket = factories.a_basket()
    baskets.add_to_basket(basket, request(unit), now=NOW)
    return paid_order(basket, bank)


# --- Closing ------------------------------------------------------------------------------------
def test_imported_nights_are_taken_everywhere(unit: Unit, feed: Feed, platform: Platform) -> None:
    platform.says(
        calendar(
            WEEK, whole("20270717", "20270719", "UID:b"), "UID:c\n" + whole("20270801", "", "")
        )
    )

    assert read(feed) == ""

    # Neighbours are one span.
    assert blocks(unit) == [("2027-07-10", "2027-07-19"), ("2027-08-01", "2027-08-02")]
    assert search_table.find_drift(today=TODAY) == []
    assert UnitDay.objects.get(unit=unit, day=SATURDAY).free_run == 0
    assert UnitDay.objects.get(unit=unit, day=date(2027, 7, 19)).free_run == 13
    with pytest.raises(Unavailable) as refused:
        baskets.add_to_basket(factories.a_basket(), request(unit), now=NOW)
    assert refused.value.code == "gone"
    entry = Entry.objects.get(verb="calendar changed")
    assert entry.subject == f"unit:{unit.pk}"
    assert entry.data["closed"] == ["2027-07-10/2027-07-19", "2027-08-01/2027-08-02"]
    feed.refresh_from_db()
    assert feed.last_good_at == NOW
    assert abs(feed.due_at - NOW - QUARTER) <= timedelta(minutes=2)


def test_a_calendar_without_a_change_writes_nothing_but_its_clock(
    unit: Unit, feed: Feed, platform: Platform
) -> None:
    platform.says(
        calendar(WEEK, "UID:x\n" + whole("20270801", "20270803", "DTSTAMP:20270101T000000Z"))
    )
    read(feed)
    # Another moment is stamped into every event, as some platforms do.
    platform.says(
        calendar(WEEK, "UID:x\n" + whole("20270801", "20270803", "DTSTAMP:20270202T000000Z"))
    )

    with writes() as found:
        read(feed, NOW + QUARTER)

    (clock,) = found
    assert clock.startswith('UPDATE "booking_feed"')
    # Read anew on another day: the same.
    with writes() as found:
        read(feed, NOW + timedelta(days=1))
    assert len(found) == 1


def test_validators_that_were_given_are_sent_back(feed: Feed, platform: Platform) -> None:
    platform.says(calendar(WEEK), etag='"1"', last_modified="Tue, 06 Apr 2027 08:00:00 GMT")
    read(feed)
    platform.says(b"", status=304)

    assert read(feed, NOW + QUARTER) == ""

    sent = platform.asked[-1]["headers"]
    assert sent["If-None-Match"] == '"1"'
    assert sent["If-Modified-Since"] == "Tue, 06 Apr 2027 08:00:00 GMT"
    feed.refresh_from_db()
    assert feed.last_good_at == NOW + QUARTER
    # On another day the whole calendar is asked for.
    read(feed, NOW + timedelta(days=1))
    assert "If-None-Match" not in platform.asked[-1]["headers"]


def test_two_calendars_close_the_union_of_their_nights(unit: Unit, platform: Platform) -> None:
    one = factories.a_feed(unit, "https://www.airbnb.fr/calendar/ical/1.ics?s=a")
    two = factories.a_feed(unit, "https://ical.booking.com/v1/export?t=b")
    platform.says(calendar(WEEK), at="airbnb")
    platform.says(calendar(whole("20270714", "20270720")), at="booking")
    for feed in (one, two):
        read(feed)
    assert blocks(unit) == [("2027-07-10", "2027-07-20")]

    # One of them lets go: the other still has its nights.
    platform.says(calendar(whole("20270901", "20270902")), at="airbnb")
    for n in range(5):
        read(one, NOW + QUARTER * (n + 1))
    assert blocks(unit) == [("2027-07-14", "2027-07-20"), ("2027-09-01", "2027-09-02")]
    assert search_table.find_drift(today=TODAY) == []


# --- Opening ------------------------------------------------------------------------------------
def test_nights_open_only_after_three_good_readings_over_an_hour(
    unit: Unit, feed: Feed, platform: Platform
) -> None:
    platform.says(calendar(WEEK, whole("20270901", "20270902", "UID:b")))
    read(feed)
    platform.says(calendar(whole("20270901", "20270902", "UID:b")))

    for n in range(1, 5):
        read(feed, NOW + QUARTER * n)
        assert ("2027-07-10", "2027-07-17") in blocks(unit)
    read(feed, NOW + QUARTER * 5)

    assert blocks(unit) == [("2027-09-01", "2027-09-02")]
    assert search_table.find_drift(today=TODAY) == []
    entry = Entry.objects.filter(verb="calendar changed").latest("pk")
    assert entry.data["opened"] == ["2027-07-10/2027-07-17"]
    baskets.add_to_basket(factories.a_basket(), request(unit), now=NOW + QUARTER * 5)


def test_a_bad_reading_in_between_begins_the_count_again(
    unit: Unit, feed: Feed, platform: Platform
) -> None:
    platform.says(calendar(WEEK, whole("20270901", "20270902", "UID:b")))
    read(feed)
    less = calendar(whole("20270901", "20270902", "UID:b"))
    for n in range(1, 5):
        platform.says(less)
        read(feed, NOW + QUARTER * n)
    platform.says(b"", status=500)
    read(feed, NOW + QUARTER * 5)
    platform.says(less)
    read(feed, NOW + QUARTER * 6)

    assert ("2027-07-10", "2027-07-17") in blocks(unit)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ({"status": 500}, "server_error"),
        ({"status": 403}, "forbidden"),
        ({"status": 404}, "not_found"),
        ({"status": 302}, "odd_answer"),
        ({"status": 304}, "odd_answer"),
        ({"status": 429}, "too_often"),
        ({"body": b"<html>Maintenance</html>"}, "not_a_calendar"),
        ({"body": b""}, "empty"),
        ({"body": calendar(WEEK)[:-40]}, "cut_short"),
        ({"body": calendar()}, "emptied"),
        ({"body": calendar(whole("20270301", "20270302"))}, "emptied"),
        ({"error": FetchFailed(Reason.TIMEOUT)}, "timeout"),
        ({"error": FetchFailed(Reason.TOO_LARGE)}, "too_large"),
        ({"error": FetchRefused(Reason.PRIVATE)}, "refused_address"),
    ],
)
def test_a_reading_that_cant_be_believed_leaves_everything_as_it_was(
    unit: Unit, feed: Feed, platform: Platform, answer: dict[str, object], problem: str
) -> None:
    platform.says(calendar(WEEK))
    read(feed)
    Feed.objects.update(read_on=None)
    platform.says(**answer)  # type: ignore[arg-type]

    for n in range(1, 8):
        assert read(feed, NOW + QUARTER * n) == problem

    assert blocks(unit) == [("2027-07-10", "2027-07-17")]
    assert FeedEvent.objects.get().missing_since is None
    feed.refresh_from_db()
    assert (feed.problem, feed.failures, feed.last_good_at) == (problem, 7, NOW)
    # Asked again later and later, not sooner than two hours at the end.
    assert feed.due_at == NOW + QUARTER * 7 + timedelta(hours=2)


def test_a_platform_says_how_long_to_wait(feed: Feed, platform: Platform) -> None:
    platform.says(b"", status=429, retry_after="7200")
    read(feed)
    feed.refresh_from_db()
    assert feed.due_at == NOW + timedelta(hours=2)

    platform.says(b"", status=429, retry_after="999999999")
    read(feed)
    feed.refresh_from_db()
    assert feed.due_at == NOW + timedelta(hours=6)


def test_an_address_that_can_no_longer_be_opened_is_a_problem(feed: Feed) -> None:
    Feed.objects.update(sealed=b"nonsense")
    assert read(feed) == "unreadable_address"


def test_an_empty_calendar_is_fine_where_nothing_was_to_come(
    feed: Feed, platform: Platform
) -> None:
    platform.says(calendar())
    assert read(feed) == ""


def test_a_paused_calendar_is_left_alone_and_keeps_its_nights(
    unit: Unit, feed: Feed, platform: Platform
) -> None:
    platform.says(calendar(WEEK))
    read(feed)
    Feed.objects.update(is_paused=True)
    platform.says(calendar(whole("20270901", "20270902")))

    read(feed, NOW + QUARTER)

    assert blocks(unit) == [("2027-07-10", "2027-07-17")]


# --- Beside what is sold here ---------------------------------------------------------------------
def test_a_booking_elsewhere_on_sold_nights_opens_one_incident_and_undoes_nothing(
    unit: Unit, feed: Feed, platform: Platform, bank: FakeBank
) -> None:
    order = sold(unit, bank)
    other = factories.a_feed(unit, "https://ical.booking.com/v1/export?t=b")
    platform.says(calendar(whole("20270714", "20270720")))

    for one in (feed, other):
        assert read(one, NOW + QUARTER) == ""
    read(feed, NOW + QUARTER * 2)

    incident = ChannelIncident.objects.get()
    assert (incident.dates.lower, incident.dates.upper) == (date(2027, 7, 14), NEXT_SATURDAY)
    assert incident.state == states.OPEN
    assert incident.order_line == order.lines.get()
    # The rest of the nights is closed; what was sold is still sold.
    assert blocks(unit) == [("2027-07-17", "2027-07-20")]
    assert Stay.objects.get(state=Stay.State.SOLD).order_line == order.lines.get()
    assert Entry.objects.filter(verb="double booking found").count() == 1
    assert search_table.find_drift(today=TODAY) == []


def test_a_closure_elsewhere_on_sold_nights_is_no_incident(
    unit: Unit, feed: Feed, platform: Platform, bank: FakeBank
) -> None:
    """The platform read our calendar and closes what we sold: our own echo, or its window."""
    sold(unit, bank)
    platform.says(
        calendar(whole("20270701", "20270801", "UID:a@airbnb.com\nSUMMARY:Not available"))
    )

    read(feed)

    assert not ChannelIncident.objects.exists()
    assert blocks(unit) == [("2027-07-01", "2027-07-10"), ("2027-07-17", "2027-08-01")]


def test_a_cancelled_order_gives_its_nights_to_the_calendar_that_has_them(
    unit: Unit, feed: Feed, platform: Platform, bank: FakeBank
) -> None:
    order = sold(unit, bank)
    platform.says(calendar(whole("20270714", "20270720")))
    read(feed)

    ids = [line.pk for line in order.lines.all()]
    cancellation.cancel_lines(
        order, ids, basis="full", reason="double booking", actor=OFFICE, now=NOW
    )

    assert blocks(unit) == [("2027-07-14", "2027-07-20")]
    assert UnitDay.objects.get(unit=unit, day=SATURDAY).free_run == 4
    assert search_table.find_drift(today=TODAY) == []


def test_a_settled_incident_isnt_opened_again_for_the_same_nights(
    unit: Unit, feed: Feed, platform: Platform, bank: FakeBank
) -> None:
    sold(unit, bank)
    platform.says(calendar(WEEK))
    read(feed)
    ChannelIncident.objects.update(state=states.SETTLED, outcome="no_clash")
    # The platform gives the same nights another identifier.
    platform.says(calendar(whole("20270710", "20270717", "UID:other")))

    read(feed, NOW + QUARTER)

    assert ChannelIncident.objects.count() == 1


def test_nights_that_somebody_is_booking_are_lost_to_the_other_platform(
    unit: Unit, feed: Feed, platform: Platform, bank: FakeBank
) -> None:
    """Paid or not yet: money that comes for them is given back, they aren't sold twice."""
    basket = factories.a_basket()
    baskets.add_to_basket(basket, request(unit), now=NOW)
    order = order_from(basket)
    platform.says(calendar(whole("20270714", "20270720")))

    read(feed, NOW)

    assert blocks(unit) == [("2027-07-14", "2027-07-20")]
    assert not Stay.objects.filter(state=Stay.State.HELD).exists()
    entry = Entry.objects.get(verb="calendar changed")
    assert entry.data["lost_holds"] == 1
    assert order.state == states.AWAITING_PAYMENT


def test_the_demonstrations_blocks_are_left_alone(
    unit: Unit, feed: Feed, platform: Platform
) -> None:
    Stay.objects.create(
        unit=unit, dates=(date(2027, 7, 12), date(2027, 7, 14)), state=Stay.State.BLOCKED
    )
    platform.says(calendar(WEEK))

    read(feed)

    assert blocks(unit) == [
        ("2027-07-10", "2027-07-12"),
        ("2027-07-12", "2027-07-14"),
        ("2027-07-14", "2027-07-17"),
    ]


def test_a_calendar_removed_meanwhile_changes_nothing(feed: Feed, platform: Platform) -> None:
    platform.says(calendar(WEEK))
    gone = Feed.objects.get()
    Feed.objects.all().delete()

    assert import_feed(gone, now=NOW) == ""
    assert not Stay.objects.exists()
    assert sync.apply(gone.pk, sync.Answer(problem="timeout"), now=NOW) == ""


def test_nothing_of_a_guest_reaches_the_database(feed: Feed, platform: Platform) -> None:
    guest = "UID:inès@example.org\nSUMMARY:Réservée - Inès\nDESCRIPTION:Phone: 1234"
    platform.says(calendar(whole("20270710", "20270717", guest)))

    with CaptureQueriesContext(connection) as asked:
        read(feed)

    told = "".join(one["sql"] for one in asked.captured_queries)
    assert "Inès" not in told
    assert "1234" not in told
    assert "inès" not in told


def test_what_is_long_past_is_forgotten_and_opens_nothing(
    unit: Unit, feed: Feed, platform: Platform
) -> None:
    platform.says(calendar(WEEK, whole("20270717", "20271001", "UID:b")))
    read(feed)
    later = datetime(2027, 9, 20, 10, tzinfo=NOW.tzinfo)

    assert sync.forget_past_events(now=NOW) == 0
    assert sync.forget_past_events(now=later) == 1

    assert read(feed, later) == ""
    assert ("2027-07-10", "2027-10-01") in blocks(unit)
