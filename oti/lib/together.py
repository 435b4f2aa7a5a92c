"""Several questions asked of the database with one statement.

A statement costs a journey whatever it finds. Questions that don't wait for each other's answers
travel together: each keeps its own columns and its own order, and what comes back is what each
would have found alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

NAMED = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True)
class Written:
    """A question that is written out: its statement, its values, how many columns it finds."""

    statement: str
    width: int
    values: Mapping[str, Any] | Sequence[Any] = ()

    def placed(self) -> tuple[str, list[Any]]:
        """Return the statement with its values in their order."""
        if not isinstance(self.values, Mapping):
            return self.statement, list(self.values)
        names = NAMED.findall(self.statement)
        return NAMED.sub("%s", self.statement), [self.values[name] for name in names]


Question = QuerySet[Any, Any] | Written


def read_together(*questions: Question) -> list[list[Any]]:
    """Return what each question finds, in its own order: rows of a query set, tuples of a text.

    One statement, whatever their number; prefetches of a query set still take their own.
    """
    if len(questions) == 1:
        return [_alone(questions[0])]
    asked = [_Asked(one) for one in questions]
    found = _rows_of([one.part for one in asked if one.part is not None])
    return [one.answer([] if one.part is None else next(found)) for one in asked]


def _alone(question: Question) -> list[Any]:
    if not isinstance(question, Written):
        return list(question.all())
    with connection.cursor() as cursor:
        cursor.execute(*question.placed())
        rows: list[Any] = cursor.fetchall()
    return rows


# A statement, its values, how many columns it finds.
Part = tuple[str, list[Any], int]
Rows = list[tuple[Any, ...]]


class _Asked:
    """A question on its way: its part of the statement, and what its rows amount to."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.part: Part | None
        if isinstance(question, Written):
            self.part = (*question.placed(), question.width)
            return
        self.compiler: Any = question.query.chain().get_compiler(connection=connection)
        try:
            statement, values = self.compiler.as_sql()
        except EmptyResultSet:
            # Known to find nothing: not asked.
            self.part = None
        else:
            self.part = statement, list(values), len(self.compiler.select)

    def answer(self, rows: Rows) -> list[Any]:
        """Return the rows as the question makes them."""
        if isinstance(self.question, Written):
            return rows
        # The query set is told what it would have read, and does the rest itself.
        told = [rows] if rows else []
        self.compiler.execute_sql = lambda *_args, **_kwargs: told
        answered: Any = self.question.all()
        answered.query.get_compiler = lambda *_args, **_kwargs: self.compiler
        return list(answered)


def _rows_of(parts: Sequence[Part]) -> Iterator[Rows]:
    """Return an iterator of the rows of each statement, read at once.

    A full join on nothing keeps every row of every part beside the empty columns of the others,
    each column with its own type; the number of the row says where it stood.
    """
    if not parts:
        return iter(())
    tables, values = [], []
    for at, (statement, given, width) in enumerate(parts):
        names = ", ".join(f"c{column}" for column in range(width))
        tables.append(
            f"(SELECT row_number() OVER () AS n, {names} FROM ({statement}) AS q({names})) AS p{at}"  # noqa: S608 - the questions' own texts
        )
        values += given
    joined = " FULL JOIN ".join([tables[0], *(f"{table} ON FALSE" for table in tables[1:])])
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {joined}", values)  # noqa: S608 - as above
        rows = cursor.fetchall()
    return iter(_parted(rows, [width for _statement, _values, width in parts]))


def _parted(rows: Rows, widths: Sequence[int]) -> list[Rows]:
    numbered: list[Rows] = [[] for _width in widths]
    begins = [at + sum(widths[:at]) for at in range(len(widths))]
    for row in rows:
        part = next(at for at, begin in enumerate(begins) if row[begin] is not None)
        numbered[part].append(row[begins[part] : begins[part] + widths[part] + 1])
    return [[row[1:] for row in sorted(part, key=itemgetter(0))] for part in numbered]
