"""The round of all calendars: due ones only, each by itself, none twice."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from booking.channels import rounds
from booking.channels.rounds import read_due_feeds
from booking.models import Feed, FeedEvent, Stay, Unit
from booking.refusals import Busy, trouble
from tests import factories
from tests.booking.channels.platform import Platform, calendar, whole
from tests.cast import NOW

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def unit() -> Unit:
    return factories.a_lodging(now=NOW).units.get()


def feeds(unit: Unit, count: int) -> list[Feed]:
    return [
        factories.a_feed(unit, f"https://www.airbnb.fr/calendar/ical/{n}.ics?s=x")
        for n in range(count)
    ]


def test_due_calendars_are_read_and_a_dead_one_keeps_no_other(
    unit: Unit, platform: Platform
) -> None:
    feeds(unit, 7)
    platform.says(calendar(whole("20270710", "20270717")))
    platform.says(error=RuntimeError("boom"), at="/3.ics")

    assert read_due_feeds(now=NOW, threads=2) == (6, 1)

    assert len(platform.asked) == 7
    assert FeedEvent.objects.count() == 6
    assert Stay.objects.filter(state=Stay.State.BLOCKED).count() == 1
    assert read_due_feeds(now=NOW, threads=2) == (0, 0)


def test_paused_and_fresh_calendars_arent_read(unit: Unit, platform: Platform) -> None:
    one, two = feeds(unit, 2)
    Feed.objects.filter(pk=one.pk).update(is_paused=True)
    Feed.objects.filter(pk=two.pk).update(due_at=NOW + HOUR)

    assert read_due_feeds(now=NOW) == (0, 0)
    assert platform.asked == []


def test_what_a_round_that_died_had_taken_is_taken_again(unit: Unit, platform: Platform) -> None:
    (feed,) = feeds(unit, 1)
    rounds.locks.claim_feeds(now=NOW, until=NOW + rounds.LEASE, most=10)
    platform.says(calendar())

    assert read_due_feeds(now=NOW) == (0, 0)
    assert read_due_feeds(now=NOW + rounds.LEASE) == (1, 0)
    feed.refresh_from_db()
    assert feed.last_good_at == NOW + rounds.LEASE


def test_a_round_without_time_begins_nothing(unit: Unit, platform: Platform) -> None:
    feeds(unit, 1)
    assert read_due_feeds(now=NOW, seconds=0) == (0, 0)
    assert platform.asked == []


def test_a_unit_that_somebody_has_is_left_to_the_next_round(
    unit: Unit, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    feeds(unit, 2)
    platform.says(calendar())

    def busy(*_args: object, **_kwargs: object) -> str:
        raise Busy(trouble("busy"))

    monkeypatch.setattr(rounds, "apply", busy)
    assert read_due_feeds(now=NOW) == (0, 2)


def test_a_slow_platform_holds_nobody_else(
    unit: Unit, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are written while it is still being waited for."""
    feeds(unit, 6)
    platform.says(calendar(whole("20270710", "20270717")))
    others_are_written = threading.Event()
    real = rounds.ask

    def ask(question: object, **asked: object) -> object:
        if question.feed_id == slow:  # type: ignore[attr-defined]
            assert others_are_written.wait(30)
        return real(question, **asked)  # type: ignore[arg-type]

    slow = Feed.objects.order_by("pk")[0].pk
    monkeypatch.setattr(rounds, "ask", ask)
    write, written = rounds.apply, []

    def apply(feed_id: int, *args: object, **kwargs: object) -> str:
        written.append(feed_id)
        if len(written) == 5:
            others_are_written.set()
        return write(feed_id, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(rounds, "apply", apply)

    assert read_due_feeds(now=NOW, threads=2) == (6, 0)
    assert written[-1] == slow
