"""How the pages of buying answer: go and see, or say why not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from booking.access import open_order_link
from booking.refusals import Refusal, Trouble

View = Callable[..., HttpResponse]


class SeeOther(HttpResponseRedirect):
    """After a form: the next page is asked for with GET, so that a refresh sends nothing."""

    status_code = 303


def see_other(to: str, *args: Any, fragment: str = "") -> SeeOther:
    """Redirect to an address or a named page."""
    return SeeOther(resolve_url(to, *args) + fragment)


def own_address(request: HttpRequest, address: str) -> str:
    """Return an address of this site, "" for any other."""
    is_own = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if is_own else ""


def tell(request: HttpRequest, troubles: Iterable[Trouble]) -> None:
    """Keep troubles for the next page, each message once."""
    for message in dict.fromkeys(one.message for one in troubles):
        messages.error(request, message)


def told_at(page: str) -> Callable[[View], View]:
    """Answer a refusal of a one-button form by its words on `page`."""

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                return view(request, *args, **kwargs)
            except Refusal as refusal:
                tell(request, refusal.troubles)
                return see_other(page)

        return wrapped

    return decorate


def by_link(page: str) -> Callable[[View], View]:
    """Follow the signed link of an order (`?cle=…`), then show `page` at its clean address."""

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, reference: str, **others: str) -> HttpResponse:
            if "cle" not in request.GET:
                return view(request, reference, **others)
            open_order_link(request, reference, request.GET["cle"], now=timezone.now())
            return see_other(page, reference, *others.values())

        return wrapped

    return decorate
