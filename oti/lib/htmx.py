"""Answering htmx with the part that it replaces: the same template partial as in the full page."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers


def render_part(
    request: HttpRequest, template: str, part: str, context: dict[str, Any]
) -> HttpResponse:
    """Render a page, or only its partial `part` when htmx replaces the element of that id.

    Going back in the history asks for the whole page.
    """
    htmx = request.htmx  # type: ignore[attr-defined]
    is_part = htmx and htmx.target == part and not htmx.history_restore_request
    response = render(request, f"{template}#{part}" if is_part else template, context)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response
