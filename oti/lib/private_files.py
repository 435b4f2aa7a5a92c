"""Files that nobody reads by an address: sealed, outside the public media, known by a key.

A key is made by chance and never written again: what a row speaks of can't change under it.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from django.conf import settings

from oti.lib.codes import secret_token
from oti.lib.sealing import Unreadable, seal_bytes, seal_stream, unseal_bytes, unseal_stream

KEY = re.compile(r"[A-Za-z0-9_-]{32}")


def keep_file(content: bytes) -> str:
    """Store a file, sealed; returns its key. It is whole when this returns."""
    return _keep(lambda file: file.write(seal_bytes(content)))


def keep_stream(source: IO[bytes]) -> str:
    """Store a file of any length as `keep_file` does, a piece in memory at a time."""
    return _keep(lambda file: seal_stream(source, file))


def read_file(key: str) -> bytes:
    """Return a file; raises Unreadable for one that is gone or can't be opened."""
    try:
        return unseal_bytes(_place(key).read_bytes())
    except OSError as error:
        raise Unreadable from error


def open_file(key: str) -> IO[bytes]:
    """Return a file to be read from its beginning, on disk under no name until it is closed.

    Raises Unreadable as `read_file`, before anything of it is given.
    """
    opened = TemporaryFile()  # noqa: SIM115 - whoever reads it closes it
    try:
        with _place(key).open("rb") as sealed:
            unseal_stream(sealed, opened)
        opened.seek(0)
    except OSError as error:
        opened.close()
        raise Unreadable from error
    except Unreadable:
        opened.close()
        raise
    return opened


def is_kept(key: str) -> bool:
    """Tell whether there is such a file, without opening it."""
    try:
        return _place(key).is_file()
    except (OSError, Unreadable):
        return False


def _keep(write: Callable[[IO[bytes]], object]) -> str:
    key = secret_token()
    place = _place(key)
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = place.with_suffix(".part")
    with part.open("wb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())
    part.chmod(0o600)
    part.replace(place)
    return key


def drop_file(key: str) -> None:
    """Delete a file; one that is gone is no fault."""
    with contextlib.suppress(OSError):
        _place(key).unlink()


def keys_older_than(moment: datetime) -> Iterator[str]:
    """Give the keys of the files that were written before a moment, parts of files as well."""
    root = Path(settings.PRIVATE_ROOT)
    for place in root.glob("??/*"):
        with contextlib.suppress(OSError):
            if place.is_file() and place.stat().st_mtime < moment.timestamp():
                yield place.name


def drop_leftover(name: str) -> None:
    """Delete a file by its name, a part of one that was never whole too."""
    key, _dot, part = name.partition(".")
    with contextlib.suppress(OSError):
        _place(key).with_suffix(f".{part}" if part else "").unlink()


def _place(key: str) -> Path:
    if not KEY.fullmatch(key):
        raise Unreadable
    # Some hundred files a folder, however many there are.
    return Path(settings.PRIVATE_ROOT) / key[:2] / key
