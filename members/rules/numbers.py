"""Numbers that the law gives to who sells: whether one looks right."""

from __future__ import annotations

import re

POSTS = "356000000"
TAX_NUMBER = re.compile(r"[0-3]\d{12}", re.ASCII)


def bare(number: str) -> str:
    """Return a number as it is kept: without spaces, dots or hyphens, in capitals."""
    return re.sub(r"[\s.\u2010-\u2015-]", "", number).upper()


def is_siret(number: str) -> bool:
    """Tell whether 14 digits are a SIRET: their key is Luhn's, but for those of La Poste."""
    if not re.fullmatch(r"[0-9]{14}", number):
        return False
    if number.startswith(POSTS):
        return True
    return _luhn(number) % 10 == 0


def is_tax_number(number: str) -> bool:
    """Tell whether a number has the form of a French person's: 13 digits, the first from 0 to 3."""
    return TAX_NUMBER.fullmatch(number) is not None


def _luhn(number: str) -> int:
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(number)))
    return sum(value - 9 if value > 9 else value for value in doubled)
