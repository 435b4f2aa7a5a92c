"""The states of a house's enrolment, and every move between them (features.md H01).

They say what may follow what; they never say who may do it.
"""

from __future__ import annotations

from collections.abc import Mapping

DRAFT = "draft"
SUBMITTED = "submitted"
TO_FIX = "to_fix"
APPROVED = "approved"
SUSPENDED = "suspended"

# Nothing is sold before the office has read it; what was approved is suspended and taken up again,
# never a draft once more: it may have bookings.
ENROLMENT: Mapping[str, frozenset[str]] = {
    DRAFT: frozenset({SUBMITTED}),
    SUBMITTED: frozenset({TO_FIX, APPROVED}),
    TO_FIX: frozenset({SUBMITTED}),
    APPROVED: frozenset({SUSPENDED}),
    SUSPENDED: frozenset({APPROVED}),
}
# What a host sends to the office, and what it still works on.
IN_HAND = frozenset({DRAFT, TO_FIX})
NOT_YET = frozenset({DRAFT, SUBMITTED, TO_FIX})


def can_move(from_: str, to: str) -> bool:
    """Tell whether an enrolment may go from one state to another; unknown ones raise KeyError."""
    if to not in ENROLMENT:
        raise KeyError(to)
    return to in ENROLMENT[from_]
