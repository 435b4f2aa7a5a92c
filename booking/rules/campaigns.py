"""What a campaign may become, how fast it goes, in which language it is read: pure rules (L03)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Final

LETTER: Final = "letter"
QUIET: Final = "quiet"
DRAFT, READY, SCHEDULED, SENDING = "draft", "ready", "scheduled", "sending"
PAUSED, SENT, STOPPED = "paused", "sent", "stopped"
QUEUED, HANDED, DROPPED = "queued", "handed", "dropped"
HIGH, WING, LOW = "high", "wing", "low"

# From → to. What is over stays over; what has begun is never written anew.
MOVES: Mapping[str, frozenset[str]] = {
    DRAFT: frozenset({DRAFT, READY}),
    READY: frozenset({DRAFT, SCHEDULED}),
    SCHEDULED: frozenset({DRAFT, SENDING, STOPPED}),
    SENDING: frozenset({PAUSED, SENT, STOPPED}),
    PAUSED: frozenset({SENDING, STOPPED}),
    SENT: frozenset(),
    STOPPED: frozenset(),
}
# What may still be written.
OPEN = frozenset({DRAFT, READY, SCHEDULED})
MOST_A_MINUTE = 20_000
MOST_OFFERS = 4
# Nobody writes a letter earlier: a year that is mistyped would let it wait unseen.
PLANNED_AHEAD = timedelta(days=366)
# Per cent that a campaign takes off at most: half price is still a price.
MOST_OFF = 50
LANGUAGES = ("fr", "en", "de")
# The mails of one transaction: locks are held that long.
BATCH = 500
TICK = timedelta(minutes=1)

# Why somebody of a segment gets no mail: the first that applies, in this order.
SAID_NO, NEVER_SAID, TOO_LONG_AGO = "said_no", "never_said", "too_long_ago"
BOUNCED, UNPLACED, HERE, CAPPED = "bounced", "unplaced", "here", "capped"
HAD_IT, SAME_FAMILY, NO_ADDRESS = "had_it", "same_family", "no_address"
NOTHING_LEFT, FORGOTTEN, HALTED = "nothing_left", "forgotten", "halted"
REASONS = (
    *(SAID_NO, NEVER_SAID, TOO_LONG_AGO, BOUNCED, UNPLACED, HERE, CAPPED, HAD_IT),
    *(SAME_FAMILY, NO_ADDRESS, NOTHING_LEFT, FORGOTTEN, HALTED),
)


@dataclass(frozen=True)
class Words:
    """What one language of a campaign says."""

    subject: str = ""
    heading: str = ""
    text: str = ""
    button: str = ""

    @property
    def is_given(self) -> bool:
        """Whether somebody wrote something in this language."""
        return any(asdict(self).values())

    @property
    def is_whole(self) -> bool:
        """Whether it can be sent: a subject, a heading and a text."""
        return bool(self.subject and self.heading and self.text)


def words_of(texts: Mapping[str, Mapping[str, str]], language: str) -> Words:
    """Return what is said in a language; nothing, where nobody wrote it."""
    given = texts.get(language, {})
    return Words(**{one.name: given.get(one.name, "") for one in fields(Words)})


def language_for(reader: str, texts: Mapping[str, Mapping[str, str]]) -> str:
    """Return the language that somebody gets: theirs, else English, else French.

    Who reads French gets French. A language counts once it is whole.
    """
    for one in (reader, "fr" if reader == "fr" else "en"):
        if words_of(texts, one).is_whole:
            return one
    return "fr"


def how_many(next_at: datetime | None, rate: int, *, now: datetime) -> int:
    """Return how many mails of a campaign may go in this minute, at most BATCH; 0 until its moment.

    What wasn't sent while nothing ran is not made up for.
    """
    begun = max(next_at or now, now)
    allowed = int((now + TICK - begun).total_seconds() * rate / 60)
    return max(0, min(BATCH, allowed))


def next_moment(next_at: datetime | None, rate: int, count: int, *, now: datetime) -> datetime:
    """Return when the next mail may go after `count` of them."""
    return max(next_at or now, now) + timedelta(seconds=60 * count / rate)
