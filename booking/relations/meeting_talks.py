"""What a visitor and their greeter write to each other, and what both say afterwards.

Neither learns the other's address: mails go out from the office's, and lead to a page. Messages
open once the greeter has said yes and close a week after; what is written of numbers and addresses
is kept and not shown before both know each other's phone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from booking import locks
from booking.meeting_words import written_words
from booking.messages import write_message
from booking.models import Meeting, MeetingMessage
from booking.refusals import BadInput, NotAllowed, WrongState, trouble
from booking.rules import meetings as rules
from booking.rules.talks import LONGEST, plain_text
from members.journal import VISITOR, Actor, record

AFTERWARDS = timedelta(days=7)
MOST_AN_HOUR = 10
AN_HOUR = timedelta(hours=1)
GREETER, GUEST = MeetingMessage.Author.GREETER, MeetingMessage.Author.VISITOR
AGREED = {rules.ACCEPTED, rules.DONE}
LONGEST_WORDS = 1000


def may_write(meeting: Meeting, *, now: datetime) -> bool:
    """Tell whether visitor and greeter may write to each other at `now`.

    Nobody writes to or as a greeter whom the office has put aside: it calls the visitor.
    """
    end, greeter = meeting.ends_at, meeting.greeter
    is_theirs = greeter is not None and not greeter.is_put_aside
    return meeting.state in AGREED and is_theirs and end is not None and now <= end + AFTERWARDS


@dataclass(frozen=True)
class Written:
    """One message as both read it at a moment."""

    author: str
    text: str
    at: datetime
    # Whether numbers or addresses are hidden in it.
    is_masked: bool


def messages_of(meeting: Meeting, *, now: datetime) -> list[Written]:
    """Return what was written with the present greeter, the first first, as it may be read.

    A replacement begins without the words that were for somebody else.
    """
    rows = meeting.messages.filter(greeter=meeting.greeter_id).order_by("at", "pk")
    read = [(one, written_words(one, meeting, now=now)) for one in rows]
    return [Written(one.author, text, one.at, text != one.text) for one, text in read]


def hides_something(message: MeetingMessage, *, now: datetime) -> bool:
    """Tell whether who reads a message at `now` doesn't see all of it: its writer is told."""
    return written_words(message, message.meeting, now=now) != message.text


def write_to_greeter(meeting: Meeting, text: str, *, now: datetime) -> MeetingMessage:
    """Write to the greeter as the visitor. Locks: meeting.

    Raises BadInput `message_empty`, `message_too_long`; WrongState `meeting_talk_closed`;
    NotAllowed `too_many_messages` past ten an hour; Busy.
    """
    return _write(meeting, GUEST, text, greeter_id=meeting.greeter_id, actor=VISITOR, now=now)


def write_to_visitor(meeting: Meeting, text: str, *, actor: Actor, now: datetime) -> MeetingMessage:
    """Write to the visitor as the greeter. Locks and raises as `write_to_greeter`."""
    return _write(meeting, GREETER, text, greeter_id=meeting.greeter_id, actor=actor, now=now)


def _write(
    head: Meeting, author: str, text: str, *, greeter_id: int | None, actor: Actor, now: datetime
) -> MeetingMessage:
    words = plain_text(text)
    if not words:
        raise BadInput(trouble("message_empty", field="text"))
    if len(words) > LONGEST:
        raise BadInput(trouble("message_too_long", field="text", most=LONGEST))
    with locks.write_transaction():
        row = locks.lock_meeting(head.pk)
        # What was written to one greeter never reaches the next one.
        if not may_write(row, now=now) or row.greeter is None or row.greeter_id != greeter_id:
            raise WrongState(trouble("meeting_talk_closed"))
        lately = row.messages.filter(author=author, at__gt=now - AN_HOUR)
        if lately.count() >= MOST_AN_HOUR:
            raise NotAllowed(trouble("too_many_messages"))
        message = MeetingMessage.objects.create(
            meeting=row, greeter=row.greeter, author=author, text=words, at=now
        )
        record(
            f"message by the {'visitor' if author == GUEST else 'greeter'}",
            f"meeting:{row.code}",
            actor=actor,
            at=now,
            message=message.pk,
        )
        is_guest = author == GUEST
        write_message(
            "meeting_message",
            key=f"meeting:{row.code}:message:{message.pk}",
            recipient=row.greeter.user.email if is_guest else row.email,
            language=row.greeter.language if is_guest else row.language,
            data={"message": message.pk},
            now=now,
        )
    return message


# --- Afterwards -----------------------------------------------------------------------------------
def tell_as_visitor(meeting: Meeting, *, felt: str, words: str, now: datetime) -> None:
    """Keep how it was for the visitor; the office reads it, the greeter the words of thanks too.

    A second time replaces the first. Locks: meeting. Raises BadInput `felt_missing`,
    `message_too_long`, WrongState `meeting_not_done`.
    """
    kept = _checked(felt, words)
    with locks.write_transaction():
        row = locks.lock_meeting(meeting.pk)
        _check_done(row)
        row.felt, row.visitor_words = felt, kept
        row.save(update_fields=["felt", "visitor_words"])
        record("meeting felt", f"meeting:{row.code}", actor=VISITOR, at=now, felt=felt)
    meeting.refresh_from_db()


def tell_as_greeter(
    meeting: Meeting, *, felt: str, minutes: int, words: str, actor: Actor, now: datetime
) -> None:
    """Keep how it was for the greeter and how long it took; only the office reads their words.

    What didn't take place counts no minute. Locks: meeting. Raises BadInput `felt_missing`,
    `minutes_unlikely`, WrongState `meeting_not_done`.
    """
    kept = _checked(felt, words)
    is_missed = felt == Meeting.Felt.MISSED
    if not is_missed and not rules.SHORTEST <= minutes <= rules.LONGEST_WALK:
        raise BadInput(trouble("minutes_unlikely", field="minutes"))
    with locks.write_transaction():
        row = locks.lock_meeting(meeting.pk)
        _check_done(row)
        row.greeter_felt, row.greeter_words = felt, kept
        row.minutes = 0 if is_missed else minutes
        row.save(update_fields=["greeter_felt", "greeter_words", "minutes"])
        record("meeting counted", f"meeting:{row.code}", actor=actor, at=now, minutes=row.minutes)
    meeting.refresh_from_db()


def _checked(felt: str, words: str) -> str:
    if felt not in Meeting.Felt.values:
        raise BadInput(trouble("felt_missing", field="felt"))
    kept = plain_text(words)
    if len(kept) > LONGEST_WORDS:
        raise BadInput(trouble("message_too_long", field="words", most=LONGEST_WORDS))
    return kept


def _check_done(row: Meeting) -> None:
    if row.state != rules.DONE or row.forgotten_at is not None:
        raise WrongState(trouble("meeting_not_done"))
