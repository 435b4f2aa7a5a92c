"""The calendar that other platforms read: what is sold here of a unit, and what its host closed.

Never what another calendar takes: two platforms that read each other would keep a night closed
for ever (domain.md 5.3). No guest is in it, no price, and no reason.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.crypto import salted_hmac
from icalendar import Calendar, Event

from booking import locks
from booking.models import Closure, ExportLink, Stay, Unit
from members.journal import Actor, record
from oti.lib.clock_changes import never_bare
from oti.lib.codes import secret_token
from oti.lib.dates import today as day_of

DOMAIN = "velay-terre-de-liens"
# What is over is of no use to who asks whether a night is free.
KEPT_DAYS = timedelta(days=31)
# Platforms ask every quarter of an hour: the moment is written now and then.
READ_AT_MOST = timedelta(minutes=5)


@dataclass(frozen=True)
class Exported:
    """A calendar as it is sent, and the mark by which it is known again."""

    body: bytes = field(repr=False)
    etag: str


def export_calendar(token: str, *, now: datetime) -> Exported | None:
    """Return the calendar of a link, None for one that isn't given or was revoked."""
    link = ExportLink.objects.filter(token=token).first()
    if link is None:
        return None
    if link.last_read_at is None or link.last_read_at < now - READ_AT_MOST:
        ExportLink.objects.filter(pk=link.pk).update(last_read_at=now)
    body = calendar_of(link, today=day_of(now))
    return Exported(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def calendar_of(link: ExportLink, *, today: date) -> bytes:
    """Return what is sold and closed here of a link's unit; the same until something changes."""
    calendar = Calendar()
    calendar.add("prodid", "-//Velay, terre de liens//unit//FR")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    since = today - KEPT_DAYS
    stays = Stay.objects.filter(
        unit_id=link.unit_id, state=Stay.State.SOLD, dates__endswith__gt=since
    ).select_related("order_line__order")
    for stay in stays.order_by("dates", "pk"):
        line = stay.order_line
        moment = line.order.confirmed_at if line is not None else None
        calendar.add_component(
            _event("line", stay.order_line_id or stay.pk, stay.dates, "Réservé – OTI Velay",
                   moment or link.created_at)
        )  # fmt: skip
        if stay.preparation:
            calendar.add_component(
                _event("preparation", stay.order_line_id or stay.pk, _after(stay),
                       "Préparation – OTI Velay", moment or link.created_at)
            )  # fmt: skip
    closures = Closure.objects.filter(unit_id=link.unit_id, dates__endswith__gt=since)
    for one in closures.order_by("dates", "pk"):
        calendar.add_component(
            _event("closure", one.pk, one.dates, "Fermé – OTI Velay", link.created_at)
        )
    never_bare(calendar)
    return bytes(calendar.to_ical())


def give_link(unit: Unit, *, actor: Actor, now: datetime) -> ExportLink:
    """Return the export link of a unit, a new one if there was none; twice is the same as once."""
    with locks.write_transaction():
        locks.lock_units([unit.pk])
        link, is_new = ExportLink.objects.get_or_create(
            unit=unit, defaults={"token": secret_token(), "created_at": now}
        )
        if is_new:
            record("calendar shared", f"unit:{unit.pk}", actor=actor, at=now)
    return link


def revoke_link(unit: Unit, *, actor: Actor, now: datetime) -> None:
    """End the export link of a unit: its address answers no more. Twice is the same as once."""
    with locks.write_transaction():
        locks.lock_units([unit.pk])
        if ExportLink.objects.filter(unit=unit).delete()[0]:
            record("shared calendar revoked", f"unit:{unit.pk}", actor=actor, at=now)


def _after(stay: Stay) -> DateRange:
    """Return the nights that are kept free after a stay."""
    return DateRange(stay.dates.upper, stay.dates.upper + timedelta(days=stay.preparation))


def _event(kind: str, pk: int, dates: object, summary: str, moment: datetime) -> Event:
    event = Event()
    # The same for ever, and says nothing of how much is sold.
    told = salted_hmac("booking.export", f"{kind}:{pk}", algorithm="sha256").hexdigest()[:32]
    event.add("uid", f"{told}@{DOMAIN}")
    event.add("dtstamp", moment)
    event.add("dtstart", dates.lower)  # type: ignore[attr-defined]
    event.add("dtend", dates.upper)  # type: ignore[attr-defined]
    event.add("summary", summary)
    event.add("sequence", 0)
    event.add("status", "CONFIRMED")
    event.add("transp", "OPAQUE")
    return event
