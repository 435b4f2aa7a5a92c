"""An event that the office calls new again, and the first day on which visitors saw it (N13)."""

from __future__ import annotations

from datetime import datetime

from booking import locks
from booking.refusals import WrongState, trouble
from booking.renewing import clean_reason
from events.models import Event
from members.journal import Actor, record


def renew_event(event: Event, *, reason: str, actor: Actor, now: datetime) -> None:
    """Say that an event is new again: another theme, another edition.

    Raises BadInput `renewal_reason_missing`, WrongState `not_shown_yet`.
    """
    words = clean_reason(reason)
    with locks.write_transaction():
        shown = Event.objects.filter(pk=event.pk, state=Event.State.PUBLISHED)
        if not shown.update(renewed_at=now, renewal_reason=words):
            raise WrongState(trouble("not_shown_yet"))
        record("event renewed", f"event:{event.pk}", actor=actor, at=now, reason=words)


def take_event_renewal_back(event: Event, *, actor: Actor, now: datetime) -> None:
    """Take a decision back that was a mistake; without one nothing is done."""
    with locks.write_transaction():
        renewed = Event.objects.filter(pk=event.pk, renewed_at__isnull=False)
        if renewed.update(renewed_at=None, renewal_reason=""):
            record("renewal taken back", f"event:{event.pk}", actor=actor, at=now)


def note_first_day(event: Event, *, now: datetime) -> None:
    """Keep when visitors saw an event first; later it stays as it is."""
    if event.state == Event.State.PUBLISHED and event.first_published_at is None:
        event.first_published_at = now
        event.save(update_fields=["first_published_at"])
