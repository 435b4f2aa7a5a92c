"""The best few greeters are asked, and the first who says yes has the meeting.

It costs nothing and blocks nothing: the stay is booked without it (features.md N-02, N-08, N12).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from django.conf import settings

from booking import locks
from booking.meeting_mails import agreed_of
from booking.messages import write_message
from booking.models import Meeting, MeetingAsk
from booking.refusals import BadInput, NotAllowed, WrongState, trouble
from booking.relations.candidates import read_candidates, wish_of
from booking.rules import meetings as rules
from members.journal import SYSTEM, Actor, record
from members.models import Greeter
from members.rules.greeters import best, possible_days
from oti.lib.dates import at_paris
from oti.lib.dates import today as day_of

# How long a meeting is counted, until the greeter says how long it was.
USUAL = timedelta(hours=2)
Was = dict[str, str]


def answer_until(last_day: date, *, now: datetime) -> datetime:
    """Return until when greeters may answer for a stay that ends on a day."""
    return rules.answer_deadline(
        now, at_paris(last_day, time()), hours=settings.GREETER_ANSWER_HOURS
    )


def ask_next(
    meeting: Meeting, *, only: Greeter | None = None, now: datetime
) -> Sequence[MeetingAsk]:
    """Ask those who suit best and needn't have answered yet; returns the asks.

    In the present transaction: the meeting's own row is new, or locked by the caller.
    """
    today = day_of(now)
    candidates = read_candidates(today=today, only=[only.pk] if only else None)
    keys = best(wish_of(meeting, today=today), candidates)
    # Whose ask was taken back is asked again: one row each.
    anew = {"state": rules.SENT, "asked_at": now, "answered_at": None}
    asks = [
        MeetingAsk.objects.update_or_create(meeting=meeting, greeter_id=key, defaults=anew)[0]
        for key in keys
    ]
    for ask in asks:
        tell_greeter(ask.greeter, meeting, "meeting_for_greeter", now=now)
    return asks


# --- A greeter answers ----------------------------------------------------------------------------
def accept_meeting(
    ask: MeetingAsk, *, day: date, hour: time, place: str, actor: Actor, now: datetime
) -> Meeting:
    """Say yes for a day, an hour and a public place: the first who does has it.

    The others are told that somebody was found. Locks: greeter, meeting. Raises BadInput
    (`meeting_day`, `meeting_hour`, `meeting_place_missing`, `meeting_place_private`), WrongState
    (`meeting_taken` when another greeter was first or the visitor took it back, `meeting_lapsed`),
    NotAllowed (`greeter_not_shown`, `greeter_busy_day`, `greeter_full_month`), Busy.
    """
    words = place.strip()
    _check_place(words, hour)
    with locks.write_transaction():
        greeter = locks.lock_greeter(ask.greeter_id)
        meeting = locks.lock_meeting(ask.meeting_id)
        current = MeetingAsk.objects.get(pk=ask.pk)
        _check_open(meeting, current, now=now)
        _check_day(greeter, meeting, day, today=day_of(now))
        meeting.state, meeting.greeter, meeting.day = rules.ACCEPTED, greeter, day
        meeting.starts_at = at_paris(day, hour)
        meeting.ends_at = meeting.starts_at + USUAL
        meeting.place, meeting.answered_at = words, now
        meeting.sequence += 1
        meeting.save()
        current.state, current.answered_at = rules.SAID_YES, now
        current.save(update_fields=["state", "answered_at"])
        record(
            "meeting accepted",
            f"meeting:{meeting.code}",
            actor=actor,
            at=now,
            greeter=greeter.pk,
            day=day.isoformat(),
        )
        take_back_others(meeting, now=now)
        tell_visitor(meeting, "meeting_accepted", now=now)
        tell_greeter(greeter, meeting, "meeting_agreed", now=now)
    return meeting


def _check_place(words: str, hour: time) -> None:
    if not words:
        raise BadInput(trouble("meeting_place_missing", field="place"))
    if rules.gives_contact(words):
        raise BadInput(trouble("meeting_place_private", field="place"))
    if not rules.is_walking_hour(hour):
        raise BadInput(trouble("meeting_hour", field="hour"))


def _check_open(meeting: Meeting, ask: MeetingAsk, *, now: datetime) -> None:
    if meeting.state != rules.ASKED or ask.state != rules.SENT:
        raise WrongState(trouble("meeting_taken"))
    if meeting.deadline <= now:
        raise WrongState(trouble("meeting_lapsed"))


def _check_day(greeter: Greeter, meeting: Meeting, day: date, *, today: date) -> None:
    if not greeter.is_shown:
        raise NotAllowed(trouble("greeter_not_shown"))
    if day not in wish_of(meeting, today=today).days:
        raise BadInput(trouble("meeting_day", field="day"))
    (mine,) = read_candidates(today=today, only=[greeter.pk])
    if day in mine.met:
        raise NotAllowed(trouble("greeter_busy_day", field="day"))
    if mine.months.get((day.year, day.month), 0) >= mine.monthly_most:
        raise NotAllowed(trouble("greeter_full_month", field="day"))


def decline_meeting(ask: MeetingAsk, *, actor: Actor, now: datetime) -> None:
    """Say no, without having to say why; when nobody is left, others are asked.

    Locks: meeting. Raises WrongState `meeting_taken`.
    """
    with locks.write_transaction():
        meeting = locks.lock_meeting(ask.meeting_id)
        current = MeetingAsk.objects.get(pk=ask.pk)
        if current.state != rules.SENT or meeting.state != rules.ASKED:
            raise WrongState(trouble("meeting_taken"))
        current.state, current.answered_at = rules.SAID_NO, now
        current.save(update_fields=["state", "answered_at"])
        record(
            "meeting declined",
            f"meeting:{meeting.code}",
            actor=actor,
            at=now,
            greeter=current.greeter_id,
        )
        if not meeting.asks.filter(state=rules.SENT).exists() and not ask_next(meeting, now=now):
            end_without(meeting, now=now)


# --- Nobody, and those who needn't answer any more ---------------------------------------------
def take_back_others(meeting: Meeting, *, now: datetime) -> None:
    """Tell those who haven't answered that they needn't any more, in the present transaction."""
    for ask in meeting.asks.filter(state=rules.SENT).select_related("greeter__user"):
        ask.state, ask.answered_at = rules.TAKEN_BACK, now
        ask.save(update_fields=["state", "answered_at"])
        tell_greeter(ask.greeter, meeting, "meeting_closed", now=now)


def end_without(meeting: Meeting, *, was: Was | None = None, now: datetime) -> None:
    """End a meeting for which nobody was found; the visitor is told what else there is.

    `was` is what was agreed before, if it is taken back. In the present transaction: the meeting is
    locked, or new.
    """
    meeting.state = rules.NOBODY
    meeting.save(update_fields=["state"])
    record("meeting without greeter", f"meeting:{meeting.code}", actor=SYSTEM, at=now)
    tell_visitor(meeting, "meeting_nobody", was=was, now=now)
    take_back_others(meeting, now=now)


# --- Telling --------------------------------------------------------------------------------------
def was_agreed(meeting: Meeting) -> Was | None:
    """Return what a mail needs to take an agreed meeting out of its reader's calendar."""
    agreed = agreed_of(meeting)
    if agreed is None:
        return None
    return {
        "name": agreed.name,
        "place": agreed.place,
        "starts_at": agreed.starts_at.isoformat(),
        "ends_at": agreed.ends_at.isoformat(),
    }


