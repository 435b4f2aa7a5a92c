"""Which needs a mail of the quiet season proposes to whom: those that are open for these people.

Each address hears of a need once (features.md N06); a need that is paused, ended or used up is
left out of the next batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import connection

from booking.models import Campaign, CapacityNeed, ProposedNeed
from booking.relations.campaigns import open_needs
from booking.rules.campaigns import MOST_OFFERS
from members.models import LetterAddress
from oti.lib.dates import today as day_of

Audience = CapacityNeed.Audience
# What stays of an address were: with children, of a group, reached by shuttle; a second home.
PROFILES = """
SELECT a.email, coalesce(bool_or(s.children > 0 AND NOT s.is_group), false),
    coalesce(bool_or(s.is_group), false), coalesce(bool_or('shuttle' = ANY(s.kinds)), false),
    coalesce(bool_or(f.household_id IS NOT NULL OR s.household_id IS NOT NULL), false)
FROM members_customeraddress a
JOIN members_customeridentity i ON i.address_id = a.id
JOIN members_customer c ON c.id = i.customer_id
LEFT JOIN members_family f ON f.id = c.family_id
LEFT JOIN members_customeridentity other ON other.customer_id = c.id
LEFT JOIN booking_paststay s ON s.identity_id = other.id
WHERE a.email = ANY(%s) GROUP BY a.email
"""


def choose(
    campaign: Campaign,
    addresses: Mapping[int, LetterAddress],
    reasons: Mapping[int, str],
    *,
    now: datetime,
) -> dict[int, tuple[int, ...]]:
    """Return the needs that each address hears of, at most MOST_OFFERS, the first to end first.

    Addresses are locked: two campaigns never tell the same one. Without needs nobody is named.
    """
    if not campaign.is_quiet:
        return {}
    needs = open_needs(campaign, today=day_of(now))
    told = set(
        ProposedNeed.objects.filter(address__in=addresses, need__in=needs).values_list(
            "address_id", "need_id"
        )
    )
    wanted = {pk: one for pk, one in addresses.items() if not reasons[pk]}
    profiles = audiences_of([one.email for one in wanted.values()])
    found = {}
    for pk, address in wanted.items():
        fits = profiles.get(address.email, frozenset({Audience.EVERYBODY.value}))
        mine = [one.pk for one in needs if one.audience in fits and (pk, one.pk) not in told]
        if mine:
            found[pk] = tuple(mine[:MOST_OFFERS])
    return found


def audiences_of(emails: list[str]) -> dict[str, frozenset[str]]:
    """Return for whom needs are that some addresses, in lower case, may hear of (1 SQL).

    Who came by our shuttle once came without a car.
    """
    with connection.cursor() as cursor:
        cursor.execute(PROFILES, [emails])
        rows = cursor.fetchall()
    names = (Audience.FAMILIES, Audience.GROUPS, Audience.WITHOUT_CAR, Audience.RESIDENTS)
    return {
        email: frozenset(
            {
                Audience.EVERYBODY.value,
                *(one.value for one, yes in zip(names, is_one, strict=True) if yes),
            }
        )
        for email, *is_one in rows
    }
