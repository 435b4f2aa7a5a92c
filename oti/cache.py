"""A cache that may be absent: when Valkey is down the shop still sells (core.md 16)."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


# A server that hangs would cost each counted request its time-out: it is left alone for a while.
SECONDS_LEFT_ALONE = 5.0


class FailOpenRedisCache(RedisCache):
    """Django's Redis cache that answers like an empty one while the server is away."""

    # Shared by the threads of the process: each has a cache object of its own.
    _uncounted_until = 0.0

    def count(self, keys: Sequence[str], seconds: int) -> list[int]:
        """Add one to each counter in a single round trip and return the new values.

        A counter lives `seconds` after its last increment. While the server is away every value
        is 0: a limit built on this lets people through.
        """
        nothing = [0] * len(keys)
        if time.monotonic() < FailOpenRedisCache._uncounted_until:
            return nothing
        try:
            pipeline = self._cache.get_client(None, write=True).pipeline(transaction=False)
            for key in keys:
                name = self.make_and_validate_key(key)
                pipeline.incr(name)
                pipeline.expire(name, seconds)
            return [int(value) for value in pipeline.execute()[::2]]
        except (RedisError, OSError) as error:
            FailOpenRedisCache._uncounted_until = time.monotonic() + SECONDS_LEFT_ALONE
            logger.warning("cache unavailable, nothing is counted: %s", error)
            return nothing

    def _try(self, call: Callable[[], Any], absent: Any) -> Any:
        try:
            return call()
        except (RedisError, OSError) as error:
            logger.warning("cache unavailable: %s", error)
            return absent

    def add(self, *args: Any, **kwargs: Any) -> Any:
        parent = super()
        # True: a throttle or a lock built on `add` lets people through.
        return self._try(lambda: parent.add(*args, **kwargs), True)

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        parent = super()
        return self._try(lambda: parent.get(key, default, version), default)

    def set(self, *args: Any, **kwargs: Any) -> Any:
        parent = super()
        return self._try(lambda: parent.set(*args, **kwargs), None)

    def touch(self, *args: Any, **kwargs: Any) -> Any:
        parent = super()
        return self._try(lambda: parent.touch(*args, **kwargs), False)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        parent = super()
        return self._try(lambda: parent.delete(*args, **kwargs), False)

    def get_many(self, *args: Any, **kwargs: Any) -> Any:
        parent = super()
        return self._try(lambda: parent.get_many(*args, **kwargs), {})

    def has_key(self, *args: Any, **kwargs: Any) -> Any:
        parent = super()
        return self._try(lambda: parent.has_key(*args, **kwargs), False)

    def incr(self, key: Any, delta: int = 1, version: Any = None) -> Any:
        parent = super()
        return self._try(lambda: parent.incr(key, delta, version), delta)

    def set_many(self, *args: Any, **kwargs: Any) -> Any:
        parent = super()
        return self._try(lambda: parent.set_many(*args, **kwargs), [])

    def delete_many(self, *args: Any, **kwargs: Any) -> Any:
        parent = super()
        return self._try(lambda: parent.delete_many(*args, **kwargs), None)

    def clear(self) -> Any:
        parent = super()
        return self._try(parent.clear, False)
