"""What changes rarely, kept by each process for some seconds instead of being read at each page.

Only for what is shown: inside a transaction nothing is remembered, so that whatever is written or
sold is computed from the rows themselves. REMEMBER_SECONDS sets how long; 0 remembers nothing.
"""

from __future__ import annotations

import functools
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar

from django.conf import settings
from django.db import connection
from django.utils.translation import get_language

_is_read_again: ContextVar[bool] = ContextVar("_is_read_again", default=False)

P = ParamSpec("P")
R = TypeVar("R")


@contextmanager
def read_again() -> Iterator[None]:
    """Ask anew for everything meanwhile; what is found is remembered from then on.

    For a page that says why something was refused: it must not show once more what was refused.
    """
    before = _is_read_again.set(True)
    try:
        yield
    finally:
        _is_read_again.reset(before)


def remembered(
    *, most: int = 64, ignoring: Sequence[str] = (), by_language: bool = True
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Keep a function's answers for REMEMBER_SECONDS, by its arguments and the active language.

    At most `most` answers are kept, the newest ones. Arguments are hashable; those named in
    `ignoring` (a moment) don't tell two calls apart and are given by name. An answer without a
    word in it is the same in every language: `by_language` says no. Nobody may change an answer:
    other threads hold it too.
    """

    def decorate(load: Callable[P, R]) -> Callable[P, R]:
        kept: OrderedDict[Hashable, tuple[float, R]] = OrderedDict()
        lock = threading.Lock()

        @functools.wraps(load)
        def ask(*args: P.args, **kwargs: P.kwargs) -> R:
            seconds: float = settings.REMEMBER_SECONDS
            if seconds <= 0 or connection.in_atomic_block:
                return load(*args, **kwargs)
            named: list[tuple[str, Any]] = sorted(kwargs.items())
            language = get_language() if by_language else None
            key = (language, args, tuple(one for one in named if one[0] not in ignoring))
            now = time.monotonic()
            with lock:
                found = kept.get(key)
            if found is not None and now - found[0] < seconds and not _is_read_again.get():
                return found[1]
            answer = load(*args, **kwargs)
            with lock:
                kept[key] = (now, answer)
                kept.move_to_end(key)
                while len(kept) > most:
                    kept.popitem(last=False)
            return answer

        return ask

    return decorate
