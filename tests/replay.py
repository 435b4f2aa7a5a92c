"""Worlds that many tests begin with: built once by a process, then put back row by row.

A whole basket takes some hundred statements to make through the use cases, its rows a few to put
back. What is put back is what the use cases wrote: in the tests that first ask, they run.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

import psycopg
import time_machine
from django.db import connection, models, transaction
from django.utils.translation import get_language
from psycopg import sql

from tests import databases
from tests.cast import NOW

P = ParamSpec("P")
R = TypeVar("R", bound="models.Model | str | None")


# What visitors agree to, and who answers for packages.
TEXTS = ("destination_legaltext", "booking_organiser")


@dataclass(frozen=True)
class World:
    """What a builder wrote and returned."""

    rows: dict[str, bytes]
    answer: Any
    # The bank in memory as it then was, where the builder is given one.
    told: dict[str, Any]


def replayed(build: Callable[P, R]) -> Callable[P, R]:
    """Make a builder of rows quick from its second call on in a process, with equal arguments.

    The rows are put back only where none of their tables holds any: a test that has made something
    else before, or asks twice, gets what it asks for from the builder itself. An argument may be
    the bank in memory: what it knew comes back too. The builder runs in the spring of the tests.
    """
    return replayed_beside()(build)


def replayed_beside(*texts: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Do as `replayed`, and learn what is built beside rows of these tables too.

    They hold what the builder neither writes nor refers to: the conditions of sale, which many
    tests make first, for a basket.
    """
    return lambda build: _replaying(build, texts)


def _replaying(build: Callable[P, R], texts: tuple[str, ...]) -> Callable[P, R]:
    worlds: dict[tuple[Any, ...], World] = {}

    @functools.wraps(build)
    def give(*args: P.args, **kwargs: P.kwargs) -> R:
        banks = [one for one in args if hasattr(one, "sessions")]
        key = (get_language(), *(one for one in args if one not in banks), *sorted(kwargs.items()))
        world = worlds.get(key)
        if world is None:
            may_learn = not _made_by_test() - set(texts)
            beside = {table: _read(table) for table in texts}
            with time_machine.travel(NOW, tick=False):
                answer = build(*args, **kwargs)
            if may_learn and beside == {table: _read(table) for table in texts}:
                rows = {table: _read(table) for table in _made_by_test() - set(texts)}
                told = copy.deepcopy(vars(banks[0])) if banks else {}
                worlds[key] = World(rows, answer, told)
            return answer
        if _any_row(world.rows):
            return build(*args, **kwargs)
        # Foreign keys are looked at when all rows are there.
        with transaction.atomic():
            for table, rows in world.rows.items():
                _write(table, rows)
            _count_on(world.rows)
        for bank in banks:
            vars(bank).update(copy.deepcopy(world.told))
        if isinstance(world.answer, models.Model):
            return type(world.answer)._default_manager.get(pk=world.answer.pk)  # type: ignore[return-value]
        return world.answer

    return give


def _driver() -> psycopg.Connection:
    connection.ensure_connection()
    return connection.connection


def _made_by_test() -> set[str]:
    """Return the tables that hold rows of this test."""
    return databases.tables_in_use(_driver()) - _migrated_tables()


@functools.cache
def _migrated_tables() -> set[str]:
    """Return the tables that hold rows outside this test's transaction."""
    parameters = databases.parameters() | {"dbname": connection.settings_dict["NAME"]}
    with psycopg.connect(**parameters) as ask:
        return databases.tables_in_use(ask)


def _any_row(tables: dict[str, bytes]) -> bool:
    one = sql.SQL("EXISTS (SELECT FROM {})")
    asked = sql.SQL(" OR ").join(one.format(sql.Identifier(table)) for table in tables)
    row = _driver().execute(sql.SQL("SELECT {}").format(asked)).fetchone()
    return bool(row and row[0])


def _read(table: str) -> bytes:
    statement = sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))
    with _driver().cursor() as cursor, cursor.copy(statement) as rows:
        return b"".join(rows)


def _count_on(tables: Iterable[str]) -> None:
    """Let the numbers of new rows come after those that were put back, in one statement."""
    one = "setval({name}, greatest((SELECT max(id) FROM {table}), nextval({name})))"
    numbered = [
        sql.SQL(one).format(name=sql.Literal(name), table=sql.Identifier(table))
        for table in tables
        for name in [_sequences().get(table)]
        if name
    ]
    if numbered:
        _driver().execute(sql.SQL("SELECT {}").format(sql.SQL(", ").join(numbered)))


@functools.cache
def _sequences() -> dict[str, str]:
    """Return what numbers the rows of each table, where their key is `id`."""
    asked = "SELECT c.relname, pg_get_serial_sequence(quote_ident(c.relname), 'id')"
    asked += " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'id'"
    asked += " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"
    return {table: name for table, name in _driver().execute(asked) if name}


def _write(table: str, rows: bytes) -> None:
    statement = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))
    with _driver().cursor() as cursor, cursor.copy(statement) as into:
        into.write(rows)
