"""The annual gift: its states, what a budget pays for, when two addresses are one (N07). Pure.

One gift a household and year, whatever it said of our letters. The oldest relation comes first: who
stayed here first; of two that began on one day, the one whose order has the first reference. Who
comes after the budget waits in that order, and is served when somebody before falls out.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

DRAFT, LOCKED, SENDING, CLOSED = "draft", "locked", "sending", "closed"
CAMPAIGN: dict[str, frozenset[str]] = {
    DRAFT: frozenset({LOCKED}),
    LOCKED: frozenset({SENDING, CLOSED}),
    SENDING: frozenset({CLOSED}),
    CLOSED: frozenset(),
}

WAITING, ELIGIBLE, TOLD, ADDRESSED = "waiting", "eligible", "told", "addressed"
SENT, REDEEMED = "sent", "redeemed"
# Its household has another one; nobody claimed it in time.
JOINED, LAPSED = "joined", "lapsed"
GIFT: dict[str, frozenset[str]] = {
    WAITING: frozenset({ELIGIBLE, JOINED, LAPSED}),
    ELIGIBLE: frozenset({TOLD, JOINED, LAPSED}),
    TOLD: frozenset({ADDRESSED, REDEEMED, LAPSED}),
    # Whoever said where to send it gets it, unless they ask to be forgotten.
    ADDRESSED: frozenset({SENT, LAPSED}),
    SENT: frozenset({REDEEMED}),
    REDEEMED: frozenset(),
    JOINED: frozenset(),
    LAPSED: frozenset(),
}
# What the budget pays for.
PAID_FOR = (ELIGIBLE, TOLD, ADDRESSED, SENT, REDEEMED)

VOUCHER, PRODUCT, EXPERIENCE = "voucher", "product", "experience"
KINDS = (VOUCHER, PRODUCT, EXPERIENCE)

APART = re.compile(r"[\W_]+")
JOINED_LETTERS = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss"})
# As people shorten them on an envelope.
SHORT = {
    "av": "avenue",
    "ave": "avenue",
    "bd": "boulevard",
    "bld": "boulevard",
    "boul": "boulevard",
    "r": "rue",
    "pl": "place",
    "ch": "chemin",
    "che": "chemin",
    "imp": "impasse",
    "all": "allee",
    "rte": "route",
    "st": "saint",
    "ste": "sainte",
    "apt": "appartement",
    "appt": "appartement",
}


def is_posted(kind: str) -> bool:
    """Tell whether a gift goes by post, so that an address is asked for."""
    return kind == PRODUCT


def affordable(budget: Decimal, unit: Decimal) -> int:
    """Return how many gifts a budget pays for; raises ValueError where one costs nothing."""
    if unit <= 0:
        raise ValueError(unit)
    return max(int(budget // unit), 0)


def postal_key(street: str, extra: str, postal_code: str, city: str, country: str) -> str:
    """Return what two writings of one postal address have in common.

    Flat and floor (`extra`) are part of it: two households live in one house.
    """
    code = "".join(APART.sub(" ", postal_code).split()).casefold()
    parts = (_plain(street), _plain(extra), code, _plain(city), country.casefold())
    return "|".join(parts)


def _plain(words: str) -> str:
    apart = unicodedata.normalize("NFKD", words.casefold()).translate(JOINED_LETTERS)
    bare = "".join(one for one in apart if not unicodedata.combining(one))
    return " ".join(SHORT.get(one, one) for one in APART.sub(" ", bare).split())
