"""What people booked of the dates that a campaign proposed to them: counted for its need, once.

Nobody is followed: a booking is counted where its address was written about that need in the
thirty days before. A booking counts while there is room in what the host said (« at most »); the
last one ends the proposal, and the next mails leave it out.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from booking import locks
from booking.models import NeedBooking, OrderLine
from booking.proposals import room_of
from booking.rules import states
from members.journal import SYSTEM, record

COUNTED_WITHIN = timedelta(days=30)
NOT_TAKING_PLACE = (OrderLine.State.CANCELLED, OrderLine.State.RELEASED)
# Lines of the offer that lie in one of the need's periods: nights, or the local day they begin on.
FOUND = """
SELECT DISTINCT ON (line.id) line.id, told.need_id, mail.campaign_id
FROM booking_proposedneed told
JOIN booking_campaignmail mail ON mail.id = told.mail_id
JOIN members_letteraddress known ON known.id = told.address_id
JOIN booking_capacityneed need ON need.id = told.need_id
JOIN booking_order o ON upper(o.email) = upper(known.email)
    AND o.placed_at >= mail.handed_at AND o.placed_at < mail.handed_at + %(within)s
JOIN booking_orderline line ON line.order_id = o.id AND line.offer_id = need.offer_id
    AND line.state = ANY(%(sold)s)
JOIN booking_needperiod period ON period.need_id = need.id AND period.dates && CASE
    WHEN line.arrival IS NOT NULL AND line.departure IS NOT NULL AND line.unit_id IS NOT NULL
    THEN daterange(line.arrival, line.departure)
    ELSE daterange((line.starts_at AT TIME ZONE 'Europe/Paris')::date,
                   (line.starts_at AT TIME ZONE 'Europe/Paris')::date, '[]') END
WHERE mail.handed_at > %(now)s - %(within)s - interval '2 days'
AND NOT EXISTS (SELECT 1 FROM booking_needbooking counted WHERE counted.line_id = line.id)
ORDER BY line.id, mail.handed_at DESC
"""


def count_bookings(*, now: datetime) -> int:
    """Count what was booked of proposed dates since; returns how many. Locks each need.

    What was cancelled since is the host's to fill again, and no longer counted.
    """
    give_back(now=now)
    values: dict[str, Any] = {
        "within": COUNTED_WITHIN,
        "now": now,
        "sold": [states.SOLD, states.HONOURED],
    }
    with connection.cursor() as cursor:
        cursor.execute(FOUND, values)
        rows = cursor.fetchall()
    return sum(_count(*row, now=now) for row in rows)


def give_back(*, now: datetime) -> int:
    """Take back what was counted of lines that don't take place; returns how many. Locks needs."""
    gone = NeedBooking.objects.filter(line__state__in=NOT_TAKING_PLACE)
    taken = 0
    for need_id in sorted(set(gone.values_list("need_id", flat=True))):
        with locks.write_transaction():
            need = locks.lock_need(need_id)
            count, _by_model = gone.filter(need=need).delete()
            need.redeemed = min(need.redeemed, need.bookings.count())
            need.save(update_fields=["redeemed"])
            record("need given back", f"need:{need_id}", actor=SYSTEM, at=now, count=count)
            taken += count
    return taken


def _count(line: int, need_id: int, campaign: int, *, now: datetime) -> bool:
    with locks.write_transaction():
        need = locks.lock_need(need_id)
        _row, is_new = NeedBooking.objects.get_or_create(
            line_id=line,
            defaults={"need": need, "campaign_id": campaign, "counted_at": now},
        )
        if is_new and room_of(need, now=now) > 0:
            need.redeemed += 1
            need.save(update_fields=["redeemed"])
            record("need booked", f"need:{need.pk}", actor=SYSTEM, at=now, campaign=campaign)
    return is_new
