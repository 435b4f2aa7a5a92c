"""Nobody opens a house's pages or the desk with one proof of who they are.

Two guards: these addresses lead to the second proof (`members.second_factor`), and on every other
page a person who has given one is a visitor (`User.is_held_back`): the order of a guest is not
shown there either.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.middleware import get_user
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from members import second_factor
from members.models import User

HOSTS = "/pro/"
SAFE_METHODS = {"GET", "HEAD"}
REMINDED = "second_factor_reminded"


class SecondFactor:
    """Lead whoever needs a second proof to it, in their language, then back."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.guarded = (HOSTS, settings.DESK_PREFIX)
        # Signing out is always open.
        self.open = {f"{settings.DESK_PREFIX}logout/", settings.WAGTAILADMIN_LOGIN_URL}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Look at who asks, and where; nobody's session is read for a page that asks for none."""
        if not settings.IS_SECOND_FACTOR_ASKED:
            return self.get_response(request)
        request.user = SimpleLazyObject(lambda: looked_at(request))  # type: ignore[assignment]
        path = request.path_info
        is_guarded = path.startswith(self.guarded) and path not in self.open
        if is_guarded and request.user.is_authenticated:
            elsewhere = led(request, request.user)
            if elsewhere is not None:
                return elsewhere
        return self.get_response(request)


def looked_at(request: HttpRequest) -> User | AnonymousUser:
    """Return who asks, held back as long as this session lacks a proof that it may be asked for."""
    user = get_user(request)
    if isinstance(user, User):
        is_known = second_factor.is_passed(request, user)
        user.is_held_back = not is_known and not second_factor.may_wait(user, now=timezone.now())
    return user


def led(request: HttpRequest, user: User) -> HttpResponseBase | None:
    """Return where a person has to go first, None when the page is theirs to ask for."""
    now = timezone.now()
    if second_factor.is_passed(request, user) or not second_factor.is_asked_of(user):
        return None
    factors = second_factor.factors_of(user)
    if factors:
        by_code = Authenticator.Type.TOTP in factors
        return _to(request, "mfa_reauthenticate" if by_code else "mfa_reauthenticate_webauthn")
    second_factor.note_asked(user, now=now)
    if second_factor.may_wait(user, now=now):
        user.is_held_back = False
        _remind(request)
        return None
    return _to(request, "members:protect")


def _to(request: HttpRequest, name: str) -> HttpResponseBase:
    """Return the way to a page that leads back here; what was sent with a form isn't sent twice."""
    back = request.get_full_path()
    if request.method not in SAFE_METHODS:
        is_desk = request.path_info.startswith(settings.DESK_PREFIX)
        back = settings.DESK_PREFIX if is_desk else HOSTS
    address = f"{reverse(name)}?{urlencode({'next': back})}"
    response: HttpResponse
    if getattr(request, "htmx", False):
        response = HttpResponseClientRedirect(address)
    else:
        response = HttpResponseRedirect(address)
    add_never_cache_headers(response)
    return response


def _remind(request: HttpRequest) -> None:
    """Say once a session that the second proof will soon be asked for."""
    if not request.session.get(REMINDED):
        request.session[REMINDED] = True
        messages.warning(
            request,
            _("Your account needs a second proof soon: protect it under « My account »."),
        )
