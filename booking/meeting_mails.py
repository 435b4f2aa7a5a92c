"""The mails about greeters and meetings: read when they are sent, in the active language.

Neither side learns the other's address; phones come 48 hours before. All have one shape
(`email/meeting`): a greeting, some sentences, facts, words of somebody, a link.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from booking import meeting_words as words
from booking.ics import Agreed, meeting_calendar
from booking.letters import NoLongerNeeded
from booking.models import Meeting, MeetingAsk, MeetingMessage, OutboxMessage
from booking.rules import meetings as rules
from destination.office import with_phone
from members.models import Greeter
from members.rules import enrolment
from oti.lib.html import format_phone

Content = dict[str, Any]
TEMPLATE = "meeting"


@dataclass(frozen=True)
class About:
    """The meeting that a mail is about, and who reads it."""

    meeting: Meeting
    greeter: Greeter | None

    @property
    def name(self) -> str:
        """Return the first name of the greeter who has it."""
        return self.meeting.greeter.first_name if self.meeting.greeter else ""


def meeting_url(meeting: Meeting) -> str:
    """Return the signed link of a meeting's page, in the active language."""
    path = reverse("booking:meeting", args=[meeting.code])
    return f"{settings.BASE_URL}{path}?cle={meeting.access_token}"


def ask_url(meeting: Meeting) -> str:
    """Return the page where a greeter answers."""
    return settings.BASE_URL + reverse("space-greeter-ask", args=[meeting.code])


def _mail(
    title: str,
    sentences: Sequence[str],
    *,
    url: str,
    button: str,
    facts: Sequence[tuple[str, str]] = (),
    quote: str = "",
    small: str = "",
    **more: Any,
) -> Content:
    return {
        "template": TEMPLATE,
        "mail_title": title,
        "sentences": [one for one in sentences if one],
        "facts": [(label, value) for label, value in facts if value],
        "quote": quote,
        "small": small,
        "url": url,
        "button": button,
        **more,
    }


def _about(message: OutboxMessage, *states: str) -> About:
    """Read a meeting that still stands as the message says; raises NoLongerNeeded otherwise."""
    rows = Meeting.objects.select_related("greeter", "wished")
    meeting = rows.get(pk=message.data["meeting"])
    is_same = message.data.get("sequence") == meeting.sequence
    if not is_same or (states and meeting.state not in states):
        raise NoLongerNeeded
    pk = message.data.get("greeter")
    return About(meeting, Greeter.objects.get(pk=pk) if pk else None)


def _asked_facts(meeting: Meeting) -> list[tuple[str, str]]:
    return [
        (_("Days"), words.days_words(meeting)),
        (_("When"), str(Meeting.Part(meeting.part).label)),
        (_("Who comes"), words.party_words(meeting)),
        (_("Languages"), ", ".join(str(words.LANGUAGE_WORDS[one]) for one in meeting.languages)),
        (_("They like"), ", ".join(words.interests_of(meeting.interests))),
        (_("Special needs"), _("without steps, please") if meeting.needs_step_free else ""),
    ]


def _agreed_facts(meeting: Meeting) -> list[tuple[str, str]]:
    when = words.moment_words(meeting.starts_at) if meeting.starts_at else ""
    return [
        (_("When"), when),
        (_("Where"), meeting.place),
        (_("Who comes"), words.party_words(meeting)),
    ]


def _wish_facts(meeting: Meeting) -> list[tuple[str, str]]:
    """Return what a visitor asked for, and of whom."""
    chosen = words.chosen_name(meeting)
    return [*([(_("Whom you chose"), chosen)] if chosen else []), *_asked_facts(meeting)]


def _phone(number: str) -> str:
    return format_phone(number, get_language() or settings.LANGUAGE_CODE)


# --- To the visitor -------------------------------------------------------------------------------
def _confirm(message: OutboxMessage, _reader: object, _now: datetime) -> Content:
    meeting = _about(message, rules.TO_CONFIRM).meeting
    return _mail(
        _("One more step to meet a greeter"),
        [
            _("Hello %(name)s, confirm your request and we ask the greeters who suit you.")
            % {"name": meeting.first_name},
            _("The link is good until %(until)s. It is free.")
            % {"until": words.deadline_words(meeting)},
        ],
        facts=_wish_facts(meeting),
        url=meeting_url(meeting),
        button=_("Confirm my request"),
        small=_("It wasn’t you? Do nothing: nobody is asked, and it is deleted by itself."),
    )


