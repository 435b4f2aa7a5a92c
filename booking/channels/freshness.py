"""How old what other platforms said may be before nights are held or paid (domain.md 5.4).

Before a hold and before a payment the calendars of the unit are asked again, outside any
transaction and within a budget of seconds. A unit whose calendar has been silent for a day isn't
sold at once: its host is asked first (oti/decisions/0011-channels.md, 0012-on-request.md).
"""

from __future__ import annotations

import time
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor, as_completed
from concurrent.futures import TimeoutError as NotInTime
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import connection

from booking import locks
from booking.channels.reading import Answer, Question, answer_of, ask
from booking.channels.sync import apply, note_tried
from booking.models import Basket, Feed
from booking.refusals import Busy
from oti.lib.joins import read_rows
from oti.lib.memo import remembered

# What was read so lately is believed; a platform that was asked a moment ago isn't asked again.
FRESH = timedelta(minutes=5)
JUST_ASKED = timedelta(minutes=1)
BUDGET_SECONDS = 4.0
# Beside it, for writing down what was said, whoever has the unit.
WRITE_SECONDS = 1.0
# Too slow for somebody who waits; the background gives it more time.
SLOW = "timeout"
SILENT_HOST = timedelta(hours=6)
SILENT_SALE = timedelta(hours=24)
MOST_AT_ONCE = 8
# A calendar of the unit `u` that has been silent since a moment.
SILENT_FEED = """
SELECT 1 FROM booking_feed f WHERE f.unit_id = u.id AND NOT f.is_paused
AND coalesce(f.last_good_at, f.created_at) < %(silent)s
"""
# Written out: each add and each order of nights asks for them.
LIVE_FEEDS = """
SELECT {columns} FROM booking_feed it WHERE unit_id = ANY(%s::bigint[]) AND NOT is_paused
ORDER BY unit_id, id
"""
LIVE_FEEDS_OF_BASKET = """
SELECT {columns} FROM booking_feed it WHERE NOT is_paused AND unit_id IN (
    SELECT unit_id FROM booking_basketline WHERE basket_id = %s AND (%s OR NOT is_on_request)
) ORDER BY unit_id, id
"""
STALE = """
SELECT DISTINCT unit_id FROM booking_feed
WHERE unit_id = ANY(%s::bigint[]) AND NOT is_paused AND coalesce(last_good_at, created_at) < %s
"""


def asks_host_first(unit_id: int | None, *, now: datetime) -> bool:
    """Ask the calendars of a unit again before its nights are held; None has none.

    As `read_again`. Returns whether it isn't sold at once: its nights are on request.
    """
    return bool(unit_id and read_again([unit_id], now=now))


def read_again(units: Collection[int], *, now: datetime) -> set[int]:
    """Ask the calendars of these units again where what they said is older than five minutes.

    Takes BUDGET_SECONDS at most and WRITE_SECONDS for writing, outside any transaction; one that
    doesn't answer in time changes nothing, nor when it is read next. Returns the units that aren't
    sold at once: one of their calendars has been silent for a day. One statement where they have
    none. Locks: the unit, where something changed, in a transaction of its own.
    """
    return _read_again(read_rows(LIVE_FEEDS, Feed, [sorted(set(units))]), now=now)


def read_again_for(basket: Basket, *, and_asked: bool, now: datetime) -> set[int]:
    """Do as `read_again` for the units of a basket's lines; of those on request if `and_asked`."""
    return _read_again(read_rows(LIVE_FEEDS_OF_BASKET, Feed, [basket.pk, and_asked]), now=now)


def _read_again(feeds: list[Feed], *, now: datetime) -> set[int]:
    old = [one for one in feeds if is_old(one, now)]
    if old:
        _read_together(old, now=now)
    return stale_units({one.unit_id for one in feeds}, now=now)


def is_old(feed: Feed, now: datetime) -> bool:
    """Tell whether a calendar should be asked before a sale, and may be."""
    if feed.last_good_at is not None and feed.last_good_at > now - FRESH:
        return False
    if feed.problem == "too_often" and feed.due_at > now:
        return False
    return feed.last_tried_at is None or feed.last_tried_at <= now - JUST_ASKED


def stale_units(unit_ids: Collection[int], *, now: datetime) -> set[int]:
    """Return which of these units have a calendar that has been silent for a day."""
    if not unit_ids:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(STALE, [list(unit_ids), now - SILENT_SALE])
        return {row[0] for row in cursor.fetchall()}


@remembered(most=1, ignoring=("now",), by_language=False)
def units_on_request(*, now: datetime) -> frozenset[int]:
    """Return every unit whose calendar has been silent for a day, for lists: few or none."""
    silent = Feed.objects.silent_since(now - SILENT_SALE)
    return frozenset(silent.order_by().values_list("unit_id", flat=True))


def _read_together(feeds: list[Feed], *, now: datetime) -> None:
    """Ask several calendars at once; what comes in time is written."""
    ends_at = time.monotonic() + BUDGET_SECONDS
    written_by = ends_at + WRITE_SECONDS
    pool = ThreadPoolExecutor(max_workers=min(len(feeds), MOST_AT_ONCE))
    try:
        asked = {
            pool.submit(
                ask, Question.of(feed, now=now), now=now, total_seconds=BUDGET_SECONDS
            ): feed.pk
            for feed in feeds
        }
        with suppress(NotInTime):
            for one in as_completed(asked, timeout=max(ends_at - time.monotonic(), 0)):
                _write(asked.pop(one), answer_of(one), written_by=written_by, now=now)
        for pk in asked.values():
            _write(pk, Answer(problem=SLOW), written_by=written_by, now=now)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _write(feed_id: int, answer: Answer, *, written_by: float, now: datetime) -> None:
    """Write an answer in the time that is left; the background reads again what isn't written."""
    left = written_by - time.monotonic()
    if left <= 0:
        return
    # Somebody has the unit for longer than one waits: the hold will say so itself.
    with suppress(Busy), locks.waiting_at_most(left):
        if answer.problem == SLOW:
            note_tried(feed_id, now=now)
        else:
            apply(feed_id, answer, now=now)
