"""Words that only this installation reads: sealed before they are stored, opened when shown.

For what the law protects most (health, who fetches a child): whoever steals a copy of the database
reads nothing without the key, which lives in the environment.
"""

from __future__ import annotations

import base64
import os
import struct
from functools import cache
from typing import IO

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

# A file that is sealed in pieces begins so; one that is sealed whole begins as its cipher does.
IN_PIECES = b"pieces 1\n"
PIECE_BYTES = 1_000_000
# What is sealed is longer by a third and some signs.
MOST_SEALED = 2 * PIECE_BYTES
NAME_BYTES = 16
PLACE, LENGTH = ">Q?", ">I"
HEAD_BYTES = NAME_BYTES + struct.calcsize(PLACE)


class Unreadable(Exception):
    """It was sealed with a key that this installation no longer has, or was altered."""


def seal(text: str) -> bytes:
    """Return a text sealed with the first of SEALING_KEYS (AES-128-CBC and HMAC-SHA-256)."""
    return _box(tuple(settings.SEALING_KEYS)).encrypt(text.encode())


def seal_bytes(content: bytes) -> bytes:
    """Return a file sealed as `seal` does."""
    return _box(tuple(settings.SEALING_KEYS)).encrypt(content)


def unseal_bytes(sealed: bytes) -> bytes:
    """Return the file that was sealed with any of SEALING_KEYS; raises Unreadable."""
    try:
        return _box(tuple(settings.SEALING_KEYS)).decrypt(sealed)
    except InvalidToken as error:
        raise Unreadable from error


def unseal(sealed: bytes | memoryview) -> str:
    """Return the text that was sealed with any of SEALING_KEYS; raises Unreadable."""
    try:
        return _box(tuple(settings.SEALING_KEYS)).decrypt(bytes(sealed)).decode()
    except InvalidToken as error:
        raise Unreadable from error


def seal_stream(source: IO[bytes], target: IO[bytes]) -> None:
    """Seal a file of any length, a piece at a time.

    Each piece says of which file it is, its place and whether it is the last: none can be left
    out, moved or taken from elsewhere unseen.
    """
    box = _box(tuple(settings.SEALING_KEYS))
    target.write(IN_PIECES)
    name = os.urandom(NAME_BYTES)
    piece, place = source.read(PIECE_BYTES), 0
    while True:
        following = source.read(PIECE_BYTES)
        head = name + struct.pack(PLACE, place, not following)
        sealed = box.encrypt(head + piece)
        target.write(struct.pack(LENGTH, len(sealed)) + sealed)
        if not following:
            return
        piece, place = following, place + 1


def unseal_stream(source: IO[bytes], target: IO[bytes]) -> None:
    """Write out what `seal_stream` or `seal_bytes` sealed. Raises Unreadable: use nothing then."""
    if source.read(len(IN_PIECES)) != IN_PIECES:
        source.seek(0)
        target.write(unseal_bytes(source.read()))
        return
    name, place, is_last = b"", 0, False
    while not is_last:
        content = unseal_bytes(_piece(source))
        head = content[:HEAD_BYTES]
        if len(head) < HEAD_BYTES:
            raise Unreadable
        found, is_last = struct.unpack(PLACE, head[NAME_BYTES:])
        name = name or head[:NAME_BYTES]
        if found != place or head[:NAME_BYTES] != name:
            raise Unreadable
        target.write(content[len(head) :])
        place += 1
    if source.read(1):
        raise Unreadable


def _piece(source: IO[bytes]) -> bytes:
    size = source.read(struct.calcsize(LENGTH))
    if len(size) != struct.calcsize(LENGTH):
        raise Unreadable
    (length,) = struct.unpack(LENGTH, size)
    if length > MOST_SEALED:
        raise Unreadable
    return source.read(length)


@cache
def _box(keys: tuple[str, ...]) -> MultiFernet:
    # Any long text serves as a key: it is drawn out to the length that the cipher wants.
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_drawn(key))) for key in keys])


def _drawn(key: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"sealing").derive(key.encode())
