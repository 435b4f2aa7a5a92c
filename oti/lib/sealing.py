"""Words that only this installation reads: sealed before they are stored, opened when shown.

For what the law protects most (health, who fetches a child): whoever steals a copy of the database
reads nothing without the key, which lives in the environment.
"""

from __future__ import annotations

import base64
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


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


@cache
def _box(keys: tuple[str, ...]) -> MultiFernet:
    # Any long text serves as a key: it is drawn out to the length that the cipher wants.
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_drawn(key))) for key in keys])


def _drawn(key: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"sealing").derive(key.encode())
