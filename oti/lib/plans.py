"""Statements that PostgreSQL plans for their very values, beside those whose plan is kept.

A connection prepares what it is asked again (oti/apps.py, DATABASE_PREPARE), and PostgreSQL keeps
one plan for all values. Right for rows found by their keys; a search depends on its dates.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


def one_of(value: str) -> str:
    """Return the SQL « is one of » for a list of keys, `value` being its placeholder.

    Says the same as `= ANY(list)`, in a way that no plan depends on how long the list is: of a list
    that it sees PostgreSQL expects the one or two rows that it has, of one that it doesn't see ten,
    and so it would plan for the very values, each time, what it could plan once.
    """
    return f"= ANY((SELECT {value}::bigint[])::bigint[])"


@contextmanager
def planned_anew() -> Iterator[None]:
    """Keep no plan of what is asked meanwhile: each statement is planned for its own values."""
    connection.ensure_connection()
    line = connection.connection
    usual, line.prepare_threshold = line.prepare_threshold, None
    try:
        yield
    finally:
        line.prepare_threshold = usual
