"""How often one address may ask: counted in the cache, a window at a time.

Adding one and reading the count is a single step of the cache, so that requests at the same
moment are all counted. While the cache is away nobody is refused (core.md 16).
"""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from rest_framework.throttling import BaseThrottle

from oti.lib.clients import client_network, count

PERIODS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


class ByAddress(BaseThrottle):
    """Refuse an address that asked more often than `settings.API_RATES` allows in its scope."""

    def __init__(self) -> None:
        self.seconds_left = 1.0

    def allow_request(self, request: Any, view: Any) -> bool:
        """Count this request; False once the window is full."""
        scope = view.throttle_scope_of(request)
        most, period = read_rate(settings.API_RATES[scope])
        if not most:
            return True
        now = time.time()
        window = int(now // period)
        self.seconds_left = (window + 1) * period - now
        key = f"api-rate:{scope}:{self.who(request)}:{window}"
        [counted] = count([key], period + 1)
        return counted <= most

    def who(self, request: Any) -> str:
        """Return whom this request is counted for."""
        return client_network(request._request)

    def wait(self) -> float:
        """Return the seconds until the next window."""
        return self.seconds_left


class ByKey(ByAddress):
    """Count each key of a house by itself: programs of several houses may share an address."""

    def who(self, request: Any) -> str:
        """Return the key that opened this address."""
        return f"key-{request.auth.pk}"


def read_rate(rate: str) -> tuple[int, int]:
    """Read "300/minute" as (300, 60 seconds); 0 asks for no limit."""
    most, _slash, period = rate.partition("/")
    return int(most), PERIODS[period or "minute"]
