"""What hosts' programs are told of, how it is signed, and how long one waits to try again.

Topics are compared whole: who asks for `line.changed` is told of nothing else (features.md T03).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from datetime import timedelta

BOOKING_CONFIRMED = "booking.confirmed"
BOOKING_CANCELLED = "booking.cancelled"
LINE_CHANGED = "line.changed"
CALENDAR_CHANGED = "calendar.changed"
SLOT_CHANGED = "slot.changed"
TOPICS = (BOOKING_CONFIRMED, BOOKING_CANCELLED, LINE_CHANGED, CALENDAR_CHANGED, SLOT_CHANGED)
# Sent by a button, whatever the address asked for.
TEST = "test"

# After the first try: some minutes for a restart, some hours for a night, a day for a weekend.
WAITS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=12),
    timedelta(hours=24),
)
MOST_ATTEMPTS = len(WAITS) + 1
# An address is paused once so many tries failed in a row, over a whole day at least.
MOST_FAILURES = 12
FAILING_FOR = timedelta(hours=24)


def wait_after(attempts: int) -> timedelta | None:
    """Return how long to wait after so many tries, None when that was the last one."""
    return WAITS[attempts - 1] if attempts < MOST_ATTEMPTS else None


def is_hopeless(failures: int, failing_for: timedelta) -> bool:
    """Tell whether an address that fails is to be paused: often, and for long."""
    return failures >= MOST_FAILURES and failing_for >= FAILING_FOR


def is_received(status: int) -> bool:
    """Tell whether an answer says that it was received: 2xx, nothing else, no redirect."""
    return 200 <= status < 300


def signature(secrets: Sequence[str], moment: int, body: bytes) -> str:
    """Return the header that signs a body at a moment (seconds since 1970): `t=…,v1=…`.

    HMAC-SHA256 over `moment.body`, once for each secret that counts: the newest first.
    """
    return ",".join([f"t={moment}", *(f"v1={_hmac(one, moment, body)}" for one in secrets)])


def is_signed(header: str, secret: str, body: bytes, *, now: int, tolerance: int = 300) -> bool:
    """Tell whether a receiver may believe a body: as the page tells it to check."""
    parts = [part.partition("=") for part in header.split(",")]
    told = next((value for name, _sign, value in parts if name == "t"), "")
    if not told.isdecimal() or abs(now - int(told)) > tolerance:
        return False
    right = _hmac(secret, int(told), body)
    return any(_is_same(right, value) for name, _sign, value in parts if name == "v1")


def known_topics(asked: Iterable[str]) -> list[str]:
    """Return the topics that were asked for, each once, in their order; unknown ones left out."""
    wanted = set(asked)
    return [one for one in TOPICS if one in wanted]


def _hmac(secret: str, moment: int, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()


def _is_same(right: str, given: str) -> bool:
    return hmac.compare_digest(right.encode(), given.encode())
