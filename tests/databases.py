"""Databases of the test suite: migrated once into a template, cloned in a moment.

A template is named after a hash of what it is made from, built under a lock by the first run that
needs it, and kept. A clone belongs to one process, which holds a lock in the server for as long
as it lives; a clone whose lock is free belongs to a run that died, and is dropped by the next.
Several runs share one server without meeting.

Tests that commit take turns on two clones per process, of the migrated and of the demo's database,
each put back as it was.
"""

import contextlib
import gc
import hashlib
import secrets
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from psycopg import sql

from members.groups import ensure_office_group
from tests.quick_states import quick_states

BASE_DIR = Path(__file__).resolve().parent.parent
PROJECT_APPS = ("oti", "destination", "members", "booking", "events")
TEMPLATE_PREFIX = "velay_template"
CLONE_PREFIX = "velay_clone"
KEPT_TEMPLATES = 3
# The catalogue's own tables that tell of a guard taken away.
SCHEMA = {"pg_constraint", "pg_trigger", "pg_index"}
# Where a database keeps the rows that it was made with.
COPIES = "as_made"
# What shows the demo's data without making them: changing it must not load the demo again.
NOT_SEEDING = {"views", "templatetags", "gateways", "devtools", "migrations", "decisions", "api"}
NOT_SEEDING_FILES = {"urls.py", "forms.py", "wagtail_hooks.py", "viewsets.py", "context.py"}


def migrated_template() -> str:
    """Return the name of the migrated template, building it when there is none."""
    return _built("migrated", _migrations_hash(), source="template0", fill=_migrate)


def demo_template() -> str:
    """Return the name of the template that also holds the demo of today, building it if needed."""
    return _built("demo", _seed_hash(), source=migrated_template(), fill=_load_demo)


@contextlib.contextmanager
def cloned(template: str) -> Iterator[str]:
    """Point this process's connections, in every thread, at a fresh clone; drop it afterwards.

    It must not be used inside a transaction: the clone is for tests that commit.
    """
    if connection.in_atomic_block:
        msg = "A clone can't be used together with the db fixture: the test commits for real."
        raise RuntimeError(msg)
    with _clone(template) as name, _pointed_at(name):
        yield name


@contextlib.contextmanager
def _clone(template: str) -> Iterator[str]:
    _drop_stale_clones()
    name = f"{CLONE_PREFIX}_{secrets.token_hex(6)}"
    with _held(name):
        _execute(
            "CREATE DATABASE {} TEMPLATE {} STRATEGY wal_log",
            sql.Identifier(name),
            sql.Identifier(template),
        )
        try:
            yield name
        finally:
            _drop(name)


class Committed:
    """A database of this process's tests that commit, one after the other.

    Making one takes a second, putting it back as it was a tenth of one. A test that changed the
    schema (a sentinel drops its guard) leaves it to nobody: the next gets another.
    """

    def __init__(self, template: Callable[[], str]) -> None:
        self._template = template
        self._kept = contextlib.ExitStack()
        self._name = ""
        self._written: dict[str, int] = {}

    @contextlib.contextmanager
    def turn(self) -> Iterator[str]:
        """Point this process's connections, in every thread, at the database as it was made."""
        if not self._name:
            self._name = self._kept.enter_context(_clone(self._template()))
            with self._asked() as ask:
                tables = tables_in_use(ask)
                _keep_copies(ask, tables)
                self._written = _sums(ask, tables | SCHEMA)
        with _pointed_at(self._name):
            yield self._name
        if not self._put_back():
            self.close()

    def close(self) -> None:
        """Drop the database."""
        self._kept.close()
        self._name = ""

    def _put_back(self) -> bool:
        """Make the rows those that were there; return whether all is as it was."""
        with self._asked() as ask:
            # What a thread may have left open would hold the rows.
            ask.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            found = _sums(ask, tables_in_use(ask) | self._written.keys())
            changed = {name for name, rows in found.items() if rows != self._written.get(name)}
            if changed & SCHEMA:
                return False
            # Foreign keys are looked at when all is done.
            for table in changed - self._written.keys():
                ask.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
            changed &= self._written.keys()
            for table in changed:
                _put_rows_back(ask, table)
            return not changed or _sums(ask, changed) == {
                name: self._written[name] for name in changed
            }

    @contextlib.contextmanager
    def _asked(self) -> Iterator[psycopg.Connection]:
        """Give a connection to the database; what it does is one transaction."""
        with psycopg.connect(**parameters() | {"dbname": self._name}) as ask:
            ask.execute("SET CONSTRAINTS ALL DEFERRED")
            yield ask


