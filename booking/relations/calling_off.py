"""A meeting that doesn't take place: called off by its visitor, given up by its greeter."""

from __future__ import annotations

from datetime import datetime

from booking import locks
from booking.models import Meeting
from booking.refusals import WrongState, trouble
from booking.relations.meetings import (
    answer_until,
    ask_next,
    end_without,
    take_back_others,
    tell_greeter,
    tell_visitor,
    was_agreed,
)
from booking.rules import meetings as rules
from members.journal import VISITOR, Actor, record
from members.models import Entry

CANCELLED_VERB = "meeting cancelled"


def cancel_meeting(meeting: Meeting, *, now: datetime) -> None:
    """Take a meeting back as its visitor; the greeter, or those who were asked, are told.

    Locks: meeting. Raises WrongState `meeting_over` once it began or ended.
    """
    with locks.write_transaction():
        row = locks.lock_meeting(meeting.pk)
        begun = row.starts_at is not None and row.starts_at <= now
        if begun or not rules.can_move(row.state, rules.CANCELLED):
            raise WrongState(trouble("meeting_over"))
        agreed = row.greeter if row.state == rules.ACCEPTED else None
        was = was_agreed(row)
        row.state, row.cancelled_by = rules.CANCELLED, "visitor"
        row.sequence += 1
        row.save(update_fields=["state", "cancelled_by", "sequence"])
        record(CANCELLED_VERB, f"meeting:{row.code}", actor=VISITOR, at=now)
        if agreed is not None:
            tell_greeter(agreed, row, "meeting_cancelled", was=was, now=now)
            tell_visitor(row, "meeting_called_off", was=was, now=now)
        take_back_others(row, now=now)
    meeting.refresh_from_db()


def give_up_meeting(meeting: Meeting, *, actor: Actor, now: datetime) -> None:
    """Can't come after all, as its greeter: others are asked at once, the visitor is told.

    Where it is too late or nobody else suits, it ends, with what else there is. Locks: greeter,
    meeting. Raises WrongState `meeting_over`.
    """
    if meeting.greeter_id is None:
        raise WrongState(trouble("meeting_over"))
    with locks.write_transaction():
        locks.lock_greeter(meeting.greeter_id)
        row = locks.lock_meeting(meeting.pk)
        is_mine = row.state == rules.ACCEPTED and row.greeter_id == meeting.greeter_id
        if not is_mine or row.starts_at is None or row.starts_at <= now:
            raise WrongState(trouble("meeting_over"))
        row.asks.filter(greeter=row.greeter_id).update(state=rules.GAVE_UP, answered_at=now)
        record(
            "meeting given up",
            f"meeting:{row.code}",
            actor=actor,
            at=now,
            greeter=row.greeter_id,
        )
        gone, was = row.greeter, was_agreed(row)
        _begin_again(row, now=now)
        if gone is not None:
            tell_greeter(gone, row, "meeting_given_up", was=was, now=now)
        asked = ask_next(row, now=now) if row.deadline > now else []
        if asked:
            tell_visitor(row, "meeting_replaced", was=was, now=now)
        else:
            end_without(row, was=was, now=now)
    meeting.refresh_from_db()


def called_off_at(meeting: Meeting) -> datetime | None:
    """Return when its visitor took a meeting back, None for one that stands: the journal knows."""
    if meeting.state != rules.CANCELLED:
        return None
    lines = Entry.objects.filter(subject=f"meeting:{meeting.code}", verb=CANCELLED_VERB)
    moment: datetime | None = lines.order_by("-at").values_list("at", flat=True).first()
    return moment


def _begin_again(row: Meeting, *, now: datetime) -> None:
    """Put a meeting back to where nobody has said yes; its next calendar file replaces this one."""
    row.state, row.greeter, row.day = rules.ASKED, None, None
    row.starts_at = row.ends_at = row.answered_at = row.reminded_at = row.widened_at = None
    row.place = ""
    row.asked_at, row.deadline = now, answer_until(row.last_day, now=now)
    row.sequence += 1
    row.save()
