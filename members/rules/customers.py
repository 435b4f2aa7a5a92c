"""When two bookings are of one person: the same address and the same name, never a name alone.

Features.md L01, N08. A name is compared as it sounds in a list: without capitals, accents, hyphens
or the order of its words, so that « Élodie DUPONT-Martin » is « dupont martin elodie ».
"""

from __future__ import annotations

import re
import unicodedata

# Whatever isn't a letter or a figure only separates words.
APART = re.compile(r"[\W_]+")
# What a column holds: one sign may be taken apart into eighteen (U+FDFA).
LONGEST_KEY = 170
# Where addresses lie that were erased: nobody has one there (RFC 2606).
NOBODY = "erased.invalid"
# Letters that no decomposition takes apart.
JOINED = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l", "đ": "d"})


def name_key(first_name: str, last_name: str) -> str:
    """Return what two writings of one name have in common; "" where nothing is written."""
    # As the Unicode standard compares without capitals (§3.13, D146): taken apart, folded, again.
    apart = unicodedata.normalize("NFKD", f"{first_name} {last_name}")
    folded = unicodedata.normalize("NFKD", apart.casefold()).translate(JOINED)
    plain = "".join(one for one in folded if not unicodedata.combining(one))
    return " ".join(sorted(APART.sub(" ", plain).split()))[:LONGEST_KEY].rstrip()


def address_key(email: str) -> str:
    """Return an address as it is compared: in lower case, without space around it."""
    return email.strip().lower()
