"""Whether the site can sell: for the proxy and for whoever watches."""

from __future__ import annotations

import logging
import secrets
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.db import DatabaseError, InterfaceError, connection
from django.db.models import Min
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from booking.models import OutboxMessage

logger = logging.getLogger(__name__)

CACHE_KEY = "health"


@never_cache
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Tell how the services are as JSON; 503 only when the database is away (core.md 16).

    `queue_age_seconds`: since when the oldest message that should be out waits, 0 for none.
    """
    database: dict[str, Any] = {"database": "ok"}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        database["queue_age_seconds"] = _queue_age(timezone.now())
    except (DatabaseError, InterfaceError) as error:
        logger.warning("database unavailable: %s", error)
        database = {"database": "away", "queue_age_seconds": None}
    is_ok = database["database"] == "ok"
    return JsonResponse(
        {"status": "ok" if is_ok else "down", **database, "cache": _cache_state()},
        status=200 if is_ok else 503,
    )


def _queue_age(now: datetime) -> int:
    State = OutboxMessage.State  # noqa: N806 - the class of choices
    due = OutboxMessage.objects.filter(
        state__in=[State.WAITING, State.SENDING], next_attempt_at__lte=now
    ).aggregate(oldest=Min("created_at"))["oldest"]
    return max(0, int((now - due).total_seconds())) if due else 0


def _cache_state() -> str:
    """Write and read a fresh value: a cache that fails open answers like an empty one."""
    token = secrets.token_hex(8)
    cache.set(CACHE_KEY, token, 10)
    return "ok" if cache.get(CACHE_KEY) == token else "away"
