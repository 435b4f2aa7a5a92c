"""What can't be read at all: answered in our words, like an address that leads nowhere."""

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that Django refused to read (too many fields, a broken upload)."""
    if isinstance(exception, DisallowedHost):
        # Nobody's browser asks that: no page, whose links would carry the forged host.
        return HttpResponse("400", status=400, content_type="text/plain")
    return render(request, "errors/400.html", status=400)
