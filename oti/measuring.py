"""What an answer cost in SQL, told to whoever measures: loaded with OTI_MEASURE=1, never else.

Each answer says it in a header; each task of the worker in a line of `measured-tasks.jsonl`.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponseBase

HEADER = "X-Measured"
TASKS_FILE = "measured-tasks.jsonl"
# With 2 each answer also says what it asked.
ENVIRONMENT = "OTI_MEASURE"


class Meter:
    """Counts the statements of one connection and the time until each was answered."""

    def __init__(self) -> None:
        self.statements = 0
        self.seconds = 0.0
        self.texts: list[str] = []

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        begun = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.seconds += time.perf_counter() - begun
            self.statements += 1
            self.texts.append(str(sql))

    @property
    def milliseconds(self) -> float:
        """Return how long the answers took."""
        return round(self.seconds * 1000, 3)


class MeasureSql:
    """Outermost middleware: it also counts what the other ones ask."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.is_wordy = os.environ.get(ENVIRONMENT) == "2"

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, and say what it cost: « statements milliseconds »."""
        meter = Meter()
        with connection.execute_wrapper(meter):
            response = self.get_response(request)
        response[HEADER] = f"{meter.statements} {meter.milliseconds}"
        if self.is_wordy:
            with (settings.DATA_DIR / "measured-statements.txt").open("a") as file:
                file.write(f"--- {request.method} {request.path}\n")
                file.writelines(f"{' '.join(text.split())}\n" for text in meter.texts)
        return response


def measure_tasks() -> None:
    """Write a line for each task of this process's worker."""
    from celery.signals import task_postrun, task_prerun

    path = Path(settings.DATA_DIR) / TASKS_FILE
    under_way: dict[str, tuple[Meter, Any]] = {}

    def begin(task_id: str = "", **_: object) -> None:
        meter = Meter()
        wrapper = connection.execute_wrapper(meter)
        wrapper.__enter__()
        under_way[task_id] = (meter, wrapper)

    def end(task_id: str = "", task: Any = None, **_: object) -> None:
        meter, wrapper = under_way.pop(task_id)
        wrapper.__exit__(None, None, None)
        told = {"task": task.name, "sql": meter.statements, "sql_ms": meter.milliseconds}
        with path.open("a") as file:
            file.write(json.dumps(told) + "\n")

    task_prerun.connect(begin, weak=False)
    task_postrun.connect(end, weak=False)
