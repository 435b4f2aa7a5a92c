"""How many letters with something for sale an address gets (N06: no more than n in 30 days).

One count for all of them: letters of the life cycle and campaigns. **Contract**: whoever writes a
commercial mail writes it as an `OutboxMessage` with `is_commercial=True`; it asks here first, under
the lock of the address (`locks.lock_letter_address`), so that two of them never both find room.
Many addresses at once are asked with `at_the_cap`, and each again under its lock before it is
written to. Mails given up or dropped count for nothing: nobody read them.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count
from django.db.models.functions import Lower

from booking.models import OutboxMessage

PERIOD = timedelta(days=30)
State = OutboxMessage.State
COUNTED = (State.WAITING, State.SENDING, State.SENT)

# The same for everybody at once, where a segment is counted; named values: `cap_values`.
CAPPED = """
SELECT lower(recipient) AS email FROM booking_outboxmessage
WHERE is_commercial AND created_at > %(since)s AND state = ANY(%(counted)s)
GROUP BY lower(recipient) HAVING count(*) >= %(most)s
"""


def is_at_the_cap(email: str, *, now: datetime) -> bool:
    """Tell whether an address has had all the commercial letters of 30 days (1 SQL)."""
    return bool(at_the_cap([email], now=now))


def at_the_cap(emails: Collection[str], *, now: datetime) -> set[str]:
    """Return those of some addresses that had COMMERCIAL_LETTERS_IN_30_DAYS already (1 SQL).

    In lower case, whatever their case was.
    """
    most = settings.COMMERCIAL_LETTERS_IN_30_DAYS
    wanted = {one.strip().lower() for one in emails}
    if most <= 0:
        return wanted
    rows = OutboxMessage.objects.annotate(address=Lower("recipient")).filter(
        is_commercial=True, created_at__gt=now - PERIOD, state__in=COUNTED, address__in=wanted
    )
    counted = rows.order_by().values("address").annotate(count=Count("pk"))
    return set(counted.filter(count__gte=most).values_list("address", flat=True))


def cap_values(*, now: datetime) -> dict[str, Any]:
    """Return what CAPPED is asked with."""
    return {
        "since": now - PERIOD,
        "counted": [one.value for one in COUNTED],
        "most": settings.COMMERCIAL_LETTERS_IN_30_DAYS,
    }
