"""From what was observed to the line that is printed."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Line:
    """One scenario's figures; times in milliseconds for one operation, `wall_s` for all."""

    scenario: str
    cpu_ms: float | None = None
    sql: float | None = None
    sql_ms: float | None = None
    p50_ms: float | None = None
    p95_ms: float | None = None
    wall_s: float | None = None
    errors: int = 0
    more: dict[str, Any] = field(default_factory=dict)

    def text(self) -> str:
        """Return the line as JSON."""
        told = {
            "scenario": self.scenario,
            "cpu_ms": rounded(self.cpu_ms),
            "sql": rounded(self.sql),
            "sql_ms": rounded(self.sql_ms),
            "p50_ms": rounded(self.p50_ms),
            "p95_ms": rounded(self.p95_ms),
            "wall_s": rounded(self.wall_s),
            "errors": self.errors,
            **self.more,
        }
        return json.dumps(told, ensure_ascii=False)


def rounded(value: float | None) -> float | int | None:
    """Return a figure with two digits after the point, a whole one without."""
    if value is None:
        return None
    near = round(value, 2)
    return int(near) if near == int(near) else near


def median(values: Iterable[float]) -> float:
    """Return the middle one."""
    return share(sorted(values), 0.5)


def share(values: Sequence[float], part: float) -> float:
    """Return the value of sorted `values` that this part of them doesn't pass; 0 for none."""
    if not values:
        return 0.0
    return values[min(len(values) - 1, max(0, math.ceil(part * len(values)) - 1))]
