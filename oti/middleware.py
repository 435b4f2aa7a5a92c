"""What is refused before any view, and what every answer or bare refusal says to the browser."""

from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.utils.cache import add_never_cache_headers
from django.utils.translation import activate, get_language

from booking.refusals import Busy
from members.access import former_houses
from oti.api import problems
from oti.lib import generation

API = "/api/"
# The parameter of links to the accounts, whose addresses have no language.
ACCOUNTS = "/compte/"
# What sets second factors up, below it.
FACTORS = f"{ACCOUNTS}2fa/"
SAID = "langue"
# Behind it nothing is looked for: a query of thousands of parameters is refused by whom it asks.
LONGEST_QUERY = 200
HOSTS = "/pro/"
# Addresses that any word fits.
OFFICES_PAGES = frozenset({"destination:page", "wagtail_serve"})


class BrowserPolicies:
    """Close what no page of ours uses, and give the desk the policy that Wagtail needs.

    Beside Django's own headers and django-csp's for the public pages; a header that a view has
    set itself stays.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.permissions = ", ".join(f"{name}=()" for name in settings.CLOSED_PERMISSIONS)
        # From the function that writes the public one, so that both are written alike.
        self.desk_policy = build_policy(config=settings.DESK_CONTENT_SECURITY_POLICY)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Add the headers on the way out."""
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", self.permissions)
        if request.path_info.startswith(settings.DESK_PREFIX):
            response.headers.setdefault("Content-Security-Policy", self.desk_policy)
        if request.path_info.startswith(FACTORS):
            # The key of an app stands there: no browser keeps the page.
            add_never_cache_headers(response)
        return response


class PublicPolicy(CSPMiddleware):
    """Django-csp's, which writes the same policy anew for each answer: written once here.

    A view that asks for another one, or for a nonce, still gets it written for itself.
    """

    def __init__(self, get_response: Any) -> None:
        super().__init__(get_response)
        self._written: tuple[Any, str] = (None, "")
        self.prefixes = tuple(settings.CONTENT_SECURITY_POLICY["EXCLUDE_URL_PREFIXES"])

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Add the policy where none is."""
        is_usual = not any(name.startswith("_csp") for name in vars(response))
        if not is_usual or hasattr(request, "_csp_nonce") or settings.DEBUG:
            return super().process_response(request, response)
        if not request.path_info.startswith(self.prefixes):
            response.headers.setdefault("Content-Security-Policy", self._policy())
        return response

    def _policy(self) -> str:
        """Return the policy of the settings as they are, written again where they are others."""
        asked = settings.CONTENT_SECURITY_POLICY
        if self._written[0] is not asked:
            self._written = (asked, build_policy())
        return self._written[1]


class Languages(LocaleMiddleware):
    """Lead an address without a language to the page of that name in the visitor's.

    Django's own would send every unknown address there: below a language any address may be a
    page of the office's.
    """

    def process_request(self, request: HttpRequest) -> None:
        """Keep the language of the page that was left, where an address has none of its own.

        The links to the account say it (`?langue=de`); it is remembered like a choice. Elsewhere
        the word is a page's own: the preview of an offer, the settings of a widget.
        """
        super().process_request(request)
        if not request.path_info.startswith(ACCOUNTS):
            return
        if f"{SAID}=" not in request.META.get("QUERY_STRING", "")[:LONGEST_QUERY]:
            return
        said = request.GET.get(SAID, "")
        if said in dict(settings.LANGUAGES):
            activate(said)
            request.LANGUAGE_CODE = said  # type: ignore[attr-defined]
            request._said_language = said  # type: ignore[attr-defined]

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> Any:
        """Send only to addresses that the machine knows; what is not found stays so."""
        said = getattr(request, "_said_language", "")
        if said:
            response.set_cookie(  # type: ignore[attr-defined]
                settings.LANGUAGE_COOKIE_NAME,
                said,
                max_age=settings.LANGUAGE_COOKIE_AGE,
                path=settings.LANGUAGE_COOKIE_PATH,
                secure=settings.LANGUAGE_COOKIE_SECURE,
                httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
                samesite=settings.LANGUAGE_COOKIE_SAMESITE,
            )
        if response.status_code == HTTPStatus.NOT_FOUND and not self._is_known(request):
            response.headers.setdefault("Content-Language", get_language() or "")
            return response
        return super().process_response(request, response)

    @staticmethod
    def _is_known(request: HttpRequest) -> bool:
        path = f"/{get_language()}{request.path_info}"
        with suppress(Resolver404):
            name = resolve(path if path.endswith("/") else f"{path}/").view_name
            return name not in OFFICES_PAGES
        return False


class WhatIsShownChanges:
    """Let every process read again what pages show once somebody wrote at the desk.

    One place for all that is written there, pages and photographs too; what is sold is never
    remembered, so that sales raise nothing.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Raise the number after a form that was accepted; an editor's preview writes nothing."""
        response = self.get_response(request)
        if (
            request.method == "POST"
            and response.status_code < HTTPStatus.BAD_REQUEST
            and request.path_info.startswith(settings.DESK_PREFIX)
            and not request.path_info.endswith("/preview/")
        ):
            generation.change()
        return response


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

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponseBase | None:
        """Tell whoever lost the access to a house so, where its pages are no longer found.

        A refusal that no view told (somebody else is writing the same rows) is a page to try
        again from, never a fault of ours.
        """
        is_hosts = request.path_info.startswith(HOSTS)
        if isinstance(exception, Busy):
            again = request.get_full_path() if request.method in {"GET", "HEAD"} else ""
            page = render(request, "errors/503.html", {"retry_url": again}, status=503)
            page["Retry-After"] = "5"
            return page
        if isinstance(exception, Http404) and is_hosts and former_houses(request.user).exists():
            return render(request, "booking/extranet/nobody.html", status=404)
        return None
