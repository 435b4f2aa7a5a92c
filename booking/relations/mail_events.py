"""What becomes of news of our mails: addresses where nobody is, people who call it spam.

`booking.carriers` reads them. Each is kept once by the carrier's own number.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from booking import locks
from booking.models import CampaignMail, MailEvent
from booking.relations import consent
from members.journal import Actor, record
from members.models import LetterAddress, LetterChoice
from members.rules.consent import NEWS, OFFERS

CARRIER = Actor("mail carrier")
BOUNCED, COMPLAINED = "bounced", "complained"


@dataclass(frozen=True)
class MailNews:
    """One thing that happened to a mail: `message` is the outbox's number, 0 for one unknown.

    `kind` is BOUNCED (for good), COMPLAINED or "" for what changes nothing.
    """

    event_id: str
    kind: str
    email: str
    message: int
    words: str


def keep_news(news: MailNews, *, now: datetime) -> bool:
    """Act on what happened to a mail, once by its number; returns whether it was new.

    A dead mailbox is written to no more, by no letter; who calls a letter spam has said no to all
    of them. What passes (a full mailbox) changes nothing. Locks the address.
    """
    if not (news.event_id and news.email and news.kind):
        return False
    with locks.write_transaction():
        _row, is_new = MailEvent.objects.get_or_create(
            event_id=news.event_id, defaults={"kind": news.kind, "received_at": now}
        )
        if not is_new:
            return False
        mails = CampaignMail.objects.filter(message=news.message)
        if news.kind == BOUNCED:
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
