"""Celery's tasks: each calls one function."""

from celery import shared_task
from django.core.management import call_command
from django.utils import timezone
from wagtail.models import Page

from destination import outside_links, renditions
from oti.lib import generation
from oti.lib.http import fetch

# Two hundred addresses, four at a time, each asked twice for some seconds.
WHOLE_CHECK = 15 * 60


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


@shared_task(name="destination.tasks.check_outside_links", time_limit=WHOLE_CHECK)
def check_outside_links() -> None:
    """Ask for the addresses outside the site to which pages lead."""
    outside_links.check_links(now=timezone.now(), fetch=fetch)
