"""Asking for what is done after the answer: a task by its name, without waiting for the queue."""

from __future__ import annotations

import logging
from typing import Any

from oti.celery import app

logger = logging.getLogger(__name__)


def ask_for_task(name: str, *args: Any) -> None:
    """Queue a task by name without waiting: a queue that is away is no fault of the request."""
    try:
        app.send_task(name, args=args, retry=False)
    except Exception as error:  # noqa: BLE001 - whatever the broker raises, beat comes after
        logger.warning("task %s not queued, beat will do it: %s", name, error)
