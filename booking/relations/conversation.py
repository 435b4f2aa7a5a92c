"""What the office says to a guest beside the site, written down; questions with their due day.

Features.md S-71. A note belongs to the record that it was written on: a merge moves none, the page
of a person reads those of the records merged into it too (`records_of`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db.models import F, QuerySet

from booking import locks
from booking.refusals import BadInput, WrongState, trouble
from booking.relations.merging import records_of, refuse_absent
from booking.rules.talks import LONGEST, plain_text
from booking.rules.working_days import after_working_days
from members.journal import Actor, record
from members.models import Customer, CustomerNote
from oti.lib.dates import today as day_of


@dataclass(frozen=True)
class NoteInput:
    """What somebody of the office writes down; `due_on` is for a next step of its own."""

    channel: str
    text: str
    happened_on: date
    is_question: bool = False
    next_step: str = ""
    due_on: date | None = None


def write_note(person: Customer, note: NoteInput, *, actor: Actor, now: datetime) -> CustomerNote:
    """Write down an exchange with a guest. A question is due QUESTION_WORKING_DAYS after it.

    Locks the person. Raises BadInput `message_empty`, `message_too_long`, `note_to_come`,
    `step_without_day`; WrongState `merge_erased`, `merge_gone`; Busy.
    """
    text = _words(note.text, "text")
    step = plain_text(note.next_step)[:200]
    if note.happened_on > day_of(now):
        raise BadInput(trouble("note_to_come", field="happened_on"))
    if step and note.due_on is None and not note.is_question:
        raise BadInput(trouble("step_without_day", field="due_on"))
    with locks.write_transaction():
        [fresh] = locks.lock_customers([person.pk])
        refuse_absent(fresh)
        kept = CustomerNote.objects.create(
            customer=fresh,
            channel=note.channel,
            text=text,
            happened_on=note.happened_on,
            is_question=note.is_question,
            next_step=step,
            due_on=_due(note),
            written_at=now,
            written_by_id=actor.user_id,
        )
        record("note written", f"customer:{fresh.pk}", actor=actor, at=now, note=kept.pk)
    return kept


def finish_note(head: CustomerNote, outcome: str, *, actor: Actor, now: datetime) -> None:
    """Say what was answered or done; it is done once. Locks the person.

    Raises BadInput `message_empty`, `message_too_long`; WrongState `note_done`; Busy.
    """
    words = _words(outcome, "outcome")
    with locks.write_transaction():
        locks.lock_customers([head.customer_id])
        fresh = CustomerNote.objects.filter(pk=head.pk).first()
        if fresh is None or fresh.due_on is None or fresh.done_at is not None:
            raise WrongState(trouble("note_done"))
        fresh.outcome, fresh.done_at, fresh.done_by_id = words, now, actor.user_id
        fresh.save(update_fields=["outcome", "done_at", "done_by"])
        record("note done", f"customer:{fresh.customer_id}", actor=actor, at=now, note=fresh.pk)


def notes_of(person: Customer) -> QuerySet[CustomerNote]:
    """Return the notes on a person, those of the records merged into it too, the newest first."""
    rows = CustomerNote.objects.filter(customer__in=records_of(person))
    return rows.select_related("written_by", "done_by")


def notes_to_do() -> QuerySet[CustomerNote]:
    """Return what waits for the office, what is due first before all."""
    rows = CustomerNote.objects.filter(due_on__isnull=False, done_at__isnull=True)
    return rows.select_related("customer__merged_into").order_by(F("due_on"), "pk")


def _due(note: NoteInput) -> date | None:
    if not note.is_question:
        return note.due_on
    latest = after_working_days(note.happened_on, settings.QUESTION_WORKING_DAYS)
    return min(latest, note.due_on) if note.due_on else latest


def _words(text: str, field: str) -> str:
    words = plain_text(text)
    if not words:
        raise BadInput(trouble("message_empty", field=field))
    if len(words) > LONGEST:
        raise BadInput(trouble("message_too_long", field=field, most=LONGEST))
    return words
