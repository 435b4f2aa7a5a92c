"""A visitor asks to meet a greeter, and confirms it by mail: before that nobody is asked.

Who is signed in with that address, or has paid a stay with it, has confirmed it already. What isn't
confirmed counts for nothing: nobody uses up the requests of somebody else's address.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError
from django.db.models import QuerySet

from booking import locks
from booking.models import Basket, Meeting
from booking.refusals import BadInput, NotAllowed, Trouble, WrongState, trouble
from booking.relations.meetings import (
    answer_until,
    ask_next,
    end_without,
    tell_visitor,
)
from booking.rules import meetings as rules
from members.journal import VISITOR, record
from members.models import Greeter, User
from members.rules.greeters import INTERESTS, LANGUAGES, MOST_PEOPLE
from oti.lib.dates import today as day_of

# Who waits for more answers than that asks nobody else meanwhile.
MOST_WAITING = 3
MOST_A_DAY = 5
# Mails a day to an address that nobody has proved to read.
MOST_UNPROVED = 5
A_DAY = timedelta(days=1)
HORIZON = timedelta(days=365)


@dataclass(frozen=True)
class MeetingInput:
    """What a visitor asks for; `ages` are those of the children, 0 for an infant."""

    first_name: str
    email: str
    phone: str
    language: str
    first_day: date | None
    last_day: date | None
    adults: int
    ages: tuple[int, ...]
    languages: tuple[str, ...]
    interests: tuple[str, ...] = ()
    part: str = Meeting.Part.ANY
    words: str = ""
    needs_step_free: bool = False
    pole: str = ""
    is_of_age: bool = False
    press: str = ""

    @property
    def size(self) -> int:
        """Return how many they are, infants counted."""
        return self.adults + len(self.ages)


def ask_meeting(
    given: MeetingInput,
    *,
    wished: Greeter | None = None,
    basket: Basket | None = None,
    user: User | None = None,
    is_proved: bool,
    now: datetime,
) -> Meeting:
    """Ask the greeters who suit best, or the one who is wished first; nothing is held or paid.

    Of an address that isn't `is_proved` a mail asks first, and greeters are asked once its link
    was followed (`confirm_meeting`). Where nobody suits, the meeting says so at once and its page
    proposes what else there is. The same page sent twice asks once.

    Raises BadInput (`meeting_too_many` past six persons, infants counted, `meeting_under_15`,
    `meeting_needs_adult`, `meeting_days`, `meeting_too_soon`, `meeting_too_far`,
    `meeting_too_long`, `meeting_language`), NotAllowed `too_many_meetings`, `meetings_today`,
    `meetings_unproved`.
    """
    check_wish(given, today=day_of(now))
    try:
        return _ask(given, wished, basket, user, is_proved=is_proved, now=now)
    except IntegrityError:
        # Two presses at once.
        return Meeting.objects.get(press=given.press)


def check_wish(given: MeetingInput, *, today: date) -> None:
    """Raise BadInput with everything that can't be asked for."""
    troubles = [*_party_troubles(given), *_day_troubles(given, today)]
    if not set(given.languages) & set(LANGUAGES):
        troubles.append(trouble("meeting_language", field="languages"))
    if troubles:
        raise BadInput(*troubles)


def notice_days() -> int:
    """Return how many days ahead one asks."""
    return int(settings.GREETER_NOTICE_DAYS)


def _party_troubles(given: MeetingInput) -> Iterable[Trouble]:
    if not given.is_of_age:
        yield trouble("meeting_under_15", field="is_of_age")
    if given.adults < 1:
        yield trouble("meeting_needs_adult", field="adults")
    elif given.size > MOST_PEOPLE:
        yield trouble("meeting_too_many", field="adults", max=MOST_PEOPLE)


def _day_troubles(given: MeetingInput, today: date) -> Iterable[Trouble]:
    if given.first_day is None or given.last_day is None or given.last_day < given.first_day:
        yield trouble("meeting_days", field="last_day")
        return
    first = rules.first_possible(today, notice_days=notice_days())
    if given.last_day < first:
        yield trouble("meeting_too_soon", field="first_day", first=first)
    elif given.last_day > today + HORIZON:
        yield trouble("meeting_too_far", field="last_day")
    elif (given.last_day - given.first_day).days >= rules.MOST_DAYS:
        yield trouble("meeting_too_long", field="last_day", max=rules.MOST_DAYS)


