"""`manage.py load_scale`: a large invented destination, to measure on."""

import argparse
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from oti.demo.scale.ground import Scale, ScaleError
from oti.demo.scale.loading import is_empty, load_scale


class Command(BaseCommand):
    help = (
        "Load a large invented destination, once for a database. In production on a site that "
        "sells something it asks for --yes."
    )
    requires_system_checks = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--lodgings", type=int, required=True, help="units sold by the night")
        parser.add_argument("--activities", type=int, default=100, help="offers sold by places")
        parser.add_argument(
            "--horizon",
            type=int,
            default=settings.SEARCH_HORIZON_DAYS,
            help="days of calendar from today on (default: %(default)s)",
        )
        parser.add_argument(
            "--sold-share", type=float, default=0.5, help="weeks already taken, 0 to 0.95"
        )
        parser.add_argument("--seed", type=int, default=1, help="another seed, another destination")
        parser.add_argument(
            "--yes", action="store_true", help="in production, beside what is already sold"
        )

    def handle(self, *args: object, **options: Any) -> None:
        if settings.IS_PRODUCTION and not options["yes"] and not is_empty():
            msg = (
                "This site sells already: invented offers would stand among the real ones (--yes)."
            )
            raise CommandError(msg)
        begun = time.monotonic()
        scale = Scale(
            lodgings=options["lodgings"],
            activities=options["activities"],
            horizon=options["horizon"],
            sold_share=options["sold_share"],
            seed=options["seed"],
        )
        try:
            report = load_scale(scale, now=timezone.now())
        except ScaleError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"Scale: {report.providers} providers, {report.offers} offers, {report.units} units, "
            f"{report.nights} nights in the search table, {report.stays} stays taken, "
            f"{report.slots} slots in {time.monotonic() - begun:.1f} s."
        )
