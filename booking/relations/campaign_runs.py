"""Sending campaigns: who gets one is frozen when it begins, then handed over to the outbox.

A batch is one transaction: the outbox's rows and the words « handed over » are written together,
or neither (`booking/LOCKING.md`). So a worker that dies hands nothing over twice and loses nothing;
what carries a message from there is what carries every mail of the house.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import DatabaseError, connection
from django.db.models import Q

from booking import locks
from booking.messages import Letter, write_messages
from booking.models import Campaign, CampaignMail, ProposedNeed
from booking.refusals import Refusal
from booking.relations import needs_proposed
from booking.relations.campaigns import audience_of
from booking.relations.frequency import at_the_cap
from booking.relations.segments import here_in, statement_of
from booking.relations.standings import reasons_of
from booking.rules import campaigns as rules
from booking.rules.segments import is_contrary
from members.journal import SYSTEM, record
from members.models import LetterAddress
from oti.lib.dates import today as day_of

logger = logging.getLogger(__name__)
MAIL = "campaign"
State = CampaignMail.State
# Who gets a mail and has no key for its stop link yet.
KNOW_ADDRESSES = """
INSERT INTO members_letteraddress
    (email, token, language, rhythm, created_at, active_at, bounced_why)
SELECT email, replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), reads, 'season',
    %(now)s, coalesce(bought_at, %(now)s), ''
