"""The registration number of a furnished lodging (domain.md §3.1).

Advisory: it tells whether a number looks right for its commune; no public key can prove it.
"""

import re

FORMAT = re.compile(
    r"(?P<insee>[0-9]{5}|2[AB][0-9]{3})(?P<identifier>[0-9]{6})(?P<key>[0-9A-Z]{2})"
)


def clean_registration(number: str) -> str:
    """Return the number as it is kept: without spaces, in capitals."""
    return "".join(number.split()).upper()


def registration_commune(number: str, pattern: re.Pattern[str] = FORMAT) -> str | None:
    """Return the INSEE code that a well-formed number begins with, None when it is not one.

    `pattern` is a setting because national numbers may take another form; it names `insee`.
    """
    match = pattern.fullmatch(clean_registration(number))
    return match["insee"] if match else None
