"""Events under way: what a calendar no longer says of them opens, what is over stays as it was."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from booking import search_table
from booking.channels.feeds import accept_empty
from booking.channels.sync import import_feed
from booking.models import Feed, FeedEvent, Stay, Unit
from members.journal import Actor
from members.models import Entry
from oti.lib.dates import today as day_of
from tests import factories
from tests.booking.channels.platform import Platform, calendar, whole
from tests.cast import NOW, TODAY

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
HOST = Actor("host@example.org")
OTHER = whole("20270901", "20270902", "UID:other")


@pytest.fixture
def unit() -> Unit:
    return factories.a_lodging(now=NOW).units.get()


@pytest.fixture
def feed(unit: Unit) -> Feed:
    return factories.a_feed(unit)


def read(feed: Feed, now: datetime, times: int = 1) -> datetime:
    """Read a calendar each hour; returns the last moment."""
    for n in range(times):
        feed.refresh_from_db()
        import_feed(feed, now=now + HOUR * n)
    return now + HOUR * (times - 1)


def spans(unit: Unit) -> list[tuple[date, date]]:
    rows = Stay.objects.filter(unit=unit, state=Stay.State.BLOCKED).order_by("dates")
    return [(row.dates.lower, row.dates.upper) for row in rows]


def days(first: date, after: date, more: str = "UID:a", words: str = "Not available") -> str:
    """Return closed nights, as a platform tells them; or a booking, by its word."""
    return whole(f"{first:%Y%m%d}", f"{after:%Y%m%d}", f"{more}\nSUMMARY:{words}")


def test_a_season_that_is_shortened_opens_after_three_good_readings(
    unit: Unit, feed: Feed, platform: Platform
) -> None:
    platform.says(calendar(days(TODAY, TODAY + 500 * DAY)))
    read(feed, NOW)
    tomorrow = NOW + DAY
    platform.says(calendar(days(TODAY, TODAY + 30 * DAY)))

    read(feed, tomorrow, 2)
    assert spans(unit) == [(TODAY, TODAY + 500 * DAY)]
    read(feed, tomorrow + 2 * HOUR)

    # The night that is over stays as it was.
    assert spans(unit) == [(TODAY, TODAY + DAY), (TODAY + DAY, TODAY + 30 * DAY)]
    kept = [(one.dates.lower, one.dates.upper) for one in FeedEvent.objects.order_by("dates")]
    assert kept == [(TODAY, TODAY + DAY), (TODAY, TODAY + 30 * DAY)]
    assert search_table.find_drift(today=TODAY) == []
    entry = Entry.objects.filter(verb="calendar changed").latest("pk")
    assert entry.data["opened"] == [f"{TODAY + 30 * DAY}/{TODAY + 500 * DAY}"]
    # Settled: nothing more is written down of it.
    before = Entry.objects.count()
    read(feed, tomorrow + 3 * HOUR, 3)
    assert Entry.objects.count() == before


def test_a_booking_that_its_platform_drops_on_arrival_stays_as_it_was(
    unit: Unit, feed: Feed, platform: Platform
) -> None:
    """Some calendars tell what is to come alone: whoever is in the house has not left it."""
    platform.says(calendar(days(TODAY, TODAY + 9 * DAY, words="Reserved"), OTHER))
    read(feed, NOW)
    platform.says(calendar(OTHER))

    read(feed, NOW + 2 * DAY, 9)

    assert spans(unit)[0] == (TODAY, TODAY + 9 * DAY)


def test_a_booking_that_is_told_shorter_opens_the_rest(
    unit: Unit, feed: Feed, platform: Platform
) -> None:
    platform.says(calendar(days(TODAY, TODAY + 9 * DAY, words="Reserved"), OTHER))
    read(feed, NOW)
    platform.says(calendar(days(TODAY, TODAY + 3 * DAY, words="Reserved"), OTHER))

    read(feed, NOW + DAY, 3)

    assert spans(unit)[:2] == [(TODAY, TODAY + DAY), (TODAY + DAY, TODAY + 3 * DAY)]


def test_closed_nights_that_end_early_open(unit: Unit, feed: Feed, platform: Platform) -> None:
    platform.says(calendar(days(TODAY, TODAY + 9 * DAY), OTHER))
    read(feed, NOW)
    platform.says(calendar(OTHER))

    read(feed, NOW + 2 * DAY, 3)

    assert spans(unit) == [
        (TODAY, TODAY + 2 * DAY),
        (date(2027, 9, 1), date(2027, 9, 2)),
    ]


def test_a_window_that_moves_on_leaves_nothing_behind(
    unit: Unit, feed: Feed, platform: Platform
) -> None:
    """Two days' notice and nine months of sales: other dates each day, under one name or many."""
    for n in range(9):
        now = NOW + n * DAY
        today = day_of(now)
        platform.says(
            calendar(
                days(today, today + 2 * DAY),
                days(today + 270 * DAY, today + 365 * DAY, f"UID:{n}"),
            )
        )
        read(feed, now, 3)
        told = [one for one in spans(unit) if one[1] > today]
        assert told == [
            (today, today + 2 * DAY),
            (today + 270 * DAY, today + 365 * DAY),
        ]
    live = FeedEvent.objects.filter(feed=feed, dates__endswith__gt=today)
    assert live.count() == 2
    platform.says(calendar(OTHER))
    read(feed, now + 3 * HOUR, 3)
    assert [one for one in spans(unit) if one[1] > today] == [(date(2027, 9, 1), date(2027, 9, 2))]


