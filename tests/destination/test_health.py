"""Health: it says what is away, and is down only without the database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test import Client

from booking.models import OutboxMessage
from tests.cast import NOW

pytestmark = pytest.mark.django_db


def test_everything_is_there(client: Client):
    answer = client.get("/sante/")

    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "database": "ok",
        "cache": "ok",
        "queue_age_seconds": 0,
    }
    assert "no-store" in answer.headers["Cache-Control"]


def test_it_tells_since_when_the_oldest_due_message_waits(client: Client, at):
    at(NOW)
    for minutes, state in ((5, "waiting"), (60, "sent"), (2, "waiting")):
        OutboxMessage.objects.create(
            key=f"{minutes}",
            kind="order_confirmed",
            recipient="claire@example.org",
            state=state,
            created_at=NOW - timedelta(minutes=minutes),
            next_attempt_at=NOW - timedelta(minutes=minutes),
        )

    assert client.get("/sante/").json()["queue_age_seconds"] == 300


def test_without_cache_the_shop_is_still_open(client: Client, monkeypatch):
    monkeypatch.setattr(type(cache._connections["default"]), "get", lambda *args, **kwargs: None)

    answer = client.get("/sante/")

    assert answer.status_code == 200
    assert answer.json()["cache"] == "away"


def test_without_the_database_it_is_down(client: Client, monkeypatch):
    def away(*args, **kwargs):
        raise OperationalError

    monkeypatch.setattr(connection, "cursor", away)

    answer = client.get("/sante/")

    assert answer.status_code == 503
    assert answer.json()["database"] == "away"
