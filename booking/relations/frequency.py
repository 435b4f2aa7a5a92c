"""How many letters with something for sale an address gets (N06: no more than n in 30 days)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

PERIOD = timedelta(days=30)
# The addresses that had as many as they may; named values: since, most.
CAPPED = """
SELECT known.email FROM booking_campaignmail mail
JOIN members_letteraddress known ON known.id = mail.address_id
WHERE mail.state = 'handed' AND mail.handed_at > %(since)s
GROUP BY known.email HAVING count(*) >= %(most)s
"""


def is_at_the_cap(email: str, *, now: datetime) -> bool:
    """Tell whether an address has had all the commercial letters of 30 days (1 SQL)."""
    return bool(at_the_cap([email], now=now))


def at_the_cap(emails: Collection[str], *, now: datetime) -> set[str]:
    """Return those of some addresses that had COMMERCIAL_LETTERS_IN_30_DAYS already (1 SQL).

    In lower case, whatever their case was.
    """
    wanted = {one.strip().lower() for one in emails}
    if settings.COMMERCIAL_LETTERS_IN_30_DAYS <= 0:
        return wanted
    values = {**cap_values(now=now), "emails": sorted(wanted)}
    statement = f"SELECT email FROM ({CAPPED}) capped WHERE email = ANY(%(emails)s)"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return {row[0] for row in cursor.fetchall()}


def cap_values(*, now: datetime) -> dict[str, Any]:
    """Return what CAPPED is asked with."""
    return {"since": now - PERIOD, "most": settings.COMMERCIAL_LETTERS_IN_30_DAYS}
