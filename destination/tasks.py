"""Celery's tasks: each calls one function."""

from celery import shared_task
from django.core.management import call_command
from wagtail.models import Page

from destination import renditions
from oti.lib import generation


@shared_task(name="destination.tasks.make_renditions")
def make_renditions() -> None:
    """Make the sizes of photographs that pages need."""
    renditions.make_renditions()


@shared_task(name="destination.tasks.publish_scheduled")
def publish_scheduled() -> None:
    """Publish and take down the pages whose hour has come."""
    before = Page.objects.filter(live=True).count()
    call_command("publish_scheduled", verbosity=0)
    if Page.objects.filter(live=True).count() != before:
        generation.change()
