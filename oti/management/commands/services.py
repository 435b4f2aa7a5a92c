"""`manage.py services`: look at the embedded PostgreSQL and Valkey, or stop them."""

import argparse

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from oti.devtools import services
from oti.devtools.locks import ServicesError


class Command(BaseCommand):
    help = "Show or stop the embedded PostgreSQL and Valkey of a developer's machine."
    requires_system_checks = ()

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("action", choices=["status", "stop"], nargs="?", default="status")

    def handle(self, *args: object, **options: str) -> None:
        try:
            if options["action"] == "stop":
                stopped = services.stop(settings.DATA_DIR)
                self.stdout.write("Stopped." if stopped else "Nothing was running.")
            else:
                self.stdout.write(services.describe(settings.DATA_DIR))
        except ServicesError as error:
            raise CommandError(str(error)) from error
