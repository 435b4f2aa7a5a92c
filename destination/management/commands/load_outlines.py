"""`manage.py load_outlines`: outlines of communes (GeoJSON) and walks (GPX) for the map."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from destination.importers.outlines import OutlinesRefused, load_outlines


class Command(BaseCommand):
    help = "Load outlines of communes (GeoJSON, by INSEE code) or a walk (GPX) for the map."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, help="GeoJSON or GPX files")
        parser.add_argument("--name", default="", help="name of the walk, if the file has none")

    def handle(self, *args: object, **options: Any) -> None:
        for path in options["files"]:
            try:
                report = load_outlines(path, name=options["name"])
            except OSError as error:
                msg = f"{path}: {error.strerror}"
                raise CommandError(msg) from error
            except OutlinesRefused as error:
                msg = f"{path}: {error}"
                raise CommandError(msg) from error
            if report.trail is not None:
                self.stdout.write(f"{report.trail}, {report.trail.length_metres / 1000:.1f} km.")
                continue
            self.stdout.write(f"{report.communes} outlines of communes.")
            if report.unknown:
                self.stderr.write(f"Left out, no commune of ours: {len(report.unknown)}.")
