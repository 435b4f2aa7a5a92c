"""Double bookings and silent calendars: told to host and office, settled by people.

An incident is opened where a calendar is read (`booking.channels.sync`); here it is told, once,
and settled with what was done. Nothing is cancelled by itself (domain.md 5.2, features.md I07).
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.conf import settings
from django.db.models import QuerySet

from booking import locks
from booking.channels.freshness import SILENT_HOST
from booking.messages import write_message
from booking.models import ChannelIncident, Feed
from booking.refusals import BadInput, Busy, WrongState, trouble
from booking.rules import states
from members.journal import SYSTEM, Actor, record

logger = logging.getLogger(__name__)


def tell_incidents(*, now: datetime) -> int:
    """Write to host and office about each incident that nobody was told of; returns how many.

    Twice is the same as once: the incident moves with its mails. One that can't be had in time is
    left to the next round, and keeps no other.
    """
    told = 0
    for pk in list(_new().values_list("pk", flat=True)[:200]):
        try:
            told += _tell(pk, now=now)
        except Busy:
            logger.warning("double booking %s not told, next round", pk)
    return told


def _tell(pk: int, *, now: datetime) -> bool:
    with locks.write_transaction():
        incident = locks.lock_free_rows(_new().filter(pk=pk)).first()
        if incident is None:
            return False
        _write(incident, now=now)
        incident.state = states.TOLD
        incident.told_at = now
        incident.save(update_fields=["state", "told_at"])
    return True


def settle_incident(
    incident: ChannelIncident, *, outcome: str, note: str, actor: Actor, now: datetime
) -> None:
    """Write down how a double booking ended. Locks the unit.

    Raises BadInput `reason_missing` without a note, `outcome_missing` for an unknown outcome;
    WrongState `wrong_state` for one that is settled already.
    """
    if outcome not in ChannelIncident.Outcome.values:
        raise BadInput(trouble("outcome_missing", field="outcome"))
    if not note.strip():
        raise BadInput(trouble("reason_missing", field="note"))
    with locks.write_transaction():
        locks.lock_units([incident.unit_id])
        fresh = ChannelIncident.objects.get(pk=incident.pk)
        if not states.can_move(states.INCIDENT, fresh.state, states.SETTLED):
            raise WrongState(trouble("wrong_state"))
        fresh.state = states.SETTLED
        fresh.outcome = outcome
        fresh.note = note.strip()[:400]
        fresh.settled_at = now
        fresh.save(update_fields=["state", "outcome", "note", "settled_at"])
        record(
            "double booking settled",
            f"unit:{fresh.unit_id}",
            actor=actor,
            at=now,
            line=fresh.order_line_id,
            outcome=outcome,
            reason=fresh.note,
        )


def tell_silent_feeds(*, now: datetime) -> int:
    """Write to the host of each calendar that has been silent for hours, once; returns how many.

    One that can't be had in time is left to the next round, and keeps no other.
    """
    silent = Feed.objects.silent_since(now - SILENT_HOST).filter(alerted_at=None)
    told = 0
    for feed in silent.select_related("unit__offer__provider")[:500]:
        try:
            told += _tell_silent(feed, now=now)
        except Busy:
            logger.warning("silence of calendar %s not told, next round", feed.pk)
    return told


def _tell_silent(feed: Feed, *, now: datetime) -> bool:
    provider = feed.unit.offer.provider
    with locks.write_transaction():
        if not Feed.objects.filter(pk=feed.pk, alerted_at=None).update(alerted_at=now):
            return False
        since = feed.last_good_at or feed.created_at
        write_message(
            "calendar_silent",
            key=f"calendar:{feed.pk}:silent:{since:%Y%m%d%H%M}",
            recipient=provider.email,
            language=provider.language,
            data={"unit": feed.unit_id, "calendar": feed.name, "since": since.isoformat()},
            now=now,
        )
        record("silent calendar told", f"unit:{feed.unit_id}", actor=SYSTEM, at=now)
    return True


def _new() -> QuerySet[ChannelIncident]:
    return ChannelIncident.objects.filter(state=states.OPEN).order_by("pk")


def _write(incident: ChannelIncident, *, now: datetime) -> None:
    line = incident.order_line
    provider = line.sub_order.provider
    for kind, recipient, language in (
        ("double_booking", provider.email, provider.language),
        ("double_booking_office", settings.OFFICE["email"], "fr"),
    ):
        write_message(
            kind,
            key=f"incident:{incident.pk}:{kind}",
            recipient=recipient,
            language=language,
            order=line.order,
            data={"incident": incident.pk},
            now=now,
        )
