"""Importing a calendar: what changed is written under the unit's lock, and nothing else.

What is added closes its nights at once. What is missing opens them after three good readings over
an hour. A reading that can't be believed concludes nothing (domain.md 5.2). Nothing sold here is
ever undone: where both sides have a night, an incident is opened for people to settle.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import F

from booking import locks
from booking.channels.blocks import Blocks, write_blocks
from booking.channels.reading import Answer, Question, ask
from booking.hook_outbox import tell_nights
from booking.models import ChannelIncident, Feed, FeedEvent, Stay
from booking.rules import states
from booking.rules.channels import (
    Comparison,
    KnownEvent,
    Nights,
    OuterEvent,
    compare,
    is_conflict,
    is_emptied,
)
from booking.task_queue import ask_for_task
from members.journal import SYSTEM, Actor, record
from oti.lib.dates import today as day_of

EVERY = timedelta(minutes=15)
JITTER_SECONDS = 240
LONGEST_BACKOFF = timedelta(hours=2)
# What is over is of use for the figures of a season, then no more.
KEPT = timedelta(days=60)
# Written out: a calendar may change a hundred events at once.
COLUMNS = {"kind": "text", "missing_since": "timestamptz", "missing_count": "smallint"}
UPDATE_EVENTS = """
UPDATE booking_feedevent it SET {column} = told.value
FROM unnest(%(uids)s::text[], %(firsts)s::date[], %(afters)s::date[], %(values)s::{type}[])
    AS told(uid, first, after, value)
WHERE it.feed_id = %(feed)s AND it.uid = told.uid
AND it.dates = daterange(told.first, told.after)
"""
DELETE_EVENTS = """
DELETE FROM booking_feedevent it
USING unnest(%(uids)s::text[], %(firsts)s::date[], %(afters)s::date[]) AS told(uid, first, after)
WHERE it.feed_id = %(feed)s AND it.uid = told.uid
AND it.dates = daterange(told.first, told.after)
"""
# What is left of events under way: the nights before today, once for those that began together.
KEEP_PAST = """
INSERT INTO booking_feedevent (feed_id, uid, dates, kind, first_seen_at, missing_count)
SELECT it.feed_id, it.uid, daterange(lower(it.dates), %(today)s::date), min(it.kind),
    min(it.first_seen_at), 0
FROM booking_feedevent it
JOIN unnest(%(uids)s::text[], %(firsts)s::date[], %(afters)s::date[])
    AS told(uid, first, after)
ON it.uid = told.uid AND it.dates = daterange(told.first, told.after)
WHERE it.feed_id = %(feed)s
GROUP BY it.feed_id, it.uid, lower(it.dates)
ON CONFLICT DO NOTHING
"""


def import_feed(feed: Feed, *, now: datetime, total_seconds: float | None = None) -> str:
    """Ask for a calendar and write what it changes; returns the problem, "" if it was read.

    The platform is asked outside any transaction. Locks: the unit, only where something changes.
    Raises Busy.
    """
    question = Question.of(feed, now=now)
    return apply(feed.pk, ask(question, now=now, total_seconds=total_seconds), now=now)


def apply(feed_id: int, answer: Answer, *, now: datetime, accepted_by: Actor | None = None) -> str:
    """Write what an answer changes; returns the problem that there is, "" for a good reading.

    Twice is the same as once. `accepted_by` says of a calendar that lost everything to come that it
    is right: believed, and written into the journal with what it opens. Raises Busy.
    """
    feed = Feed.objects.filter(pk=feed_id).first()
    if feed is None or feed.is_paused:
        return ""
    if answer.problem:
        return note_problem(feed, answer.problem, wait=answer.wait, now=now)
    today = day_of(now)
    known = _known(feed, today=today)
    seen = _seen(answer, known)
    if accepted_by is None and is_emptied(known, seen, today=today):
        return note_problem(feed, "emptied", now=now)
    if compare(known, seen, today=today, now=now) or accepted_by:
        _write(feed, answer, now=now, accepted_by=accepted_by)
    _note_good(feed, answer, now=now)
    return ""


def forget_past_events(*, now: datetime) -> int:
    """Delete what calendars said of nights long past; returns how many events."""
    long_ago = day_of(now) - KEPT
    return FeedEvent.objects.filter(dates__endswith__lt=long_ago).delete()[0]


def note_problem(feed: Feed, problem: str, *, wait: timedelta | None = None, now: datetime) -> str:
    """Write that a reading failed and when the next one is: later each time, as long as asked.

    Good readings that tell that something is missing are counted in a row: this one breaks it.
    """
    gaps = FeedEvent.objects.filter(feed=feed, missing_since__isnull=False)
    gaps.update(missing_since=None, missing_count=0)
    delay = min(EVERY * 2 ** min(feed.failures, 5), LONGEST_BACKOFF)
    Feed.objects.filter(pk=feed.pk).update(
        problem=problem,
        failures=F("failures") + 1,
        last_tried_at=now,
        due_at=now + max(delay, wait or delay),
    )
    return problem


def note_tried(feed_id: int, *, now: datetime) -> None:
    """Write that a calendar was asked and too slow for who waited: nothing follows from it."""
    Feed.objects.filter(pk=feed_id).update(last_tried_at=now)


def next_reading(feed_id: int, now: datetime) -> datetime:
    """Return when a calendar is read again: in a quarter of an hour, two minutes more or less.

    Calendars that were pasted together drift apart, so that no platform is asked all at once.
    """
    drift = zlib.crc32(f"{feed_id}:{now:%d%H%M}".encode()) % (JITTER_SECONDS + 1)
    return now + EVERY + timedelta(seconds=drift - JITTER_SECONDS // 2)


def _known(feed: Feed, *, today: date) -> list[KnownEvent]:
    """Return what was written down of a calendar and isn't over."""
    return [
        KnownEvent(
            OuterEvent(one.uid, one.dates.lower, one.dates.upper, one.kind),
            one.missing_since,
            one.missing_count,
        )
        for one in FeedEvent.objects.filter(feed=feed, dates__endswith__gt=today)
    ]


