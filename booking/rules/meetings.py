"""When a greeter's meeting is asked for, answered, reminded of, and forgotten (features.md N12).

Moments are aware; days are those of Paris, which the caller gives.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from booking.rules.moments import absolute

TO_CONFIRM = "to_confirm"
ASKED = "asked"
ACCEPTED = "accepted"
NOBODY = "nobody"
CANCELLED = "cancelled"
DONE = "done"

# « accepted » goes back to « asked » where the greeter can't come after all.
MEETING: Mapping[str, frozenset[str]] = {
    TO_CONFIRM: frozenset({ASKED, CANCELLED}),
    ASKED: frozenset({ACCEPTED, NOBODY, CANCELLED}),
    ACCEPTED: frozenset({ASKED, NOBODY, CANCELLED, DONE}),
    NOBODY: frozenset(),
    CANCELLED: frozenset(),
    DONE: frozenset(),
}
# An ask to one greeter: they answer it, or it is taken back.
SENT = "sent"
SAID_YES = "yes"
SAID_NO = "no"
TAKEN_BACK = "taken_back"
GAVE_UP = "gave_up"
ANSWERS = frozenset({SENT, SAID_YES, SAID_NO, TAKEN_BACK, GAVE_UP})

# How a request ended for one greeter, who needn't answer or doesn't meet anybody any more.
CALLED_OFF, WITHDRAWN, TAKEN, LAPSED = "called_off", "withdrawn", "taken", "lapsed"
DECLINED, GIVEN_UP = "declined", "given_up"
ENDINGS = frozenset({CALLED_OFF, WITHDRAWN, TAKEN, LAPSED, DECLINED, GIVEN_UP})

# A walk: neither before breakfast nor at night.
EARLIEST, LATEST = time(8), time(20)
MOST_DAYS = 14
# Nobody answers the evening before: two days ahead one knows.
LAST_ANSWER = timedelta(days=2)
PHONES = timedelta(hours=48)
# What a greeter may say that a meeting took, in minutes.
SHORTEST, LONGEST_WALK = 15, 600
# Of a message: an address of mail or web, or signs that may be a number to call.
HIDDEN = "•••••"
# From the beginning of a word only: else long words without any address take seconds.
_ADDRESS = re.compile(
    r"(?<!\S)(?:\S*@\S+|\S+\s?[(\[](?:at|arobase)[)\]]\s?\S+|\S*(?:://|www\.)\S+)", re.I
)
_DIGITS = re.compile(r"(?:\+\s?)?(?:\(\s?)?\d(?:[\s.,\-/_()·]{0,3}\d){7,}")
_A_DAY = re.compile(r"(?<!\d)(?:\d{1,2}[./-]\d{1,2}[./-]20\d\d|20\d\d-\d\d-\d\d)(?!\d)")
_FEWEST_DIGITS = 8
CONTACT = re.compile(r"@|://|www\.|(?:\d[\s.\-]?){8,}", re.IGNORECASE)


def can_move(from_: str, to: str) -> bool:
    """Tell whether a meeting may go from one state to another; unknown ones raise KeyError."""
    if to not in MEETING:
        raise KeyError(to)
    return to in MEETING[from_]


def answer_deadline(asked_at: datetime, last_day: datetime, *, hours: int) -> datetime:
    """Return until when greeters may say yes: `hours` after it was asked, two days before the end.

    `last_day` is the beginning of the last day that suits the visitor.
    """
    return min(absolute(asked_at) + timedelta(hours=hours), absolute(last_day) - LAST_ANSWER)


def half_time(asked_at: datetime, deadline: datetime) -> datetime:
    """Return when others are asked beside who was wished, and who is silent reminded."""
    start, end = absolute(asked_at), absolute(deadline)
    return start + (end - start) / 2


def shows_phones(starts_at: datetime, ends_at: datetime, *, now: datetime) -> bool:
    """Tell whether both know each other's phone: from 48 hours before until two hours after."""
    begin = absolute(starts_at) - PHONES
    return begin <= absolute(now) <= absolute(ends_at) + timedelta(hours=2)


def hides_contacts(starts_at: datetime, *, now: datetime) -> bool:
    """Tell whether what both write to each other still goes without numbers and addresses."""
    return absolute(now) < absolute(starts_at) - PHONES


def masked(words: str) -> str:
    """Return words with each number to call and each address hidden; days and hours stay.

    What is spelt out in letters isn't found.
    """
    return _DIGITS.sub(_hidden_number, _ADDRESS.sub(HIDDEN, words))


def _hidden_number(found: re.Match[str]) -> str:
    left = _A_DAY.sub("", found[0])
    is_number = sum(sign.isdigit() for sign in left) >= _FEWEST_DIGITS
    return HIDDEN if is_number else found[0]


def gives_contact(words: str) -> bool:
    """Tell whether words hold an address of mail or web, or a phone number."""
    return bool(CONTACT.search(words))


def ending_of(
    meeting: str,
    ask: str,
    *,
    closed_at: datetime | None,
    round_at: datetime,
    agreed_at: datetime | None,
) -> str:
    """Return how a request that isn't open any more ended for one greeter, one of `ENDINGS`.

    Their ask was closed at `closed_at`; the round of asking began at `round_at`, and somebody said
    yes in it at `agreed_at`. What was closed before the round was closed by a yes given up since.
    """
    own = {SAID_NO: DECLINED, GAVE_UP: GIVEN_UP, SAID_YES: CALLED_OFF}.get(ask)
    if own is not None:
        return own
    is_of_a_yes = closed_at is not None and (
        closed_at < round_at or (agreed_at is not None and closed_at <= agreed_at)
    )
    if meeting in {ACCEPTED, DONE} or is_of_a_yes:
        return TAKEN
    return WITHDRAWN if meeting == CANCELLED else LAPSED


def is_walking_hour(hour: time) -> bool:
    """Tell whether a meeting may begin at this hour."""
    return EARLIEST <= hour <= LATEST


def first_possible(today: date, *, notice_days: int) -> date:
    """Return the first day that may be asked for."""
    return today + timedelta(days=notice_days)