def test_two_events_that_began_together_leave_one_past(
    unit: Unit, feed: Feed, platform: Platform
) -> None:
    platform.says(calendar(days(TODAY, TODAY + 5 * DAY), days(TODAY, TODAY + 9 * DAY), OTHER))
    read(feed, NOW)
    platform.says(calendar(OTHER))

    read(feed, NOW + DAY, 3)

    past = FeedEvent.objects.exclude(dates__endswith__gt=TODAY + DAY).get()
    assert (past.dates.lower, past.dates.upper) == (TODAY, TODAY + DAY)
    assert past.first_seen_at == NOW


@pytest.mark.parametrize("body", [calendar(), b"", calendar(OTHER)[:-40]])
def test_a_file_without_anything_opens_nothing_of_what_is_under_way(
    unit: Unit, feed: Feed, platform: Platform, body: bytes
) -> None:
    platform.says(calendar(days(TODAY, TODAY + 9 * DAY)))
    read(feed, NOW)
    platform.says(body)

    read(feed, NOW + DAY, 9)

    assert spans(unit) == [(TODAY, TODAY + 9 * DAY)]


def test_an_empty_file_doesnt_end_a_count_that_others_began(
    unit: Unit, feed: Feed, platform: Platform
) -> None:
    """The last other event was over at midnight: since then the calendar says nothing at all."""
    platform.says(
        calendar(days(TODAY, TODAY + DAY), days(TODAY + 9 * DAY, TODAY + 11 * DAY, "UID:b"))
    )
    read(feed, NOW)
    platform.says(calendar(days(TODAY, TODAY + DAY)))
    read(feed, NOW + HOUR, 2)

    read(feed, NOW + DAY, 3)

    assert spans(unit)[-1] == (TODAY + 9 * DAY, TODAY + 11 * DAY)
    feed.refresh_from_db()
    assert feed.problem == "emptied"


def test_a_host_says_that_an_empty_calendar_is_right_for_what_is_under_way_too(
    unit: Unit, feed: Feed, platform: Platform
) -> None:
    platform.says(calendar(days(TODAY, TODAY + 500 * DAY)))
    read(feed, NOW)
    platform.says(calendar())
    read(feed, NOW + DAY)
    feed.refresh_from_db()

    assert accept_empty(feed, actor=HOST, now=NOW + DAY + HOUR)

    assert spans(unit) == [(TODAY, TODAY + DAY)]
    assert search_table.find_drift(today=TODAY) == []


def test_nights_beside_those_that_are_over_close_alone(
    unit: Unit, feed: Feed, platform: Platform
) -> None:
    """What is over is a row of its own: a longer one that takes it in would be refused."""
    platform.says(calendar(days(TODAY, TODAY + DAY), OTHER))
    read(feed, NOW)
    platform.says(calendar(days(TODAY + DAY, TODAY + 4 * DAY, "UID:b"), OTHER))

    read(feed, NOW + 2 * DAY)

    assert spans(unit)[:2] == [
        (TODAY, TODAY + DAY),
        (TODAY + 2 * DAY, TODAY + 4 * DAY),
    ]
