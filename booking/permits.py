"""Authorisations that end before what was sold under them: an incident, never kept silent (N05).

Selling stops by itself (the kind refuses the day); what is sold already is told to the office,
once for each line and each end, so that it finds another carer or gives the money back.
"""

from __future__ import annotations

from datetime import date, datetime

from django.conf import settings
from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from booking import locks
from booking.messages import write_message
from booking.models import OfferPermit, OrderLine
from booking.rules import states
from booking.rules.kinds import KINDS
from members.journal import SYSTEM, record
from oti.lib.dates import today as day_of

NEED_ONE = [kind.code for kind in KINDS if kind.needs_permit]


def uncovered_lines(today: date) -> QuerySet[OrderLine]:
    """Return the lines sold for a day to come that no authorisation reaches.

    `permit_until` is the last day covered, None without an authorisation.
    """
    until = OfferPermit.objects.filter(offer=OuterRef("offer")).values("valid_until")[:1]
    return (
        OrderLine.objects.filter(
            kind__in=NEED_ONE,
            state=states.SOLD,
            slot__day__gte=today,
            order__state=states.CONFIRMED,
        )
        .annotate(permit_until=Subquery(until))
        .filter(Q(permit_until=None) | Q(permit_until__lt=F("slot__day")))
    )


def report_uncovered(*, now: datetime) -> int:
    """Write to the office about each line that lost its authorisation; returns how many are new."""
    told = 0
    for line in uncovered_lines(day_of(now)).select_related("order", "offer", "slot"):
        until = getattr(line, "permit_until", None)
        key = f"permit:{line.pk}:{until or 'none'}"
        with locks.write_transaction():
            is_new = write_message(
                "permit_ended",
                key=key,
                recipient=settings.OFFICE["email"],
                language="fr",
                order=line.order,
                data={"line": line.pk, "until": until.isoformat() if until else ""},
                now=now,
            )
            if is_new:
                record(
                    "authorisation ends before a sold date",
                    f"order:{line.order.reference}",
                    actor=SYSTEM,
                    at=now,
                    line=line.pk,
                )
                told += 1
    return told
