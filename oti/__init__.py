"""The project: settings, addresses, the developer's machine, and the floor below all others."""

from oti.celery import app as celery_app

__all__ = ["celery_app"]
