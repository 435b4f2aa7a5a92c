"""What belongs to one thread, kept in the plain way.

Django keeps a thread's language, its connections and its prefix of addresses in `asgiref.Local`,
which also follows a task from thread to thread. Here one thread answers a request from its first
line to its last (gunicorn's `gthread`). Each look there costs two millionths of a second of Python,
and a page looks four hundred times (oti/decisions/0010-speed.md).
"""

from __future__ import annotations

import threading
from typing import Any

from django.core.cache import caches
from django.db import connections
from django.urls import base as addresses
from django.utils import timezone
from django.utils.translation import trans_real

# Where Django keeps it: the owner and its name.
KEPT: tuple[tuple[Any, str], ...] = (
    (trans_real, "_active"),
    (timezone, "_active"),
    (addresses, "_prefixes"),
    (addresses, "_urlconfs"),
    (connections, "_connections"),
    (caches, "_connections"),
)


def use_plain_locals() -> None:
    """Keep all of it in `threading.local`, with what this thread has in it now.

    Only for a site whose views are all synchronous, as those here are.
    """
    names = {"value", *connections, *caches}
    for owner, name in KEPT:
        followed = getattr(owner, name)
        if isinstance(followed, threading.local):
            continue
        plain = threading.local()
        for one in names:
            if hasattr(followed, one):
                setattr(plain, one, getattr(followed, one))
        setattr(owner, name, plain)
