"""A host's own program: a house, its key, and what it asks with it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.test import Client

from booking import house_keys
from members.models import HouseKey, Provider
from tests import factories
from tests.cast import NOW

ROOT = "/api/v1/pro/"
EVERYTHING = tuple(HouseKey.Scope.values)


def key_for(house: Provider, scopes: Sequence[str] = EVERYTHING) -> str:
    """Make a key of a house; return what its program sends."""
    maker = factories.a_host(house)
    _row, secret = house_keys.make_key(
        house, name="Logiciel", scopes=scopes, last_day=date(2028, 4, 5), maker=maker, now=NOW
    )
    return secret


def ask(key: str, path: str, **query: Any) -> Any:
    """Read an address of a house."""
    return Client().get(ROOT + path, query, headers=_headers(key))


def put(key: str, path: str, body: Any, **headers: Any) -> Any:
    """Change nights."""
    return _send("put", key, path, body, headers)


def patch(key: str, path: str, body: Any, **headers: Any) -> Any:
    """Change a date."""
    return _send("patch", key, path, body, headers)


def _send(method: str, key: str, path: str, body: Any, headers: dict[str, Any]) -> Any:
    send = getattr(Client(), method)
    text = body if isinstance(body, str) else json.dumps(body)
    all_headers = {**_headers(key), **headers}
    return send(ROOT + path, text, content_type="application/json", headers=all_headers)


def _headers(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"} if key else {}
