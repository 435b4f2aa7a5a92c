"""The copy that is measured: services, databases and processes of its own, production settings.

Everything lives in one folder and on free ports of this machine; nothing of the developer's copy
is touched. Databases are made afresh at each run unless they are told to be used again.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from oti.devtools import services
from oti.devtools.bench.letterbox import Letterbox
from oti.devtools.bench.meters import children_of, cpu_ms
from oti.devtools.locks import wait_until

BASE_DIR = Path(__file__).resolve().parents[3]
HOST = "127.0.0.1"
HORIZON_DAYS = 120
ACTIVITIES = 60
TEMPLATE = "bench_template"
START_SECONDS = 60.0
WORKERS = 2
RATES = ("READ", "WRITE", "CHECKOUT", "CODES")


class BenchError(RuntimeError):
    """A scenario can't go on; the message is for people."""


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _let_packages_be_sold() -> None:
    """Give the copy papers that count: production sells no package on those of the demo.

    A lodging and two things to do are one in the sense of the law, and are what is measured.
    """
    from booking.models import Organiser
    from destination.models import LegalText
    from oti.demo.organiser import demo_organiser

    organiser: Organiser = demo_organiser()
    organiser.is_demo = False
    organiser.save()
    LegalText.objects.filter(kind=LegalText.Kind.PACKAGE_FORM).update(is_demo=False)


def say(text: str) -> None:
    """Tell people how far it is; standard output is for the figures."""
    print(text, file=sys.stderr, flush=True)


