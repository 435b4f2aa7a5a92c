"""The office reads an ambassador's page: shows it, gives it back, or ends a role."""

from __future__ import annotations

from datetime import datetime

from booking import locks
from booking.messages import write_message
from booking.refusals import BadInput, WrongState, trouble
from members.journal import Actor, record
from members.models import Ambassador, Entry
from members.rules import enrolment

PUT_ASIDE = "ambassador put aside"


def approve_page(
    ambassador: Ambassador, *, seen: int, note: str, actor: Actor, now: datetime
) -> None:
    """Show a page to friends; its author is told by mail. `seen` is the edition that was read.

    Locks: ambassador. Raises WrongState `page_moved`, `page_changed`.
    """
    with locks.write_transaction():
        row = _to_read(ambassador, seen)
        row.page, row.draft = row.draft, {}
        row.page_state, row.office_note = enrolment.APPROVED, note.strip()
        row.save(update_fields=["page", "draft", "page_state", "office_note"])
        _note("ambassador's page shown", row, note, actor=actor, now=now)
        _tell(row, "approved", now=now)
    ambassador.refresh_from_db()


def send_page_back(
    ambassador: Ambassador, *, seen: int, note: str, actor: Actor, now: datetime
) -> None:
    """Give a page back with what is to be changed; what friends see already stays.

    Locks: ambassador. Raises BadInput `remark_missing`, WrongState.
    """
    if not note.strip():
        raise BadInput(trouble("remark_missing", field="note"))
    with locks.write_transaction():
        row = _to_read(ambassador, seen)
        row.page_state, row.office_note = enrolment.TO_FIX, note.strip()
        row.save(update_fields=["page_state", "office_note"])
        _note("ambassador's page sent back", row, note, actor=actor, now=now)
        _tell(row, "to_fix", now=now)
    ambassador.refresh_from_db()


def put_aside(ambassador: Ambassador, *, reason: str, actor: Actor, now: datetime) -> None:
    """End somebody's role: the code counts no more, the page is gone; they are told why.

    Locks: ambassador. Raises BadInput `reason_missing`, WrongState `page_moved`.
    """
    words = reason.strip()
    if not words:
        raise BadInput(trouble("reason_missing", field="note"))
    with locks.write_transaction():
        row = locks.lock_ambassador(ambassador.pk)
        if row.is_put_aside:
            raise WrongState(trouble("page_moved"))
        row.is_put_aside, row.ended_at = True, row.ended_at or now
        row.ended_reason = words[:300]
        row.save(update_fields=["is_put_aside", "ended_at", "ended_reason"])
        _note(PUT_ASIDE, row, words, actor=actor, now=now)
        _tell(row, "put_aside", now=now)
    ambassador.refresh_from_db()


def take_up(ambassador: Ambassador, *, actor: Actor, now: datetime) -> None:
    """Let somebody whom the office had put aside invite again. Locks: ambassador.

    Who had stopped before that isn't made to invite again: they may sign anew. Raises WrongState
    `page_moved`.
    """
    with locks.write_transaction():
        row = locks.lock_ambassador(ambassador.pk)
        if not row.is_put_aside:
            raise WrongState(trouble("page_moved"))
        row.is_put_aside, row.ended_reason = False, ""
        if not _had_stopped(row):
            row.ended_at = None
            _tell(row, "taken_up", now=now)
        row.save(update_fields=["is_put_aside", "ended_at", "ended_reason"])
        _note("ambassador taken up again", row, "", actor=actor, now=now)
    ambassador.refresh_from_db()


def _had_stopped(row: Ambassador) -> bool:
    """Tell whether the role had been ended by its holder before the office put them aside."""
    lines = Entry.objects.filter(subject=_subject(row), verb=PUT_ASIDE).order_by("-at", "-pk")
    aside = lines.first()
    return bool(aside and row.ended_at and row.ended_at < aside.at)


def _to_read(ambassador: Ambassador, seen: int) -> Ambassador:
    row = locks.lock_ambassador(ambassador.pk)
    if row.edition != seen:
        raise WrongState(trouble("page_changed"))
    if row.page_state != enrolment.SUBMITTED or not row.is_active:
        raise WrongState(trouble("page_moved"))
    return row


def _note(verb: str, row: Ambassador, reason: str, *, actor: Actor, now: datetime) -> None:
    record(verb, _subject(row), actor=actor, at=now, reason=reason.strip())


def _subject(row: Ambassador) -> str:
    return f"ambassador:{row.pk}"


def _tell(row: Ambassador, move: str, *, now: datetime) -> None:
    write_message(
        "ambassador_read",
        key=f"ambassador:{row.pk}:{move}:{now:%Y%m%d%H%M%S%f}",
        recipient=row.user.email,
        language=row.language,
        data={"ambassador": row.pk, "move": move},
        now=now,
    )
