"""A host's program that is told: it remembers what came, and answers as a test wants."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from booking.rules.webhooks import is_signed
from oti.lib.http import Fetched, FetchFailed
from oti.lib.public_hosts import Reason

SECRET = "velay_wh_secret"


@dataclass
class Receiver:
    """Answers `status`, or fails with `reason`; `by_url` for some addresses alone."""

    status: int = 200
    reason: Reason | None = None
    by_url: dict[str, int] = field(default_factory=dict)
    bodies: list[bytes] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def fetch(self, url: str, **asked: Any) -> Fetched:
        assert asked["method"] == "POST"
        assert asked["total_seconds"] <= 10
        assert asked["max_bytes"] <= 65_536
        self.urls.append(url)
        self.seconds.append(asked["total_seconds"])
        self.bodies.append(asked["body"])
        self.headers.append(asked["headers"])
        if self.reason is not None:
            raise FetchFailed(self.reason)
        return Fetched(self.by_url.get(url, self.status), {}, b"", url)

    @property
    def told(self) -> list[dict[str, Any]]:
        return [json.loads(one) for one in self.bodies]

    def is_signed(self, number: int, secret: str, now: int) -> bool:
        header = self.headers[number]["Velay-Signature"]
        return is_signed(header, secret, self.bodies[number], now=now)


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Receiver:
    """Replace the Internet by one program."""
    found = Receiver()
    monkeypatch.setattr("booking.webhooks.sending.fetch", found.fetch)
    return found
