"""Which state of the catalogue is in force, so that what processes remember ends when it changes.

A number in the cache that all processes share: whoever changes what pages show raises it, and each
process asks for it once a second at most. When the cache is down the last known number stays, and
what is remembered ends by its age as before.
"""

from __future__ import annotations

import secrets
import threading
import time

from django.core.cache import cache

KEY = "generation"
ASKED_EVERY = 1.0


class _Known:
    """The number as this process last read it."""

    def __init__(self) -> None:
        self.number = 0
        self.read_at = float("-inf")
        self.lock = threading.Lock()


_known = _Known()


def current() -> int:
    """Return the number in force, a second old at most."""
    now = time.monotonic()
    if now - _known.read_at >= ASKED_EVERY:
        with _known.lock:
            _known.read_at = now
            _known.number = cache.get(KEY, _known.number)
    return _known.number


def change() -> None:
    """Raise the number: what pages show has changed, and is committed."""
    # Never seen before, whatever the cache forgot meanwhile.
    number = secrets.randbits(62)
    cache.set(KEY, number, timeout=None)
    with _known.lock:
        _known.number = number
        _known.read_at = time.monotonic()
