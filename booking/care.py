"""The sheet that goes with childcare: allergies, who may fetch the children, whom to call (N05).

Only the buyer writes it and only the carer reads it, the office does not. It is sealed
(`oti.lib.sealing`), and deleted CARE_SHEET_DAYS after the children went home, at once when the
childcare is cancelled or the parents withdraw their consent (GDPR art. 7(3), 9(2)(a)).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from booking import locks
from booking.models import CareSheet, OrderLine
from booking.refusals import Refusal, trouble
from booking.rules import states
from booking.rules.kinds import KINDS, kind_of
from members.journal import SYSTEM, VISITOR, record
from oti.lib.sealing import Unreadable, seal, unseal

NEED_ONE = [kind.code for kind in KINDS if kind.needs_care_sheet]


@dataclass(frozen=True)
class Fetcher:
    """Somebody whom the parents allow to fetch their children."""

    name: str
    phone: str


@dataclass(frozen=True)
class Sheet:
    """What the carer reads. `health` is by key of participant, without those who have nothing."""

    emergency_phone: str
    health: Mapping[str, str] = field(default_factory=dict)
    fetchers: tuple[Fetcher, ...] = ()


def asks_sheet(line: OrderLine) -> bool:
    """Tell whether a sheet goes with this line."""
    return kind_of(line.kind).needs_care_sheet


def is_open(line: OrderLine, *, now: datetime) -> bool:
    """Tell whether the sheet may still be written: paid, not cancelled, not over."""
    return asks_sheet(line) and line.state == states.SOLD and now < line.ends_at


def fill_care_sheet(line: OrderLine, sheet: Sheet, *, now: datetime) -> None:
    """Store the sheet of a paid childcare, in place of an earlier one.

    Raises Refusal `care_sheet_closed` where the childcare is over, cancelled or not paid. The
    journal tells that a sheet was written, never what it says.
    """
    with locks.write_transaction():
        order = locks.lock_order(line.order_id)
        again = _open_line(line, now=now)
        CareSheet.objects.update_or_create(
            line=again,
            defaults={
                "sealed": seal(json.dumps(asdict(sheet), ensure_ascii=False)),
                "filled_at": now,
                "purge_at": again.ends_at + timedelta(days=settings.CARE_SHEET_DAYS),
            },
        )
        subject = f"order:{order.reference}"
        record("care sheet filled in", subject, actor=VISITOR, at=now, line=again.pk)


def withdraw_care_sheet(line: OrderLine, *, now: datetime) -> bool:
    """Delete the sheet because the parents want it; returns whether there was one."""
    with locks.write_transaction():
        order = locks.lock_order(line.order_id)
        deleted, _rows = CareSheet.objects.filter(line=line).delete()
        if deleted:
            subject = f"order:{order.reference}"
            record("care sheet withdrawn", subject, actor=VISITOR, at=now, line=line.pk)
    return bool(deleted)


def read_care_sheet(line: OrderLine) -> Sheet | None:
    """Return the sheet of a line, None if none was written; raises Unreadable (lost key)."""
    row = CareSheet.objects.filter(line=line).first()
    if row is None:
        return None
    try:
        told = json.loads(unseal(row.sealed))
        fetchers = tuple(Fetcher(**one) for one in told["fetchers"])
        return Sheet(told["emergency_phone"], told["health"], fetchers)
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable from error


def filled_lines(lines: Iterable[OrderLine]) -> set[int]:
    """Return the pk of those lines whose sheet is written; asks nothing where none needs one."""
    asked = [line.pk for line in lines if asks_sheet(line)]
    if not asked:
        return set()
    return set(CareSheet.objects.filter(line__in=asked).values_list("line_id", flat=True))


def purge_care_sheets(*, now: datetime) -> int:
    """Delete the sheets whose time is over or whose childcare was cancelled; returns how many."""
    gone = CareSheet.objects.filter(
        Q(purge_at__lte=now) | Q(line__state__in=[states.CANCELLED, states.RELEASED])
    )
    with locks.write_transaction():
        rows = list(locks.lock_free_rows(gone).values_list("pk", "line_id"))
        CareSheet.objects.filter(pk__in=[pk for pk, _line in rows]).delete()
        for _pk, line in rows:
            record("care sheet deleted", f"line:{line}", actor=SYSTEM, at=now)
    return len(rows)


def _open_line(line: OrderLine, *, now: datetime) -> OrderLine:
    again = OrderLine.objects.get(pk=line.pk)
    if not is_open(again, now=now):
        raise Refusal(trouble("care_sheet_closed"))
    return again
