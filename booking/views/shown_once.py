"""A secret on its way to the page that shows it once: sealed in the session, gone when shown."""

from __future__ import annotations

from django.http import HttpRequest

from oti.lib.sealing import Unreadable, seal, unseal

SHOWN_ONCE = "shown-once"


def keep_secret(request: HttpRequest, what: str, pk: int, secret: str) -> None:
    """Keep a secret of a row for the next page; an older one that nobody looked at is lost."""
    request.session[SHOWN_ONCE] = [what, pk, seal(secret).decode()]


def take_secret(request: HttpRequest, what: str) -> tuple[int, str] | None:
    """Return the row and the secret that this page is to show, once; None when there is none."""
    kept = request.session.get(SHOWN_ONCE)
    if not kept or kept[0] != what:
        return None
    del request.session[SHOWN_ONCE]
    try:
        return kept[1], unseal(kept[2].encode())
    except Unreadable:
        return None