def _asked(message: OutboxMessage, _reader: object, _now: datetime) -> Content:
    meeting = _about(message, rules.ASKED).meeting
    until = words.deadline_words(meeting)
    return _mail(
        _("Your request is with our greeters"),
        [
            _("Hello %(name)s, we have asked those who suit you best.")
            % {"name": meeting.first_name},
            _("The answer comes by mail, %(until)s at the latest. It is free.") % {"until": until},
        ],
        facts=_wish_facts(meeting),
        url=meeting_url(meeting),
        button=_("Follow my request"),
        small=_("Your stay doesn’t wait for it: book the rest whenever you like."),
    )


def _accepted(message: OutboxMessage, _reader: object, now: datetime) -> Content:
    about = _about(message, rules.ACCEPTED)
    meeting = about.meeting
    return _mail(
        _("%(name)s is looking forward to meeting you") % {"name": about.name},
        [
            _("Hello %(name)s, it is agreed.") % {"name": meeting.first_name},
            _("Until then you write to each other on the page of the meeting, nowhere else."),
        ],
        facts=_agreed_facts(meeting),
        url=meeting_url(meeting),
        button=_("See the meeting"),
        small=_("It is free, without a tip. Your plans change? Call it off on that page."),
        calendar=calendar_of(meeting, now=now),
        calendar_name=f"greeter-{meeting.code}.ics",
    )


def _nobody(message: OutboxMessage, _reader: object, now: datetime) -> Content:
    meeting = _about(message, rules.NOBODY).meeting
    return _mail(
        _("No greeter is free on your days"),
        [
            _("Hello %(name)s, we are sorry: nobody could on these days.")
            % {"name": meeting.first_name},
            _("The page of your request leads to other greeters and to what is free then."),
        ],
        facts=[(_("Days"), words.days_words(meeting))],
        url=meeting_url(meeting),
        button=_("See what else there is"),
        **_called_off_file(message, meeting, now=now),
    )


def _replaced(message: OutboxMessage, _reader: object, now: datetime) -> Content:
    meeting = _about(message, rules.ASKED).meeting
    return _mail(
        _("Your greeter can’t come: we look for another one"),
        [
            _("Hello %(name)s, something came up for your greeter.") % {"name": meeting.first_name},
            _("Others are asked; the answer comes %(until)s at the latest.")
            % {"until": words.deadline_words(meeting)},
        ],
        url=meeting_url(meeting),
        button=_("Follow my request"),
        **_called_off_file(message, meeting, now=now),
    )


def _called_off(message: OutboxMessage, _reader: object, now: datetime) -> Content:
    meeting = Meeting.objects.get(pk=message.data["meeting"])
    return _mail(
        _("Your meeting is called off"),
        [
            _("Hello %(name)s, as you wished; your greeter is told.")
            % {"name": meeting.first_name},
            _("Open the file that comes with this mail: it takes the meeting off your calendar."),
        ],
        facts=_agreed_facts(meeting),
        url=meeting_url(meeting),
        button=_("See what else there is"),
        **_called_off_file(message, meeting, now=now),
    )


def _soon(message: OutboxMessage, _reader: object, _now: datetime) -> Content:
    about = _about(message, rules.ACCEPTED)
    meeting = about.meeting
    return _mail(
        _("You meet %(name)s soon") % {"name": about.name},
        [
            _("Hello %(name)s, here is where, when, and whom to call.")
            % {"name": meeting.first_name}
        ],
        facts=[
            *_agreed_facts(meeting),
            (_("Phone of your greeter"), _phone(meeting.greeter.phone) if meeting.greeter else ""),
            (_("In an emergency"), "112"),
        ],
        url=meeting_url(meeting),
        button=_("See the meeting"),
        small=_("Keep this number to yourself and use it for that day alone."),
    )


def _thanks(message: OutboxMessage, _reader: object, _now: datetime) -> Content:
    about = _about(message, rules.DONE)
    meeting = about.meeting
    return _mail(
        _("How was it with %(name)s?") % {"name": about.name},
        [
            _("Hello %(name)s, a word of yours is all that greeters get.")
            % {"name": meeting.first_name}
        ],
        url=meeting_url(meeting),
        button=_("Tell how it was"),
    )


