"""The round of all calendars: those that are due are asked side by side and written one by one.

A slow or dead platform takes one of the threads for ten seconds at most and holds nobody else.
Calendars are taken under a lease: two rounds never ask for the same one, and what a round that
died had taken is taken again (domain.md 5.4).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta

from django.db import DatabaseError

from booking import locks
from booking.channels.reading import Answer, Question, answer_of, ask
from booking.channels.sync import apply
from booking.models import Feed
from booking.refusals import Refusal

logger = logging.getLogger(__name__)

THREADS = 24
LEASE = timedelta(minutes=5)
SECONDS = 80.0


def read_due_feeds(
    *, now: datetime, threads: int = THREADS, seconds: float = SECONDS
) -> tuple[int, int]:
    """Read the calendars that are due; returns how many were read well and how many were not.

    No new one is begun after `seconds`: the next round goes on. What fails in one is told in the
    log by the number of its row and keeps no other.
    """
    ends_at = time.monotonic() + seconds
    good = bad = 0
    waiting: dict[Future[Answer], int] = {}
    with ThreadPoolExecutor(max_workers=threads) as pool:
        for few in _batches(waiting, threads=threads, ends_at=ends_at, now=now):
            for feed in few:
                waiting[pool.submit(ask, Question.of(feed, now=now), now=now)] = feed.pk
            done, _others = wait(waiting, return_when=FIRST_COMPLETED)
            for one in done:
                is_good = _write(waiting.pop(one), one, now=now)
                good, bad = good + is_good, bad + (not is_good)
    return good, bad


def _batches(
    waiting: dict[Future[Answer], int], *, threads: int, ends_at: float, now: datetime
) -> Iterator[list[Feed]]:
    """Give more calendars while threads are free, then none until all have answered."""
    is_more = True
    while True:
        few: list[Feed] = []
        if is_more and len(waiting) < 2 * threads:
            is_more = time.monotonic() < ends_at
            if is_more:
                few = locks.claim_feeds(now=now, until=now + LEASE, most=2 * threads)
                is_more = bool(few)
        if not few and not waiting:
            return
        yield few


def _write(feed_id: int, answer: Future[Answer], *, now: datetime) -> bool:
    try:
        return apply(feed_id, answer_of(answer), now=now) == ""
    except (DatabaseError, Refusal) as error:
        # One calendar must not hide the others.
        logger.warning("calendar %s not written, next round: %s", feed_id, type(error).__name__)
        return False
