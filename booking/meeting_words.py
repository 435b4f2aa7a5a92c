"""What pages, mails and the desk say of greeters and of meetings with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _

from booking.models import Meeting, MeetingAsk, MeetingMessage
from booking.rules import meetings as rules
from destination.templatetags.velay import party
from members.models import Greeter
from oti.lib.dates import paris
from oti.lib.html import format_day_long, format_hour, format_range, weekday_name

LANGUAGE_WORDS: dict[str, Promise] = {
    "fr": gettext_lazy("French"),
    "en": gettext_lazy("English"),
    "de": gettext_lazy("German"),
    "es": gettext_lazy("Spanish"),
    "it": gettext_lazy("Italian"),
    "nl": gettext_lazy("Dutch"),
}
INTEREST_WORDS: dict[str, Promise] = {
    "stones": pgettext_lazy("greeter", "old stones"),
    "lace": pgettext_lazy("greeter", "lace"),
    "walks": pgettext_lazy("greeter", "walks"),
    "volcanoes": pgettext_lazy("greeter", "volcanoes"),
    "kitchen": pgettext_lazy("greeter", "cooking"),
    "gardens": pgettext_lazy("greeter", "gardens"),
    "music": pgettext_lazy("greeter", "music"),
    "crafts": pgettext_lazy("greeter", "crafts"),
    "memory": pgettext_lazy("greeter", "village memories"),
    "farming": pgettext_lazy("greeter", "farms"),
    "children": pgettext_lazy("greeter", "with children"),
    "photography": pgettext_lazy("greeter", "photography"),
}
HIDDEN_NOTE = gettext_lazy(
    "Phone numbers and addresses stay hidden until 48 hours before: then you have each other’s "
    "phone."
)
PART_WORDS: dict[str, Promise] = {
    "first_name": gettext_lazy("First name"),
    "about": gettext_lazy("Who you are"),
    "places": gettext_lazy("Places that you like"),
    "photo": gettext_lazy("Portrait"),
    "charter": gettext_lazy("Charter"),
    "note": gettext_lazy("In general"),
}


ENDING_WORDS: dict[str, tuple[Promise, Promise]] = {
    rules.CALLED_OFF: (
        gettext_lazy("The meeting is called off"),
        gettext_lazy("%(name)s called it off on %(when)s; your day is free again."),
    ),
    rules.WITHDRAWN: (
        gettext_lazy("The visitor took this request back"),
        gettext_lazy("Plans changed on %(when)s; no answer is needed any more."),
    ),
    rules.TAKEN: (
        gettext_lazy("Another greeter said yes first"),
        gettext_lazy("It was agreed on %(when)s; no answer is needed any more."),
    ),
    rules.LAPSED: (
        gettext_lazy("The time to answer has passed"),
        gettext_lazy("Nobody had said yes by %(when)s; the visitor is told what else there is."),
    ),
    rules.DECLINED: (
        gettext_lazy("You said no to this request"),
        gettext_lazy("That was on %(when)s: others were asked, no harm done."),
    ),
    rules.GIVEN_UP: (
        gettext_lazy("You gave this meeting up"),
        gettext_lazy("You said on %(when)s that you can’t come: the visitor was told."),
    ),
}


def languages_of(who: Greeter | Meeting) -> list[str]:
    """Return the languages of a greeter, or of a party, in the active one."""
    return [str(LANGUAGE_WORDS[one]) for one in who.languages if one in LANGUAGE_WORDS]


def interests_of(codes: Iterable[str]) -> list[str]:
    """Return what somebody likes, in words."""
    return [str(INTEREST_WORDS[one]) for one in codes if one in INTEREST_WORDS]


def weekdays_of(greeter: Greeter) -> str:
    """Write a greeter's days: « every day », « Tuesday, Saturday »."""
    if len(greeter.weekdays) == 7:
        return _("every day")
    language = get_language() or "fr"
    return ", ".join(weekday_name(one, language) for one in greeter.weekdays)


