"""Asking a platform for one calendar, outside any transaction: what it says, or what is wrong.

Nothing is written here, and nothing is told but short codes: an address is a password.
"""

from __future__ import annotations

import hashlib
import logging
import re
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial

from django.conf import settings

from booking.channels.ical import Reading, Unbelievable, read_calendar
from booking.models import Feed
from booking.rules.channels import platform_of
from oti.lib.dates import today as day_of
from oti.lib.http import Fetched, FetchFailed, FetchRefused, fetch
from oti.lib.sealing import Unreadable, unseal

logger = logging.getLogger(__name__)

TOTAL_SECONDS = 10.0
LONGEST_WAIT = timedelta(hours=6)
# Some platforms write the moment of the reading into every event: it changes nothing.
STAMPS = re.compile(rb"(?mi)^DTSTAMP[;:][^\r\n]*\r?\n")
PROBLEM_OF_STATUS = {401: "forbidden", 403: "forbidden", 404: "not_found", 410: "not_found"}


@dataclass(frozen=True)
class Answer:
    """What came of asking: a good reading, the same calendar as the last time, or a problem."""

    problem: str = ""
    is_same: bool = False
    reading: Reading | None = None
    content_hash: str = ""
    etag: str = ""
    last_modified: str = ""
    wait: timedelta | None = None


@dataclass(frozen=True)
class Question:
    """What is needed to ask for a calendar without the database: threads carry it."""

    feed_id: int
    sealed: bytes
    platform: str
    etag: str
    last_modified: str
    content_hash: str
    is_read_today: bool

    @classmethod
    def of(cls, feed: Feed, *, now: datetime) -> Question:
        """Return the question of a feed at a moment."""
        return cls(
            feed_id=feed.pk,
            sealed=bytes(feed.sealed),
            platform=feed.platform,
            etag=feed.etag,
            last_modified=feed.last_modified,
            content_hash=feed.content_hash,
            is_read_today=feed.read_on == day_of(now),
        )


def is_known_host(host: str) -> bool:
    """Tell whether a host is one of a platform, or one that the office allowed."""
    return platform_of(host, settings.CALENDAR_HOSTS) is not None


def ask(question: Question, *, now: datetime, total_seconds: float | None = None) -> Answer:
    """Return the answer of a platform; whatever goes wrong is a problem of the answer.

    Once a day the whole calendar is asked for and read: what was too far ahead may have come near.
    """
    try:
        return _ask(question, now=now, total_seconds=total_seconds)
    except Exception as error:  # noqa: BLE001 - told without its words: they may hold an address
        return _unforeseen(error)


def _ask(question: Question, *, now: datetime, total_seconds: float | None) -> Answer:
    try:
        address = unseal(question.sealed)
        got = fetch(
            address,
            hosts=is_known_host,
            headers=_validators(question),
            total_seconds=TOTAL_SECONDS if total_seconds is None else total_seconds,
        )
    except Unreadable:
        return Answer(problem="unreadable_address")
    except FetchRefused:
        return Answer(problem="refused_address")
    except FetchFailed as failed:
        return Answer(problem=str(failed.reason))
    return _answer_of(got, question, now=now)


def answer_of(asked: Future[Answer]) -> Answer:
    """Return what a thread found; what nobody foresaw is a problem of that calendar alone."""
    try:
        return asked.result()
    except Exception as error:  # noqa: BLE001 - told without its words: they may hold an address
        return _unforeseen(error)


def _unforeseen(error: Exception, problem: str = "odd_answer") -> Answer:
    logger.warning("a calendar was not read: %s", type(error).__name__)
    return Answer(problem=problem)


def _validators(question: Question) -> dict[str, str]:
    sent = {"Accept": "text/calendar, */*;q=0.5"}
    if question.is_read_today:
        if question.etag:
            sent["If-None-Match"] = question.etag
        if question.last_modified:
            sent["If-Modified-Since"] = question.last_modified
    return sent


def _answer_of(got: Fetched, question: Question, *, now: datetime) -> Answer:
    if got.status == 304 and question.is_read_today:
        return Answer(is_same=True)
    if got.status != 200:
        return Answer(problem=_problem_of(got.status), wait=_retry_after(got, now=now))
    return read_body(
        got.body,
        question,
        today=day_of(now),
        etag=_short(got.headers.get("etag", ""), 200),
        last_modified=_short(got.headers.get("last-modified", ""), 80),
    )


def read_body(
    body: bytes, question: Question, *, today: date, etag: str = "", last_modified: str = ""
) -> Answer:
    """Return what a whole body says; the same one on the same day isn't read twice."""
    told = hashlib.sha256(STAMPS.sub(b"", body)).hexdigest()
    answer = partial(Answer, content_hash=told, etag=etag, last_modified=last_modified)
    if question.is_read_today and told == question.content_hash:
        return answer(is_same=True)
    try:
        return answer(reading=read_calendar(body, today=today, platform=question.platform))
    except Unbelievable as unbelievable:
        return Answer(problem=str(unbelievable.code))
    except Exception as error:  # noqa: BLE001 - no content may be an error of ours
        return _unforeseen(error, "unreadable")


def _problem_of(status: int) -> str:
    if status == 429:
        return "too_often"
    if status >= 500:
        return "server_error"
    return PROBLEM_OF_STATUS.get(status, "odd_answer")


def _retry_after(got: Fetched, *, now: datetime) -> timedelta | None:
    """Return how long a platform wants us to wait, six hours at most."""
    told = got.headers.get("retry-after", "").strip()
    if not told:
        return None
    try:
        if told.isdecimal():
            wait = timedelta(seconds=min(int(told), 10**6))
        else:
            wait = parsedate_to_datetime(told) - now
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(wait, timedelta(0)), LONGEST_WAIT)


def _short(value: str, most: int) -> str:
    # Half a validator would be another one.
    return value if len(value) <= most and value.isprintable() else ""