FROM one_each WHERE why = '' AND address_id IS NULL
ON CONFLICT (email) DO NOTHING
"""
FREEZE = """
INSERT INTO booking_campaignmail (campaign_id, address_id, language, state, reason)
SELECT %(campaign)s, address_id, reads, 'queued', ''
FROM one_each WHERE why = '' AND address_id IS NOT NULL ORDER BY address_id
ON CONFLICT DO NOTHING
"""
NOTE = """
UPDATE booking_campaignmail mail
SET state = it.state, reason = it.reason, message_id = it.message, handed_at = it.moment
FROM unnest(
    %(ids)s::bigint[], %(states)s::text[], %(reasons)s::text[], %(messages)s::bigint[],
    %(moments)s::timestamptz[]
) AS it(id, state, reason, message, moment)
WHERE mail.id = it.id
"""


def run_campaigns(*, now: datetime) -> int:
    """Begin what is planned for now, hand over what the rates allow; returns how many mails.

    Every minute. One campaign that fails keeps no other.
    """
    due = Campaign.objects.filter(
        Q(state=rules.SENDING) | Q(state=rules.SCHEDULED, scheduled_at__lte=now)
    )
    done = 0
    for pk in list(due.order_by("scheduled_at", "pk").values_list("pk", flat=True)):
        try:
            begin(pk, now=now)
            while count := hand_over(pk, now=now):
                done += count
        except (Refusal, DatabaseError) as error:
            logger.warning("campaign %s waits: %s", pk, error)
    return done


def begin(campaign_id: int, *, now: datetime) -> int:
    """Freeze who gets a planned campaign, once; returns how many. Locks the campaign."""
    with locks.write_transaction():
        campaign = locks.lock_campaign(campaign_id)
        is_due = campaign.scheduled_at is not None and campaign.scheduled_at <= now
        if campaign.state != rules.SCHEDULED or not is_due:
            return 0
        count = _freeze(campaign, now=now)
        campaign.state, campaign.started_at, campaign.next_at = rules.SENDING, now, now
        campaign.save(update_fields=["state", "started_at", "next_at"])
        record("campaign begun", _name(campaign), actor=SYSTEM, at=now, mails=count)
    return count


def hand_over(campaign_id: int, *, now: datetime) -> int:
    """Hand the next mails of a campaign over to the outbox, as many as its rate allows.

    Consent, cap, presence and needs are looked at again, under the locks of the addresses. Returns
    how many were looked at; 0 where none may go now. The last one ends the campaign. Locks the
    campaign, then the addresses.
    """
    with locks.write_transaction():
        campaign = locks.lock_campaign(campaign_id)
        most = rules.how_many(campaign.next_at, campaign.rate, now=now)
        if campaign.state != rules.SENDING:
            return 0
        mails = list(campaign.mails.filter(state=State.QUEUED).order_by("pk")[:most])
        if not mails:
            _end_if_done(campaign, now=now)
            return 0
        addresses = locks.lock_letter_addresses(one.address_id for one in mails if one.address_id)
        reasons = _reasons(campaign, list(addresses.values()), now=now)
        needs = needs_proposed.choose(campaign, addresses, reasons, now=now)
        for mail in mails:
            mail.reason = reasons.get(mail.address_id or 0, rules.FORGOTTEN)
            if not mail.reason and campaign.is_quiet and not needs.get(mail.address_id or 0):
                mail.reason = rules.NOTHING_LEFT
        going = [one for one in mails if not one.reason]
        _write(campaign, going, addresses, needs, now=now)
        _note(mails)
        campaign.next_at = rules.next_moment(campaign.next_at, campaign.rate, len(going), now=now)
        campaign.save(update_fields=["next_at"])
    return len(mails)


def _freeze(campaign: Campaign, *, now: datetime) -> int:
    audience = audience_of(campaign, today=day_of(now))
    if is_contrary(audience.segment) or (campaign.is_quiet and not audience.needs):
        return 0
    statement, values = statement_of(audience, now=now)
    with connection.cursor() as cursor:
        cursor.execute(statement + KNOW_ADDRESSES, values)
        cursor.execute(statement + FREEZE, {**values, "campaign": campaign.pk})
        return int(cursor.rowcount)


def _reasons(
    campaign: Campaign, addresses: Sequence[LetterAddress], *, now: datetime
) -> dict[int, str]:
    """Return for each address why it gets no mail after all, "" where it does."""
    emails = [one.email for one in addresses]
    consent = reasons_of(emails, campaign.purpose, now=now)
    capped = at_the_cap(emails, now=now)
    here = here_in(emails, audience_of(campaign, today=day_of(now)).windows)
    found = {}
    for one in addresses:
        late = rules.HERE if one.email in here else rules.CAPPED if one.email in capped else ""
        found[one.pk] = consent[one.email] or late
    return found


def _write(
    campaign: Campaign,
    mails: Sequence[CampaignMail],
    addresses: dict[int, LetterAddress],
    needs: dict[int, tuple[int, ...]],
    *,
    now: datetime,
) -> None:
    """Write the messages of some mails and what they propose, in the present transaction."""
    letters = [
        Letter(
            MAIL,
            key=f"campaign:{campaign.pk}:{mail.pk}",
            recipient=addresses[mail.address_id or 0].email,
            language=rules.language_for(mail.language, campaign.texts),
            data={"mail": mail.pk, "needs": list(needs.get(mail.address_id or 0, ()))},
            is_commercial=True,
        )
        for mail in mails
    ]
    for mail, message in zip(mails, write_messages(letters, order=None, now=now), strict=True):
        mail.message, mail.handed_at = message, now
    ProposedNeed.objects.bulk_create(
        ProposedNeed(need_id=need, address_id=mail.address_id or 0, mail=mail)
        for mail in mails
        for need in needs.get(mail.address_id or 0, ())
    )


def _note(mails: Sequence[CampaignMail]) -> None:
    """Write down what became of some mails, in one statement."""
    values: dict[str, Any] = {
        "ids": [one.pk for one in mails],
        "states": [State.DROPPED if one.reason else State.HANDED for one in mails],
        "reasons": [one.reason for one in mails],
        "messages": [one.message_id for one in mails],
        "moments": [one.handed_at for one in mails],
    }
    with connection.cursor() as cursor:
        cursor.execute(NOTE, values)


def _end_if_done(campaign: Campaign, *, now: datetime) -> None:
    if campaign.mails.filter(state=State.QUEUED).exists():
        return
    campaign.state, campaign.ended_at = rules.SENT, now
    campaign.save(update_fields=["state", "ended_at"])
    record("campaign sent", _name(campaign), actor=SYSTEM, at=now)


def _name(campaign: Campaign) -> str:
    return f"campaign:{campaign.pk}"
