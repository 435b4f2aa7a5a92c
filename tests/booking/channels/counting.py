"""Work that is counted and not timed: the same on every machine, and it ends what never would."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class TooMuchWork(BaseException):
    """More calls than allowed; nothing that is tested catches it."""


@contextmanager
def at_most(calls: int) -> Iterator[None]:
    """Fail once what is run has called more functions than this, its libraries' included."""
    left = calls

    def count(_frame: FrameType, event: str, _arg: Any) -> None:
        nonlocal left
        if event in {"call", "c_call"}:
            left -= 1
            if left < 0:
                sys.setprofile(None)
                raise TooMuchWork

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        yield
    finally:
        sys.setprofile(before)
