"""The mails about an account that come from the office; those of signing in are allauth's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from booking.models import OutboxMessage
from destination import office

Content = dict[str, Any]


def _factors_taken_off(message: OutboxMessage, _reader: object, _now: datetime) -> Content:
    return {
        "template": "account_told",
        "mail_title": _("Your second proof was taken off"),
        "sentences": [
            _("The office took passkeys, app and recovery codes off your account, as you asked."),
            _("Sign in with your password or a code by mail: we help you to protect it again."),
            _(
                "You asked for nothing? Call us at once: somebody may be trying to come in. "
                "%(phone)s"
            )
            % {"phone": office.phone()},
        ],
        "url": settings.BASE_URL + reverse("members:protect"),
        "button": _("Protect my account"),
    }


ACCOUNT_CONTENTS: dict[str, Callable[[OutboxMessage, Any, datetime], Content]] = {
    "factors_taken_off": _factors_taken_off,
}
