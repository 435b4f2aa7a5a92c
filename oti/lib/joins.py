"""Rows of several tables from one statement that is written out, for what is read most.

The ORM writes such a statement anew each time: for five tables that takes several milliseconds,
reading them takes one. A statement says where its columns go, the models say which they are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from inspect import getattr_static
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model
from django.db.models.base import ModelState
from django.db.models.signals import post_init, pre_init  # noqa: TID251 (as Django makes a row)

from oti.lib.together import Written

Converter = Callable[[Any, Any, Any], Any]
Row = TypeVar("Row", bound=Model)


def read_joined(
    statement: str, tables: Mapping[str, type[Model]], values: Mapping[str, Any] | Sequence[Any]
) -> list[tuple[Any, ...]]:
    """Return the rows of a statement, each a tuple with one object for each table, None for none.

    `tables` names its aliases, in the order wanted; `{columns}` in it stands for all the columns of
    all of them. What is read together isn't tied together: the caller says whose row is whose.
    """
    names = tuple(tables.items())
    plans = [_plan_of(model) for _alias, model in names]
    with connection.cursor() as cursor:
        cursor.execute(_with_columns(statement, names), values)
        rows = cursor.fetchall()
    return [tuple(_objects(row, plans)) for row in rows]


def read_rows(
    statement: str, model: type[Row], values: Mapping[str, Any] | Sequence[Any]
) -> list[Row]:
    """Return the rows of one table, called `it` in the statement."""
    return [row for (row,) in read_joined(statement, {"it": model}, values)]


class Joined:
    """A question whose rows become objects, to be asked with others (oti.lib.together).

    As in `read_joined`; what the statement says after `{columns}` stays at the end of each row.
    """

    def __init__(self, statement: str, tables: Mapping[str, type[Model]]) -> None:
        self._statement, self._tables = statement, tuple(tables.items())
        self.is_single = len(tables) == 1
        self._texts: dict[str, str] = {}

    def written(
        self, values: Mapping[str, Any] | Sequence[Any], *, ids: str = "", more: int = 0
    ) -> Written:
        """Return the question: `ids` stands where `{ids}` is, `more` columns follow the tables'."""
        if ids not in self._texts:
            text = self._statement.replace("{ids}", ids)
            self._texts[ids] = _with_columns(text, self._tables)
        return Written(self._texts[ids], width=self._width + more, values=values)

    def rows(self, found: Iterable[Sequence[Any]]) -> list[tuple[Any, ...]]:
        """Return each row as a tuple: an object for each table, None for none, then the rest."""
        plans, width = self._plans, self._width
        return [(*_objects(row, plans), *row[width:]) for row in found]

    @cached_property
    def _plans(self) -> list[_Plan]:
        return [_plan_of(model) for _alias, model in self._tables]

    @cached_property
    def _width(self) -> int:
        return sum(len(one.names) for one in self._plans)


@lru_cache(maxsize=128)
def columns_of(model: type[Model], alias: str) -> str:
    """Return the columns of a table by their names.

    A prepared statement that says `*` answers nothing any more once a migration adds a column.
    """
    return ", ".join(f'{alias}."{field.column}"' for field in model._meta.concrete_fields)


def grouped(rows: Iterable[Row], key: str) -> defaultdict[int, list[Row]]:
    """Return rows by whose they are, in their order."""
    found: defaultdict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[getattr(row, key)].append(row)
    return found


def keep_related(row: Model, name: str, related: Sequence[Model]) -> None:
    """Let `row.name.all()` answer these rows without asking, as after a `prefetch_related`."""
    kept = getattr(row, name).get_queryset()
    kept._result_cache = list(related)
    kept._prefetch_done = True
    cache = row.__dict__.setdefault("_prefetched_objects_cache", {})
    cache[name] = kept


@lru_cache(maxsize=128)
def _with_columns(statement: str, tables: tuple[tuple[str, type[Model]], ...]) -> str:
    columns = ", ".join(columns_of(model, alias) for alias, model in tables)
    return statement.replace("{columns}", columns)


@lru_cache(maxsize=128)
def _plan_of(model: type[Model]) -> _Plan:
    return _Plan(model)


class _Plan:
    """How the columns of a table become an object.

    As `Model.from_db` makes it, which sets one attribute after the other: where none of them does
    anything when it is set they are put in at once, in a third of the time or, where a table is
    translated, in a tenth.
    """

    def __init__(self, model: type[Model]) -> None:
        fields = model._meta.concrete_fields
        self.model = model
        self.is_plain = _is_plain(model)
        self.is_listened_to = post_init.has_listeners(model)
        self.names = [one.attname for one in fields]
        self.key = next(at for at, one in enumerate(fields) if one.primary_key)
        self.converters: list[tuple[int, Any, list[Converter]]] = [
            (at, one.get_col(model._meta.db_table), one.get_db_converters(connection))
            for at, one in enumerate(fields)
            if one.get_db_converters(connection)
        ]

    def object_of(self, values: list[Any]) -> Model | None:
        """Return the row, None where an outer join found none."""
        if values[self.key] is None:
            return None
        for at, column, converters in self.converters:
            for convert in converters:
                values[at] = convert(values[at], column, connection)
        if not self.is_plain:
            return self.model.from_db(DEFAULT_DB_ALIAS, self.names, values)
        row: Model = self.model.__new__(self.model)
        state = row._state = ModelState()
        state.adding, state.db = False, DEFAULT_DB_ALIAS
        row.__dict__.update(zip(self.names, values, strict=True))
        if self.is_listened_to:
            post_init.send(sender=self.model, instance=row)
        return row


# Constructors that do nothing beside to a row with all its columns, and what only keeps a value.
PLAIN_CONSTRUCTORS = {"django.db.models.base", "modelcluster.models", "modeltranslation.translator"}
KEEP_ONLY = {"DeferredAttribute", "ForeignKeyDeferredAttribute", "TranslationFieldDescriptor"}


def _is_plain(model: type[Model]) -> bool:
    """Whether a row may be made without the constructors of its model."""
    constructors = [vars(one)["__init__"] for one in model.__mro__[:-1] if "__init__" in vars(one)]
    keepers = [getattr_static(model, one.attname) for one in model._meta.concrete_fields]
    return (
        {one.__module__ for one in constructors} <= PLAIN_CONSTRUCTORS
        and {type(one).__name__ for one in keepers} <= KEEP_ONLY
        and getattr(model.from_db, "__func__", None) is vars(Model)["from_db"].__func__
        and not pre_init.has_listeners(model)
    )


def _objects(row: Sequence[Any], plans: Sequence[_Plan]) -> list[Model | None]:
    found, begin = [], 0
    for plan in plans:
        end = begin + len(plan.names)
        found.append(plan.object_of(list(row[begin:end])))
        begin = end
    return found
