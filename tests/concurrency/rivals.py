"""Rivals: several threads that want the same thing at the same instant."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
from django.db import close_old_connections, connection, connections

from tests import databases

# Those that run_together has let go and that have not ended, by their thread's number.
running: set[int] = set()
# Between two looks at who waits for whom.
LOOK_SECONDS = 0.01
# Waits for what another transaction holds until its end; others pass by themselves.
HELD_UP = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
    AND wait_event IN ('transactionid', 'tuple', 'advisory')
"""


def run_together(actions: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run each action in a thread of its own, all let go at once; return results or exceptions."""
    start = threading.Barrier(len(actions))
    results: list[Any] = [None] * len(actions)

    def run(place: int, action: Callable[[], Any]) -> None:
        close_old_connections()
        try:
            running.add(threading.get_ident())
            start.wait(timeout=30)
            results[place] = action()
        except Exception as error:  # noqa: BLE001 - the test looks at what came of it
            results[place] = error
        finally:
            running.discard(threading.get_ident())
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

    Where a lock lets only one in, the first goes on alone: as soon as every rival that is not there
    waits for a lock or has ended, or else when its patience ends.
    """

    def __init__(self, parties: int, *, patience: float = 1.0) -> None:
        self._parties = parties
        self._patience = patience
        self._here = threading.Condition()
        self._arrived: set[int] = set()
        self._is_over = False

    def wait(self) -> None:
        """Wait for the others, no longer than the patience."""
        until = time.monotonic() + self._patience
        with self._here:
            self._arrived.add(threading.get_ident())
            if len(self._arrived) >= self._parties:
                self._end()
            is_alone = False
            while not self._is_over:
                self._here.wait(LOOK_SECONDS)
                # Seen twice, for who had only just begun to wait.
                was_alone, is_alone = is_alone, self._nobody_else_can_come()
                if (was_alone and is_alone) or time.monotonic() > until:
                    self._end()

    def _end(self) -> None:
        self._is_over = True
        self._here.notify_all()

    def _nobody_else_can_come(self) -> bool:
        others = running - self._arrived
        if threading.get_ident() not in running:
            return False
        return not others or held_up() >= len(others)


class Appointment(Meeting):
    """A meeting that is waited for though the other waits for a lock in between."""

    def __init__(self, parties: int) -> None:
        super().__init__(parties, patience=20)

    def _nobody_else_can_come(self) -> bool:
        return False


def held_up() -> int:
    """Return how many wait for another transaction to end."""
    asked = databases.parameters() | {"dbname": connection.settings_dict["NAME"]}
    with psycopg.connect(**asked) as line:
        row = line.execute(HELD_UP).fetchone()
    return int(row[0]) if row else 0


def errors_in(results: Sequence[Any]) -> list[Exception]:
    """Return the exceptions among the results."""
    return [one for one in results if isinstance(one, Exception)]
