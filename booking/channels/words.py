"""What hosts read of a calendar: how it stands, what went wrong, what they can do about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from booking.channels.freshness import SILENT_HOST, SILENT_SALE
from booking.models import Feed

# Every problem that a reading may have, in words that say what to do.
PROBLEMS: dict[str, Any] = {
    "scheme": gettext_lazy("Paste the whole address, from https:// on."),
    "port": gettext_lazy("The address of a calendar has no port: copy it again there."),
    "userinfo": gettext_lazy("An address with a name and a password isn’t accepted."),
    "bad_address": gettext_lazy("This isn’t an address: copy it again from the other platform."),
    "host": gettext_lazy(
        "We don’t know this platform: write to the office, which can allow its address."
    ),
    "private": gettext_lazy("This address leads to a private network: it can’t be read."),
    "redirects": gettext_lazy("This address leads on and on: copy it again there."),
    "refused_address": gettext_lazy(
        "This address can’t be read safely: paste the one that the platform gives now."
    ),
    "unreadable_address": gettext_lazy("We can’t open this address any more: paste it again."),
    "unknown_host": gettext_lazy("This platform can’t be found: check the address."),
    "unreachable": gettext_lazy("The platform doesn’t answer: we go on trying."),
    "tls": gettext_lazy("The platform’s certificate isn’t valid: we go on trying."),
    "timeout": gettext_lazy("The platform takes too long to answer: we go on trying."),
    "too_large": gettext_lazy("The calendar is too large: remove what is long past from it."),
    "encoding": gettext_lazy("The platform answers in a way that we can’t read: we go on trying."),
    "cut_short": gettext_lazy("The calendar came incomplete: we go on trying."),
    "protocol": gettext_lazy("The platform answers in a way that we can’t read: we go on trying."),
    "forbidden": gettext_lazy(
        "The platform doesn’t let us read this calendar: copy its address again there."
    ),
    "not_found": gettext_lazy("There is no calendar at this address: copy it again there."),
    "too_often": gettext_lazy("The platform asks us to wait: we try again later."),
    "server_error": gettext_lazy("The platform has a fault: we go on trying."),
    "odd_answer": gettext_lazy("The platform doesn’t give the calendar: we go on trying."),
    "empty": gettext_lazy("The platform gave an empty file: we go on trying."),
    "not_a_calendar": gettext_lazy(
        "What is there isn’t a calendar: copy the address that ends in .ics or is called iCal."
    ),
    "unreadable": gettext_lazy("This calendar can’t be read: export it again there."),
    "bad_event": gettext_lazy(
        "A booking of this calendar has no readable date: correct it there. Nothing was changed "
        "here."
    ),
    "too_many_events": gettext_lazy("This calendar has too many entries: it isn’t read."),
    "emptied": gettext_lazy(
        "The calendar is suddenly empty. That is often a fault of the platform, so the nights stay "
        "closed here. If it is right, say so."
    ),
}
# Those that may pass by themselves: the address is kept, and read again.
PASSING = {
    "unreachable",
    "tls",
    "timeout",
    "encoding",
    "cut_short",
    "protocol",
    "too_often",
    "server_error",
    "odd_answer",
    "empty",
}
WARNINGS: dict[str, Any] = {
    "end_before_start": gettext_lazy(
        "An entry ends before it begins: its first night only is closed."
    ),
    "unknown_zone": gettext_lazy("An entry has an unknown time zone: read in the time of Paris."),
    "unread_lines": gettext_lazy("Some details could not be read; no night was left out."),
}


@dataclass(frozen=True)
class FeedStatus:
    """How a calendar stands, in a word and a sentence; `kind` is that of a badge."""

    kind: str
    label: str
    text: str


def problem_words(code: str) -> str:
    """Return what a problem means for a host; raises KeyError for an unknown one."""
    return str(PROBLEMS[code])


def feed_status(feed: Feed, *, now: datetime) -> FeedStatus:
    """Return how a calendar stands at a moment, and what follows from it."""
    if feed.is_paused:
        text = _("Not read while it is paused; its nights stay closed.")
        return FeedStatus("info", str(pgettext_lazy("calendar", "paused")), text)
    problem = problem_words(feed.problem) if feed.problem in PROBLEMS else ""
    silent = now - (feed.last_good_at or feed.created_at)
    if silent >= SILENT_SALE:
        text = _(
            "We no longer know what is booked there: visitors can’t book at once, they are asked "
            "to call the office."
        )
        days = _("silent for %(days)s days") % {"days": silent.days}
        label = days if silent.days > 1 else _("silent for a day")
        return FeedStatus("danger", label, f"{text} {problem}".strip())
    if silent >= SILENT_HOST:
        text = _("If it lasts a day, visitors can no longer book at once.")
        return FeedStatus("warn", _("silent for hours"), f"{problem} {text}".strip())
    if problem:
        return FeedStatus("warn", _("to be read again"), problem)
    if feed.last_good_at is None:
        return FeedStatus("info", _("not read yet"), "")
    return FeedStatus("ok", str(pgettext_lazy("calendar", "up to date")), "")


def warning_words(feed: Feed) -> list[str]:
    """Return what was odd in the last good reading."""
    return [str(WARNINGS[code]) for code in feed.warnings if code in WARNINGS]
