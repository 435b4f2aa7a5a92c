"""What time does to requests: hosts are reminded, what nobody answered or paid lapses.

Each request in a transaction of its own, under its lock, so that one that is being answered at
that moment stays answered. It runs each minute; doing it twice changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.db import DatabaseError
from django.utils.translation import override

from booking import locks
from booking.messages import write_message
from booking.models import BookingRequest
from booking.refusals import Refusal
from booking.requests import called_off_for, end_as_taken, write_called_off
from booking.rules import states
from booking.rules.requests import reminder_moment
from members.journal import SYSTEM, record

logger = logging.getLogger(__name__)

UNPAID = "unpaid"
# What came to nothing is of use to nobody after that time.
KEPT = timedelta(days=90)
Step = Callable[[BookingRequest, datetime], bool]


def follow_requests(*, now: datetime, limit: int = 200) -> dict[str, int]:
    """End what wasn't answered or paid in time, remind hosts at half time.

    Returns how many of each: `lapsed`, `unpaid`, `reminded`. Locks: one request at a time, then
    its order.
    """
    waiting = BookingRequest.objects.filter(state=states.REQUESTED).order_by("deadline", "pk")
    ended = waiting.filter(deadline__lte=now)[:limit]
    quiet = waiting.filter(deadline__gt=now, reminded_at__isnull=True)
    unpaid = BookingRequest.objects.filter(
        state=states.ACCEPTED, order__state=states.EXPIRED
    ).order_by("pk")[:limit]
    return {
        "lapsed": _each(ended, _lapse, now=now),
        "unpaid": _each(unpaid, _end_unpaid, now=now),
        "reminded": _each(
            (one for one in quiet if reminder_moment(one.placed_at, one.deadline) <= now),
            _remind,
            now=now,
        ),
    }


def forget_requests(*, now: datetime) -> int:
    """Delete what came to nothing long ago, with the names and addresses in it; returns how many.

    What became a booking stays as long as its order.
    """
    over = BookingRequest.objects.filter(
        state__in=[states.DECLINED, states.LAPSED, states.WITHDRAWN], deadline__lt=now - KEPT
    ).exclude(order__confirmed_at__isnull=False)
    deleted, _by_model = over.delete()
    return deleted


def _each(rows: Iterable[BookingRequest], step: Step, *, now: datetime) -> int:
    done = 0
    for row in list(rows):
        try:
            with locks.write_transaction():
                done += step(locks.lock_request(row.pk), now)
        except (Refusal, DatabaseError) as error:
            # One row must not hide the others.
            logger.warning("request %s not followed: %s", row.code, error)
    return done


def _lapse(request: BookingRequest, now: datetime) -> bool:
    """End a request that its host didn't answer; what is free instead goes to the guest."""
    if request.state != states.REQUESTED or request.deadline > now:
        return False
    request.state = states.LAPSED
    request.save(update_fields=["state"])
    record("request lapsed", f"request:{request.code}", actor=SYSTEM, at=now)
    _tell_guest(request, states.LAPSED, now=now)
    _tell_host(request, states.LAPSED, now=now)
    return True


def _end_unpaid(request: BookingRequest, now: datetime) -> bool:
    """End a request whose order wasn't paid: its places are free again already.

    Where it was paid and given back, somebody else had them first: that is what is said.
    """
    if request.state != states.ACCEPTED or request.order_id is None:
        return False
    # Late money may have confirmed it since the round read it.
    order = locks.lock_order(request.order_id)
    if order.state != states.EXPIRED:
        return False
    called_off = called_off_for(request)
    if called_off is not None:
        with override(request.language):
            words = called_off.reason_words
        write_called_off(request, words=words, actor=SYSTEM, now=now)
        return True
    if order.payments.filter(state=states.PAID).exists():
        end_as_taken(request, now=now)
        return True
    request.state = states.LAPSED
    request.save(update_fields=["state"])
    record("request not paid", f"request:{request.code}", actor=SYSTEM, at=now)
    _tell_guest(request, UNPAID, now=now)
    _tell_host(request, UNPAID, now=now)
    return True


def _remind(request: BookingRequest, now: datetime) -> bool:
    """Remind a host, once."""
    if request.state != states.REQUESTED or request.reminded_at or request.deadline <= now:
        return False
    request.reminded_at = now
    request.save(update_fields=["reminded_at"])
    record("host reminded", f"request:{request.code}", actor=SYSTEM, at=now)
    write_message(
        "request_received",
        key=f"request:{request.code}:reminder",
        recipient=request.provider.email,
        language=request.provider.language,
        data={"request": request.pk, "is_reminder": True},
        now=now,
    )
    return True


def _tell_guest(request: BookingRequest, why: str, *, now: datetime) -> None:
    write_message(
        "request_refused",
        key=f"request:{request.code}:{why}",
        recipient=request.email,
        language=request.language,
        data={"request": request.pk, "why": why},
        now=now,
    )


def _tell_host(request: BookingRequest, why: str, *, now: datetime) -> None:
    write_message(
        "request_closed",
        key=f"request:{request.code}:{why}:host",
        recipient=request.provider.email,
        language=request.provider.language,
        data={"request": request.pk, "why": why},
        now=now,
    )
