"""What an ambassador sees of their friends: how many, how far, and a first name where it is told.

Neither dates nor places, nor what was refused: that a friend isn't counted is the friend's affair.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db.models import Count

from booking.models import Order, Referral, ReferralGift
from booking.referral_mails import shown_friend
from booking.rules import referrals as rules
from destination.spoken import in_language
from members.models import Ambassador
from oti.lib.dates import paris
from oti.lib.dates import today as day_of
from oti.lib.joins import read_joined

SHOWN = (*rules.COUNTS, rules.TAKEN_BACK)
MOST_RANKED = 10
# Written out: the page after each payment asks for it.
REFERRAL_OF = """
SELECT {columns} FROM booking_referral it
JOIN members_ambassador ambassador ON ambassador.id = it.ambassador_id
WHERE it.order_id = %s AND it.state <> %s ORDER BY it.id LIMIT 1
"""


@dataclass(frozen=True)
class Friend:
    """One friend's first stay; `name` is "" unless the friend told it, `since` a month."""

    name: str
    state: str
    since: date
    thanks: str


@dataclass(frozen=True)
class Friends:
    """All of them, the newest first, with their sums."""

    rows: list[Friend]
    coming: int
    came: int
    to_collect: list[str]


def friends_of(ambassador: Ambassador) -> Friends:
    """Return what an ambassador may know of those who came with their code."""
    found = Referral.objects.filter(ambassador=ambassador, state__in=SHOWN)
    rows = [
        Friend(
            name=shown_friend(one),
            state=one.state,
            since=paris(one.claimed_at).date().replace(day=1),
            thanks=in_language(one.thanks),
        )
        for one in found.select_related("order").order_by("-claimed_at", "-pk")
    ]
    counts = Counter(one.state for one in rows)
    return Friends(
        rows=rows,
        coming=counts[rules.PENDING],
        came=counts[rules.EARNED] + counts[rules.HANDED],
        to_collect=[one.thanks for one in rows if one.state == rules.EARNED and one.thanks],
    )


@dataclass(frozen=True)
class Invited:
    """What a guest reads of the code that they came with; `welcome` is "" where none is given."""

    inviter: str
    welcome: str
    is_refused: bool


def invitation_shown(order: Order) -> Invited | None:
    """Return what the page of an order says of its invitation; None without any, or called off."""
    rows = read_joined(
        REFERRAL_OF, {"it": Referral, "ambassador": Ambassador}, [order.pk, rules.TAKEN_BACK]
    )
    if not rows:
        return None
    ((one, one.ambassador),) = rows
    return Invited(
        inviter=one.ambassador.first_name,
        welcome=in_language(one.welcome) if one.state in rules.COUNTS else "",
        is_refused=one.state == rules.REFUSED,
    )


def gifts_now(now: datetime, *, whom: str) -> list[str]:
    """Return what the office gives at the moment, in the active language."""
    day = day_of(now)
    held = ReferralGift.objects.filter(whom=whom, first_day__lte=day, last_day__gte=day)
    return [one.text for one in held.order_by("pole", "-first_day") if one.text]


def ranking() -> list[tuple[str, int]]:
    """Return who brought how many, by the name of their page; [] where the office wants none.

    Only those whose page is shown have a name here: nobody is named who didn't name themselves.
    """
    if not settings.AMBASSADOR_RANKING:
        return []
    counted = Ambassador.objects.active().filter(referrals__state__in=[rules.EARNED, rules.HANDED])
    rows = counted.annotate(came=Count("referrals")).order_by("-came", "joined_at", "pk")
    named = rows.values_list("page__name", "came")
    return [(name, came) for name, came in named if name][:MOST_RANKED]
