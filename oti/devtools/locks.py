"""What the embedded services and their keeper share: locks, waiting, and who answers.

Standard library only.
"""

import contextlib
import errno
import fcntl
import os
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

DATABASE_NAME = "app"
START_SECONDS = 60.0
STOP_SECONDS = 30.0


class ServicesError(RuntimeError):
    """The embedded services can't run; the message is one line that says what to do."""


@dataclass(frozen=True)
class KeeperPlan:
    """What the keeper is told; it runs without the project's packages."""

    data_dir: str
    run_dir: str
    postgres_bin: str
    valkey: str
    linger: float
    run_lock: int


def wait_until(condition: Callable[[], bool], seconds: float, step: float = 0.02) -> bool:
    """Ask `condition` every `step` seconds; say whether it came true within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(step)
    return True


def open_lock(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except PermissionError as error:
        msg = f"{path.parent} belongs to another user: set OTI_DATA_DIR to a folder of yours."
        raise ServicesError(msg) from error


def try_lock(descriptor: int, kind: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EINTR):
            return False
        raise
    return True


@contextlib.contextmanager
def file_lock(path: Path, seconds: float = START_SECONDS) -> Iterator[None]:
    """Hold the file's lock alone; raise `ServicesError` when it isn't free within `seconds`."""
    descriptor = open_lock(path)
    try:
        if not wait_until(lambda: try_lock(descriptor), seconds):
            msg = f"{path} has been held for {seconds:.0f} s by another process."
            raise ServicesError(msg)
        yield
    finally:
        os.close(descriptor)


def _ask(path: Path, question: bytes, wanted: bytes) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(2)
        try:
            client.connect(str(path))
            client.sendall(question)
            return client.recv(16).startswith(wanted)
        except OSError:
            return False


def both_answer(run_dir: Path) -> bool:
    """Say whether both servers answer; PostgreSQL says N to a wish for encryption."""
    return _ask(run_dir / "valkey.sock", b"PING\r\n", b"+PONG") and _ask(
        run_dir / ".s.PGSQL.5432", b"\x00\x00\x00\x08\x04\xd2\x16\x2f", b"N"
    )
