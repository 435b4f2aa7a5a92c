"""What is refused before any view, and the words of a refusal that has none."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render


class NoNullCharacters:
    """Answer « not found » to an address with a null character: PostgreSQL can't store one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Look at the path and at the query only: forms say it beside their fields."""
        if "%00" in request.META.get("QUERY_STRING", "") or "\0" in request.path_info:
            raise Http404
        return self.get_response(request)


class SpokenRefusals:
    """Give a page to whoever opens the address of a form: Django's own 405 is blank.

    Only for a browser that asks for a page; programs and htmx get the bare status.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Keep the status and the methods that are allowed."""
        response = self.get_response(request)
        if response.status_code != 405 or "text/html" not in request.headers.get("Accept", ""):
            return response
        page = render(request, "errors/405.html", status=405)
        page["Allow"] = response.get("Allow", "")
        return page
