"""Signing in with Google, only where the office has set it up there (features.md C11).

Google says who somebody is, like a password, and no more: the second proof is asked for afterwards.
Of what it tells, name and address alone are kept; no key of theirs to Google.
"""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlencode

from allauth.account.internal.userkit import filter_users_by_email
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from members.journal import Actor, record
from members.models import User

logger = logging.getLogger(__name__)

PROVIDER = "google"
# Where allauth's pages of it stand.
PAGES = ("compte/3rdparty/", "compte/social/", f"compte/{PROVIDER}/")
# Google's script would sign in there without the state that we gave it: no page of ours has it.
BY_SCRIPT = "google_login_by_token"


def is_offered() -> bool:
    """Return whether one may sign in with Google here."""
    return bool(settings.SOCIALACCOUNT_PROVIDERS[PROVIDER]["APPS"])


def account_of(user: User) -> SocialAccount | None:
    """Return the Google account that opens a person's account."""
    return SocialAccount.objects.filter(user_id=user.pk, provider=PROVIDER).order_by("pk").first()


class OnlyWhereOffered:
    """Answer « not found » at the addresses of it where nobody signs in with Google."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Let `process_view` look: what is asked for is known there."""
        answer: HttpResponseBase = self.get_response(request)
        return answer

    def process_view(self, request: HttpRequest, *_view: Any) -> None:
        """Raise Http404 where it is closed."""
        asked = request.resolver_match
        if asked is None or not asked.route.startswith(PAGES):
            return
        if asked.url_name == BY_SCRIPT or not is_offered():
            raise Http404


class GoogleAdapter(DefaultSocialAccountAdapter):
    """Whom Google's word lets in: who is linked, and who has proved the same address here too."""

    error_messages = {
        **DefaultSocialAccountAdapter.error_messages,
        "no_password": gettext_lazy("First choose a password: Google is your way in."),
        "no_verified_email": gettext_lazy("First confirm the addresses of your account."),
    }

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: Any) -> Any:
        """Take name and address, and drop the rest of what Google tells: picture, language."""
        sociallogin.account.extra_data = {"email": data.get("email") or ""}
        return super().populate_user(request, sociallogin, data)

    def authenticate_by_email(self, sociallogin: SocialLogin) -> tuple[Any, str] | None:
        """Return whose account a proved address opens: proved at Google and proved here.

        An address that somebody merely wrote into an account opens it for nobody.
        """
        found = super().authenticate_by_email(sociallogin)
        if found is None:
            return None
        user, email = found
        here = EmailAddress.objects.filter(user_id=user.pk, email__iexact=email, verified=True)
        return (user, email) if here.exists() else None

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Ask to sign in first where there is an account whose address is not proved.

        Who Google says reads the mail of an address may know that it has an account. Its password
        may be a stranger's, who waits there for whose address it is: a new one shuts them out.
        """
        is_linking = sociallogin.state.get("process") == AuthProcess.CONNECT
        if is_linking or sociallogin.is_existing:
            return
        proved = [one.email for one in sociallogin.email_addresses if one.verified]
        if not any(filter_users_by_email(email) for email in proved):
            return
        messages.warning(
            request,
            _(
                "There is an account with this address, which it has not confirmed yet. Ask for a "
                "new password by mail and sign in with it; then link Google under « My account »."
            ),
        )
        onward = sociallogin.get_redirect_url(request)
        query = f"?{urlencode({'next': onward})}" if onward else ""
        raise ImmediateHttpResponse(redirect(f"{reverse('account_login')}{query}"))

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: SocialAccount) -> str:
        """Lead back to the account."""
        return reverse("members:home")

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: Any = None,
    ) -> None:
        """Leave a line for whoever runs the site; the page says what the person may do."""
        if exception is not None:
            logger.warning("signing in with Google failed: %.300s", exception)


def note_linked(request: HttpRequest, sociallogin: SocialLogin, **_rest: Any) -> None:
    """Write into the journal that Google opens an account now."""
    _note("google linked", sociallogin.user)


def note_taken_off(request: HttpRequest, socialaccount: SocialAccount, **_rest: Any) -> None:
    """Write into the journal that Google opens an account no longer."""
    _note("google taken off", socialaccount.user)


def _note(verb: str, user: User) -> None:
    record(verb, f"user:{user.pk}", actor=Actor.person(user), at=timezone.now())
