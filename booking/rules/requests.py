"""How long a host has to answer a request, and the guest to pay for what was accepted.

Never past the moment when it begins: who accepts late leaves time to pay, who pays late still
arrives (oti/decisions/0012-on-request.md). Moments are answered in UTC.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from booking.rules.moments import absolute

# A host answers at the latest so long before it begins, a guest pays so long before.
LAST_ANSWER = timedelta(minutes=90)
LAST_PAYMENT = timedelta(minutes=40)
# What leaves the host less than this isn't asked for online: the office is called.
SHORTEST_ANSWER = timedelta(hours=1)
# The office looks after what has waited for so long.
LONG_WAIT = timedelta(hours=12)


def answer_deadline(asked_at: datetime, starts_at: datetime, *, hours: int) -> datetime:
    """Return until when a host may answer: `hours` after it was asked, 90 minutes before it begins.

    It may be in the past where it begins too soon: see `can_be_asked`.
    """
    return min(absolute(asked_at) + timedelta(hours=hours), absolute(starts_at) - LAST_ANSWER)


def can_be_asked(asked_at: datetime, starts_at: datetime) -> bool:
    """Tell whether its host still has an hour at least to answer."""
    return absolute(starts_at) - LAST_ANSWER - absolute(asked_at) >= SHORTEST_ANSWER


def payment_end(latest: datetime, starts_at: datetime) -> datetime:
    """Return until when one may pay: at `latest`, and 40 minutes before it begins."""
    return min(absolute(latest), absolute(starts_at) - LAST_PAYMENT)


def reminder_moment(asked_at: datetime, deadline: datetime) -> datetime:
    """Return when its host is reminded: at half time."""
    start, end = absolute(asked_at), absolute(deadline)
    return start + (end - start) / 2
