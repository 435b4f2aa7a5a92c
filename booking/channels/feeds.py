"""What a host does with calendars of other platforms: paste, read now, pause, remove.

An address is a password: it is sealed at once, and never shown again (domain.md 5.1).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from booking import locks
from booking.channels.blocks import write_blocks
from booking.channels.reading import Question, ask, is_known_host
from booking.channels.sync import apply, import_feed, tell_blocks
from booking.channels.words import PASSING, problem_words
from booking.models import Closure, Feed, FeedEvent, Stay, Unit
from booking.refusals import BadInput, NotAllowed, Trouble, WrongState, trouble
from booking.rules.channels import Nights, platform_of, union, without
from booking.search_table import refresh_runs
from members.journal import Actor, record
from oti.lib.dates import count_nights
from oti.lib.dates import today as day_of
from oti.lib.http import FetchRefused
from oti.lib.public_hosts import check_url
from oti.lib.sealing import seal

MOST_FEEDS = 10
BETWEEN_READINGS = timedelta(minutes=1)


def add_feed(unit: Unit, address: str, *, name: str = "", actor: Actor, now: datetime) -> Feed:
    """Read a calendar for the first time and keep its address; its nights close at once.

    The platform is asked before anything is written. Raises BadInput (`feed_address`) for an
    address that may not be asked or that gives no calendar, with why; one that only fails for the
    moment is kept. Raises NotAllowed `feed_twice`, `too_many_feeds`. Locks the unit.
    """
    wanted = _normal(address)
    feed = Feed(
        unit=unit,
        sealed=seal(wanted),
        masked=masked(wanted),
        digest=salted_hmac("booking.calendar", wanted, algorithm="sha256").hexdigest(),
        created_at=now,
        due_at=now,
    )
    host = (urlsplit(wanted).hostname or "").lower()
    feed.platform = platform_of(host, settings.CALENDAR_HOSTS) or Feed.Platform.OTHER
    feed.name = name.strip() or _default_name(feed, host)
    if Feed.objects.filter(unit=unit, digest=feed.digest).exists():
        raise NotAllowed(trouble("feed_twice", field="address"))
    answer = ask(Question.of(feed, now=now), now=now)
    if answer.problem and answer.problem not in PASSING:
        raise _bad_address(answer.problem)
    with locks.write_transaction():
        locks.lock_units([unit.pk])
        if Feed.objects.filter(unit=unit).count() >= MOST_FEEDS:
            raise NotAllowed(trouble("too_many_feeds", field="address", max=MOST_FEEDS))
        try:
            feed.save()
        except IntegrityError as error:
            raise NotAllowed(trouble("feed_twice", field="address")) from error
        _note(feed, "calendar added", actor=actor, now=now)
    apply(feed.pk, answer, now=now)
    feed.refresh_from_db()
    return feed


def nights_to_come(feed: Feed, *, today: date) -> int:
    """Return how many nights from `today` on a calendar says are taken, sold here or not."""
    spans = FeedEvent.objects.filter(feed=feed, dates__endswith__gt=today)
    told = union((max(one.dates.lower, today), one.dates.upper) for one in spans)
    return sum(count_nights(first, after) for first, after in told)


def refresh_feed(feed: Feed, *, now: datetime) -> str:
    """Read a calendar now because its host wants it; returns the problem, "" for a good reading.

    Raises WrongState `feed_just_read` within a minute of the last time, `feed_paused`.
    """
    if feed.is_paused:
        raise WrongState(trouble("feed_paused"))
    if feed.last_tried_at is not None and feed.last_tried_at > now - BETWEEN_READINGS:
        raise WrongState(trouble("feed_just_read"))
    return import_feed(feed, now=now)


def pause_feed(feed: Feed, *, is_paused: bool, actor: Actor, now: datetime) -> None:
    """Stop reading a calendar, or begin again at once; its nights stay closed. Twice is once."""
    with locks.write_transaction():
        locks.lock_units([feed.unit_id])
        fresh = Feed.objects.filter(pk=feed.pk).exclude(is_paused=is_paused).first()
        if fresh is None:
            return
        fresh.is_paused = is_paused
        fresh.due_at = now
        fresh.save(update_fields=["is_paused", "due_at"])
        _note(fresh, "calendar paused" if is_paused else "calendar resumed", actor=actor, now=now)


def accept_empty(feed: Feed, *, actor: Actor, now: datetime) -> bool:
    """Believe a calendar that lost everything to come: its host says that it is right.

    It is read once more; returns whether its nights were opened: not if it has entries again, or
    can't be read. Raises WrongState `feed_paused`, Busy.
    """
    if feed.is_paused:
        raise WrongState(trouble("feed_paused"))
    answer = ask(Question.of(feed, now=now), now=now)
    if answer.problem or answer.reading is None or answer.reading.events:
        apply(feed.pk, answer, now=now)
        return False
    return apply(feed.pk, answer, now=now, accepted_by=actor) == ""


def remove_feed(feed: Feed, *, keep_closed: bool, actor: Actor, now: datetime) -> None:
    """Forget a calendar; its nights to come open again, or become closures of the host's own.

    Nights that another calendar takes stay closed. Twice is the same as once. Locks the unit.
    """
    today = day_of(now)
    with locks.write_transaction():
        locks.lock_units([feed.unit_id])
        fresh = Feed.objects.filter(pk=feed.pk).first()
        if fresh is None:
            return
        spans = _nights_to_keep(fresh, now=now) if keep_closed else []
        Closure.objects.bulk_create(
            Closure(
                unit_id=fresh.unit_id,
                dates=DateRange(*one),
                reason=_("%(name)s: calendar removed") % {"name": fresh.name},
            )
            for one in spans
        )
        _note(fresh, "calendar removed", actor=actor, now=now, is_kept_closed=keep_closed)
        unit_id = fresh.unit_id
        fresh.delete()
        tell_blocks(unit_id, write_blocks(unit_id, today=today), now=now)
        for first, after in spans:
            refresh_runs([unit_id], first, after)


def masked(address: str) -> str:
    """Return an address as it may be shown: whose it is and how its path ends, no password."""
    parts = urlsplit(address)
    tail = parts.path.rstrip("/")[-8:] if len(parts.path) > 16 else ""
    return f"{parts.hostname}/…{tail}"[:120]


def _nights_to_keep(feed: Feed, *, now: datetime) -> list[Nights]:
    today = day_of(now)
    spans = FeedEvent.objects.filter(feed=feed, dates__endswith__gt=today)
    told = union((one.dates.lower, one.dates.upper) for one in spans)
    sold = Stay.objects.filter(
        unit_id=feed.unit_id, state=Stay.State.SOLD, dates__endswith__gt=today
    ).values_list("dates", flat=True)
    return without(told, ((one.lower, one.upper) for one in sold))


def _normal(address: str) -> str:
    """Return a pasted address as it will be asked; raises BadInput."""
    wanted = address.strip()
    # Agendas give the same address under a scheme of their own.
    if wanted[:9].lower() == "webcal://":
        wanted = f"https://{wanted[9:]}"
    try:
        return check_url(wanted, hosts=is_known_host).geturl()
    except FetchRefused as refused:
        raise _bad_address(str(refused.reason)) from refused


def _bad_address(problem: str) -> BadInput:
    return BadInput(
        Trouble("feed_address", problem_words(problem), field="address", params={"why": problem})
    )


def _default_name(feed: Feed, host: str) -> str:
    known = feed.platform not in {Feed.Platform.OTHER, Feed.Platform.GITES}
    return str(feed.get_platform_display()) if known else host.removeprefix("www.")[:40]


def _note(feed: Feed, verb: str, *, actor: Actor, now: datetime, **more: object) -> None:
    record(
        verb,
        f"unit:{feed.unit_id}",
        actor=actor,
        at=now,
        calendar=feed.name,
        address=feed.masked,
        **more,
    )
