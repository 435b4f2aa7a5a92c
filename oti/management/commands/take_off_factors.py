"""`manage.py take_off_factors`: the lost phone of the only administrator."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from booking.lost_factors import take_off_factors
from booking.refusals import Refusal
from members.journal import SYSTEM
from members.models import User


class Command(BaseCommand):
    help = "Take the second proof off an account that nobody at the desk can help with."

    def add_arguments(self, parser: CommandParser) -> None:
        """Say whose, and why."""
        parser.add_argument("email")
        parser.add_argument("--reason", required=True, help="kept in the journal")

    def handle(self, *args: object, **options: Any) -> None:
        person = User.objects.filter(email=options["email"].strip().lower()).first()
        if person is None:
            msg = f"No account has the address {options['email']}."
            raise CommandError(msg)
        try:
            take_off_factors(person, reason=options["reason"], actor=SYSTEM, now=timezone.now())
        except Refusal as refusal:
            raise CommandError(" ".join(str(one.message) for one in refusal.troubles)) from refusal
        self.stdout.write(f"{person.email} signs in with one proof, and is asked for a new second.")
