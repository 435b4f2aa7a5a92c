"""Statements that PostgreSQL plans for their very values, beside those whose plan is kept.

A connection prepares what it is asked again (oti/apps.py, DATABASE_PREPARE), and PostgreSQL keeps
one plan for all values. Right for rows found by their keys; a search depends on its dates.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


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
