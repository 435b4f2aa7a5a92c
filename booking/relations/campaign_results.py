"""What became of a campaign: counted from what happened, nobody is followed (L03, N06)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, Q, QuerySet, Sum

from booking.models import Campaign, NeedBooking, OrderLine, OutboxMessage
from booking.rules import campaigns as rules
from booking.rules import states
from oti.lib.money import ZERO

ORDERED_WITHIN = timedelta(days=30)
# No said after the mail: in thirty days, it is taken for an answer to it.
STOPPED = """
SELECT count(DISTINCT mail.id) FROM booking_campaignmail mail
JOIN members_letterchoice word ON word.address_id = mail.address_id AND NOT word.is_yes
    AND word.purpose = %(purpose)s
    AND word.at >= mail.handed_at AND word.at < mail.handed_at + %(within)s
WHERE mail.campaign_id = %(campaign)s AND mail.state = 'handed'
"""
ORDERED = """
SELECT count(*), coalesce(sum(total), 0) FROM (
    SELECT DISTINCT o.id, o.gross_amount AS total FROM booking_campaignmail mail
    JOIN members_letteraddress known ON known.id = mail.address_id
    JOIN booking_order o ON upper(o.email) = upper(known.email) AND o.confirmed_at IS NOT NULL
        AND o.placed_at >= mail.handed_at AND o.placed_at < mail.handed_at + %(within)s
    WHERE mail.campaign_id = %(campaign)s AND mail.state = 'handed'
) orders
"""


@dataclass(frozen=True)
class Filled:
    """What one house was booked for after a campaign, and before: nights, or places; euros."""

    provider: str
    offer: str
    bookings: int
    nights: int
    nights_before: int
    amount: Decimal


@dataclass(frozen=True)
class Results:
    """Figures of a campaign; `dropped` by reason, `amount` in euros of all that was ordered."""

    frozen: int
    waiting: int
    sent: int
    failed: int
    bounced: int
    complained: int
    stopped: int
    orders: int
    amount: Decimal
    dropped: dict[str, int] = field(default_factory=dict)
    filled: tuple[Filled, ...] = ()


def results_of(campaign: Campaign) -> Results:
    """Count what became of a campaign (5 SQL, and those of its needs)."""
    states_of_mail = OutboxMessage.State
    handed = Q(state=rules.HANDED)
    # What was said long ago is emptied: a mail without its message was sent.
    found = campaign.mails.aggregate(
        frozen=Count("pk"),
        waiting=Count("pk", Q(state=rules.QUEUED)),
        sent=Count("pk", handed & (Q(message=None) | Q(message__state=states_of_mail.SENT))),
        failed=Count("pk", handed & Q(message__state=states_of_mail.FAILED)),
        late=Count("pk", handed & Q(message__state=states_of_mail.DROPPED)),
        bounced=Count("pk", Q(bounced_at__isnull=False)),
        complained=Count("pk", Q(complained_at__isnull=False)),
    )
    rows = campaign.mails.filter(state=rules.DROPPED).values("reason").annotate(count=Count("pk"))
    dropped = {one["reason"]: one["count"] for one in rows.order_by("reason")}
    if late := found.pop("late"):
        dropped[rules.SAID_NO] = dropped.get(rules.SAID_NO, 0) + late
    values: dict[str, Any] = {
        "campaign": campaign.pk,
        "purpose": campaign.purpose,
        "within": ORDERED_WITHIN,
    }
    with connection.cursor() as cursor:
        cursor.execute(STOPPED, values)
        [(stopped,)] = cursor.fetchall()
        cursor.execute(ORDERED, values)
        [(orders, amount)] = cursor.fetchall()
    return Results(
        **found,
        stopped=stopped,
        orders=orders,
        amount=amount,
        dropped=dropped,
        filled=tuple(_filled(campaign)) if campaign.is_quiet else (),
    )


def _filled(campaign: Campaign) -> list[Filled]:
    """Return what was booked of each need after the campaign, and in its days a year before."""
    rows = campaign.proposals.select_related("need__offer", "need__provider")
    found = []
    for one in rows.prefetch_related("need__periods").order_by("need__provider__name", "pk"):
        booked = NeedBooking.objects.filter(campaign=campaign, need=one.need)
        lines = OrderLine.objects.filter(pk__in=booked.values("line"), state__in=states.TAKES_PLACE)
        before = Q(pk__in=[])
        for period in one.need.periods.all():
            first, after = (_year_before(day) for day in (period.dates.lower, period.dates.upper))
            before |= Q(arrival__lt=after, departure__gt=first)
        earlier = OrderLine.objects.filter(
            before, offer=one.need.offer, state__in=states.TAKES_PLACE, unit__isnull=False
        )
        found.append(
            Filled(
                provider=one.need.provider.name,
                offer=one.need.offer.title,
                bookings=lines.count(),
                nights=_nights(lines.filter(unit__isnull=False)),
                nights_before=_nights(earlier),
                amount=lines.aggregate(sum=Sum("gross_amount"))["sum"] or ZERO,
            )
        )
    return found


def _year_before(day: date) -> date:
    # A weekday is booked like the same one: 52 weeks.
    return day - timedelta(weeks=52)


def _nights(lines: QuerySet[OrderLine]) -> int:
    return sum(
        (departure - arrival).days
        for arrival, departure in lines.values_list("arrival", "departure")
        if arrival and departure
    )