def _seen(answer: Answer, known: Sequence[KnownEvent]) -> list[OuterEvent]:
    """Return the events of an answer; the same calendar says again what isn't missing."""
    if answer.reading is not None:
        return list(answer.reading.events)
    return [one.event for one in known if one.missing_since is None]


def _note_good(feed: Feed, answer: Answer, *, now: datetime) -> None:
    """Write when it was read: of a calendar that didn't change, the only thing that is written."""
    fresh: dict[str, object] = {
        "problem": "",
        "failures": 0,
        "last_tried_at": now,
        "last_good_at": now,
        "alerted_at": None,
        "due_at": next_reading(feed.pk, now),
    }
    if answer.content_hash:
        fresh |= {"etag": answer.etag, "last_modified": answer.last_modified}
    if answer.reading is not None:
        fresh |= {
            "content_hash": answer.content_hash,
            "read_on": day_of(now),
            "warnings": list(answer.reading.warnings),
        }
    Feed.objects.filter(pk=feed.pk).update(**fresh)


def _write(feed: Feed, answer: Answer, *, now: datetime, accepted_by: Actor | None) -> None:
    """Compare again under the unit's lock, and write."""
    today = day_of(now)
    with locks.write_transaction():
        locks.lock_units([feed.unit_id])
        fresh = Feed.objects.filter(pk=feed.pk, is_paused=False).first()
        if fresh is None:
            return
        known = _known(fresh, today=today)
        seen = _seen(answer, known)
        changes = compare(known, seen, today=today, now=now, opens_at_once=accepted_by is not None)
        if accepted_by is not None:
            note_accepted(fresh, actor=accepted_by, now=now)
        write_events(fresh, changes, now=now)
        blocks = Blocks()
        if changes.has_nights or changes.changed:
            # A closure that turns out to be a booking takes no other nights, but is prepared after.
            blocks = write_blocks(fresh.unit_id, today=today)
        incidents = open_incidents(fresh, [*changes.added, *changes.changed], now=now)
        if changes.has_nights or blocks.lost_holds:
            note_nights(fresh, blocks, incidents=incidents, now=now)
            tell_blocks(fresh.unit_id, blocks, now=now)


def tell_blocks(unit_id: int, blocks: Blocks, *, now: datetime) -> None:
    """Tell the host's own programs which nights other platforms closed and opened."""
    touched = [*blocks.closed, *blocks.opened]
    if touched:
        first, after = min(one[0] for one in touched), max(one[1] for one in touched)
        tell_nights([unit_id], first, after, now=now)