def tables_in_use(ask: psycopg.Connection) -> set[str]:
    """Return the tables that hold a row."""
    tables = ask.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    any_row = sql.SQL("SELECT {name} WHERE EXISTS (SELECT FROM {table})")
    asked = sql.SQL(" UNION ALL ").join(
        any_row.format(name=sql.Literal(table), table=sql.Identifier(table)) for (table,) in tables
    )
    return {name for (name,) in ask.execute(asked).fetchall()}


def _sums(ask: psycopg.Connection, tables: Iterable[str]) -> dict[str, int]:
    """Return a sum over the rows of each table, in whatever order they lie."""
    one = sql.SQL(
        "SELECT {name}, COALESCE(sum(hashtextextended(t::text, 0)), 0)::numeric FROM {table} AS t"
    )
    asked = sql.SQL(" UNION ALL ").join(
        one.format(name=sql.Literal(table), table=sql.Identifier(table)) for table in sorted(tables)
    )
    return dict(ask.execute(asked).fetchall())


def _keep_copies(ask: psycopg.Connection, tables: Iterable[str]) -> None:
    """Keep the rows of each table in another of its name, which nothing else looks at."""
    ask.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(COPIES)))
    for table in tables:
        ask.execute(
            sql.SQL("CREATE TABLE {} AS TABLE {}").format(
                sql.Identifier(COPIES, table), sql.Identifier(table)
            )
        )


def _put_rows_back(ask: psycopg.Connection, table: str) -> None:
    """Delete the rows that are not in its copy, and insert those that are missing."""
    keys, columns = ask.execute(
        "SELECT array_agg(attname) FILTER (WHERE attnum = ANY(indkey)), array_agg(attname)"
        " FROM pg_attribute JOIN pg_index ON indrelid = attrelid AND indisprimary"
        " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''",
        [table],
    ).fetchall()[0]
    same = sql.SQL("was.{key} = now.{key}")
    parts = {
        "now": sql.Identifier(table),
        "copy": sql.Identifier(COPIES, table),
        "columns": sql.SQL(", ").join(map(sql.Identifier, columns)),
        # By its key, then byte by byte.
        "alike": sql.SQL(" AND ").join(
            [*(same.format(key=sql.Identifier(key)) for key in keys), sql.SQL("was *= now")]
        ),
    }
    for statement in (
        "DELETE FROM {now} AS now WHERE NOT EXISTS (SELECT FROM {copy} AS was WHERE {alike})",
        "INSERT INTO {now} ({columns}) SELECT {columns} FROM {copy} AS was"
        " WHERE NOT EXISTS (SELECT FROM {now} AS now WHERE {alike})",
    ):
        ask.execute(sql.SQL(statement).format(**parts))


# --- Building -----------------------------------------------------------------------------------
def _built(kind: str, digest: str, *, source: str, fill: Callable[[], None]) -> str:
    name = f"{TEMPLATE_PREFIX}_{kind}_{digest}"
    if _exists(name):
        return name
    with _held(name):
        if _exists(name):
            return name
        draft = f"{name}_draft"
        _drop(draft)
        _execute("CREATE DATABASE {} TEMPLATE {}", sql.Identifier(draft), sql.Identifier(source))
        with _pointed_at(draft):
            fill()
        _execute("ALTER DATABASE {} RENAME TO {}", sql.Identifier(draft), sql.Identifier(name))
        # Nobody ever connects to a template, so that cloning it never has to wait.
        _execute("ALTER DATABASE {} ALLOW_CONNECTIONS false", sql.Identifier(name))
    _drop_old_templates(f"{TEMPLATE_PREFIX}_{kind}_", keep=name)
    return name


def _migrate() -> None:
    # Thousands of models are drawn and dropped: looking for garbage meanwhile is a third of it.
    gc.disable()
    try:
        _run_migrations()
    finally:
        gc.enable()
        gc.collect()


def _run_migrations() -> None:
    with quick_states():
        call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
    # As each deployment does, so that tests of the desk need not: see factories.the_office.
    ensure_office_group()


