"""`manage.py import_communes`: communes, EPCI, poles, sites and stations from their files."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from destination.importers.territory import DATA, load_territory
from oti.lib.dates import today


class Command(BaseCommand):
    help = "Load communes, EPCI, poles, sites and stations; what is there already stays."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--folder", type=Path, default=DATA, help="folder of the files (default: ours)"
        )

    def handle(self, *args: object, **options: Any) -> None:
        folder: Path = options["folder"]
        if not (folder / "communes.csv").is_file():
            msg = f"{folder} holds no communes.csv."
            raise CommandError(msg)
        report = load_territory(today=today(timezone.now()), folder=folder)
        self.stdout.write(
            f"{report.communes} communes, {report.epci} EPCI, {report.sites} sites, "
            f"{report.stations} stations; {report.memberships_added} places in poles added."
        )
        if report.activated:
            self.stdout.write(f"Active perimeter from today on: {report.activated}.")
        for slug in report.skipped:
            self.stderr.write(f"Left out, its commune is unknown: {slug}.")
