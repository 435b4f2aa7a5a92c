"""Cells of spreadsheets: what somebody typed is text there, and never run as a formula."""

from __future__ import annotations

import re
from decimal import Decimal

# What a table program would run as a formula, were it typed by a guest.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
# No sheet can hold them: one alone would keep a whole file from being made.
UNSHEETED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def inert(text: str) -> str:
    """Return a text as a cell of a CSV file may hold it: marked where it would be run."""
    return f"'{text}" if text.startswith(FORMULA) else text


class Figure(str):
    """A number as JSON has it, « 41.50 »: a sheet has it as a number all the same."""

    __slots__ = ()


def with_comma(number: Decimal | Figure) -> str:
    """Return a number as a French table program reads it: « 12.10 » would be a day there."""
    return (number if isinstance(number, str) else f"{number:f}").replace(".", ",")


def printable(text: str) -> str:
    """Return a text without the signs that a sheet can't hold."""
    return UNSHEETED.sub("", text)
