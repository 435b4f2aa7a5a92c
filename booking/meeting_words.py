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
