"""Celery's application: every task is a thin call of a use case with an id."""

import logging
import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oti.settings")

app = Celery("velay")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

logger = logging.getLogger(__name__)

if os.environ.get("OTI_MEASURE"):
    from celery.signals import worker_init

    @worker_init.connect
    def _measure(**_: object) -> None:
        from oti.measuring import measure_tasks

        measure_tasks()
