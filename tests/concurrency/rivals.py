"""Rivals: several threads that want the same thing at the same instant."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from typing import Any

from django.db import close_old_connections, connections


def run_together(actions: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run each action in a thread of its own, all let go at once; return results or exceptions."""
    start = threading.Barrier(len(actions))
    results: list[Any] = [None] * len(actions)

    def run(place: int, action: Callable[[], Any]) -> None:
        close_old_connections()
        try:
            start.wait(timeout=30)
            results[place] = action()
        except Exception as error:  # noqa: BLE001 - the test looks at what came of it
            results[place] = error
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=run, args=(place, action)) for place, action in enumerate(actions)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


class Meeting:
    """Makes threads meet at one point if they can reach it together.

    Where a lock lets only one in, the first waits in vain for a moment and goes on alone.
    """

    def __init__(self, parties: int, *, patience: float = 1.0) -> None:
        self._barrier = threading.Barrier(parties)
        self._patience = patience

    def wait(self) -> None:
        """Wait for the others, no longer than the patience."""
        with contextlib.suppress(threading.BrokenBarrierError):
            self._barrier.wait(timeout=self._patience)


def errors_in(results: Sequence[Any]) -> list[Exception]:
    """Return the exceptions among the results."""
    return [one for one in results if isinstance(one, Exception)]
