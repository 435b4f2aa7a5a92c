"""Many rows of one model from one SELECT.

A column that the statement doesn't name gets its field's own default, so that a new field of a
model needs nothing here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection, models

Columns = Mapping[str, str]


def insert_from(
    model: type[models.Model], source: str, columns: Columns, *, now: datetime, **values: Any
) -> int:
    """Insert `SELECT columns FROM source`; returns how many rows.

    `columns` maps a field's attribute to an SQL expression; `values`, and `now`, are the parameters
    that expressions and source name as `%(name)s`.
    """
    parameters = {"now": now, **values}
    expressions = dict(columns)
    for field in model._meta.local_concrete_fields:
        if field.attname in expressions or isinstance(field, models.AutoField):
            continue
        if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
            default = now
        else:
            default = field.get_default()
        name = f"default_{field.attname}"
        parameters[name] = field.get_db_prep_save(default, connection)
        expressions[field.attname] = f"%({name})s::{field.db_type(connection)}"
    # No value of anybody reaches the statement itself: names of columns and our own constants.
    statement = "INSERT INTO {} ({}) SELECT {} FROM {} ON CONFLICT DO NOTHING".format(
        model._meta.db_table,
        ", ".join(f'"{column_of(model, name)}"' for name in expressions),
        ", ".join(expressions.values()),
        source,
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.rowcount


def column_of(model: type[models.Model], attribute: str) -> str:
    """Return the column of a field's attribute."""
    return next(
        str(field.column)
        for field in model._meta.local_concrete_fields
        if field.attname == attribute
    )


def reserve_ids(model: type[models.Model], count: int) -> int:
    """Set `count` consecutive keys aside; returns the one before the first."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval(s.name, nextval(s.name) + %s) - %s"
            " FROM (SELECT pg_get_serial_sequence(%s, 'id') AS name) AS s",
            [count, count, table],
        )
        return int(cursor.fetchone()[0])


def run(statement: str, **values: Any) -> int:
    """Run one statement; returns how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return cursor.rowcount


def pick(number: str, salt: int, size: int | str) -> str:
    """Return an expression that draws one of `size` for a row's number, always the same one.

    `%(seed)s` is a parameter of the statement.
    """
    return f"(abs(hashint8extended(({number})::bigint, %(seed)s::bigint * 1000 + {salt}) / 2) %% {size})"


def word(words: list[str], number: str) -> str:
    """Return an expression that gives the word of a place in the list, from 0 on."""
    quoted = ", ".join("'" + one.replace("'", "''").replace("%", "%%") + "'" for one in words)
    return f"(ARRAY[{quoted}]::text[])[({number}) + 1]"