def chosen_name(meeting: Meeting) -> str:
    """Return whom a visitor asked for by name, as long as that greeter's answer is waited for."""
    if meeting.wished is None or meeting.state not in {rules.TO_CONFIRM, rules.ASKED}:
        return ""
    asks = MeetingAsk.objects.filter(meeting=meeting, greeter=meeting.wished, state=rules.SENT)
    is_waited_for = meeting.state == rules.TO_CONFIRM or asks.exists()
    return meeting.wished.first_name if is_waited_for else ""


def party_words(meeting: Meeting) -> str:
    """Write who comes: « 2 adults, 2 children (5 and 10 years) »."""
    return party(meeting.adults, meeting.ages)


def days_words(meeting: Meeting) -> str:
    """Write the days that suit the visitor."""
    language = get_language() or "fr"
    if meeting.first_day == meeting.last_day:
        return format_day_long(meeting.first_day, language)
    return format_range(meeting.first_day, meeting.last_day, language)


def moment_words(moment: datetime) -> str:
    """Write when one meets: « Thursday 15 July 2027, 10:00 »."""
    language, local = get_language() or "fr", paris(moment)
    day, hour = format_day_long(local.date(), language), format_hour(local.time(), language)
    return _("%(day)s at %(hour)s") % {"day": day, "hour": hour}


def deadline_words(meeting: Meeting) -> str:
    """Write until when greeters may answer."""
    return moment_words(meeting.deadline)


def written_words(message: MeetingMessage, meeting: Meeting, *, now: datetime) -> str:
    """Return a message with numbers and addresses hidden, until 48 hours before the meeting.

    For ever, where it isn't agreed any more or the office has put the greeter aside.
    """
    greeter, begins = meeting.greeter, meeting.starts_at
    is_agreed = meeting.state in {rules.ACCEPTED, rules.DONE}
    is_known = is_agreed and greeter is not None and not greeter.is_put_aside
    if is_known and begins is not None and not rules.hides_contacts(begins, now=now):
        return message.text
    return rules.masked(message.text)


@dataclass(frozen=True)
class Ending:
    """How a request ended for one greeter, and when, in the active language."""

    title: str
    text: str
    # Nothing was asked of them in vain: the next one may be theirs.
    thanks: bool


def ending_words(ask: MeetingAsk, *, called_off_at: datetime | None) -> Ending:
    """Say what became of a request that its greeter can't answer any more, and when."""
    meeting = ask.meeting
    ending = rules.ending_of(
        meeting.state,
        ask.state,
        closed_at=ask.answered_at,
        round_at=meeting.asked_at,
        agreed_at=meeting.answered_at,
    )
    moment = {rules.CALLED_OFF: called_off_at, rules.LAPSED: meeting.deadline}.get(
        ending, ask.answered_at
    )
    title, text = ENDING_WORDS[ending]
    said = text % {
        "name": meeting.first_name or _("The visitor"),
        "when": moment_words(moment) if moment else "",
    }
    # Of what is older than the journal nobody knows when it was.
    is_asked_in_vain = ending in {rules.WITHDRAWN, rules.TAKEN, rules.LAPSED}
    return Ending(str(title), said if moment else "", is_asked_in_vain)


@dataclass(frozen=True)
class ShownMeeting:
    """A meeting in the words of the active language, as its stay shows it."""

    meeting: Meeting
    title: str
    when: str
    standing: str

    @property
    def is_agreed(self) -> bool:
        """Whether somebody has said yes."""
        return self.meeting.state in {rules.ACCEPTED, rules.DONE}


def shown(meeting: Meeting) -> ShownMeeting:
    """Put one meeting into words."""
    name = meeting.greeter.first_name if meeting.greeter else ""
    title = _("Meeting with %(name)s, greeter") % {"name": name} if name else _("A greeter")
    when = moment_words(meeting.starts_at) if meeting.starts_at else days_words(meeting)
    return ShownMeeting(meeting, title, when, str(Meeting.State(meeting.state).label))


def shown_all(meetings: Sequence[Meeting]) -> list[ShownMeeting]:
    """Put the meetings of a stay into words."""
    return [shown(one) for one in meetings]
