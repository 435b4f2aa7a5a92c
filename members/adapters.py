"""How allauth behaves here."""

from __future__ import annotations

import logging
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as current
from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from oti.lib.clients import UNKNOWN, client_address

logger = logging.getLogger(__name__)

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

        The same for an address with an account and without: nobody learns from it.
        """
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, SMTPException):
            logger.exception("an account's mail could not be sent")
            if current.request is not None:
                current.request.is_mail_away = True
                text = _("Our mail is away: the code or link could not leave. Try again soon.")
                messages.error(current.request, text)

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
