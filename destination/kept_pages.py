"""Pages that everybody sees alike, kept whole by a process while nothing that they show changes.

Only for who comes without a cookie of ours: no session, no stay, no message. What a page shows of
the catalogue may be REMEMBER_SECONDS old; it ends at once when somebody writes at the desk.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language

from oti.lib.memo import Kept

MOST = 64
# As Django's own middleware reads it.
ACCEPTS_GZIP = re.compile(r"\bgzip\b")
# A form that is sent carries one visitor's own.
TOKEN = b"csrfmiddlewaretoken"
# Those that change nothing on a page.
HARMLESS = frozenset({settings.CSRF_COOKIE_NAME, settings.LANGUAGE_COOKIE_NAME})


class Whole(NamedTuple):
    """A page as it is sent."""

    content: bytes
    content_type: str
    # The same in a fifth of the bytes: made once, and there is nothing secret in it.
    packed: bytes


_pages: Kept[Whole] = Kept(MOST)


def shown(request: HttpRequest, read: Callable[[], HttpResponse]) -> HttpResponse:
    """Return a page as it is kept, or read it and keep it where everybody sees it alike."""
    if not _is_for_everybody(request):
        return read()
    key = (request.get_host(), request.is_secure(), request.path, get_language())
    for whole in _pages.get([key]).values():
        return _answer(request, whole)
    begun = _pages.generation
    response = read()
    render = getattr(response, "render", None)
    if render is not None:
        response = render()
    if response.status_code == 200 and TOKEN not in response.content and not response.cookies:
        content = response.content
        whole = Whole(content, response["Content-Type"], gzip.compress(content, mtime=0))
        _pages.put({key: whole}, begun=begun)
        return _answer(request, whole)
    return response


def forget() -> None:
    """Forget every page of this process."""
    _pages.clear()


def _answer(request: HttpRequest, whole: Whole) -> HttpResponse:
    is_packed = ACCEPTS_GZIP.search(request.headers.get("Accept-Encoding", "")) is not None
    content = whole.packed if is_packed else whole.content
    response = HttpResponse(content, content_type=whole.content_type)
    if is_packed:
        response["Content-Encoding"] = "gzip"
    patch_vary_headers(response, ["Cookie", "Accept-Encoding"])
    return response


def _is_for_everybody(request: HttpRequest) -> bool:
    return (
        settings.REMEMBER_SECONDS > 0
        and request.method == "GET"
        and not request.META.get("QUERY_STRING")
        and set(request.COOKIES) <= HARMLESS
    )