def _load_demo() -> None:
    with Path("/dev/null").open("w", encoding="utf-8") as quiet:
        call_command("seed_demo", stdout=quiet)


@cache
def _migrations_hash() -> str:
    """Hash the project's migrations, the office's rights, the installed versions and the apps."""
    digest = hashlib.sha256()
    for app in PROJECT_APPS:
        for file in sorted((BASE_DIR / app / "migrations").glob("*.py")):
            digest.update(f"{app}/{file.name}".encode())
            digest.update(file.read_bytes())
    digest.update((BASE_DIR / "members" / "groups.py").read_bytes())
    for distribution in sorted(f"{d.name}=={d.version}" for d in metadata.distributions()):
        digest.update(distribution.encode())
    digest.update(" ".join(config.name for config in apps.get_app_configs()).encode())
    digest.update(str(_server().info.server_version).encode())
    return digest.hexdigest()[:12]


@cache
def _seed_hash() -> str:
    """Hash what the demo is made from: the migrated base, the day, our code and its data."""
    digest = hashlib.sha256(_migrations_hash().encode())
    digest.update(datetime.now(ZoneInfo(settings.TIME_ZONE)).date().isoformat().encode())
    for app in PROJECT_APPS:
        for file in sorted((BASE_DIR / app).rglob("*")):
            place = file.relative_to(BASE_DIR)
            if file.suffix not in {".py", ".json", ".csv", ".yaml", ".toml", ".geojson", ".html"}:
                continue
            if NOT_SEEDING.intersection(place.parts) or file.name in NOT_SEEDING_FILES:
                continue
            digest.update(str(place).encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


# --- The server ---------------------------------------------------------------------------------
@cache
def _server() -> psycopg.Connection:
    """Return this process's connection to the server's own database; it holds our locks."""
    return psycopg.connect(**parameters() | {"dbname": "postgres"}, autocommit=True)


def parameters() -> dict[str, Any]:
    """Return how to reach the server."""
    known = {"host", "port", "user", "password"}
    told = connection.get_connection_params()
    return {name: value for name, value in told.items() if name in known and value}


def leave() -> None:
    """Close this process's connection to the server, and free its locks."""
    if _server.cache_info().currsize:
        _server().close()
        _server.cache_clear()


def _execute(statement: str, *parts: sql.Composable) -> None:
    _server().execute(sql.SQL(statement).format(*parts))  # type: ignore[arg-type]


def _names(prefix: str) -> list[str]:
    rows = _server().execute(
        "SELECT datname FROM pg_database WHERE starts_with(datname, %s) ORDER BY oid", [prefix]
    )
    return [name for (name,) in rows]


def _exists(name: str) -> bool:
    return name in _names(name)


def _lock_number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)


@contextlib.contextmanager
def _held(name: str) -> Iterator[None]:
    """Hold the server's lock of that name; it is freed when this process ends, however it ends."""
    number = _lock_number(name)
    _server().execute("SELECT pg_advisory_lock(%s)", [number])
    try:
        yield
    finally:
        _server().execute("SELECT pg_advisory_unlock(%s)", [number])


def _drop(name: str) -> None:
    _execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", sql.Identifier(name))


@cache
def _drop_stale_clones() -> None:
    for name in _names(CLONE_PREFIX):
        number = _lock_number(name)
        row = _server().execute("SELECT pg_try_advisory_lock(%s)", [number]).fetchone()
        if row and row[0]:
            _drop(name)
            _server().execute("SELECT pg_advisory_unlock(%s)", [number])


def _drop_old_templates(prefix: str, *, keep: str) -> None:
    old = [name for name in _names(prefix) if name != keep and not name.endswith("_draft")]
    for name in old[: -(KEPT_TEMPLATES - 1)]:
        # Another run may be cloning it: then it stays until the next time.
        with contextlib.suppress(psycopg.errors.ObjectInUse):
            _drop(name)


@contextlib.contextmanager
def _pointed_at(name: str) -> Iterator[None]:
    """Make every connection opened from now on, in any thread, one to that database."""
    # Django's connections of all threads read the same mapping.
    chosen = connections.databases["default"]
    former = chosen["NAME"]
    connections.close_all()
    chosen["NAME"] = connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connections.close_all()
        chosen["NAME"] = connection.settings_dict["NAME"] = former
