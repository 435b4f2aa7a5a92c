"""Who asks: the one reading of a client's address, and counting what one address asks for.

`X-Forwarded-For` is believed as far as our own proxies have written in it (`TRUSTED_PROXIES`);
whatever a client adds to its left changes nothing.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Protocol, cast

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

# Somebody with IPv6 owns a whole network of this size.
IPV6_OWNED_BITS = 64
# A unix socket, or nonsense: all of them are counted together.
UNKNOWN = "unknown"


class _Counter(Protocol):
    def count(self, keys: Sequence[str], seconds: int) -> list[int]: ...


def client_address(request: HttpRequest) -> str | None:
    """Return the client's address in its normal form, without port or zone; None if none is told.

    What is returned is always an address that the database takes.
    """
    told = str(request.META.get("REMOTE_ADDR", ""))
    proxies: int = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    if proxies:
        hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        # Fewer hops than proxies: some of them said nothing, the peer is all that is sure.
        if len(hops) >= proxies and hops[-proxies].strip():
            told = hops[-proxies].strip()
    address = _read(told)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return None if address is None else str(address)


def client_network(request: HttpRequest) -> str:
    """Return whom to count: an IPv4 address, the network of an IPv6 one, or `unknown`."""
    told = client_address(request)
    if told is None:
        return UNKNOWN
    if ":" in told:
        return str(ipaddress.ip_network(f"{told}/{IPV6_OWNED_BITS}", strict=False))
    return told


def count(keys: Sequence[str], seconds: int) -> list[int]:
    """Add one to each counter of the cache in one round trip; returns their new values.

    A counter lives `seconds` after its last increment. While the cache is away, or hangs, every
    value is 0: a limit built on this lets people through (core.md 16).
    """
    return cast("_Counter", cache).count(keys, seconds)


def _read(told: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Read "203.0.113.9", "203.0.113.9:443", "[2001:db8::1]:443" or "fe80::1%eth0"."""
    if told.startswith("["):
        told = told[1:].partition("]")[0]
    elif told.count(":") == 1:
        told = told.partition(":")[0]
    try:
        return ipaddress.ip_address(told.partition("%")[0])
    except ValueError:
        return None
