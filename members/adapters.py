"""How allauth behaves here."""

from __future__ import annotations

import logging
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as current
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from members.models import User
from members.second_factor import has_just_signed_in
from oti.lib.clients import UNKNOWN, client_address
from oti.lib.sealing import seal, unseal

logger = logging.getLogger(__name__)

PASSWORD_AGAIN = "reauthenticate"  # noqa: S105 - allauth's name of a page
# What a person is told of by mail, by allauth's name of it: one mail for them all.
NOTICE = "account/email/notice"
NOTICES = {
    "account/email/password_changed": gettext_lazy("Your password was changed."),
    "account/email/password_reset": gettext_lazy("Your password was changed."),
    "account/email/password_set": gettext_lazy("A password was chosen for your account."),
    "account/email/email_changed": gettext_lazy("The main address of your account was changed."),
    "account/email/email_deleted": gettext_lazy("An address was taken off your account."),
    "mfa/email/totp_activated": gettext_lazy("An app that gives codes was added to your account."),
    "mfa/email/totp_deactivated": gettext_lazy("The app that gives codes was taken off."),
    "mfa/email/webauthn_added": gettext_lazy("A passkey was added to your account."),
    "mfa/email/webauthn_removed": gettext_lazy("A passkey was taken off your account."),
    "mfa/email/recovery_codes_generated": gettext_lazy("New recovery codes were made."),
    "socialaccount/email/account_connected": gettext_lazy("Google opens your account now."),
    "socialaccount/email/account_disconnected": gettext_lazy("Google was taken off your account."),
}
# How a secret begins that is stored sealed.
SEALED = "sealed:"
# What allauth says after a mail, whether it left or not.
SENT = {"account/messages/email_confirmation_sent.txt", "account/messages/login_code_sent.txt"}


class AccountAdapter(DefaultAccountAdapter):
    """The office's name stands before nothing: mails carry plain subjects."""

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return whom allauth counts tries of; where the server tells nobody, all together."""
        return client_address(request) or UNKNOWN

    def format_email_subject(self, subject: str) -> str:
        return str(subject)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a code or a link; when mail is away the page stays and says what to do.

        The same for an address with an account and without: nobody learns from it. A notice of what
        was done asks for nothing, and nothing is said where it could not leave.
        """
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, SMTPException):
            logger.exception("an account's mail could not be sent")
            if current.request is not None and template_prefix != NOTICE:
                current.request.is_mail_away = True
                text = _("Our mail is away: the code or link could not leave. Try again soon.")
                messages.error(current.request, text)

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Tell the person what changed of the way in, so that a thief is noticed; nothing else."""
        if template_prefix in NOTICES:
            told = {
                **(context or {}),
                "sentence": NOTICES[template_prefix],
                "office": settings.OFFICE,
            }
            super().send_notification_mail(NOTICE, user, told, email)

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        """Say what was done; never that a mail left which did not."""
        if message_template in SENT and getattr(request, "is_mail_away", False):
            return
        super().add_message(request, level, message_template, *args, **kwargs)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Ask again for a proof before factors change, unless it was given minutes ago."""
        request = current.request
        if request is not None and has_just_signed_in(request, request.user):
            return False
        return bool(super().is_reauthentication_required(app=app, **kwargs))

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Let the second factor, where there is one, be what proves it: never the password alone.

        Else a page that asks for the second proof would be answered with the first.
        """
        known: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        seconds = [one for one in known if one["id"] != PASSWORD_AGAIN]
        return seconds or known


class SecondFactorAdapter(DefaultMFAAdapter):
    """Secrets and recovery codes are stored sealed: a copy of the database opens nothing."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": gettext_lazy(
            "It isn’t this one, or it has served already: try again with a new one."
        ),
        "unverified_email": gettext_lazy("First confirm the addresses of your account."),
    }

    def encrypt(self, text: str) -> str:
        """Seal a secret."""
        return SEALED + seal(text).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Open a secret; those of before are as they were. Raises `sealing.Unreadable`."""
        if not encrypted_text.startswith(SEALED):
            return encrypted_text
        return unseal(encrypted_text.removeprefix(SEALED).encode())

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Name the site as people know it, where a device lists its passkeys."""
        return {**super().get_public_key_credential_rp_entity(), "name": settings.WAGTAIL_SITE_NAME}

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        """Return a first name for a passkey: what it is on, in the words of who has one."""
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return _("My device") if not count else _("Passkey %(number)d") % {"number": count + 1}
