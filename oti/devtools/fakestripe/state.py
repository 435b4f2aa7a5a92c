"""What the stand-in remembers: objects, events, replies and deliveries, in one SQLite file.

Every request runs in one transaction under one lock, so it happens whole or not at all, also
when the process is killed.
"""

import json
import secrets
import sqlite3
import string
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from oti.devtools.fakestripe.errors import ApiError, missing

API_VERSION = "2026-10-28.endive"
ALPHABET = string.ascii_letters + string.digits
SCHEMA = """
create table if not exists objects (
  seq integer primary key autoincrement, id text not null unique, kind text not null,
  due integer, body text not null);
create index if not exists objects_by_kind on objects (kind, seq);
create index if not exists objects_by_due on objects (due) where due is not null;
create table if not exists replies (
  key text primary key, path text not null, fingerprint text not null,
  status integer not null, body text not null, request text not null, at integer not null);
create table if not exists deliveries (
  id integer primary key autoincrement, event text not null, state text not null,
  attempts integer not null, due real not null, started real not null, answer text not null);
create table if not exists settings (name text primary key, value text not null);
"""
Thing = dict[str, Any]


@dataclass
class Config:
    """How this stand-in was started. `retry_base` is the first pause before a retry, seconds."""

    public_url: str = ""
    webhook_url: str = ""
    webhook_secret: str = "whsec_local"
    secret_key: str = ""
    state: str = ""
    shop_name: str = "Velay, terre de liens"
    retry_base: float = 1.0


@dataclass
class Origin:
    """The request that events tell as their cause."""

    id: str | None = None
    idempotency_key: str | None = None


def new_id(prefix: str, length: int = 24) -> str:
    """Return an id that looks like Stripe's: `pi_` and random letters and digits."""
    return f"{prefix}_{''.join(secrets.choice(ALPHABET) for _ in range(length))}"


def public(thing: Thing) -> Thing:
    """Return an object as the API shows it: names with a leading underscore stay inside."""
    return {name: value for name, value in thing.items() if not name.startswith("_")}


@dataclass
class Bank:
    """The memory, the clock and the outgoing events of the stand-in."""

    config: Config
    origin: Origin = field(default_factory=Origin)

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self.on_commit: Callable[[], None] = lambda: None
        self._depth = 0
        self.db = sqlite3.connect(
            self.config.state or ":memory:", check_same_thread=False, isolation_level=None
        )
        self.db.execute("pragma journal_mode=wal")
        self.db.execute("pragma synchronous=normal")
        self.db.execute("pragma busy_timeout=5000")
        self.db.executescript(SCHEMA)

    def close(self) -> None:
        """Let go of the file."""
        with self.lock:
            self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run what is inside whole or not at all; a refusal marked `keep` is still written."""
        with self.lock:
            if self._depth:
                yield
                return
            self.db.execute("begin immediate")
            self._depth = 1
            try:
                yield
            except BaseException as error:
                kept = isinstance(error, ApiError) and error.keep
                self.db.execute("commit" if kept else "rollback")
                raise
            else:
                self.db.execute("commit")
            finally:
                self._depth = 0
                self.on_commit()

    # --- settings and clock ------------------------------------------------------------------
    def setting(self, name: str, default: str = "") -> str:
        """Return a remembered setting."""
        with self.lock:
            row = self.db.execute("select value from settings where name=?", [name]).fetchone()
        return row[0] if row else default

    def set_setting(self, name: str, value: str) -> None:
        """Remember a setting across restarts."""
        with self.transaction():
            self.db.execute("insert or replace into settings values (?, ?)", [name, value])

    def now(self) -> int:
        """Return the stand-in's clock: the machine's, moved by the control API."""
        return int(time.time()) + int(self.setting("clock", "0"))

    # --- objects -------------------------------------------------------------------------------
    def put(self, thing: Thing, due: int | None = None) -> Thing:
        """Write an object; `due` is when the clock has something to do with it."""
        self.db.execute(
            "insert into objects (id, kind, due, body) values (?, ?, ?, ?)"
            " on conflict (id) do update set due=excluded.due, body=excluded.body",
            [thing["id"], thing["object"], due, json.dumps(thing)],
        )
        return thing

    def find(self, kind: str, object_id: str) -> Thing | None:
        """Return an object, None if there is none of that kind and id."""
        with self.lock:
            row = self.db.execute(
                "select body from objects where id=? and kind=?", [object_id, kind]
            ).fetchone()
        return json.loads(row[0]) if row else None

    def get(self, kind: str, object_id: str, param: str = "id") -> Thing:
        """Return an object or refuse as Stripe does."""
        thing = self.find(kind, object_id)
        if thing is None:
            raise missing(kind, object_id, param)
        return thing

    def all(self, kind: str, **where: Any) -> list[Thing]:
        """Return the objects of a kind whose fields have these values, newest first."""
        with self.lock:
            rows = self.db.execute(
                "select body from objects where kind=? order by seq desc", [kind]
            ).fetchall()
        things = (json.loads(row[0]) for row in rows)
        return [t for t in things if all(t.get(k) == v for k, v in where.items())]

    def due(self) -> list[Thing]:
        """Return the objects whose moment has come."""
        with self.lock:
            rows = self.db.execute(
                "select body from objects where due <= ? order by due, seq", [self.now()]
            ).fetchall()
        return [json.loads(row[0]) for row in rows]

    def emit(self, kind: str, thing: Thing, before: Thing | None = None) -> Thing:
        """Record an event about an object as it is now, and queue it for the webhook."""
        data: Thing = {"object": json.loads(json.dumps(public(thing)))}
        if before is not None:
            data["previous_attributes"] = before
        event = self.put(
            {
                "id": new_id("evt"),
                "object": "event",
                "api_version": API_VERSION,
                "created": self.now(),
                "data": data,
                "livemode": False,
                "pending_webhooks": 1 if self.config.webhook_url else 0,
                "request": {
                    "id": self.origin.id,
                    "idempotency_key": self.origin.idempotency_key,
                },
                "type": kind,
            }
        )
        self._queue(event)
        return event

    def emit_thin(self, kind: str, thing: Thing) -> Thing:
        """Record an event of the second version of the API: it names the thing, no more."""
        event = self.put(
            {
                "id": new_id("evt_test"),
                "object": "v2.core.event",
                "context": None,
                "created": datetime.fromtimestamp(self.now(), UTC).isoformat(),
                "livemode": False,
                "reason": {
                    "type": "request",
                    "request": {
                        "id": self.origin.id,
                        "idempotency_key": self.origin.idempotency_key,
                    },
                },
                "related_object": {
                    "id": thing["id"],
                    "type": thing["object"],
                    "url": f"/v2/core/accounts/{thing['id']}",
                },
                "type": kind,
            }
        )
        self._queue(event)
        return event

    def event(self, event_id: str) -> Thing:
        """Return an event of either version of the API."""
        return self.find("v2.core.event", event_id) or self.get("event", event_id)

    def _queue(self, event: Thing) -> None:
        if self.config.webhook_url:
            self.db.execute(
                "insert into deliveries (event, state, attempts, due, started, answer)"
                " values (?, 'waiting', 0, ?, ?, '')",
                [event["id"], time.time(), time.time()],
            )
