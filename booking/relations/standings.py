"""Whether letters may be written to many addresses at once: `members.rules.consent` as SQL.

The pure rule stays the truth; a test compares both on whatever people said and bought.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from booking.rules.campaigns import BOUNCED
from members.rules.consent import NEWS, OFFERS, YEARS

# What was said of one purpose; named value: purpose.
SAID = """
SELECT address_id, max(at) FILTER (WHERE is_yes) AS yes, max(at) FILTER (WHERE NOT is_yes) AS no
FROM members_letterchoice WHERE purpose = %(purpose)s {those} GROUP BY address_id
"""
# What the orders of an address say, as columns of a group of paid orders.
BOUGHT_COLUMNS = """
max(placed_at) AS last,
max(placed_at) FILTER (WHERE letters <> '') AS told,
max(placed_at) FILTER (WHERE letters = 'refused') AS refused
"""
# "" where a letter may be written; of two words of one moment, « no » is the last. A bought stay
# counts for offers alone. Named values: `consent_values`.
REASON = """
CASE
WHEN greatest(said.no, CASE WHEN %(is_offers)s THEN bought.refused END)
     >= coalesce(said.yes, '-infinity') THEN 'said_no'
WHEN said.yes IS NULL AND (bought.told IS NULL OR NOT %(is_offers)s) THEN 'never_said'
WHEN CASE WHEN said.yes IS NULL THEN bought.told ELSE greatest(said.yes, bought.last) END
     > %(surely_alive)s THEN ''
WHEN ((CASE WHEN said.yes IS NULL THEN bought.told ELSE greatest(said.yes, bought.last) END)
     AT TIME ZONE 'UTC' + interval '3 years') AT TIME ZONE 'UTC' <= %(now)s THEN 'too_long_ago'
ELSE '' END
"""
THOSE = "AND address_id IN (SELECT k.id FROM members_letteraddress k JOIN asked USING (email))"
OF_ADDRESSES = f"""
WITH asked AS (
    SELECT email, upper(email) AS key FROM unnest(%(emails)s::text[]) AS email
), bought AS (
    SELECT upper(email) AS key, {BOUGHT_COLUMNS} FROM booking_order
    WHERE confirmed_at IS NOT NULL AND upper(email) IN (SELECT key FROM asked)
    GROUP BY upper(email)
), said AS ({SAID.format(those=THOSE)})
SELECT asked.email,
    CASE WHEN known.bounced_at IS NOT NULL AND {REASON} = '' THEN '{BOUNCED}' ELSE {REASON} END
FROM asked
LEFT JOIN members_letteraddress known ON known.email = asked.email
LEFT JOIN said ON said.address_id = known.id
LEFT JOIN bought ON bought.key = asked.key
"""  # noqa: S608


def consent_values(purpose: str, *, now: datetime) -> dict[str, Any]:
    """Return what SAID and REASON are asked with; raises ValueError for another purpose."""
    if purpose not in {NEWS, OFFERS}:
        raise ValueError(purpose)
    return {
        "purpose": purpose,
        "is_offers": purpose == OFFERS,
        "now": now,
        # Later than this is no three years whatever the calendar: reckoning with it costs most.
        "surely_alive": now - timedelta(days=YEARS * 365 - 2),
    }


def reasons_of(emails: Collection[str], purpose: str, *, now: datetime) -> dict[str, str]:
    """Return for each address why it may not be written to, "" where it may (1 SQL).

    Addresses are in lower case. Also « bounced », where its carrier says that nobody is there.
    """
    wanted = sorted({one.strip().lower() for one in emails})
    with connection.cursor() as cursor:
        cursor.execute(OF_ADDRESSES, {**consent_values(purpose, now=now), "emails": wanted})
        return dict(cursor.fetchall())
