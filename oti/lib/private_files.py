"""Files that nobody reads by an address: sealed, outside the public media, known by a key.

A key is made by chance and never written again: what a row speaks of can't change under it.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.conf import settings

from oti.lib.codes import secret_token
from oti.lib.sealing import Unreadable, seal_bytes, unseal_bytes

KEY = re.compile(r"[A-Za-z0-9_-]{32}")


def keep_file(content: bytes) -> str:
    """Store a file, sealed; returns its key. It is whole when this returns."""
    key = secret_token()
    place = _place(key)
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = place.with_suffix(".part")
    with part.open("wb") as file:
        file.write(seal_bytes(content))
        file.flush()
        os.fsync(file.fileno())
    part.chmod(0o600)
    part.replace(place)
    return key


def read_file(key: str) -> bytes:
    """Return a file; raises Unreadable for one that is gone or can't be opened."""
    try:
        return unseal_bytes(_place(key).read_bytes())
    except OSError as error:
        raise Unreadable from error


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
