"""How often one address may ask: counted in the cache, a window at a time.

Adding one and reading the count is a single step of the cache, so that requests at the same
moment are all counted. While the cache is away nobody is refused (core.md 16).
"""

from __future__ import annotations

import hashlib
import ipaddress
import time
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from rest_framework.throttling import BaseThrottle

PERIODS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
# One subscriber of IPv6 has that many bits of its own to choose addresses from.
IPV6_NETWORK = 64


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
        key = f"api-rate:{scope}:{_short(client_address(request._request))}:{window}"
        cache.add(key, 0, period + 1)
        with suppress(ValueError):
            return bool(cache.incr(key) <= most)
        # The key went between both steps: the window is over.
        return True

    def wait(self) -> float:
        """Return the seconds until the next window."""
        return self.seconds_left


def read_rate(rate: str) -> tuple[int, int]:
    """Read "300/minute" as (300, 60 seconds); 0 asks for no limit."""
    most, _slash, period = rate.partition("/")
    return int(most), PERIODS[period or "minute"]


def client_address(request: HttpRequest) -> str:
    """Return who asks; only proxies of our own may say so in `X-Forwarded-For`."""
    proxies = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    forwarded = request.headers.get("X-Forwarded-For", "")
    if proxies and forwarded:
        hops = forwarded.split(",")
        return hops[-min(proxies, len(hops))].strip()
    return str(request.META.get("REMOTE_ADDR", ""))


def _short(address: str) -> str:
    """Return a key for an address; those of one IPv6 subscriber have one."""
    with suppress(ValueError):
        found = ipaddress.ip_address(address)
        if found.version == 6 and found.ipv4_mapped is None:
            network = ipaddress.ip_network(f"{found}/{IPV6_NETWORK}", strict=False)
            address = str(network.network_address)
    return hashlib.sha256(address.encode("utf-8", "replace")).hexdigest()[:24]
