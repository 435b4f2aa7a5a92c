"""What carriers of mails tell of them, each in its own words and signature: read by Anymail.

`settings.MAIL_CARRIER` names ours. Mailgun signs with a key; the others send the name and the word
that `MAIL_WEBHOOK_KEY` holds as `name:word` (HTTP basic authentication).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256

from anymail.exceptions import AnymailError, AnymailWebhookValidationFailure
from anymail.signals import AnymailTrackingEvent, EventType, RejectReason
from anymail.webhooks.base import AnymailBaseWebhookView
from anymail.webhooks.brevo import BrevoTrackingWebhookView
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from anymail.webhooks.mailjet import MailjetTrackingWebhookView
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from django.conf import settings
from django.http import HttpRequest

from booking.relations.mail_events import BOUNCED, COMPLAINED, MailNews

CARRIERS: dict[str, Callable[[str], AnymailBaseWebhookView]] = {
    "mailgun": lambda key: MailgunTrackingWebhookView(webhook_signing_key=key, webhook_secret=[]),
    "brevo": lambda key: BrevoTrackingWebhookView(webhook_secret=[key]),
    "mailjet": lambda key: MailjetTrackingWebhookView(webhook_secret=[key]),
    "postmark": lambda key: PostmarkTrackingWebhookView(webhook_secret=[key]),
}
# How we name a message (`booking.messages`).
NAME = re.compile(r"outbox-(\d{1,18})@")
LONGEST = 120
# A replay of long ago is none of today's news; retries of carriers come within hours.
OLDEST = timedelta(days=1)
DEAD = (RejectReason.BOUNCED, RejectReason.INVALID)


class NotTheCarrier(Exception):
    """It isn't signed by our carrier, or what it says can't be read."""


def read_news(request: HttpRequest, *, now: datetime) -> list[MailNews]:
    """Read what the carrier says; raises NotTheCarrier for anything else, also without a key."""
    reader_of = CARRIERS.get(settings.MAIL_CARRIER)
    if not settings.MAIL_WEBHOOK_KEY or reader_of is None:
        raise NotTheCarrier
    reader = reader_of(settings.MAIL_WEBHOOK_KEY)
    try:
        reader.run_validators(request)
        events = reader.parse_events(request)
        return [_news(event, now=now) for event in events]
    except (
        AnymailError,
        AnymailWebhookValidationFailure,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
    ) as error:
        raise NotTheCarrier from error


def _news(event: AnymailTrackingEvent, *, now: datetime) -> MailNews:
    """Return one thing that happened in our words; raises ValueError for one of long ago."""
    if event.timestamp is not None and now - event.timestamp > OLDEST:
        msg = "a replay"
        raise ValueError(msg)
    name = NAME.search(str(event.message_id or ""))
    return MailNews(
        event_id=_number_of(event),
        kind=_kind_of(event),
        email=str(event.recipient or "").strip().lower()[:254],
        message=int(name[1]) if name else 0,
        words=str(event.mta_response or event.description or ""),
    )


def _kind_of(event: AnymailTrackingEvent) -> str:
    if event.event_type == EventType.COMPLAINED:
        return COMPLAINED
    is_dead = event.event_type == EventType.BOUNCED or (
        event.event_type == EventType.REJECTED and event.reject_reason in DEAD
    )
    return BOUNCED if is_dead else ""


def _number_of(event: AnymailTrackingEvent) -> str:
    """Return the carrier's own number of what happened, else what it is and when, as a number."""
    if event.event_id:
        return str(event.event_id)[:LONGEST]
    what = (event.event_type, event.message_id, event.recipient, event.timestamp)
    return sha256(repr(what).encode()).hexdigest()
