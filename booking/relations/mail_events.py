"""What the carrier of our mails tells of them: addresses where nobody is, people who call it spam.

The words are those of Mailgun's webhooks: JSON with a signature (HMAC-SHA256, by a key that both
know, of a moment and a random word) beside what happened. Each is kept once by its own number.
"""

from __future__ import annotations

import hmac
import json
import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from booking import locks
from booking.models import CampaignMail, MailEvent
from booking.relations import consent
from members.journal import Actor, record
from members.models import LetterAddress, LetterChoice
from members.rules.consent import NEWS, OFFERS

CARRIER = Actor("mail carrier")
FAILED, COMPLAINED = "failed", "complained"
PERMANENT = "permanent"
# How we name a message (`booking.messages`).
NAME = re.compile(r"outbox-(\d{1,18})@")
LONGEST = 120
# A replay of long ago is none of today's news; retries of the carrier come within eight hours.
OLDEST_SECONDS = 86_400


class NotTheCarrier(Exception):
    """The signature isn't that of the carrier, or what it signs can't be read."""


@dataclass(frozen=True)
class MailNews:
    """One thing that happened to a mail: `message` is the outbox's number, 0 for one unknown."""

    event_id: str
    kind: str
    is_permanent: bool
    email: str
    message: int
    words: str


def read_news(body: bytes, *, now: datetime) -> MailNews:
    """Read what the carrier says; raises NotTheCarrier for anything else, also without a key."""
    try:
        told = json.loads(body)
        signature, event = told["signature"], told["event-data"]
        moment, word = str(signature["timestamp"]), str(signature["token"])
        given = str(signature["signature"])
        is_ours = _is_signed(moment, word, given) and (
            abs(now.timestamp() - int(moment)) <= OLDEST_SECONDS
        )
        if not is_ours:
            raise NotTheCarrier
        return _news(event)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotTheCarrier from error


def keep_news(news: MailNews, *, now: datetime) -> bool:
    """Act on what happened to a mail, once by its number; returns whether it was new.

    A dead mailbox is written to no more, by no letter; who calls a letter spam has said no to all
    of them. What passes (a full mailbox) changes nothing. Locks the address.
    """
    is_bounce = news.kind == FAILED and news.is_permanent
    if not news.event_id or not (is_bounce or news.kind == COMPLAINED):
        return False
    with locks.write_transaction():
        _row, is_new = MailEvent.objects.get_or_create(
            event_id=news.event_id, defaults={"kind": news.kind, "received_at": now}
        )
        if not is_new:
            return False
        mails = CampaignMail.objects.filter(message=news.message)
        if is_bounce:
            address = locks.lock_letter_address(news.email, language="fr", now=now)
            address.bounced_at, address.bounced_why = now, news.words[:200]
            address.save(update_fields=["bounced_at", "bounced_why"])
            mails.update(bounced_at=now)
            record("address bounced", f"letters:{address.pk}", actor=CARRIER, at=now)
        else:
            mails.update(complained_at=now)
            known = locks.lock_letter_address(news.email, language="fr", now=now)
            _refuse(known, now=now)
    return True


def _refuse(address: LetterAddress, *, now: datetime) -> None:
    words = _("Called spam with the button of their mailbox.")
    proof = consent.Proof(LetterChoice.Source.COMPLAINT, words)
    consent.say_no(address, (NEWS, OFFERS), proof, actor=CARRIER, now=now)


def _is_signed(moment: str, word: str, given: str) -> bool:
    key = settings.MAIL_WEBHOOK_KEY
    expected = hmac.new(key.encode(), f"{moment}{word}".encode(), sha256).hexdigest()
    return bool(key) and hmac.compare_digest(expected.encode(), given.encode())


def _news(event: dict[str, Any]) -> MailNews:
    message = event.get("message") or {}
    name = NAME.search(str((message.get("headers") or {}).get("message-id", "")))
    delivery = event.get("delivery-status") or {}
    return MailNews(
        event_id=str(event["id"])[:LONGEST],
        kind=str(event["event"]),
        is_permanent=event.get("severity") == PERMANENT,
        email=str(event["recipient"]).strip().lower()[:254],
        message=int(name[1]) if name else 0,
        words=str(delivery.get("message") or delivery.get("description") or ""),
    )
