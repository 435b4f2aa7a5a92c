"""Writing new rows of several tables at once: one statement takes their numbers, one writes them.

An order is ten tables that speak of each other. With their numbers taken first, rows can be made
that name each other before any is written; PostgreSQL checks foreign keys at the commit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Field, Model
from django.utils.functional import Promise


def take_numbers(counts: Mapping[type[Model], int]) -> dict[type[Model], list[int]]:
    """Return as many new primary keys of each table as it is asked for, in one statement.

    Numbers that are not used, or whose transaction is undone, stay unused for ever.
    """
    with connection.cursor() as cursor:
        cursor.execute(_numbers_of(tuple(counts)), list(counts.values()))
        row = cursor.fetchone()
    return dict(zip(counts, row, strict=True))


def insert_together(*groups: Sequence[Model]) -> None:
    """Write new rows of several tables in one statement: all of them or none.

    Each group has rows of one model, all of them with a key or all without one; then the database
    numbers them in their order and nobody learns the numbers. Neither `save` nor its signals are
    called, and no date fills itself. Raises what the database raises, and TypeError for a value
    that JSON can't carry.
    """
    written = [list(group) for group in groups if group]
    if not written:
        return
    shapes = tuple((type(rows[0]), rows[0].pk is not None) for rows in written)
    values = [
        _as_json(rows, has_key) for rows, (_model, has_key) in zip(written, shapes, strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(_insert_of(shapes), values)
    for row in (row for rows in written for row in rows):
        row._state.adding = False
        row._state.db = connection.alias


def insert_one(row: Model) -> None:
    """Write one new row, which learns its key, as `insert_together` writes many."""
    with connection.cursor() as cursor:
        cursor.execute(_insert_one(type(row)), [_as_json([row], has_key=False)])
        [row.pk] = cursor.fetchone()
    row._state.adding = False
    row._state.db = connection.alias


def insert_or_find(rows: Sequence[Model], *, by: str) -> None:
    """Write new rows of one table in one statement; one whose `by` is known stays as it is.

    `by` is a unique column, given once each. Every row learns its key, also that of the row that
    was there. Neither `save` nor its signals are called.
    """
    if not rows:
        return
    model = type(rows[0])
    with connection.cursor() as cursor:
        cursor.execute(_insert_or_find(model, by), [_as_json(rows, has_key=False)])
        found = dict(cursor.fetchall())
    for row in rows:
        row.pk = found[getattr(row, by)]
        row._state.adding = False
        row._state.db = connection.alias


@lru_cache(maxsize=64)
def _names(model: type[Model], has_key: bool) -> list[tuple[str | None, str]]:
    """Return each column with the attribute that has its value."""
    return [(one.column, one.attname) for one in _columns(model, has_key)]


def _columns(model: type[Model], has_key: bool) -> list[Field[Any, Any]]:
    return [one for one in model._meta.concrete_fields if has_key or not one.primary_key]


@lru_cache(maxsize=32)
def _numbers_of(models: tuple[type[Model], ...]) -> str:
    """Return the statement; the name of a table's sequence is asked of the database."""
    sequences = (
        f"pg_get_serial_sequence('{model._meta.db_table}', '{model._meta.pk.column}')"
        for model in models
    )
    arrays = (
        f"ARRAY(SELECT nextval({one}) FROM generate_series(1, %s::int))"  # noqa: S608 - our own names
        for one in sequences
    )
    return f"SELECT {', '.join(arrays)}"


@lru_cache(maxsize=32)
def _insert_of(shapes: tuple[tuple[type[Model], bool], ...]) -> str:
    """Return the statement, the same for any number of rows: its plan is kept."""
    *others, last = [_one_insert(model, has_key) for model, has_key in shapes]
    if not others:
        return last
    parts = ", ".join(f"part{number} AS ({text})" for number, text in enumerate(others))
    return f"WITH {parts} {last}"


@lru_cache(maxsize=32)
def _insert_one(model: type[Model]) -> str:
    return f'{_one_insert(model, False)} RETURNING "{model._meta.pk.column}"'


@lru_cache(maxsize=32)
def _insert_or_find(model: type[Model], by: str) -> str:
    # The update that changes nothing gives the key of the row that is there already.
    return (
        f'{_one_insert(model, False)} ON CONFLICT ("{by}")'
        f' DO UPDATE SET "{by}" = EXCLUDED."{by}" RETURNING "{by}", "{model._meta.pk.column}"'
    )


def _one_insert(model: type[Model], has_key: bool) -> str:
    fields = _columns(model, has_key)
    names = ", ".join(f'"{one.column}"' for one in fields)
    types = ", ".join(f'"{one.column}" {one.db_type(connection)}' for one in fields)
    table = f'"{model._meta.db_table}"'
    return (
        f"INSERT INTO {table} ({names})"  # noqa: S608 - our own names
        f" SELECT {names} FROM json_to_recordset(%s::json) AS given({types})"
    )


def _as_json(rows: Sequence[Model], has_key: bool) -> str:
    names = _names(type(rows[0]), has_key)
    told = [{column: getattr(row, name) for column, name in names} for row in rows]
    return json.dumps(told, default=_plain, ensure_ascii=False)


def _plain(value: object) -> str:
    """Return what JSON has no word for as PostgreSQL reads it."""
    if isinstance(value, Decimal | Promise):
        return str(value)
    if isinstance(value, date | time):
        return value.isoformat()
    msg = f"{type(value).__name__} can't be written together"
    raise TypeError(msg)
