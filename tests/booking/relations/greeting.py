"""Greeters and meetings for tests: each function makes one thing and returns it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

from booking.models import Meeting, MeetingAsk, OutboxMessage
from booking.relations import asking, meeting_talks, meetings
from booking.relations.asking import MeetingInput
from booking.relations.greeters import ProfileInput
from destination.models import Commune
from members.journal import Actor
from members.models import CharterSignature, Greeter, GreeterCharter, User
from tests import factories
from tests.cast import NOW, TODAY

OFFICE = Actor("bureau@example.org")
MONDAY, SUNDAY = date(2027, 7, 12), date(2027, 7, 18)
THURSDAY = date(2027, 7, 15)
TEN = time(10)
SQUARE = "Place du Martouret, devant la fontaine"


def a_charter(version: str = "1") -> GreeterCharter:
    known = GreeterCharter.objects.filter(version=version).first()
    return known or GreeterCharter.objects.create(
        version=version,
        valid_from=date(2020, 1, 1),
        title="Charte des greeters",
        body=f"C’est gratuit. ({version})",
    )


def a_profile(**changes: Any) -> ProfileInput:
    given = ProfileInput(
        first_name="Marie-Thé",
        commune_id=factories.a_commune().pk,
        phone="04 71 00 00 00",
        languages=("fr", "en"),
        interests=("lace", "stones"),
        weekdays=(0, 1, 2, 3, 4, 5, 6),
        most_people=6,
        monthly_most=2,
        is_step_free=False,
        language="fr",
        texts={"about_fr": "Dentellière à la retraite.", "places_fr": "La ville haute."},
        born_on=date(1958, 5, 4),
    )
    return replace(given, **changes)


def a_greeter(
    email: str = "", *, commune: Commune | None = None, is_signed: bool = True, **columns: Any
) -> Greeter:
    """Return a greeter whom visitors see."""
    user = columns.pop("user", None) or factories.a_user(email)
    values = {
        "slug": f"greeter-{user.pk}",
        "first_name": "Marie-Thé",
        "commune": commune or factories.a_commune(),
        "about_fr": "Dentellière à la retraite.",
        "places_fr": "La ville haute.",
        "languages": ["fr", "en"],
        "interests": ["lace"],
        "weekdays": [0, 1, 2, 3, 4, 5, 6],
        "phone": "04 71 00 00 01",
        "state": "approved",
        "identity": "met",
        "identity_at": NOW,
        "of_age_at": NOW,
        "created_at": NOW,
        **columns,
    }
    made = Greeter.objects.create(user=user, **values)
    if is_signed:
        text = a_charter()
        CharterSignature.objects.create(
            greeter=made,
            text=text,
            version=text.version,
            sha256=text.sha256,
            signed_name="Marie-Thérèse Roux",
            signed_at=NOW,
        )
    return made


def a_wish(**changes: Any) -> MeetingInput:
    given = MeetingInput(
        first_name="Claire",
        email="claire@example.org",
        phone="06 00 00 00 00",
        language="fr",
        first_day=MONDAY,
        last_day=SUNDAY,
        adults=2,
        ages=(8,),
        languages=("fr",),
        interests=("lace",),
        words="Nous aimons les vieilles rues.",
        is_of_age=True,
    )
    return replace(given, **changes)


def a_meeting(
    *, now: datetime = NOW, wished: Greeter | None = None, is_proved: bool = True, **changes: Any
) -> Meeting:
    """Return a meeting that was asked for."""
    return asking.ask_meeting(a_wish(**changes), wished=wished, is_proved=is_proved, now=now)


def ask_of(meeting: Meeting, greeter: Greeter) -> MeetingAsk:
    return MeetingAsk.objects.get(meeting=meeting, greeter=greeter)


def say_yes(
    meeting: Meeting, greeter: Greeter, *, day: date = THURSDAY, now: datetime = NOW, **more: Any
) -> Meeting:
    """Return a meeting once this greeter said yes."""
    values = {"hour": TEN, "place": SQUARE, **more}
    return meetings.accept_meeting(
        ask_of(meeting, greeter), day=day, actor=OFFICE, now=now, **values
    )


def an_agreed(**columns: Any) -> Meeting:
    """Return a meeting that a new greeter has agreed to."""
    greeter = a_greeter(**columns)
    return say_yes(a_meeting(), greeter)


def every_kind() -> None:
    """Write each mail about greeters once: a meeting that is asked, agreed, given up, done."""
    meeting = an_agreed()
    assert meeting.greeter is not None
    message = meeting_talks.write_to_greeter(meeting, "À jeudi", now=NOW)
    data = {"meeting": meeting.pk, "greeter": meeting.greeter.pk, "sequence": meeting.sequence}
    other = a_meeting(email="paul@example.org", first_day=MONDAY, last_day=SUNDAY)
    waiting = {"meeting": other.pk, "greeter": meeting.greeter.pk, "sequence": 0}
    done = an_agreed()
    assert done.ends_at is not None
    Meeting.objects.filter(pk=done.pk).update(state="done")
    over = {"meeting": done.pk, "sequence": done.sequence}
    was = meetings.was_agreed(meeting)
    nobody = a_meeting(email="zoe@example.org", languages=("it",))
    unproved = a_meeting(email="luc@example.org", is_proved=False)
    move = {"greeter": meeting.greeter.pk, "move": "to_fix", "note": "", "remarks": {"about": "?"}}
    # What was written on the way is partly out of date by now.
    OutboxMessage.objects.filter(key__startswith="meeting:").delete()
    for kind, values in {
        "greeter_submitted": {"greeter": meeting.greeter.pk},
        "greeter_read": move,
        "meeting_confirm": {"meeting": unproved.pk, "sequence": 0},
        "meeting_asked": waiting,
        "meeting_replaced": {**waiting, "was": was},
        "meeting_for_greeter": waiting,
        "meeting_reminder": waiting,
        "meeting_accepted": data,
        "meeting_agreed": data,
        "meeting_soon": data,
        "meeting_tomorrow": data,
        "meeting_closed": data,
        "meeting_cancelled": {**data, "was": was},
        "meeting_called_off": {**data, "was": was},
        "meeting_given_up": {**data, "was": was},
        "meeting_message": {"message": message.pk},
        "meeting_thanks": over,
        "meeting_hours": over,
        "meeting_nobody": {"meeting": nobody.pk, "sequence": 0},
    }.items():
        OutboxMessage.objects.create(
            key=f"each:{kind}",
            kind=kind,
            recipient="a@example.org",
            data=values,
            next_attempt_at=NOW,
            created_at=NOW,
        )


def a_member() -> User:
    return factories.a_verified_address(factories.a_user("ida@example.org"))


__all__ = ["MONDAY", "NOW", "SUNDAY", "THURSDAY", "TODAY"]
