"""Running one operation many times, in turn, with what the copy spent on it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from oti.devtools.bench.browser import Answer, Visitor
from oti.devtools.bench.copy import HOST, BenchError, Copy, say
from oti.devtools.bench.figures import Line, share

Thing = TypeVar("Thing")
Operation = Callable[[Thing], Sequence[Answer]]


def visitor(copy: Copy) -> Visitor:
    """Return somebody new."""
    return Visitor(HOST, copy.port)


def expect(answer: Answer, *statuses: int) -> Answer:
    """Return the answer if it is one of these; raises BenchError otherwise."""
    if answer.status not in statuses:
        msg = f"answered {answer.status}, not {statuses}: {' '.join(answer.body.split())[:300]}"
        raise BenchError(msg)
    return answer


def in_turn(
    copy: Copy,
    name: str,
    operation: Operation[Thing],
    things: Sequence[Thing],
    *,
    warm: int = 10,
    after: Callable[[], int] = lambda: 0,
) -> Line:
    """Do the operation for each thing, one after the other; the first `warm` aren't counted.

    What each of these took stands beside: `warm_cpu_ms`, of a site that has just started.
    `after` waits for what goes on behind the answers and returns its statements; what it costs is
    part of the operation.
    """
    errors = 0
    before = copy.cpu_ms()
    for thing in things[:warm]:
        operation(thing)
    after()
    copy.rest()
    spent, begun = copy.cpu_ms(), time.perf_counter()
    times: list[float] = []
    statements, sql_ms = 0.0, 0.0
    counted = things[warm:]
    for thing in counted:
        try:
            answers = operation(thing)
        except (BenchError, OSError) as error:
            say(f"{name}: {error}")
            errors += 1
            continue
        times.append(sum(one.seconds for one in answers) * 1000)
        statements += sum(one.sql for one in answers)
        sql_ms += sum(one.sql_ms for one in answers)
    wall = time.perf_counter() - begun
    statements += after()
    copy.rest()
    done = max(1, len(times))
    times.sort()
    return Line(
        scenario=name,
        cpu_ms=(copy.cpu_ms() - spent) / done,
        sql=statements / done,
        sql_ms=sql_ms / done,
        p50_ms=share(times, 0.5),
        p95_ms=share(times, 0.95),
        wall_s=wall,
        errors=errors,
        more={
            "operations": len(times),
            "warm": warm,
            "warm_cpu_ms": round((spent - before) / max(1, warm), 2),
        },
    )
