"""Long columns of whole numbers from the database, each sent as one value.

Tens of thousands of rows cost more to send and to read, number by number, than to find.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator, Sequence

BIG = "q"


def packed(*columns: str) -> str:
    """Return the SQL that gathers these columns of whole numbers, for `unpacked`.

    No column may be null; every aggregate sees the rows in the same order.
    """
    return ", ".join(f"string_agg(int8send(({column})::bigint), '')" for column in columns)


def unpacked(row: Sequence[bytes | memoryview | None]) -> Iterator[tuple[int, ...]]:
    """Return the rows that `packed` gathered, in their order; nothing where there were none."""
    return zip(*map(_numbers, row), strict=True)


def _numbers(sent: bytes | memoryview | None) -> array[int]:
    numbers = array(BIG, bytes(sent or b""))
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers
