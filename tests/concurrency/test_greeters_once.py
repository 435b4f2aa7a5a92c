"""A meeting that several greeters accept at once has one; a greeter has one meeting a day.

Each guard has its sentinel: the same race with the guard taken away goes wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection

from booking import locks
from booking.models import Meeting, MeetingAsk
from booking.refusals import NotAllowed, WrongState
from booking.relations import asking, calling_off, meetings
from members.models import Entry, Greeter
from tests.booking.relations.greeting import (
    MONDAY,
    THURSDAY,
    a_greeter,
    a_meeting,
    say_yes,
)
from tests.cast import NOW
from tests.concurrency.rivals import Meeting as Rendezvous
from tests.concurrency.rivals import errors_in, run_together

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("cloned_database")]


def accepting(meeting: Meeting, greeter: Greeter, day: date = THURSDAY) -> Callable[[], Any]:
    return lambda: say_yes(meeting, greeter, day=day)


def meet_before_the_write(monkeypatch: pytest.MonkeyPatch, parties: int) -> None:
    """Make the rivals meet once each has looked and none has written."""
    rendezvous = Rendezvous(parties)
    look = meetings._check_day

    def look_then_meet(*args: Any, **kwargs: Any) -> None:
        look(*args, **kwargs)
        rendezvous.wait()

    monkeypatch.setattr(meetings, "_check_day", look_then_meet)


def without(monkeypatch: pytest.MonkeyPatch, lock: str, model: Any, *constraints: str) -> None:
    monkeypatch.setattr(locks, lock, lambda pk: model.objects.get(pk=pk))
    with connection.cursor() as cursor:
        for statement in constraints:
            cursor.execute(statement)


def told_yes(kind: str) -> int:
    from booking.models import OutboxMessage

    return OutboxMessage.objects.filter(kind=kind).count()


# --- One meeting, two greeters --------------------------------------------------------------------
def test_of_two_greeters_who_say_yes_at_once_the_first_has_it(monkeypatch: pytest.MonkeyPatch):
    first, second = a_greeter(), a_greeter()
    meeting = a_meeting()
    meet_before_the_write(monkeypatch, 2)

    results = run_together([accepting(meeting, first), accepting(meeting, second)])

    (refused,) = errors_in(results)
    assert isinstance(refused, WrongState)
    assert refused.code == "meeting_taken"
    assert MeetingAsk.objects.filter(state="yes").count() == 1
    assert told_yes("meeting_agreed") == 1


def test_sentinel_both_are_told_yes_without_the_lock(monkeypatch: pytest.MonkeyPatch):
    first, second = a_greeter(), a_greeter()
    meeting = a_meeting()
    without(monkeypatch, "lock_meeting", Meeting, "DROP INDEX one_greeter_says_yes")
    meet_before_the_write(monkeypatch, 2)

    results = run_together([accepting(meeting, first), accepting(meeting, second)])

    assert errors_in(results) == []
    assert told_yes("meeting_agreed") == 2


def test_the_visitor_takes_it_back_while_somebody_says_yes():
    greeter = a_greeter()
    meeting = a_meeting()

    results = run_together(
        [accepting(meeting, greeter), lambda: calling_off.cancel_meeting(meeting, now=NOW)]
    )

    meeting.refresh_from_db()
    assert meeting.state == "cancelled"
    # Agreed then called off, or called off first: whichever way, the greeter knows.
    assert len(errors_in(results)) <= 1
    assert told_yes("meeting_cancelled") + told_yes("meeting_closed") >= 1


# --- The link of the mail, pressed twice ----------------------------------------------------------
def confirm_twice(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Press the link of one mail in two tabs, both having looked before either has written."""
    a_greeter()
    meeting = a_meeting(is_proved=False)
    rendezvous = Rendezvous(2)
    look = asking._check_few

    def look_then_meet(*args: Any, **kwargs: Any) -> None:
        look(*args, **kwargs)
        rendezvous.wait()

    monkeypatch.setattr(asking, "_check_few", look_then_meet)
    return run_together([lambda: asking.confirm_meeting(meeting, now=NOW)] * 2)


def times_confirmed() -> int:
    return Entry.objects.filter(verb="meeting confirmed").count()


def test_a_request_is_confirmed_once(monkeypatch: pytest.MonkeyPatch):
    assert errors_in(confirm_twice(monkeypatch)) == []
    assert times_confirmed() == 1
    assert told_yes("meeting_for_greeter") == 1


def test_sentinel_it_is_confirmed_twice_without_the_lock(monkeypatch: pytest.MonkeyPatch):
    without(monkeypatch, "lock_meeting", Meeting)
    confirm_twice(monkeypatch)
    assert times_confirmed() == 2


def test_a_request_is_taken_back_while_its_link_is_pressed():
    greeter = a_greeter()
    meeting = a_meeting(is_proved=False)

    results = run_together(
        [
            lambda: asking.confirm_meeting(meeting, now=NOW),
            lambda: calling_off.cancel_meeting(meeting, now=NOW),
        ]
    )

    meeting.refresh_from_db()
    assert meeting.state == "cancelled"
    # Confirmed then called off: whoever was asked is told; else nobody was asked.
    assert all(isinstance(one, WrongState) for one in errors_in(results))
    asked = MeetingAsk.objects.filter(greeter=greeter)
    assert told_yes("meeting_closed") == asked.filter(state="taken_back").count() == asked.count()


# --- One greeter, many meetings -------------------------------------------------------------------
def test_a_greeter_who_says_yes_twice_for_one_day_has_one_meeting(monkeypatch: pytest.MonkeyPatch):
    greeter = a_greeter(monthly_most=8)
    four = [a_meeting(email=f"v{number}@example.org") for number in range(4)]
    meet_before_the_write(monkeypatch, 4)

    results = run_together([accepting(one, greeter) for one in four])

    refused = errors_in(results)
    assert len(refused) == 3
    assert all(isinstance(one, NotAllowed) for one in refused)
    assert {one.code for one in refused} == {"greeter_busy_day"}
    assert Meeting.objects.filter(state="accepted").count() == 1


def test_the_monthly_maximum_holds_when_two_are_accepted_at_once(monkeypatch: pytest.MonkeyPatch):
    greeter = a_greeter(monthly_most=1)
    first, second = a_meeting(), a_meeting(email="paul@example.org")
    meet_before_the_write(monkeypatch, 2)

    results = run_together(
        [accepting(first, greeter, THURSDAY), accepting(second, greeter, MONDAY)]
    )

    (refused,) = errors_in(results)
    assert refused.code == "greeter_full_month"
    assert Meeting.objects.filter(state="accepted").count() == 1


def test_sentinel_a_month_overflows_without_the_greeters_lock(monkeypatch: pytest.MonkeyPatch):
    greeter = a_greeter(monthly_most=1)
    first, second = a_meeting(), a_meeting(email="paul@example.org")
    without(monkeypatch, "lock_greeter", Greeter)
    meet_before_the_write(monkeypatch, 2)

    results = run_together(
        [accepting(first, greeter, THURSDAY), accepting(second, greeter, MONDAY)]
    )

    assert errors_in(results) == []
    assert Meeting.objects.filter(state="accepted").count() == 2


def test_one_page_sent_twice_at_once_asks_once():
    a_greeter()

    results = run_together([lambda: a_meeting(press="p"), lambda: a_meeting(press="p")])

    assert errors_in(results) == []
    assert Meeting.objects.count() == 1