@dataclass
class Copy:
    """The site on one database, with its worker and the stand-in for the bank."""

    data_dir: Path
    is_reused: bool = False
    size: int = 0
    web: subprocess.Popen[bytes] | None = None
    worker: subprocess.Popen[bytes] | None = None
    bank: subprocess.Popen[bytes] | None = None
    letterbox: Letterbox = field(default_factory=Letterbox)
    port: int = field(default_factory=free_port)
    bank_port: int = field(default_factory=free_port)

    def open(self) -> None:
        """Start the services, set this process's environment, migrate a template."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        urls = services.ensure(self.data_dir)
        self._host = urls.database_url.partition("?host=")[2]
        os.environ.update(self._environment(urls))
        import django

        from oti.devtools.catalogues import compile_catalogues

        compile_catalogues([BASE_DIR / "oti" / "locale"])
        django.setup()
        self._collect_files()
        self._make_template()

    def _environment(self, urls: services.Urls) -> dict[str, str]:
        return {
            "OTI_MODE": "production",
            "OTI_PLAIN_HTTP": "1",
            "OTI_MEASURE": os.environ.get("OTI_MEASURE") or "1",
            "OTI_DATA_DIR": str(self.data_dir),
            "DJANGO_SETTINGS_MODULE": "oti.settings",
            "SECRET_KEY": secrets.token_hex(32),
            "BASE_URL": f"http://{HOST}:{self.port}",
            "ALLOWED_HOSTS": HOST,
            "DATABASE_URL": urls.database_url,
            "REDIS_URL": urls.cache_url,
            "CELERY_BROKER_URL": urls.broker_url,
            "CACHE_PREFIX": f"bench-{secrets.token_hex(4)}",
            "STRIPE_SECRET_KEY": "sk_test_bench",
            "STRIPE_WEBHOOK_SECRET": f"whsec_{secrets.token_hex(16)}",
            "STRIPE_API_BASE": f"http://{HOST}:{self.bank_port}",
            "EMAIL_HOST": HOST,
            "EMAIL_PORT": str(self.letterbox.port),
            "STATIC_ROOT": str(self.data_dir / "static"),
            "SEARCH_HORIZON_DAYS": str(HORIZON_DAYS),
            "LOG_LEVEL": "WARNING",
            # One address does what thousands would.
            "RATE_LIMITS_OFF": "1",
            **dict.fromkeys((f"API_RATE_{name}" for name in RATES), "0"),
        }

    # --- Databases ------------------------------------------------------------------------------
    def _collect_files(self) -> None:
        from django.core.management import call_command

        if self.is_reused and (self.data_dir / "static" / "staticfiles.json").exists():
            return
        say("Collecting static files…")
        call_command("collectstatic", interactive=False, verbosity=0)

    def _make_template(self) -> None:
        from django.core.management import call_command

        if self.is_reused and TEMPLATE in self._databases():
            return
        say("Migrating an empty database…")
        for name in self._databases():
            self._admin(f"DROP DATABASE {name} WITH (FORCE)")
        self._admin(f"CREATE DATABASE {TEMPLATE}")
        self._point_at(TEMPLATE)
        call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
        self._hang_up()

    def use(self, size: int) -> None:
        """Let the site run on a destination of so many lodgings, made now if it isn't there."""
        from django.core.management import call_command

        from oti.demo.scale.rows import run

        if self.size == size and self.web is not None:
            return
        self.stop_site()
        name = f"bench_{size}"
        if name not in self._databases():
            say(f"Loading {size} lodgings…")
            self._hang_up()
            draft = f"{name}_draft"
            self._admin(f"DROP DATABASE IF EXISTS {draft} WITH (FORCE)")
            self._admin(f"CREATE DATABASE {draft} TEMPLATE {TEMPLATE} STRATEGY wal_log")
            self._point_at(draft)
            call_command("load_scale", lodgings=size, activities=ACTIVITIES, stdout=sys.stderr)
            _let_packages_be_sold()
            run("VACUUM ANALYZE")
            self._hang_up()
            self._admin(f"ALTER DATABASE {draft} RENAME TO {name}")
        self._point_at(name)
        if self.is_reused:
            # Made by an older version of the models, perhaps.
            call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
        self.size = size
        self.start_site()

    def _databases(self) -> list[str]:
        rows = self._admin(
            "SELECT datname FROM pg_database WHERE starts_with(datname, 'bench_') ORDER BY 1"
        )
        return [name for (name,) in rows]

    def _admin(self, statement: str) -> list[Any]:
        """Run a statement on the server's own database."""
        import psycopg

        address = f"postgresql://postgres@/postgres?host={self._host}"
        with psycopg.connect(address, autocommit=True) as line:
            cursor = line.execute(statement)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def _point_at(self, name: str) -> None:
        """Make this process and those it will start use a database."""
        from django.db import connection, connections

        self._hang_up()
        connections.databases["default"]["NAME"] = connection.settings_dict["NAME"] = name
        os.environ["DATABASE_URL"] = f"postgresql://postgres@/{name}?host={self._host}"

    def _hang_up(self) -> None:
        from django.db import connections

        connections.close_all()

    # --- Processes ------------------------------------------------------------------------------
    def start_site(self) -> None:
        """Start web, worker and bank, and wait until they answer."""
        self.start_web()
        self.start_worker()
        self.bank = self._start(
            "bank",
            *("-m", "oti.devtools.fakestripe", "--port", str(self.bank_port)),
            *("--webhook-url", f"http://{HOST}:{self.port}/paiement/stripe/"),
            *("--webhook-secret", os.environ["STRIPE_WEBHOOK_SECRET"]),
        )
        self.wait_for(self.bank_port)
        self._tell_bank("POST", "hold", {})

    def start_worker(self) -> None:
        """Start the worker alone."""
        self.worker = self._start(
            "worker",
            *("-m", "celery", "-A", "oti.celery", "worker", "-Q", "default,mail,sync"),
            *("--concurrency", "2", "--loglevel", "WARNING"),
            *("--without-gossip", "--without-mingle"),
        )

    def start_web(self) -> None:
        """Start the web server alone."""
        self.web = self._start(
            "web",
            *("-m", "gunicorn", "oti.wsgi", "--preload", "--workers", str(WORKERS)),
            *("--threads", "4", "--worker-class", "gthread", "--no-control-socket"),
            *("--bind", f"{HOST}:{self.port}", "--log-level", "warning"),
        )
        self.wait_for(self.port)

    def stop_site(self) -> None:
        """End what was started for the site; the services stay."""
        for process in (self.web, self.worker, self.bank):
            if process is not None and process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in (self.web, self.worker, self.bank):
            if process is None:
                continue
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait(5)
        self.web = self.worker = self.bank = None

    def close(self) -> None:
        """End everything."""
        self.stop_site()
        self._hang_up()
        services.detach(self.data_dir)
        services.stop(self.data_dir)
        self.letterbox.shutdown()
        self.letterbox.server_close()

    def _start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.data_dir / "log" / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *arguments],
                cwd=BASE_DIR,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait_for(self, port: int) -> None:
        """Wait until something listens there; raises BenchError."""

        def listens() -> bool:
            with contextlib.suppress(OSError), socket.create_connection((HOST, port), 1):
                return True
            return False

        if not wait_until(listens, START_SECONDS, 0.02):
            msg = f"Nothing answers on port {port}: see {self.data_dir}/log/."
            raise BenchError(msg)

    @property
    def web_workers(self) -> list[int]:
        """Return the processes that answer requests."""
        if self.web is None:
            return []
        return children_of(self.web.pid)

    def cpu_ms(self) -> float:
        """Return the CPU milliseconds of web, worker and PostgreSQL so far."""
        roots = [one.pid for one in (self.web, self.worker) if one is not None]
        postgres = services.status(self.data_dir).postgres_pid
        return cpu_ms([*roots, postgres] if postgres else roots)

    @contextlib.contextmanager
    def quiet(self) -> Iterator[None]:
        """Wait until nothing of the copy works any more, then go on."""
        self.rest()
        yield
        self.rest()

    def rest(self, seconds: float = 30.0) -> None:
        """Wait until web, worker and PostgreSQL are idle."""
        before = self.cpu_ms()
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            time.sleep(0.3)
            after = self.cpu_ms()
            if after - before <= 10:
                return
            before = after

    # --- The bank -------------------------------------------------------------------------------
    def pay(self, session: str) -> None:
        """Type a good card on the bank's page; the site isn't told yet."""
        told = self._tell_bank("POST", "pay", {"session": session, "number": "4242424242424242"})
        if told.get("payment_status") != "paid":
            msg = f"the bank: {told}"
            raise BenchError(msg)

    def tell_site(self) -> None:
        """Send the site the bank's signed messages about pages that were paid, one for each.

        A real endpoint asks for the kinds of messages that it acts on; the stand-in has them all.
        """
        for message in self._tell_bank("GET", "deliveries", None)["data"]:
            if message["type"] != "checkout.session.completed" or message["state"] != "waiting":
                continue
            told = self._tell_bank("POST", "resend", {"event": message["event"]})
            if told["status"] != 200:
                why = f"the site answered {told} to the bank"
                raise BenchError(why)

    def _tell_bank(self, method: str, name: str, body: dict[str, Any] | None) -> dict[str, Any]:
        line = http.client.HTTPConnection(HOST, self.bank_port, timeout=30)
        try:
            line.request(
                method,
                f"/_control/{name}",
                body=None if body is None else json.dumps(body),
                headers={"Content-Type": "application/json"},
            )
            answer = line.getresponse()
            told: dict[str, Any] = json.load(answer)
        finally:
            line.close()
        if answer.status != 200:
            msg = f"the bank: {told}"
            raise BenchError(msg)
        return told
