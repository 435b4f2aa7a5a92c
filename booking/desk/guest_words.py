"""Words of the office's pages on guests: why letters may be written, what the thread says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from booking.desk.message_words import kind_of_message
from booking.relations.records import Moment
from members.models import Customer, CustomerNote, LetterChoice
from members.rules.consent import Ground, Reason, Standing
from members.rules.duplicates import Sign

SIGNS = {
    Sign.PHONE: gettext_lazy("the same phone"),
    Sign.ADDRESS: gettext_lazy("the same e-mail address"),
    Sign.FAMILY: gettext_lazy("the same family"),
    Sign.POSTCODE: gettext_lazy("the same postcode"),
}
STANDINGS: dict[Ground | Reason | None, Any] = {
    Ground.CONSENT: gettext_lazy("yes: said so"),
    Ground.OWN_GUEST: gettext_lazy("yes: a guest who was told, and may say no"),
    Ground.SERVICE: gettext_lazy("yes: part of the stay"),
    Reason.SAID_NO: gettext_lazy("no: said no"),
    Reason.NEVER_SAID: gettext_lazy("no: never said anything, and wasn’t told"),
    Reason.TOO_LONG_AGO: gettext_lazy("no: no sign of life for three years"),
}


@dataclass(frozen=True)
class LetterRow:
    """One address: what may be written to it, purpose by purpose."""

    email: str
    # (purpose, is allowed, why)
    purposes: tuple[tuple[str, bool, str], ...]


@dataclass(frozen=True)
class ThreadRow:
    """One line of a conversation, in words."""

    at: datetime
    who: str
    text: str
    url: str = ""
    note: CustomerNote | None = None


def sign_words(signs: Iterable[Sign]) -> str:
    """Say what two records have in common beside their name."""
    return ", ".join(str(SIGNS[one]) for one in signs)


def letter_rows(letters: Mapping[str, Mapping[str, Standing]]) -> list[LetterRow]:
    """Say for each address what may be written to it, and why."""
    names = dict(LetterChoice.Purpose.choices)
    return [
        LetterRow(
            email,
            tuple(
                (str(names[purpose]), one.is_allowed, str(STANDINGS[one.ground or one.reason]))
                for purpose, one in standings.items()
            ),
        )
        for email, standings in letters.items()
    ]


def thread_rows(moments: Iterable[Moment], person: Customer) -> list[ThreadRow]:
    """Say each line of a thread: who spoke, what, where to read more."""
    return [_row(one, person) for one in moments]


def _row(one: Moment, person: Customer) -> ThreadRow:
    if one.mail is not None:
        url = reverse("desk_outbox:inspect", args=[one.mail.pk])
        return ThreadRow(one.at, _("Mail sent"), kind_of_message(one.mail.kind), url)
    if one.talk is not None:
        who = str(person) if one.is_guest else str(one.talk.provider)
        url = reverse("desk_orders:inspect", args=[one.talk.order_id])
        return ThreadRow(one.at, who, one.text, url)
    if one.note is None:
        raise ValueError(one)
    author = one.note.written_by or pgettext("who wrote it down", "the office")
    return ThreadRow(
        one.at, f"{one.note.get_channel_display()} · {author}", one.note.text, note=one.note
    )
