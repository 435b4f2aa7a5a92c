"""`manage.py shape`: production as it is deployed, on this machine and without containers.

Two web processes, worker, clock, a stand-in for the bank, and nginx before them where it is
installed; on the embedded services and the demo. Kill one: the others go on.
"""

import os
import signal
import sys
import time
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from oti.devtools import production_shape as shape
from oti.devtools.catalogues import compile_catalogues
from oti.devtools.environment import web_port
from oti.devtools.supervisor import SupervisorError, check_port_is_free


class Command(BaseCommand):
    help = "Run the real shape by hand: nginx (if installed), two webs, worker, beat, a bank."
    requires_system_checks = ()

    def handle(self, *args: object, **options: Any) -> None:
        if not settings.IS_DEV:
            msg = "manage.py shape tries production on a developer's machine: OTI_MODE=dev."
            raise CommandError(msg)
        self.port = web_port()
        self.ports = {"web1": self.port + 1, "web2": self.port + 2}
        self.bank_port = self.port + 10
        try:
            for port in (self.port, *self.ports.values(), self.bank_port):
                check_port_is_free("127.0.0.1", port, use="shape", variable="PORT")
        except SupervisorError as error:
            raise CommandError(str(error)) from error
        compile_catalogues(settings.LOCALE_PATHS)
        call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
        call_command("seed_demo", stdout=self.stdout, stderr=self.stderr)
        self.stop_wanted = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._wish_to_stop)
        running = self._shape()
        try:
            self._start(running)
            self._watch(running)
        except RuntimeError as error:
            raise CommandError(str(error)) from error
        finally:
            running.stop()

    def _wish_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stop_wanted = True

    def _shape(self) -> shape.Shape:
        folder = settings.DATA_DIR / "shape"
        nginx = shape.nginx_version()
        front = self.port if nginx else self.ports["web1"]
        more = {} if nginx is None else {"TRUSTED_PROXIES": "1"}
        if "EMAIL_HOST" in os.environ:
            more["EMAIL_HOST"] = os.environ["EMAIL_HOST"]
        self.address = f"http://localhost:{front}"
        environment = shape.production_environment(
            shape.Services(settings.DATABASE_URL, settings.REDIS_URL, settings.BROKER_URL),
            base_url=self.address,
            data_dir=folder,
            static_root=shape.collect_static(folder),
            MEDIA_ROOT=str(settings.MEDIA_ROOT),
            STRIPE_API_BASE=f"http://127.0.0.1:{self.bank_port}",
            STRIPE_CHECKOUT_ORIGIN=f"http://localhost:{self.bank_port}",
            # What the pages keep of another shape's cache is not theirs.
            CACHE_PREFIX="shape",
            **more,
        )
        self.front, self.nginx = front, nginx
        return shape.Shape(environment, folder / "log")

    def _start(self, running: shape.Shape) -> None:
        folder = settings.DATA_DIR / "shape"
        running.start(
            "bank",
            [
                *(sys.executable, "-m", "oti.devtools.fakestripe", "--port", str(self.bank_port)),
                *("--public-url", f"http://localhost:{self.bank_port}"),
                *("--webhook-url", f"http://127.0.0.1:{self.front}/paiement/stripe/"),
                *("--webhook-secret", running.environment["STRIPE_WEBHOOK_SECRET"]),
            ],
        )
        for name, port in self.ports.items():
            running.start(name, shape.web_command(f"127.0.0.1:{port}"))
        running.start("worker", shape.worker_command())
        running.start("beat", shape.beat_command(str(folder / "beat")))
        if self.nginx is not None:
            conf = shape.write_proxy_configuration(
                folder / "nginx",
                port=self.port,
                webs={name: f"127.0.0.1:{port}" for name, port in self.ports.items()},
                media=settings.MEDIA_ROOT,
                version=self.nginx,
            )
            running.start("proxy", ["nginx", "-p", str(folder / "nginx"), "-c", str(conf)])
        for name, port in self.ports.items():
            running.wait_until_healthy(name, port, f"localhost:{self.front}")
        self._tell(running)

    def _tell(self, running: shape.Shape) -> None:
        lines = [f"The real shape runs: {self.address}/", ""]
        lines += [f"  {name:<8} process {one.pid}" for name, one in running.processes.items()]
        if self.nginx is None:
            others = ", ".join(f"http://localhost:{port}/" for port in self.ports.values())
            lines += ["", f"No nginx on this machine: the web processes are {others}."]
        lines += ["", f"Logs: {running.log_dir}", "Ctrl-C ends everything."]
        self.stdout.write("\n".join(lines))
        self.stdout.flush()

    def _watch(self, running: shape.Shape) -> None:
        """Say who has ended; the rest goes on until somebody asks to stop."""
        told: set[str] = set()
        while not self.stop_wanted and len(told) < len(running.processes):
            for name in set(running.ended()) - told:
                told.add(name)
                self.stdout.write(f"{name} has ended; the others go on.")
                self.stdout.flush()
            time.sleep(0.2)
