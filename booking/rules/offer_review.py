"""What a host gives the office to read of an offer, and every move between (features.md H01, N25).

A state says who has the texts and photographs in hand; whether the offer is sold is another one.
"""

from __future__ import annotations

from collections.abc import Mapping

IN_HAND = "in_hand"
SUBMITTED = "submitted"
TO_FIX = "to_fix"

# Approved, it is in its host's hand again: what is changed then is another revision. A host who
# has second thoughts takes it back before it is read.
REVIEW: Mapping[str, frozenset[str]] = {
    IN_HAND: frozenset({SUBMITTED}),
    SUBMITTED: frozenset({TO_FIX, IN_HAND}),
    TO_FIX: frozenset({SUBMITTED, IN_HAND}),
}


def can_move(from_: str, to: str) -> bool:
    """Tell whether a review may go from one state to another; unknown ones raise KeyError."""
    if to not in REVIEW:
        raise KeyError(to)
    return to in REVIEW[from_]
