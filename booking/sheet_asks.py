"""Asking parents for the care sheet: soon after the purchase, once more shortly before.

What the carer isn't told, it can't heed (features.md N05). A mail that has become untrue by the
time it is sent is dropped: the sheet is filled in, the childcare cancelled.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.db.models import CharField, Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat

from booking import locks
from booking.care import NEED_ONE
from booking.messages import write_message
from booking.models import CareSheet, OrderLine, OutboxMessage
from booking.rules import states
from oti.lib.dates import paris

ASKED = "care_sheet_asked"
# So long before the childcare it is asked for again, in the daytime alone.
AGAIN_BEFORE = timedelta(hours=48)
# Who was asked that lately isn't asked again.
NOT_TWICE_WITHIN = timedelta(hours=24)
AGAIN_FROM, AGAIN_UNTIL = time(9), time(20)


def ask_for_sheets(*, now: datetime, limit: int = 200) -> int:
    """Write to the buyers of childcare to come whose sheet isn't filled in; returns how many.

    Each line once after it is paid, and once more within two days of it.
    """
    told = sum(_ask(line, is_again=False, now=now) for line in _never_asked(now)[:limit])
    if AGAIN_FROM <= paris(now).time() < AGAIN_UNTIL:
        told += sum(_ask(line, is_again=True, now=now) for line in _asked_once(now)[:limit])
    return told


def _ask(line: OrderLine, *, is_again: bool, now: datetime) -> bool:
    with locks.write_transaction():
        order = locks.lock_order(line.order_id)
        if order.state != states.CONFIRMED:
            return False
        return write_message(
            ASKED,
            key=_key(line.pk, is_again=is_again),
            recipient=order.email,
            language=order.language,
            order=order,
            data={"line": line.pk, "is_again": is_again},
            now=now,
        )


def _key(line_id: int, *, is_again: bool) -> str:
    return f"sheet:{'again' if is_again else 'first'}:{line_id}"


def _without_sheet(now: datetime) -> QuerySet[OrderLine]:
    return (
        OrderLine.objects.filter(
            kind__in=NEED_ONE,
            state=states.SOLD,
            starts_at__gt=now,
            order__state=states.CONFIRMED,
        )
        .exclude(order__email="")
        .filter(~Exists(CareSheet.objects.filter(line=OuterRef("pk"))))
        .order_by("starts_at", "pk")
    )


def _told(which: str) -> QuerySet[OutboxMessage]:
    """Return the mails of a line: its number ends their key."""
    key = Concat(Value(f"sheet:{which}:"), Cast(OuterRef("pk"), CharField()))
    return OutboxMessage.objects.filter(key=key)


def _never_asked(now: datetime) -> QuerySet[OrderLine]:
    return _without_sheet(now).filter(~Exists(_told("first")))


def _asked_once(now: datetime) -> QuerySet[OrderLine]:
    long_ago = _told("first").filter(created_at__lte=now - NOT_TWICE_WITHIN)
    return _without_sheet(now).filter(
        Exists(long_ago), ~Exists(_told("again")), starts_at__lte=now + AGAIN_BEFORE
    )
