"""`manage.py seed_demo`: the demonstration destination, once; later only its dates go on."""

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from booking.house_months import keep_house_months
from booking.relations.customers import identify_orders
from booking.relations.past_stays import keep_past_stays
from oti.demo.accounts import DEMO_ACCOUNTS
from oti.demo.ambassadors import add_friend_to_come
from oti.demo.full_dates import add_full_dates
from oti.demo.loading import load_demo

__all__ = ["DEMO_ACCOUNTS", "Command"]


class Command(BaseCommand):
    help = "Load the demo destination, or extend its dates to today's; never in production."
    requires_system_checks = []

    def handle(self, *args: object, **options: Any) -> None:
        if settings.IS_PRODUCTION:
            msg = "The demo and its accounts never exist in production."
            raise CommandError(msg)
        begun = time.monotonic()
        now = timezone.now()
        report = load_demo(now=now)
        if report.is_unchanged:
            self.stdout.write("Demo: up to date.")
            return
        # What hosts' figures are compared with, and who the guests were: counted by the clock
        # otherwise.
        keep_house_months(now=now)
        add_friend_to_come(now=now)
        add_full_dates(now=now)
        identify_orders(now=now)
        keep_past_stays(now=now)
        self.stdout.write(
            f"Demo: {report.providers} providers, {report.offers} offers, {report.units} units, "
            f"{report.nights_taken} stays taken, {report.slots} slots, {report.events} events, "
            f"{report.sessions} sessions, {report.accounts} accounts, {report.pages} pages added "
            f"in {time.monotonic() - begun:.1f} s."
        )
