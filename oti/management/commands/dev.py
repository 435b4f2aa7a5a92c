"""`manage.py dev`: everything on one machine from one command, ended together by Ctrl-C."""

import os
import time
from io import StringIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.urls import NoReverseMatch, reverse
from django.utils.translation.reloader import translation_file_changed

from oti.devtools import supervisor
from oti.devtools.catalogues import CatalogueError, compile_catalogues
from oti.devtools.environment import stripe_port, web_port


class Command(BaseCommand):
    help = "Prepare the database and the demo, then run site, worker, clock and the stand-ins."
    requires_system_checks = ()

    def handle(self, *args: object, **options: Any) -> None:
        if not settings.IS_DEV:
            msg = "manage.py dev is for a developer's machine only: OTI_MODE=dev."
            raise CommandError(msg)
        self.begun = time.monotonic()
        self.host = os.environ.get("HOST") or "127.0.0.1"
        self.port = web_port()
        self.reach = self.host if self.host not in {"0.0.0.0", "::"} else "127.0.0.1"  # noqa: S104
        # The stand-in answers exactly where the settings look for Stripe.
        stand_in = f"http://127.0.0.1:{stripe_port()}"
        self.with_stand_in = stand_in == settings.STRIPE_API_BASE
        try:
            with supervisor.only_one(settings.DATA_DIR, f"{settings.BASE_URL}/"):
                code = self._run()
        except (supervisor.SupervisorError, CatalogueError) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            code = 130
        if code:
            raise SystemExit(code)

    def _run(self) -> int:
        supervisor.check_port_is_free(self.host, self.port, use="site", variable="PORT")
        if self.with_stand_in:
            supervisor.check_port_is_free(
                self.host, stripe_port(), use="stand-in for Stripe", variable="STRIPE_PORT"
            )
        self._prepare()
        supervisor.load_everything()
        running = supervisor.Supervisor(self._parts())
        running.start()
        if running.wait_for_port(self.reach, self.port):
            self._tell()
        return running.wait()

    def _prepare(self) -> None:
        if compile_catalogues(settings.LOCALE_PATHS):
            # Some messages may already have been looked up without their catalogue.
            translation_file_changed(None, Path("messages.mo"))
        executor = MigrationExecutor(connection)
        is_behind = bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        if is_behind:
            self.stdout.write("Preparing the database (once, about half a minute)…")
            call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
        call_command("seed_demo", stdout=self.stdout, stderr=self.stderr)
        if is_behind:
            # What a new version brings to the desk is for those who work there, as in production.
            call_command("prepare_desk", stdout=StringIO())

    def _parts(self) -> list[supervisor.Part]:
        parts = [
            supervisor.site(self.host, self.port),
            supervisor.worker(),
            supervisor.beat(settings.DATA_DIR),
        ]
        if self.with_stand_in:
            parts.append(
                supervisor.stand_in_for_stripe(self._stand_in_arguments(), settings.BASE_DIR)
            )
        return parts

    def _stand_in_arguments(self) -> list[str]:
        webhook_url = f"http://{self.reach}:{self.port}{reverse('webhook-stripe')}"
        return [
            *("--host", self.host, "--port", str(stripe_port())),
            *("--public-url", settings.STRIPE_CHECKOUT_ORIGIN),
            *("--webhook-url", webhook_url),
            *("--webhook-secret", settings.STRIPE_WEBHOOK_SECRET),
            *("--state", str(settings.DATA_DIR / "fakestripe.json")),
        ]

    def _tell(self) -> None:
        base = settings.BASE_URL
        places = [("Site", f"{base}/"), ("Office", f"{base}/gestion/"), ("Hosts", f"{base}/pro/")]
        try:
            places.append(("Mailbox", base + reverse("mailbox:list")))
        except NoReverseMatch:
            self.stderr.write("Mails are sent by a real server.")
        if self.with_stand_in:
            places.append(("Stripe", f"{settings.STRIPE_CHECKOUT_ORIGIN}/ (stand-in, test cards)"))
        from oti.demo.accounts import DEMO_ACCOUNTS

        lines = ["", f"Velay, terre de liens: ready in {time.monotonic() - self.begun:.0f} s", ""]
        lines += [f"  {name:<10} {address}" for name, address in places]
        lines += ["", "Demo accounts:"]
        lines += [f"  {role:<10} {email}  {password}" for role, email, password in DEMO_ACCOUNTS]
        lines += ["", "Ctrl-C ends everything."]
        self.stdout.write("\n".join(lines))
        self.stdout.flush()
