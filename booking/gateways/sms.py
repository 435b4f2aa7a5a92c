"""Who carries an SMS: one HTTP service that takes JSON, or the log of a developer's machine.

Without the address of a service nothing is texted, and hosts aren't offered it.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from django.conf import settings

from oti.lib.http import FetchFailed, FetchRefused, fetch

logger = logging.getLogger(__name__)

ANSWERS_AGAIN = {408, 425, 429}
MAX_ANSWER = 65_536


class SmsUnavailable(Exception):
    """The service didn't take it this time: ask again later."""


class SmsRefused(Exception):
    """The service will never take it: a wrong number, a wrong key."""


class SmsGateway(Protocol):
    """What sends an SMS."""

    def send(self, phone: str, text: str, *, key: str) -> str:
        """Send a text to a number (E.164); the same key is sent once. Returns the service's name.

        Raises SmsUnavailable, SmsRefused.
        """


@dataclass(frozen=True)
class HttpSms:
    """A service that takes `{"to", "text", "id"}` under a key, and answers with a status."""

    url: str
    key: str

    def send(self, phone: str, text: str, *, key: str) -> str:
        """Post it; only the host of the configured address is asked, over https."""
        host = urlsplit(self.url).hostname
        body = json.dumps({"to": phone, "text": text, "id": key}).encode()
        try:
            answer = fetch(
                self.url,
                hosts=lambda name: name == host,
                method="POST",
                headers={
                    "content-type": "application/json",
                    "authorization": f"Bearer {self.key}",
                    "idempotency-key": key,
                },
                body=body,
                max_bytes=MAX_ANSWER,
            )
        except FetchFailed as error:
            raise SmsUnavailable(error.reason) from error
        except FetchRefused as error:
            raise SmsRefused(str(error)) from error
        if answer.status in ANSWERS_AGAIN or answer.status >= 500:
            msg = f"status {answer.status}"
            raise SmsUnavailable(msg)
        if not 200 <= answer.status < 300:
            msg = f"status {answer.status}"
            raise SmsRefused(msg)
        return _name_in(answer.body)


class ConsoleSms:
    """The log of a developer's machine."""

    def send(self, phone: str, text: str, *, key: str) -> str:
        """Write it into the log."""
        logger.info("SMS to %s: %s", phone, text)
        return key


def get_sms_gateway() -> SmsGateway | None:
    """Return who carries an SMS, None where nobody does."""
    if settings.SMS_URL:
        return HttpSms(settings.SMS_URL, settings.SMS_KEY)
    return ConsoleSms() if settings.SMS_CONSOLE else None


def _name_in(body: bytes) -> str:
    """Return what the service calls this SMS, "" where it says nothing that can be read."""
    try:
        told = json.loads(body or b"{}")
    except ValueError:
        return ""
    return str(told.get("id", ""))[:200] if isinstance(told, dict) else ""
