"""Which friend's stay counts for an ambassador, and what may become of it (features.md M05).

Pure. The first paid stay of a new household counts: never one's own, one's household's, one paid
with one's card, nor that of somebody who brought the ambassador. Keys are opaque.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

CLAIMED = "claimed"
PENDING = "pending"
EARNED = "earned"
HANDED = "handed"
REFUSED = "refused"
TAKEN_BACK = "taken_back"

# What was handed over can't be taken back: a basket is eaten.
REFERRAL: Mapping[str, frozenset[str]] = {
    CLAIMED: frozenset({PENDING, REFUSED}),
    PENDING: frozenset({EARNED, TAKEN_BACK}),
    EARNED: frozenset({HANDED, TAKEN_BACK}),
    HANDED: frozenset(),
    REFUSED: frozenset(),
    TAKEN_BACK: frozenset(),
}
COUNTS = frozenset({PENDING, EARNED, HANDED})

SAME_PERSON = "same_person"
SAME_HOUSEHOLD = "same_household"
SAME_CARD = "same_card"
LOOP = "loop"
NOT_FIRST = "not_first"
COUNTED = "counted"
TOO_LATE = "too_late"
ENDED = "ended"
NOTHING_PAID = "nothing_paid"
DID_NOT_COME = "did_not_come"


@dataclass(frozen=True)
class Party:
    """Somebody with those of their household, by opaque keys: accounts and addresses, homes, cards.

    `people` are one's own accounts and addresses, `household` those of everybody at home.
    """

    people: frozenset[str] = frozenset()
    household: frozenset[str] = frozenset()
    cards: frozenset[str] = frozenset()

    @property
    def keys(self) -> frozenset[str]:
        """Return all that they are known by."""
        return self.people | self.household | self.cards


@dataclass(frozen=True)
class Claim:
    """A paid order that came with a code."""

    friend: Party
    ambassador: Party
    asked_at: datetime
    placed_at: datetime
    is_paid: bool
    is_active: bool
    has_stayed: bool
    # The friend is among those who brought the ambassador, whoever stands between.
    brought_the_ambassador: bool = False


def refusal_of(claim: Claim, *, window: timedelta) -> str | None:
    """Return why a claim doesn't count, None where it does; the gravest reason first."""
    friend, host = claim.friend, claim.ambassador
    reasons = (
        (bool(friend.people & host.people), SAME_PERSON),
        (bool((friend.people | friend.household) & (host.people | host.household)), SAME_HOUSEHOLD),
        (bool(friend.cards & host.cards), SAME_CARD),
        (claim.brought_the_ambassador, LOOP),
        (not claim.is_paid, NOTHING_PAID),
        (not claim.is_active, ENDED),
        (claim.has_stayed, NOT_FIRST),
        (claim.placed_at - claim.asked_at > window, TOO_LATE),
    )
    return next((reason for holds, reason in reasons if holds), None)


def upstream(start: int, brought: Callable[[int], Iterable[int]]) -> set[int]:
    """Return everybody who brought somebody, and who brought those; ends in a circle too."""
    found: set[int] = set()
    waiting = [start]
    while waiting:
        for one in brought(waiting.pop()):
            if one not in found:
                found.add(one)
                waiting.append(one)
    return found


def can_move(from_: str, to: str) -> bool:
    """Tell whether a claim may go from one state to another; unknown ones raise KeyError."""
    if to not in REFERRAL:
        raise KeyError(to)
    return to in REFERRAL[from_]
