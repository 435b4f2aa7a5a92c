"""What time does to meetings: greeters are reminded, others asked, both sides told the day before.

Each meeting in a transaction of its own, under its lock; a round that runs twice changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Q, QuerySet

from booking import locks
from booking.models import Meeting, OutboxMessage
from booking.refusals import Refusal
from booking.relations.calling_off import give_up_meeting
from booking.relations.meetings import ask_next, end_without, tell_greeter, tell_visitor
from booking.rules import meetings as rules
from members.journal import SYSTEM, record

logger = logging.getLogger(__name__)
Step = Callable[[Meeting, datetime], bool]


def follow_meetings(*, now: datetime, limit: int = 200) -> dict[str, int]:
    """End what nobody answered, ask others at half time, remind both 48 hours before, say thanks.

    Whose account was closed is replaced first. Returns how many of each: `left`, `unconfirmed`,
    `lapsed`, `widened`, `reminded`, `done`. Locks: one meeting at a time, its greeter before it.
    """
    rows = Meeting.objects.all()
    waiting = rows.filter(state=rules.ASKED).order_by("deadline", "pk")
    agreed = rows.filter(state=rules.ACCEPTED).order_by("starts_at", "pk")
    return {
        "left": _replace_who_left(
            agreed.filter(starts_at__gt=now, greeter__user__is_active=False)[:limit], now=now
        ),
        "unconfirmed": _each(
            rows.filter(state=rules.TO_CONFIRM, deadline__lte=now).order_by("deadline")[:limit],
            _drop_unconfirmed,
            now=now,
        ),
        "lapsed": _each(waiting.filter(deadline__lte=now)[:limit], _lapse, now=now),
        "widened": _each(
            (
                one
                for one in waiting.filter(deadline__gt=now, widened_at=None)[:limit]
                if rules.half_time(one.asked_at, one.deadline) <= now
            ),
            _widen,
            now=now,
        ),
        "reminded": _each(
            agreed.filter(reminded_at=None, starts_at__lte=now + rules.PHONES, starts_at__gt=now)[
                :limit
            ],
            _remind,
            now=now,
        ),
        "done": _each(agreed.filter(ends_at__lte=now)[:limit], _end, now=now),
    }


def forget_meetings(*, now: datetime, limit: int = 200) -> int:
    """Blank the names, addresses, phones, words and messages of meetings that are long over.

    What is counted (days, persons, hours, what both felt) stays; the mails go. Returns how many.
    """
    before = now - timedelta(days=settings.GREETER_KEPT_DAYS)
    over = Meeting.objects.filter(forgotten_at=None).filter(
        Q(state=rules.DONE, ends_at__lt=before)
        | Q(state__in=[rules.NOBODY, rules.CANCELLED], deadline__lt=before, ends_at=None)
        | Q(state__in=[rules.NOBODY, rules.CANCELLED], ends_at__lt=before)
    )
    return _each(over.order_by("pk")[:limit], _forget, now=now)


def _replace_who_left(rows: QuerySet[Meeting], *, now: datetime) -> int:
    """Ask others where the account of the greeter who said yes is closed."""
    done = 0
    for row in list(rows):
        try:
            give_up_meeting(row, actor=SYSTEM, now=now)
            done += 1
        except (Refusal, DatabaseError) as error:
            logger.warning("meeting %s not replaced: %s", row.code, error)
    return done


def _each(rows: Iterable[Meeting], step: Step, *, now: datetime) -> int:
    done = 0
    for row in list(rows):
        try:
            with locks.write_transaction():
                done += step(locks.lock_meeting(row.pk), now)
        except (Refusal, DatabaseError) as error:
            # One row must not hide the others.
            logger.warning("meeting %s not followed: %s", row.code, error)
    return done


def _drop_unconfirmed(row: Meeting, now: datetime) -> bool:
    """Delete what nobody confirmed: whoever reads that address may never have asked."""
    if row.state != rules.TO_CONFIRM or row.deadline > now:
        return False
    OutboxMessage.objects.filter(key__startswith=f"meeting:{row.code}:").delete()
    record("meeting not confirmed", f"meeting:{row.code}", actor=SYSTEM, at=now)
    row.delete()
    return True


def _lapse(row: Meeting, now: datetime) -> bool:
    if row.state != rules.ASKED or row.deadline > now:
        return False
    end_without(row, now=now)
    return True


def _widen(row: Meeting, now: datetime) -> bool:
    """Remind those who are silent, and ask others where only one was asked; once a round."""
    if row.state != rules.ASKED or row.widened_at or row.deadline <= now:
        return False
    row.widened_at = now
    row.save(update_fields=["widened_at"])
    silent = list(row.asks.filter(state=rules.SENT).select_related("greeter__user"))
    for ask in silent:
        tell_greeter(ask.greeter, row, "meeting_reminder", now=now)
    if len(silent) <= 1:
        ask_next(row, now=now)
    record("meeting widened", f"meeting:{row.code}", actor=SYSTEM, at=now)
    return True


def _remind(row: Meeting, now: datetime) -> bool:
    """Tell both where and when, and give them each other's phone."""
    if row.state != rules.ACCEPTED or row.reminded_at or row.greeter is None:
        return False
    if row.greeter.is_put_aside:
        # The office calls: neither learns the other's phone. Taken up again, they are told.
        return False
    row.reminded_at = now
    row.save(update_fields=["reminded_at"])
    tell_visitor(row, "meeting_soon", now=now)
    tell_greeter(row.greeter, row, "meeting_tomorrow", now=now)
    record("meeting reminded of", f"meeting:{row.code}", actor=SYSTEM, at=now)
    return True


def _end(row: Meeting, now: datetime) -> bool:
    if row.state != rules.ACCEPTED or row.ends_at is None or row.ends_at > now:
        return False
    if row.greeter is None or row.starts_at is None:
        return False
    row.state = rules.DONE
    # Until the greeter says how long it was, what is usual counts.
    row.minutes = int((row.ends_at - row.starts_at).total_seconds() // 60)
    row.save(update_fields=["state", "minutes"])
    record("meeting done", f"meeting:{row.code}", actor=SYSTEM, at=now)
    tell_visitor(row, "meeting_thanks", now=now)
    tell_greeter(row.greeter, row, "meeting_hours", now=now)
    return True


def _forget(row: Meeting, now: datetime) -> bool:
    if row.forgotten_at is not None:
        return False
    row.first_name = row.email = row.phone = row.words = ""
    row.visitor_words = row.greeter_words = ""
    row.user, row.ages, row.forgotten_at = None, [], now
    row.save()
    row.messages.all().delete()
    OutboxMessage.objects.filter(key__startswith=f"meeting:{row.code}:").delete()
    record("meeting forgotten", f"meeting:{row.code}", actor=SYSTEM, at=now)
    return True
