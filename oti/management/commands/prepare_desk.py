"""`manage.py prepare_desk`: the groups of those who work at the desk, and the review of pages."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from members.groups import ensure_office_group, ensure_pole_editors, ensure_review


class Command(BaseCommand):
    help = "Make the groups of the office and of each pole's editors; again after a new pole."

    def add_arguments(self, parser: CommandParser) -> None:
        """Let one command do what a new version needs."""
        parser.add_argument("--migrate", action="store_true", help="migrate the database first")

    def handle(self, *args: object, **options: Any) -> None:
        if options["migrate"]:
            call_command("migrate", interactive=False, verbosity=options["verbosity"])
        ensure_office_group()
        ensure_review()
        groups = ensure_pole_editors()
        self.stdout.write(f"Desk: the office, {len(groups)} poles with editors, one review.")
