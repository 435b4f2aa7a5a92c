"""Missions of ambassadors: small things to do for the Velay, for nothing (features.md M04). Pure.

A take holds one of the wanted places until it is given back; it is counted once the office has
confirmed it.
"""

from __future__ import annotations

TAKEN, DONE, CONFIRMED, GIVEN_BACK = "taken", "done", "confirmed", "given_back"
TAKE: dict[str, frozenset[str]] = {
    TAKEN: frozenset({DONE, GIVEN_BACK}),
    # The office confirms it, asks for what is missing, or gives the place to somebody else.
    DONE: frozenset({CONFIRMED, TAKEN, GIVEN_BACK}),
    CONFIRMED: frozenset(),
    GIVEN_BACK: frozenset({TAKEN}),
}
# What uses up one of the places that are wanted.
HOLDS = (TAKEN, DONE, CONFIRMED)
MOST_WANTED = 50
MOST_WORDS = 300
# What somebody may say that a mission took, in minutes.
SHORTEST, LONGEST = 15, 600


def may_become(state: str, wanted: str) -> bool:
    """Tell whether a take in one state may become another."""
    return wanted in TAKE[state]


def has_room(wanted: int, held: int) -> bool:
    """Tell whether one more may take it."""
    return held < wanted
