"""The office reads an ambassador's page: shows it, gives it back, or ends a role."""

from __future__ import annotations

from datetime import datetime

from booking import locks
from booking.messages import write_message
from booking.refusals import BadInput, WrongState, trouble
from booking.relations.missions import give_back_all
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

    Locks: ambassador, their missions. Raises BadInput `reason_missing`, WrongState `page_moved`.
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
        give_back_all(row, now=now)
        _note(PUT_ASIDE, row, words, actor=actor, now=now)
        _tell(row, "put_aside", now=now)
    ambassador.refresh_from_db()


def take_up(ambassador: Ambassador, *, actor: Actor, now: datetime) -> bool:
    """Let somebody whom the office had put aside invite again; returns whether the code counts.

    Who had stopped by themselves before, or has closed their account, isn't made to invite: they
    may sign again. Locks: ambassador. Raises WrongState `page_moved`.
    """
    with locks.write_transaction():
        row = locks.lock_ambassador(ambassador.pk)
        if not row.is_put_aside:
            raise WrongState(trouble("page_moved"))
        row.is_put_aside, row.ended_reason = False, ""
        if _was_ended_by_office(row) and row.user.is_active:
            row.ended_at = None
        row.save(update_fields=["is_put_aside", "ended_at", "ended_reason"])
        _note("ambassador taken up again", row, "", actor=actor, now=now)
        if row.is_active:
            _tell(row, "taken_up", now=now)
    ambassador.refresh_from_db()
    return row.is_active


def _was_ended_by_office(row: Ambassador) -> bool:
    """Tell whether the role ended when the office put it aside, as the journal says."""
    put_aside = Entry.objects.filter(subject=f"ambassador:{row.pk}", verb=PUT_ASIDE)
    return any(entry.at == row.ended_at for entry in put_aside)


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
    if not row.user.is_active:
        # Nobody reads the mails of a closed account.
        return
    write_message(
        "ambassador_read",
        key=f"ambassador:{row.pk}:{move}:{now:%Y%m%d%H%M%S%f}",
        recipient=row.user.email,
        language=row.language,
        data={"ambassador": row.pk, "move": move},
        now=now,
    )
