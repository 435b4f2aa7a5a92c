"""What becomes of a review: who wrote it was there, who reads it may trust it.

Code de la consommation L111-7-2 and D111-16 to D111-19: reviews are checked, shown with the dates
of experience and of publication, in an order that is said; a refusal names its reason. That a
review is bad is none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

TO_READ = "to_read"
PUBLISHED = "published"
REFUSED = "refused"
REMOVED = "removed"

# A refused one may be read again; what was published leaves only for a reason, after a report.
REVIEW: Mapping[str, frozenset[str]] = {
    TO_READ: frozenset({PUBLISHED, REFUSED}),
    REFUSED: frozenset({PUBLISHED}),
    PUBLISHED: frozenset({REMOVED}),
    REMOVED: frozenset({PUBLISHED}),
}

INSULT = "insult"
PERSONAL = "personal"
OFF_TOPIC = "off_topic"
ADVERTISING = "advertising"
NOT_GENUINE = "not_genuine"
REASONS = (INSULT, PERSONAL, OFF_TOPIC, ADVERTISING, NOT_GENUINE)

ADDRESS = "address"
PHONE = "phone"
LINK = "link"
_CAUTIONS = {
    ADDRESS: re.compile(r"\S@\S"),
    PHONE: re.compile(r"(?:\+?\d[\s.\-]?){9,}"),
    LINK: re.compile(r"https?://|www\.", re.IGNORECASE),
}


def first_state(words: str) -> str:
    """Return where a review begins: a score alone has nothing to be read, and is published."""
    return TO_READ if words else PUBLISHED


def can_move(state: str, to: str) -> bool:
    """Tell whether a review may go from one state to another."""
    return to in REVIEW[state]


def cautions(text: str) -> tuple[str, ...]:
    """Return what the office should look at twice in a text: addresses, phones, links."""
    return tuple(code for code, shape in _CAUTIONS.items() if shape.search(text))
