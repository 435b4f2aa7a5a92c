"""`manage.py prepare_desk`: the groups of those who work at the desk, and the review of pages."""

from typing import Any

from django.core.management.base import BaseCommand

from members.groups import ensure_office_group, ensure_pole_editors, ensure_review


class Command(BaseCommand):
    help = "Make the groups of the office and of each pole's editors; again after a new pole."

    def handle(self, *args: object, **options: Any) -> None:
        ensure_office_group()
        ensure_review()
        groups = ensure_pole_editors()
        self.stdout.write(f"Desk: the office, {len(groups)} poles with editors, one review.")