# --- To the greeter -------------------------------------------------------------------------------
def _for_greeter(message: OutboxMessage, _reader: object, _now: datetime) -> Content:
    about = _about(message, rules.ASKED)
    meeting, greeter = about.meeting, about.greeter
    asks = MeetingAsk.objects.filter(meeting=meeting, greeter=greeter, state=rules.SENT)
    if greeter is None or not asks.exists():
        raise NoLongerNeeded
    is_alone = meeting.wished_id == greeter.pk
    return _mail(
        _("%(name)s would like to meet you") % {"name": meeting.first_name}
        if message.kind == "meeting_for_greeter"
        else _("%(name)s still waits for an answer") % {"name": meeting.first_name},
        [
            _("Hello %(name)s, here is a request for you.") % {"name": greeter.first_name},
            _("You were chosen by name.") if is_alone else _("The first who says yes has it."),
            _("Answer before %(until)s; saying no needs no reason.")
            % {"until": words.deadline_words(meeting)},
        ],
        facts=_asked_facts(meeting),
        quote=meeting.words,
        url=ask_url(meeting),
        button=_("See and answer"),
    )


def _agreed(message: OutboxMessage, _reader: object, now: datetime) -> Content:
    about = _about(message, rules.ACCEPTED)
    meeting = about.meeting
    return _mail(
        _("It is agreed with %(name)s") % {"name": meeting.first_name},
        [_("Thank you! Both phones are shown 48 hours before; until then you write on the page.")],
        facts=_agreed_facts(meeting),
        url=ask_url(meeting),
        button=_("See the meeting"),
        calendar=calendar_of(meeting, now=now),
        calendar_name=f"greeter-{meeting.code}.ics",
    )


def _closed(message: OutboxMessage, _reader: object, _now: datetime) -> Content:
    meeting = Meeting.objects.get(pk=message.data["meeting"])
    is_back = meeting.state == rules.CANCELLED
    return _mail(
        _("This request is settled"),
        [
            _("The visitor changed plans.")
            if is_back
            else _("No answer is needed any more: it was answered, or its time has passed."),
            _("Thank you for being there: the next one may be yours."),
        ],
        facts=[(_("Days"), words.days_words(meeting))],
        url=ask_url(meeting),
        button=_("See what happened"),
    )


def _cancelled(message: OutboxMessage, _reader: object, now: datetime) -> Content:
    meeting = Meeting.objects.get(pk=message.data["meeting"])
    return _mail(
        _("%(name)s can’t come any more") % {"name": meeting.first_name or _("The visitor")},
        [_("The meeting is called off; your day is free again.")],
        facts=_agreed_facts(meeting),
        url=ask_url(meeting),
        button=_("See what happened"),
        **_called_off_file(message, meeting, now=now),
    )


def _given_up(message: OutboxMessage, _reader: object, now: datetime) -> Content:
    meeting = Meeting.objects.get(pk=message.data["meeting"])
    was = message.data["was"]
    return _mail(
        _("Your day is free again"),
        [
            _("You can’t come after all: your visitor is told, and others are asked."),
            _("Open the file that comes with this mail: it takes the meeting off your calendar."),
        ],
        facts=[(_("When"), words.moment_words(datetime.fromisoformat(was["starts_at"])))],
        url=ask_url(meeting),
        button=_("See what happened"),
        **_called_off_file(message, meeting, now=now),
    )


def _tomorrow(message: OutboxMessage, _reader: object, _now: datetime) -> Content:
    meeting = _about(message, rules.ACCEPTED).meeting
    return _mail(
        _("You meet %(name)s soon") % {"name": meeting.first_name},
        [_("Here is where, when, and whom to call. The office is there too, and 112.")],
        facts=[*_agreed_facts(meeting), (_("Phone"), _phone(meeting.phone))],
        url=ask_url(meeting),
        button=_("See the meeting"),
        small=_("Keep this number to yourself and use it for that day alone."),
    )


def _hours(message: OutboxMessage, _reader: object, _now: datetime) -> Content:
    meeting = _about(message, rules.DONE).meeting
    return _mail(
        _("Thank you for your time"),
        [
            _("How was it with %(name)s, and how long did it take?")
            % {"name": meeting.first_name or _("The visitor")}
        ],
        url=ask_url(meeting),
        button=_("Tell how it was"),
    )


def _message(message: OutboxMessage, _reader: object, now: datetime) -> Content:
    rows = MeetingMessage.objects.select_related("meeting__greeter", "greeter")
    written = rows.filter(pk=message.data["message"]).first()
    if written is None:
        raise NoLongerNeeded
    meeting, is_guest = written.meeting, written.author == MeetingMessage.Author.VISITOR
    if meeting.greeter_id != written.greeter_id:
        raise NoLongerNeeded
    sender = meeting.first_name if is_guest else written.greeter.first_name
    return _mail(
        _("%(name)s writes to you") % {"name": sender},
        [],
        quote=words.written_words(written, meeting, now=now),
        url=ask_url(meeting) if is_guest else meeting_url(meeting),
        button=_("Answer"),
        small=_("Answer on this page, not to this mail: your address stays with us."),
    )


