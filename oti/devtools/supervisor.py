"""The processes of a developer's machine: forked from one warm process, ended together.

The supervisor never owns PostgreSQL and Valkey, which belong to their keeper (`services.py`).
"""

import contextlib
import ctypes
import gc
import os
import signal
import socket
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from django.core.cache import caches
from django.db import connections

from oti.devtools.keeper import PR_SET_PDEATHSIG
from oti.devtools.locks import file_lock, wait_until

ENDING_SECONDS = 8.0
STARTING_SECONDS = 60.0


class SupervisorError(RuntimeError):
    """The processes can't start; the message is for people."""


@dataclass(frozen=True)
class Part:
    """One process to run: its name for messages and its work, which returns an exit code."""

    name: str
    work: Callable[[], int]


class Supervisor:
    """Forks the parts, waits, and ends all of them when one ends or when it is asked to stop."""

    def __init__(self, parts: list[Part]) -> None:
        self.parts = parts
        self.living: dict[int, Part] = {}
        self.stop_wanted = False

    def start(self) -> None:
        """Fork one process for each part; each leads a process group of its own."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._wish_to_stop)
        # Children share this process's memory and must not share its connections.
        connections.close_all()
        caches.close_all()
        gc.collect()
        gc.freeze()
        sys.stdout.flush()
        sys.stderr.flush()
        for part in self.parts:
            self._fork(part)

    def wait_for_port(self, host: str, port: int) -> bool:
        """Wait until something listens there; say no when a part ended or a stop was asked."""

        def reached_or_over() -> bool:
            return self.stop_wanted or self._dead() is not None or _listens(host, port)

        return wait_until(reached_or_over, STARTING_SECONDS, 0.1) and _listens(host, port)

    def wait(self) -> int:
        """Wait until a part ends or a stop is asked, end the rest, return the exit code."""
        over: tuple[Part, int] | None = None
        try:
            while not self.stop_wanted and over is None:
                over = self._dead()
                if over is None:
                    time.sleep(0.2)
        finally:
            self._end_all()
        if over is None:
            return 0
        part, code = over
        sys.stderr.write(f"{part.name} ended with code {code}: the rest was stopped.\n")
        return code or 1

    def _wish_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stop_wanted = True

    def _fork(self, part: Part) -> None:
        parent = os.getpid()
        pid = os.fork()
        if pid:
            self.living[pid] = part
            return
        code = 1
        try:
            _settle_child(parent)
            code = part.work()
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else int(bool(error.code))
        except BaseException:
            traceback.print_exc()
        finally:
            with contextlib.suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)

    def _dead(self) -> tuple[Part, int] | None:
        for pid in list(self.living):
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                code = os.waitstatus_to_exitcode(status)
                # What the process left behind ends with it.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGTERM)
                return self.living.pop(pid), code if code >= 0 else 128 - code
        return None

    def _end_all(self) -> None:
        for pid in self.living:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        groups = list(self.living)

        def all_ended() -> bool:
            while self._dead() is not None:
                pass
            return not self.living

        if not wait_until(all_ended, ENDING_SECONDS, 0.05):
            for part in self.living.values():
                sys.stderr.write(f"{part.name} does not end: killed.\n")
        for group in groups:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        wait_until(all_ended, ENDING_SECONDS, 0.05)


def _settle_child(parent: int) -> None:
    """Make the forked process its own: group, signals, input, and an end when its parent dies."""
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
    quiet = os.open(os.devnull, os.O_RDONLY)
    os.dup2(quiet, 0)
    os.close(quiet)


def _listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


# --- Before anything starts ---------------------------------------------------------------------
@contextlib.contextmanager
def only_one(data_dir: Path, address: str) -> Iterator[None]:
    """Hold the folder's lock for as long as the platform runs; refuse to run it twice."""
    data_dir.mkdir(parents=True, exist_ok=True)
    path = data_dir / "dev.lock"
    told = data_dir / "dev.running"
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(file_lock(path, seconds=0.5))
        except RuntimeError as error:
            where = told.read_text().strip() if told.exists() else "unknown address"
            msg = (
                f"The platform already runs from this folder ({where}). Stop it there with "
                "Ctrl-C, or run a second one with its own data: "
                "OTI_DATA_DIR=.data2 PORT=8100 make run"
            )
            raise SupervisorError(msg) from error
        told.write_text(f"{address}, process {os.getpid()}\n")
        try:
            yield
        finally:
            told.unlink(missing_ok=True)


def check_port_is_free(host: str, port: int, *, use: str, variable: str) -> None:
    """Raise `SupervisorError` when another program holds the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            msg = (
                f"Port {port} ({use}) can't be used: {error.strerror}. "
                f"Choose another one: {variable}={port + 1} make run"
            )
            raise SupervisorError(msg) from error


# --- The parts ------------------------------------------------------------------------------------
def site(host: str, port: int) -> Part:
    """Return the web server: two preloaded workers with four threads each."""

    def work() -> int:
        from gunicorn.app.base import BaseApplication

        class Site(BaseApplication):  # type: ignore[misc]
            def load_config(self) -> None:
                chosen = {
                    "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
                    "workers": 2,
                    "threads": 4,
                    "worker_class": "gthread",
                    "preload_app": True,
                    "graceful_timeout": 3,
                    "timeout": 60,
                    "loglevel": "warning",
                    "control_socket_disable": True,
                    "proc_name": "velay",
                }
                for name, value in chosen.items():
                    self.cfg.set(name, value)

            def load(self) -> object:
                from oti.wsgi import application

                return application

        Site().run()
        return 0

    return Part("site", work)


def worker() -> Part:
    """Return Celery's worker: three queues, two threads in one process."""

    def work() -> int:
        from celery.exceptions import SecurityWarning

        from oti.celery import app

        # A container's only user is often root; tasks are our own code.
        warnings.simplefilter("ignore", SecurityWarning)
        celery_worker = app.Worker(
            hostname="velay@%h",
            queues=["default", "mail", "sync"],
            pool="threads",
            concurrency=2,
            loglevel="WARNING",
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )
        celery_worker.start()
        return int(celery_worker.exitcode or 0)

    return Part("worker", work)


def beat(data_dir: Path) -> Part:
    """Return Celery's clock; what it did last is remembered in the data folder."""

    def work() -> int:
        from oti.celery import app

        app.Beat(schedule=str(data_dir / "beat"), loglevel="WARNING", quiet=True).run()
        return 0

    return Part("beat", work)


def stand_in_for_stripe(arguments: list[str], base_dir: Path) -> Part:
    """Return the stand-in for Stripe, a program of its own that knows nothing of the project."""

    def work() -> int:
        os.chdir(base_dir)
        program = [sys.executable, "-m", "oti.devtools.fakestripe", *arguments]
        os.execv(sys.executable, program)
        return 1

    return Part("stand-in for Stripe", work)


def load_everything() -> None:
    """Import what the parts need before they are forked, once for all of them."""
    from django.urls import get_resolver

    import oti.wsgi
    from oti.celery import app

    app.loader.import_default_modules()
    _ = get_resolver().url_patterns, oti.wsgi.application
