"""Whether a letter may be written to an address, and why: pure rules (domain.md §8.1, L02).

An explicit word is the last one and stands until another explicit word. Silence never widens it:
a stay that is bought after « no » doesn't mean « yes ». Without a word, who bought a stay and was
told so then may be written to about stays like it (CPCE L34-5, « soft opt-in »); nobody else.
What was granted ends three years after the last sign of life; an opened mail is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

# Purposes: each is said yes or no to, by itself.
NEWS = "news"
OFFERS = "offers"
SURVEY = "survey"
PURPOSES = (NEWS, OFFERS, SURVEY)
YEARS = 3


class Ground(StrEnum):
    """On what a letter stands."""

    CONSENT = "consent"
    # A guest of ours, told of it when they bought, who may say no at any time.
    OWN_GUEST = "own_guest"
    # Part of the stay itself.
    SERVICE = "service"


class Reason(StrEnum):
    """Why no letter may be written."""

    SAID_NO = "said_no"
    NEVER_SAID = "never_said"
    TOO_LONG_AGO = "too_long_ago"


@dataclass(frozen=True)
class Said:
    """An explicit word about one purpose."""

    purpose: str
    is_yes: bool
    at: datetime


@dataclass(frozen=True)
class Bought:
    """A stay that was paid: whether its buyer was told of letters then, and said no to them."""

    at: datetime
    is_told: bool
    said_no: bool = False


@dataclass(frozen=True)
class Standing:
    """Whether a letter may be written: its ground, or the reason why not; one of them is given."""

    ground: Ground | None = None
    reason: Reason | None = None

    @property
    def is_allowed(self) -> bool:
        """Tell whether a letter may be written."""
        return self.ground is not None


def standing(
    purpose: str, said: Sequence[Said], bought: Sequence[Bought], *, now: datetime
) -> Standing:
    """Return whether a letter of this purpose may be written at `now`, and why.

    `said` and `bought` are those of one address, in any order. Raises ValueError for a purpose
    that isn't one.
    """
    if purpose not in PURPOSES:
        raise ValueError(purpose)
    words = [one for one in said if one.purpose == purpose]
    if purpose == OFFERS:
        words += [Said(OFFERS, is_yes=False, at=one.at) for one in bought if one.said_no]
    if words:
        # Of two words of one moment, « no » is the last.
        last = max(words, key=lambda one: (one.at, not one.is_yes))
        if not last.is_yes:
            return Standing(reason=Reason.SAID_NO)
        return _unless_silent(Ground.CONSENT, [last.at, *(one.at for one in bought)], now=now)
    if purpose == SURVEY and bought:
        return _unless_silent(Ground.SERVICE, [one.at for one in bought], now=now)
    told = [one.at for one in bought if one.is_told]
    if purpose == OFFERS and told:
        return _unless_silent(Ground.OWN_GUEST, told, now=now)
    return Standing(reason=Reason.NEVER_SAID)


def _unless_silent(ground: Ground, signs: Sequence[datetime], *, now: datetime) -> Standing:
    if silent_since(max(signs), now=now):
        return Standing(reason=Reason.TOO_LONG_AGO)
    return Standing(ground=ground)


def silent_since(last: datetime, *, now: datetime) -> bool:
    """Tell whether three years have passed since the last sign of life."""
    # 28 February stands for 29 February.
    day = 28 if (last.month, last.day) == (2, 29) else last.day
    return last.replace(year=last.year + YEARS, day=day) <= now
