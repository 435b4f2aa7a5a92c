"""What is refused before any view."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponseBase

from oti.api import problems

API = "/api/"


class NoNullCharacters:
    """Answer « not found » to an address with a null character: PostgreSQL can't store one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Look at the path and at the query only: forms say it beside their fields."""
        is_in_path = "\0" in request.path_info
        if is_in_path or "%00" in request.META.get("QUERY_STRING", ""):
            if request.path_info.startswith(API):
                return problems.null_character(is_in_path=is_in_path)
            raise Http404
        return self.get_response(request)
