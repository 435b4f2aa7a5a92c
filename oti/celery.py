"""Celery's application: every task is a thin call of a use case with an id."""

import logging
import os
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import heartbeat_sent, task_prerun

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oti.settings")

app = Celery("velay")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

logger = logging.getLogger(__name__)


@heartbeat_sent.connect
def tell_that_the_worker_lives(**_: object) -> None:
    """Touch the file that a health check looks at; sent every two seconds while linked."""
    from django.conf import settings

    if settings.WORKER_HEARTBEAT_FILE:
        Path(settings.WORKER_HEARTBEAT_FILE).touch()


@task_prerun.connect
def use_a_line_that_lives(task: Any = None, **_: object) -> None:
    """Go on with the database's line of the task before, unless it is too old or broken.

    Celery would open another one for each task: an order's mails cost less than that.
    """
    from django.db import connections

    if task is not None and task.request.is_eager:
        return
    for line in connections.all(initialized_only=True):
        line.close_if_unusable_or_obsolete()
        if line.connection is not None and not line.is_usable():
            line.close()


if os.environ.get("OTI_MEASURE"):
    from celery.signals import worker_init

    @worker_init.connect
    def _measure(**_: object) -> None:
        from oti.measuring import measure_tasks

        measure_tasks()
