"""How much one address may ask for, and how long a body may be: refused before any work is done.

The proxy has limits of its own; these hold behind it and without it. They count in the cache, so
that every web process counts together, and let everybody through while the cache is away: a shop
that sells to too many is better than one that sells to nobody (core.md 16).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import cache
from io import BytesIO
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import get_language_from_request, override
from django.utils.translation import gettext as _

from oti.lib.clients import client_network, count

logger = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponseBase]

# Whoever watches must always be answered; the bank and the carrier of mails sign their messages and
# have a limit of their own.
HEALTH = "/sante/"
BANK = "/paiement/stripe/"
CARRIER = "/courrier/retours/"
API = "/api/"
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


class RateLimit:
    """Answer 429 to an address that asks more than `RATE_LIMITS` says, in fixed windows.

    `RATE_LIMITS` maps a class of requests to (requests, seconds): `all`, `write` (whatever isn't
    a read) and `bank`. One round trip to the cache for each request, none when it is empty.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Count, then go on or refuse with the seconds to wait."""
        wait = self._seconds_to_wait(request)
        if not wait:
            return self.get_response(request)
        response = _refusal(request, status=429, code="too_many_requests")
        response["Retry-After"] = str(wait)
        return response

    def _seconds_to_wait(self, request: HttpRequest) -> int:
        limits = settings.RATE_LIMITS
        classes = [name for name in classes_of(request) if name in limits]
        if not classes:
            return 0
        who, now = client_network(request), time.time()
        keys = [f"limit:{name}:{int(now // limits[name][1])}:{who}" for name in classes]
        longest = max(limits[name][1] for name in classes)
        wait = 0
        for name, counted in zip(classes, count(keys, longest), strict=True):
            allowed, seconds = limits[name]
            if counted > allowed:
                wait = max(wait, int(seconds - now % seconds) + 1)
            if counted == allowed + 1:
                # Once in a window: a flood must not become one of the log.
                logger.warning("%s asks too much (%s: %d in %d s)", who, name, allowed, seconds)
        return wait


class BodyLimit:
    """Answer 413 to a body longer than `BODY_LIMITS` allows at that address, without reading it.

    The first prefix that matches decides. A body that doesn't tell its length is read up to the
    limit, then handed on as if it had told it.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Look at the announced length, or count an unannounced one."""
        longest = next(
            size for prefix, size in settings.BODY_LIMITS if request.path_info.startswith(prefix)
        )
        if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
            try:
                is_too_long = not _take_unannounced(request, longest)
            except OSError:
                # Cut short, or its pieces are no pieces: nobody may be left to read this.
                return HttpResponse(status=400)
        else:
            told = request.META.get("CONTENT_LENGTH") or "0"
            is_too_long = told.isdecimal() and (len(told) > 15 or int(told) > longest)
        if is_too_long:
            return _refusal(request, status=413, code="too_large")
        return self.get_response(request)


def classes_of(request: HttpRequest) -> list[str]:
    """Return the classes of requests that this one counts in."""
    path = request.path_info
    if path == HEALTH:
        return []
    if path in {BANK, CARRIER}:
        return ["bank"]
    return ["all"] if request.method in SAFE_METHODS else ["all", "write"]


def _take_unannounced(request: HttpRequest, longest: int) -> bool:
    """Read a chunked body; tell whether it fits."""
    body = request.META["wsgi.input"].read(longest + 1)
    if len(body) > longest:
        return False
    request.META["CONTENT_LENGTH"] = str(len(body))
    stream: Any = BytesIO(body)
    # Django made its reader before it could know the length.
    request.META["wsgi.input"] = request._stream = stream
    return True


def _refusal(request: HttpRequest, *, status: int, code: str) -> HttpResponse:
    """Say it in the form that was asked for; the page needs neither database nor session."""
    if request.path_info.startswith(API):
        # Nobody has chosen the language yet: the thread still has that of the request before.
        with override(get_language_from_request(request)):
            words = {
                "too_many_requests": _("Too many requests: wait, then try again."),
                "too_large": _("What was sent is too long."),
            }
        problem = {"code": code, "message": words[code]}
        response: HttpResponse = JsonResponse({"problems": [problem]}, status=status)
    else:
        response = HttpResponse(_page(code), status=status)
    response["Cache-Control"] = "no-store"
    return response


@cache
def _page(code: str) -> str:
    """Return a page that says the same to everybody: a flood must not cost its rendering."""
    return render_to_string(f"errors/{code}.html")