def write_events(feed: Feed, changes: Comparison, *, now: datetime) -> None:
    """Write down the events that a reading changes; call it under the unit's lock."""
    FeedEvent.objects.bulk_create(
        (
            FeedEvent(
                feed=feed,
                uid=one.uid,
                dates=DateRange(one.first_night, one.departure),
                kind=one.kind,
                first_seen_at=now,
            )
            for one in changes.added
        ),
        ignore_conflicts=True,
    )
    _change(feed, changes.changed, "kind", [one.kind for one in changes.changed])
    _change(feed, changes.back, "missing_since", [None for _one in changes.back])
    _change(feed, changes.back, "missing_count", [0 for _one in changes.back])
    gaps = [gap.event for gap in changes.missing]
    _change(feed, gaps, "missing_since", [gap.missing_since for gap in changes.missing])
    _change(feed, gaps, "missing_count", [gap.missing_count for gap in changes.missing])
    with connection.cursor() as cursor:
        if changes.cut:
            kept: dict[str, Any] = {"feed": feed.pk, "today": day_of(now), **_columns(changes.cut)}
            cursor.execute(KEEP_PAST, kept)
        if over := [*changes.gone, *changes.cut]:
            cursor.execute(DELETE_EVENTS, {"feed": feed.pk, **_columns(over)})


def _change(
    feed: Feed, events: Sequence[OuterEvent], column: str, values: Sequence[object]
) -> None:
    """Give one column of each of these events its value, in one statement."""
    if not events:
        return
    statement = UPDATE_EVENTS.format(column=column, type=COLUMNS[column])
    asked: dict[str, Any] = {"feed": feed.pk, "values": list(values), **_columns(events)}
    with connection.cursor() as cursor:
        cursor.execute(statement, asked)


def _columns(events: Sequence[OuterEvent]) -> dict[str, list[Any]]:
    return {
        "uids": [one.uid for one in events],
        "firsts": [one.first_night for one in events],
        "afters": [one.departure for one in events],
    }


def open_incidents(feed: Feed, events: Iterable[OuterEvent], *, now: datetime) -> int:
    """Open an incident for each sold line that these events meet; returns how many are new.

    One a line, whatever the number of calendars that tell of it; one that was settled isn't opened
    again for the same nights. Host and office are told after the commit.
    """
    told = list(events)
    if not told:
        return 0
    first, after = min(one.first_night for one in told), max(one.departure for one in told)
    sold = Stay.objects.filter(
        unit_id=feed.unit_id, state=Stay.State.SOLD, dates__overlap=DateRange(first, after)
    )
    opened = 0
    for stay in sold.exclude(order_line=None).order_by("dates"):
        nights = stay.dates.lower, stay.dates.upper
        common = _in_common([one for one in told if is_conflict(one, nights)], nights)
        if common is None or stay.order_line_id is None:
            continue
        opened += _open_incident(feed, stay.order_line_id, common, now=now)
    if opened:
        transaction.on_commit(partial(ask_for_task, "booking.tasks.tell_incidents"))
    return opened


def _open_incident(feed: Feed, line_id: int, common: DateRange, *, now: datetime) -> int:
    known = ChannelIncident.objects.filter(order_line_id=line_id)
    if known.filter(state=states.SETTLED, dates__contains=common).exists():
        return 0
    incident, is_new = known.exclude(state=states.SETTLED).get_or_create(
        defaults={
            "unit_id": feed.unit_id,
            "feed": feed,
            "feed_name": feed.name,
            "order_line_id": line_id,
            "dates": common,
            "opened_at": now,
        }
    )
    if is_new:
        record(
            "double booking found",
            f"unit:{feed.unit_id}",
            actor=SYSTEM,
            at=now,
            line=line_id,
            calendar=feed.name,
            nights=_told([(common.lower, common.upper)]),
        )
    elif common != incident.dates:
        first = min(incident.dates.lower, common.lower)
        after = max(incident.dates.upper, common.upper)
        incident.dates = DateRange(first, after)
        incident.save(update_fields=["dates"])
    return int(is_new)


def note_accepted(feed: Feed, *, actor: Actor, now: datetime) -> None:
    """Write into the journal who said that an empty calendar is right."""
    record(
        "empty calendar accepted",
        f"unit:{feed.unit_id}",
        actor=actor,
        at=now,
        calendar=feed.name,
        address=feed.masked,
    )


def note_nights(feed: Feed, blocks: Blocks, *, incidents: int, now: datetime) -> None:
    """Write into the journal which nights a calendar closed and opened."""
    record(
        "calendar changed",
        f"unit:{feed.unit_id}",
        actor=SYSTEM,
        at=now,
        calendar=feed.name,
        closed=_told(blocks.closed),
        opened=_told(blocks.opened),
        lost_holds=blocks.lost_holds,
        incidents=incidents,
    )


def _in_common(events: Sequence[OuterEvent], nights: Nights) -> DateRange | None:
    if not events:
        return None
    first = max(nights[0], min(one.first_night for one in events))
    after = min(nights[1], max(one.departure for one in events))
    return DateRange(first, after)


def _told(spans: Iterable[tuple[date, date]]) -> list[str]:
    return [f"{first.isoformat()}/{after.isoformat()}" for first, after in spans][:100]