def _ask(
    given: MeetingInput,
    wished: Greeter | None,
    basket: Basket | None,
    user: User | None,
    *,
    is_proved: bool,
    now: datetime,
) -> Meeting:
    with locks.write_transaction():
        known = Meeting.objects.filter(press=given.press).first() if given.press else None
        if known is not None:
            return known
        if is_proved:
            _check_few(given.email, now=now)
        else:
            _check_few_unproved(given.email, now=now)
        meeting = Meeting.objects.create(
            **_columns(given, now=now),
            wished=wished,
            basket=basket,
            user=user,
            state=rules.ASKED if is_proved else rules.TO_CONFIRM,
            confirmed_at=now if is_proved else None,
        )
        record("meeting asked", f"meeting:{meeting.code}", actor=VISITOR, at=now, size=given.size)
        if is_proved:
            _ask_greeters(meeting, now=now)
        else:
            tell_visitor(meeting, "meeting_confirm", now=now)
    return meeting


def confirm_meeting(meeting: Meeting, *, now: datetime) -> Meeting:
    """Ask greeters, now that the link of the mail was followed; twice is the same as once.

    Locks: meeting. Raises WrongState `meeting_unconfirmed` once it is too late or was taken back,
    NotAllowed `too_many_meetings`, `meetings_today`, Busy.
    """
    with locks.write_transaction():
        row = locks.lock_meeting(meeting.pk)
        if row.confirmed_at is not None:
            return row
        if row.state != rules.TO_CONFIRM or row.deadline <= now:
            raise WrongState(trouble("meeting_unconfirmed"))
        _check_few(row.email, now=now)
        row.state, row.confirmed_at = rules.ASKED, now
        row.asked_at, row.deadline = now, answer_until(row.last_day, now=now)
        row.save(update_fields=["state", "confirmed_at", "asked_at", "deadline"])
        record("meeting confirmed", f"meeting:{row.code}", actor=VISITOR, at=now)
        _ask_greeters(row, now=now)
    return row


def _ask_greeters(meeting: Meeting, *, now: datetime) -> None:
    """Ask who is wished, else those who suit; the visitor is told. In the present transaction."""
    wished = meeting.wished
    asked = ask_next(meeting, only=wished, now=now)
    if not asked and wished is not None:
        asked = ask_next(meeting, now=now)
    if not asked:
        end_without(meeting, now=now)
    else:
        tell_visitor(meeting, "meeting_asked", now=now)


def _check_few(email: str, *, now: datetime) -> None:
    own = _of(email).filter(confirmed_at__isnull=False)
    if own.filter(state=rules.ASKED).count() >= MOST_WAITING:
        raise NotAllowed(trouble("too_many_meetings", count=MOST_WAITING))
    # Each writes to several greeters, also where it is called off a moment later.
    if own.filter(asked_at__gt=now - A_DAY).count() >= MOST_A_DAY:
        raise NotAllowed(trouble("meetings_today", count=MOST_A_DAY))


def _check_few_unproved(email: str, *, now: datetime) -> None:
    """Refuse to send more mails to somebody who hasn't asked for any; signed in, they may go on."""
    unproved = _of(email).filter(confirmed_at__isnull=True, placed_at__gt=now - A_DAY)
    if unproved.count() >= MOST_UNPROVED:
        raise NotAllowed(trouble("meetings_unproved", field="email", count=MOST_UNPROVED))


def _of(email: str) -> QuerySet[Meeting]:
    return Meeting.objects.filter(email__iexact=email)


def _columns(given: MeetingInput, *, now: datetime) -> dict[str, Any]:
    assert given.first_day is not None  # noqa: S101 - `check_wish` says so in words
    assert given.last_day is not None  # noqa: S101
    first = rules.first_possible(day_of(now), notice_days=notice_days())
    known = {"press": given.press} if given.press else {}
    return {
        **known,
        "first_name": given.first_name,
        "email": given.email,
        "phone": given.phone,
        "language": given.language,
        "first_day": max(given.first_day, first),
        "last_day": given.last_day,
        "part": given.part,
        "adults": given.adults,
        "ages": list(given.ages),
        "party_size": given.size,
        "languages": [one for one in given.languages if one in LANGUAGES],
        "interests": [one for one in given.interests if one in INTERESTS],
        "needs_step_free": given.needs_step_free,
        "words": given.words,
        "pole": given.pole,
        "placed_at": now,
        "asked_at": now,
        "deadline": answer_until(given.last_day, now=now),
    }