def tell_visitor(meeting: Meeting, kind: str, *, was: Was | None = None, now: datetime) -> None:
    """Write to the visitor, in the present transaction, once in each state of the meeting."""
    write_message(
        kind,
        key=f"meeting:{meeting.code}:{kind}:{meeting.sequence}",
        recipient=meeting.email,
        language=meeting.language,
        data={"meeting": meeting.pk, "sequence": meeting.sequence, "was": was},
        now=now,
    )


def tell_greeter(
    greeter: Greeter, meeting: Meeting, kind: str, *, was: Was | None = None, now: datetime
) -> None:
    """Write to a greeter, in the present transaction, once in each state of the meeting.

    Whose account is closed is written nothing any more.
    """
    if not greeter.user.is_active:
        return
    write_message(
        kind,
        key=f"meeting:{meeting.code}:{kind}:{meeting.sequence}:{greeter.pk}",
        recipient=greeter.user.email,
        language=greeter.language,
        data={
            "meeting": meeting.pk,
            "greeter": greeter.pk,
            "sequence": meeting.sequence,
            "was": was,
        },
        now=now,
    )


def days_for(greeter: Greeter, meeting: Meeting, *, today: date) -> list[date]:
    """Return the days of a meeting on which its greeter still can, in order.

    A day off their habit may be chosen too. Away, taken or full: none.
    """
    mine = next(iter(read_candidates(today=today, only=[greeter.pk])), None)
    if mine is None:
        return []
    any_weekday = replace(mine, weekdays=frozenset(range(7)))
    return list(possible_days(wish_of(meeting, today=today), any_weekday))
