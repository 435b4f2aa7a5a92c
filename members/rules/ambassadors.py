"""What an ambassador may write on a page of their own, and when two addresses are one person's.

Pure. A page recommends places, never the house: neither its street nor its town (features.md M06).
"""

from __future__ import annotations

import re

MOST_PLACES = 12
MOST_WORDS = 600
MOST_NOTE = 240
# A number and a way, or a French postcode, is where somebody lives.
WAYS = (
    r"rue|ruelle|avenue|av\.?|boulevard|bd\.?|chemin|impasse|allée|allee|place|route|quai|lotissement"
    r"|montée|montee|street|road|lane|straße|strasse|gasse|weg"
)
STREET = re.compile(rf"\b\d{{1,4}}\s*(?:bis|ter)?\s*,?\s+(?:{WAYS})\b", re.IGNORECASE)
POSTCODE = re.compile(r"(?<!\d)\d{5}(?!\d)")


def mail_key(email: str) -> str:
    """Return what an address is compared by: in lower case, without a tag, without dots.

    Whoever writes `a.b+c@…` reads `ab@…` in the mail systems that most people have. It may take
    two persons for one: used to refuse a thanks, never to show anything to anybody (M05).
    """
    name, at, domain = email.strip().lower().rpartition("@")
    if not at:
        return domain
    return f"{name.partition('+')[0].replace('.', '')}@{domain}"


def tells_where(words: str) -> bool:
    """Tell whether words hold the address of a house: a street with its number, a postcode."""
    return bool(STREET.search(words) or POSTCODE.search(words))
