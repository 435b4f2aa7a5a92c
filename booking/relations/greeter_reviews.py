"""The office reads who wants to be a greeter: knows them, shows them, asks for changes, ends it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from booking import locks
from booking.messages import write_message
from booking.refusals import BadInput, WrongState, trouble
from booking.relations.greeters import PHOTO, READ_FIRST, forget_portraits, lacks
from members.journal import Actor, record
from members.models import Greeter
from members.rules import enrolment
from oti.lib.dates import today as day_of

# What may be remarked on, in the order of the page.
PARTS = ("first_name", "about", "places", PHOTO, "charter")


def approve_greeter(
    greeter: Greeter, *, seen: int, identity: str, note: str, actor: Actor, now: datetime
) -> None:
    """Show a greeter to visitors, or the changes of one who is shown; they are told by mail.

    `seen` is the edition that was read. `identity` says how the office knows who it is: asked the
    first time. Locks: greeter. Raises BadInput `identity_missing`, `greeter_incomplete`, WrongState
    `greeter_changed` or `greeter_moved`.
    """
    old: list[int | None] = []
    with locks.write_transaction():
        row = _read(greeter, seen)
        _check_to_read(row)
        if lacks(row, today=day_of(now)):
            raise BadInput(trouble("greeter_incomplete"))
        if not row.identity:
            if identity not in Greeter.Identity.values:
                raise BadInput(trouble("identity_missing", field="identity"))
            row.identity, row.identity_at = identity, now
        for name in READ_FIRST:
            setattr(row, name, row.pending.get(name, getattr(row, name)) or "")
        if PHOTO in row.pending:
            old = [row.photo_id]
            row.photo_id = row.pending[PHOTO]
        row.state = enrolment.APPROVED
        row.approved_at = row.approved_at or now
        row.pending, row.remarks, row.office_note = {}, {}, note.strip()
        row.save()
        record(
            "greeter approved",
            f"greeter:{row.pk}",
            actor=actor,
            at=now,
            reason=note.strip(),
            identity=row.identity,
        )
        _tell(row, "approved", now=now)
    greeter.refresh_from_db()
    forget_portraits(greeter, old)


def send_back(
    greeter: Greeter,
    *,
    seen: int,
    remarks: Mapping[str, str],
    note: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Give a profile back with a remark beside each part; who is shown stays shown as they were.

    Locks: greeter. Raises BadInput `remark_missing`, WrongState.
    """
    asked = {name: text.strip() for name, text in remarks.items() if text.strip()}
    if not asked and not note.strip():
        raise BadInput(trouble("remark_missing", field="note"))
    with locks.write_transaction():
        row = _read(greeter, seen)
        _check_to_read(row)
        if row.state == enrolment.SUBMITTED:
            row.state = enrolment.TO_FIX
        # Something stands there even if it is only the word under it all: it isn't read again
        # before it was changed.
        row.remarks, row.office_note = asked or {"note": note.strip()}, note.strip()
        row.save(update_fields=["state", "remarks", "office_note"])
        record(
            "greeter sent back",
            f"greeter:{row.pk}",
            actor=actor,
            at=now,
            reason=note.strip(),
            parts=sorted(asked),
        )
        _tell(row, "to_fix", now=now)
    greeter.refresh_from_db()


def suspend_greeter(greeter: Greeter, *, reason: str, actor: Actor, now: datetime) -> None:
    """Show somebody no longer; meetings that were agreed are the office's to call about.

    Raises BadInput `reason_missing`, WrongState `greeter_moved`.
    """
    _move(greeter, enrolment.SUSPENDED, reason, actor=actor, now=now)


def reopen_greeter(greeter: Greeter, *, reason: str, actor: Actor, now: datetime) -> None:
    """Show a suspended greeter again. Raises BadInput `reason_missing`, WrongState."""
    _move(greeter, enrolment.APPROVED, reason, actor=actor, now=now)


def may_decide(greeter: Greeter) -> bool:
    """Tell whether something of a greeter waits for the office."""
    return greeter.state == enrolment.SUBMITTED or (
        greeter.state == enrolment.APPROVED and bool(greeter.pending) and not greeter.remarks
    )


def _move(greeter: Greeter, to: str, reason: str, *, actor: Actor, now: datetime) -> None:
    words = reason.strip()
    if not words:
        raise BadInput(trouble("reason_missing", field="note"))
    with locks.write_transaction():
        row = locks.lock_greeter(greeter.pk)
        # From « to be read » one is shown by reading, not by a reason.
        if row.state not in {enrolment.APPROVED, enrolment.SUSPENDED} or row.state == to:
            raise WrongState(trouble("greeter_moved"))
        row.state, row.office_note = to, words
        row.save(update_fields=["state", "office_note"])
        record(f"greeter {to}", f"greeter:{row.pk}", actor=actor, at=now, reason=words)
        _tell(row, to, now=now)
    greeter.refresh_from_db()


def _read(greeter: Greeter, seen: int) -> Greeter:
    row = locks.lock_greeter(greeter.pk)
    if row.edition != seen:
        raise WrongState(trouble("greeter_changed"))
    return row


def _check_to_read(row: Greeter) -> None:
    if not may_decide(row):
        raise WrongState(trouble("greeter_moved"))


def _tell(row: Greeter, move: str, *, now: datetime) -> None:
    write_message(
        "greeter_read",
        key=f"greeter:{row.pk}:{move}:{now:%Y%m%d%H%M%S%f}",
        recipient=row.user.email,
        language=row.language,
        data={"greeter": row.pk, "move": move, "note": row.office_note, "remarks": row.remarks},
        now=now,
    )
