"""Answering htmx with the part that it replaces: the same template partial as in the full page."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers


def replaces(request: HttpRequest, part: str) -> bool:
    """Tell whether htmx asks for the element `part` alone; going back asks for the whole page."""
    htmx = request.htmx  # type: ignore[attr-defined]
    return bool(htmx) and htmx.target == part and not htmx.history_restore_request


def render_part(
    request: HttpRequest, template: str, part: str, context: dict[str, Any]
) -> HttpResponse:
    """Render a page, or only its partial `part` when htmx replaces the element of that id."""
    name = f"{template}#{part}" if replaces(request, part) else template
    response = render(request, name, context)
    patch_vary_headers(response, ["HX-Request", "HX-Target", "HX-History-Restore-Request"])
    return response
