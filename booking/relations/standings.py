"""Whether letters may be written to many addresses at once: `members.rules.consent` as SQL.

The pure rule stays the truth; a test compares both on whatever people said and bought.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from booking.relations.consent import mark_of
from booking.rules.campaigns import BOUNCED, SAID_NO
from members.models import ErasedAddress, LetterAddress
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
# Guests of a host's file who were told of letters (`guest_imports`), as a stay that was bought
# then: at noon, as `relations.consent` has it.
IMPORTED = """
SELECT s.identity_id, max((s.last_day + time '12:00') AT TIME ZONE 'Europe/Paris') AS last
FROM booking_paststay s JOIN booking_guestimport file ON file.id = s.guest_import_id
WHERE file.basis = 'own_guest' AND s.identity_id IS NOT NULL {those} GROUP BY s.identity_id
"""
OF_THESE = """
AND s.identity_id IN (
    SELECT i.id FROM members_customeridentity i
    JOIN members_customeraddress a ON a.id = i.address_id JOIN asked ON asked.email = a.email
)
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
    SELECT key, max(last) AS last, max(told) AS told, max(refused) AS refused FROM (
        SELECT upper(email) AS key, {BOUGHT_COLUMNS} FROM booking_order
        WHERE confirmed_at IS NOT NULL AND upper(email) IN (SELECT key FROM asked)
        GROUP BY upper(email)
        UNION ALL
        SELECT upper(a.email), file.last, file.last, NULL
        FROM ({IMPORTED.format(those=OF_THESE)}) file
        JOIN members_customeridentity i ON i.id = file.identity_id
        JOIN members_customeraddress a ON a.id = i.address_id
    ) known GROUP BY key
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
    """Return for each address why it may not be written to, "" where it may (2 SQL).

    One that was erased says no, until it says something itself. Addresses are in lower case. Also
    « bounced », where its carrier says that nobody is there.
    """
    wanted = sorted({one.strip().lower() for one in emails})
    with connection.cursor() as cursor:
        cursor.execute(OF_ADDRESSES, {**consent_values(purpose, now=now), "emails": wanted})
        reasons = dict(cursor.fetchall())
    marks = {mark_of(one): one for one in wanted if reasons[one] in {"", BOUNCED}}
    erased = {
        marks[one]
        for one in ErasedAddress.objects.filter(mark__in=marks).values_list("mark", flat=True)
    }
    if erased:
        # As `consent.may_write`: one that has said something since is known again.
        known = LetterAddress.objects.filter(email__in=erased).values_list("email", flat=True)
        erased -= set(known)
    return reasons | dict.fromkeys(erased, SAID_NO)
