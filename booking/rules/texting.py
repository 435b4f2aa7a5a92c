"""What an SMS can hold, and which numbers it can go to.

A text of 160 signs of the GSM alphabet is one SMS; a single sign beyond it makes three times as
many of it. A number is written as networks take it (E.164).
"""

import re
import unicodedata

LONGEST = 160
# The basic alphabet (3GPP TS 23.038), without the signs of the extension, which count twice.
GSM = frozenset(
    "@£$¥èéùìòÇ\nØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
INSTEAD = {"’": "'", "‘": "'", "«": '"', "»": '"', "œ": "oe", "Œ": "OE", "…": "...", "–": "-"}
INSTEAD |= {"—": "-", "€": "EUR", "\u00a0": " ", "\u202f": " ", "\t": " "}
E164 = re.compile(r"\+[1-9][0-9]{7,14}")
OF_FRANCE = re.compile(r"(?:\+|00)33(?:\(?0\)?)?|0(?=[1-9])")
# Of French numbers only these take an SMS.
MOBILE_OF_FRANCE = re.compile(r"\+33[67][0-9]{8}")


def gsm(text: str) -> str:
    """Return a text in signs that an SMS holds: accents go where the alphabet has none."""
    return "".join(_sign(one) for one in text)


def _sign(sign: str) -> str:
    if sign in GSM:
        return sign
    if sign in INSTEAD:
        return INSTEAD[sign]
    return "".join(one for one in unicodedata.normalize("NFKD", sign) if one in GSM)


def shortened(text: str, most: int) -> str:
    """Return a text of at most `most` signs of an SMS, cut with a full stop."""
    plain = gsm(text).strip()
    return plain if len(plain) <= most else plain[: max(most - 1, 0)].rstrip() + "."


def international(typed: str) -> str | None:
    """Return a number as networks take it (+33612345678); None for what takes no SMS.

    French numbers may be typed as people do; others begin with + or 00.
    """
    digits = re.sub(r"[\s.\-/\u00a0\u202f]", "", typed.strip())
    plain = OF_FRANCE.sub("+33", digits, count=1) if OF_FRANCE.match(digits) else digits
    if plain.startswith("00"):
        plain = f"+{plain[2:]}"
    plain = plain.replace("(", "").replace(")", "")
    if not E164.fullmatch(plain):
        return None
    if plain.startswith("+33") and not MOBILE_OF_FRANCE.fullmatch(plain):
        return None
    return plain