# --- The office and its greeters ------------------------------------------------------------------
def _submitted(message: OutboxMessage, _reader: object, _now: datetime) -> Content:
    greeter = Greeter.objects.select_related("commune").get(pk=message.data["greeter"])
    is_new = greeter.state != enrolment.APPROVED
    return _mail(
        _("A greeter to read: %(name)s") % {"name": greeter.first_name},
        [_("A new profile was sent.") if is_new else _("A shown profile was changed.")],
        facts=[(_("Commune"), greeter.commune.name)],
        url=settings.BASE_URL + reverse("desk_greeters:review", args=[greeter.pk]),
        button=_("Read it"),
    )


def _read(message: OutboxMessage, _reader: object, _now: datetime) -> Content:
    greeter = Greeter.objects.get(pk=message.data["greeter"])
    move = message.data["move"]
    title, sentence = {
        enrolment.APPROVED: (
            _("Welcome among the greeters"),
            _("Your profile is on the site as you wrote it. Requests come by mail."),
        ),
        enrolment.TO_FIX: (
            _("Something to put right in your profile"),
            _("The office has read it; its remarks stand beside each part."),
        ),
        enrolment.SUSPENDED: (
            _("Your profile is put aside"),
            with_phone(
                _("It isn’t shown any more. Call the office on %(phone)s: you decide together.")
            ),
        ),
    }[move]
    asked = message.data.get("remarks") or {}
    return _mail(
        title,
        [_("Hello %(name)s,") % {"name": greeter.first_name}, sentence],
        facts=[
            (str(words.PART_WORDS[name]), text)
            for name, text in asked.items()
            if name in words.PART_WORDS and name != "note"
        ],
        quote=message.data.get("note", ""),
        url=settings.BASE_URL + reverse("space-greeter"),
        button=_("My greeter’s page"),
    )


def calendar_of(meeting: Meeting, *, now: datetime) -> bytes:
    """Return the calendar file of an agreed meeting, in the active language."""
    agreed = agreed_of(meeting)
    return _file(meeting, agreed, is_alive=True, now=now) if agreed else b""


def agreed_of(meeting: Meeting) -> Agreed | None:
    """Return what is agreed of a meeting, None where nothing is."""
    greeter, begins, ends = meeting.greeter, meeting.starts_at, meeting.ends_at
    if greeter is None or begins is None or ends is None:
        return None
    return Agreed(greeter.first_name, meeting.place, begins, ends, meeting.sequence)


def _file(meeting: Meeting, agreed: Agreed, *, is_alive: bool, now: datetime) -> bytes:
    summary = _("Meeting with a greeter: %(name)s") % {"name": agreed.name}
    return meeting_calendar(meeting, agreed, summary=summary, is_alive=is_alive, now=now)


def _called_off_file(message: OutboxMessage, meeting: Meeting, *, now: datetime) -> Content:
    """Return the file that takes a meeting out of the reader's calendar, if it was agreed."""
    was = message.data.get("was")
    if not was:
        return {}
    agreed = Agreed(
        was["name"],
        was["place"],
        datetime.fromisoformat(was["starts_at"]),
        datetime.fromisoformat(was["ends_at"]),
        message.data["sequence"],
    )
    return {
        "calendar": _file(meeting, agreed, is_alive=False, now=now),
        "calendar_name": f"greeter-{meeting.code}.ics",
    }


MEETING_CONTENTS: dict[str, Callable[[OutboxMessage, Any, datetime], Content]] = {
    "greeter_submitted": _submitted,
    "greeter_read": _read,
    "meeting_confirm": _confirm,
    "meeting_asked": _asked,
    "meeting_accepted": _accepted,
    "meeting_nobody": _nobody,
    "meeting_replaced": _replaced,
    "meeting_called_off": _called_off,
    "meeting_soon": _soon,
    "meeting_thanks": _thanks,
    "meeting_for_greeter": _for_greeter,
    "meeting_reminder": _for_greeter,
    "meeting_agreed": _agreed,
    "meeting_closed": _closed,
    "meeting_cancelled": _cancelled,
    "meeting_given_up": _given_up,
    "meeting_tomorrow": _tomorrow,
    "meeting_hours": _hours,
    "meeting_message": _message,
}
