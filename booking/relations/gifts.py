"""The annual gift of a year: who has one, in which order, what it costs, what came of it (N07).

Who has one is fixed once, when the office locks the campaign: every household with a stay in the
last GIFT_STAY_MONTHS, the oldest relation first; groups are no household. A household is a family
of guests, all those of one second home together. Whether it wants our letters is asked nowhere
here. The budget is kept under the campaign's lock, so that no two writers spend it twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.db import connection
from django.db.models import Count, Q, QuerySet

from booking import locks
from booking.models import Gift, GiftCampaign
from booking.refusals import BadInput, WrongState, trouble
from booking.rules import gifts as rules
from members.journal import Actor, record
from members.rules.customers import NOBODY
from oti.lib.dates import today as day_of
from oti.lib.money import ZERO

BATCH = 2_000
# Stays that somebody who can be told came for, until today, groups aside.
STAYS = """
    FROM booking_paststay stay
    JOIN members_customeridentity identity ON identity.id = stay.identity_id
    JOIN members_customeraddress address ON address.id = identity.address_id
    JOIN members_customer person ON person.id = identity.customer_id
    JOIN members_family family ON family.id = person.family_id
    LEFT JOIN booking_order bought ON bought.id = stay.order_id
    WHERE NOT stay.is_group AND person.erased_at IS NULL AND stay.last_day <= %(today)s
        AND address.email NOT LIKE %(erased)s
"""
HOME = "MAX(COALESCE(family.household_id, stay.household_id))"
KEY = "CASE WHEN home IS NULL THEN 'family:' || family_id ELSE 'household:' || home END"
# How many households: the same, without what each of them is told.
COUNTED = f"""
WITH families AS (
    SELECT person.family_id, {HOME} AS home, MAX(stay.last_day) AS last_day
    {STAYS} GROUP BY person.family_id
)
SELECT COUNT(*) FROM (
    SELECT {KEY} FROM families GROUP BY {KEY} HAVING MAX(last_day) >= %(since)s
) them
"""  # noqa: S608 - our own constants
# One row a household: its key, its first stay, and the address of its last one.
HOUSEHOLDS = f"""
WITH stays AS (
    SELECT person.family_id, stay.first_day, stay.last_day, stay.id, stay.language,
        identity.id AS identity_id, address.email, person.first_name,
        COALESCE(bought.reference, '') AS reference,
        {HOME} OVER (PARTITION BY person.family_id) AS home
    {STAYS}
), keyed AS (
    SELECT *, {KEY} AS key FROM stays
)
SELECT key,
    (array_agg(family_id ORDER BY last_day DESC, id DESC))[1] AS family_id,
    (array_agg(identity_id ORDER BY last_day DESC, id DESC))[1] AS identity_id,
    (array_agg(email ORDER BY last_day DESC, id DESC))[1] AS email,
    (array_agg(first_name ORDER BY last_day DESC, id DESC))[1] AS first_name,
    (array_agg(language ORDER BY last_day DESC, id DESC))[1] AS language,
    MIN(first_day) AS first_day
FROM keyed GROUP BY key HAVING MAX(last_day) >= %(since)s
ORDER BY MIN(first_day), (array_agg(reference ORDER BY first_day, reference))[1], MIN(id)
"""  # noqa: S608 - our own constants
COLUMNS = (
    *("household_key", "family_id", "identity_id", "email", "first_name"),
    *("language", "first_day"),
)
# Who came back after it was told, and how many stays these are.
RETURNED = """
SELECT COUNT(DISTINCT gift.id), COUNT(DISTINCT stay.id)
FROM booking_gift gift
JOIN members_customeridentity mine ON mine.id = gift.identity_id
JOIN members_customer me ON me.id = mine.customer_id
JOIN members_customer person ON person.family_id = me.family_id
JOIN members_customeridentity identity ON identity.customer_id = person.id
JOIN booking_paststay stay ON stay.identity_id = identity.id
WHERE gift.campaign_id = %s AND gift.told_at IS NOT NULL
    AND stay.first_day > gift.told_at::date
"""


@dataclass(frozen=True)
class Forecast:
    """What a campaign would be if it were locked now; amounts in euros."""

    households: int
    affordable: int
    unit_amount: Decimal

    @property
    def served(self) -> int:
        """Return how many households the budget pays for."""
        return min(self.households, self.affordable)

    @property
    def waiting(self) -> int:
        """Return how many would wait."""
        return self.households - self.served

    @property
    def amount(self) -> Decimal:
        """Return what these cost."""
        return self.served * self.unit_amount


@dataclass(frozen=True)
class Figures:
    """What became of a campaign; amounts in euros."""

    by_state: dict[str, int]
    unit_amount: Decimal
    # How many reached their household: by post, at the counter, or with the mail that told them.
    sent: int = 0
    # Households that came back after they were told, and their stays.
    returned: int = 0
    stays: int = 0

    @property
    def committed(self) -> Decimal:
        """Return what the gifts cost that are given or promised."""
        paid = sum(self.by_state.get(one, 0) for one in rules.PAID_FOR)
        return paid * self.unit_amount if paid else ZERO

    @property
    def redeemed(self) -> int:
        """Return how many were redeemed."""
        return self.by_state.get(rules.REDEEMED, 0)

    @property
    def redeemed_percent(self) -> int | None:
        """Return the share of those that were redeemed, None before any was sent."""
        return round(100 * self.redeemed / self.sent) if self.sent else None


def forecast(campaign: GiftCampaign, *, now: datetime) -> Forecast:
    """Count the households that would have this gift, and what they cost (1 SQL)."""
    today = day_of(now)
    with connection.cursor() as cursor:
        cursor.execute(COUNTED, _named(today=today, since=stayed_since(today)))
        [count] = cursor.fetchone()
    most = rules.affordable(campaign.budget_amount, campaign.unit_amount)
    return Forecast(count, most, campaign.unit_amount)


def stayed_since(today: date) -> date:
    """Return the first day of the last GIFT_STAY_MONTHS."""
    months = today.year * 12 + today.month - 1 - settings.GIFT_STAY_MONTHS
    return date(months // 12, months % 12 + 1, min(today.day, 28))


def changing_draft(pk: int) -> GiftCampaign:
    """Return a campaign that may still be changed, locked, in the present transaction.

    Raises WrongState `gift_not_draft`.
    """
    campaign = locks.lock_gift_campaign(pk)
    if campaign.state != rules.DRAFT:
        raise WrongState(trouble("gift_not_draft"))
    return campaign


def lock_campaign(head: GiftCampaign, *, actor: Actor, now: datetime) -> int:
    """Fix the households of a campaign, once; returns how many.

    Those that the budget pays for are to be told, the others wait in the order of their rank.
    Raises WrongState `gift_not_draft`; BadInput `gift_words_missing`, `gift_budget_small`,
    `gift_nobody`, `gift_over`. Locks the campaign.
    """
    today = day_of(now)
    since = stayed_since(today)
    with locks.write_transaction():
        campaign = changing_draft(head.pk)
        if campaign.valid_until <= today:
            raise BadInput(trouble("gift_over", day=campaign.valid_until))
        if not (campaign.title_fr and campaign.words_fr):  # type: ignore[attr-defined]
            raise BadInput(trouble("gift_words_missing"))
        most = rules.affordable(campaign.budget_amount, campaign.unit_amount)
        if not most:
            raise BadInput(trouble("gift_budget_small"))
        found = _households(today=today, since=since)
        if not found:
            raise BadInput(trouble("gift_nobody"))
        Gift.objects.bulk_create(
            (
                Gift(
                    campaign=campaign,
                    rank=rank,
                    state=rules.ELIGIBLE if rank <= most else rules.WAITING,
                    **row,
                )
                for rank, row in enumerate(found, start=1)
            ),
            batch_size=BATCH,
        )
        campaign.locked_at, campaign.since = now, since
        _move(campaign, rules.LOCKED, actor=actor, now=now, households=len(found))
    return len(found)


def start_sending(head: GiftCampaign, *, actor: Actor, now: datetime) -> None:
    """Let the clock tell the households. Raises WrongState `gift_wrong_state`."""
    with locks.write_transaction():
        _move(locks.lock_gift_campaign(head.pk), rules.SENDING, actor=actor, now=now)


def close_campaign(head: GiftCampaign, *, actor: Actor, now: datetime) -> int:
    """End a campaign: what nobody claimed lapses; returns how many gifts did.

    Vouchers are good for no longer either. Raises WrongState `gift_wrong_state`; `gift_to_post`
    while somebody waits for a parcel.
    """
    over = [one for one, after in rules.GIFT.items() if rules.LAPSED in after]
    with locks.write_transaction():
        campaign = locks.lock_gift_campaign(head.pk)
        if campaign.gifts.filter(state=rules.ADDRESSED).exists():
            raise WrongState(trouble("gift_to_post"))
        campaign.closed_at = now
        _move(campaign, rules.CLOSED, actor=actor, now=now)
        return campaign.gifts.filter(state__in=over).update(state=rules.LAPSED)


def raise_budget(head: GiftCampaign, amount: Decimal, *, actor: Actor, now: datetime) -> int:
    """Give a locked campaign a larger budget; returns how many that waited have a gift now.

    Raises WrongState `gift_wrong_state` before it is locked and after its end; BadInput
    `gift_budget_no_larger`.
    """
    with locks.write_transaction():
        campaign = locks.lock_gift_campaign(head.pk)
        if campaign.state not in {rules.LOCKED, rules.SENDING}:
            raise WrongState(trouble("gift_wrong_state"))
        if amount <= campaign.budget_amount:
            raise BadInput(trouble("gift_budget_no_larger", field="budget"))
        campaign.budget_amount = amount
        campaign.save(update_fields=["budget_amount"])
        record("gift budget raised", _subject(campaign), actor=actor, at=now, amount=str(amount))
        return promote_waiting(campaign)


def promote_waiting(campaign: GiftCampaign) -> int:
    """Give those first in the line what the budget has left; the campaign is locked."""
    paid = campaign.gifts.filter(state__in=rules.PAID_FOR).count()
    free = rules.affordable(campaign.budget_amount, campaign.unit_amount) - paid
    if free <= 0:
        return 0
    line = campaign.gifts.filter(state=rules.WAITING).order_by("rank")[:free]
    next_ones = list(line.values_list("pk", flat=True))
    return Gift.objects.filter(pk__in=next_ones).update(state=rules.ELIGIBLE)


def figures(campaign: GiftCampaign) -> Figures:
    """Count what became of a campaign (3 SQL)."""
    reached = Q(sent_at__isnull=False) if campaign.is_posted else Q(told_at__isnull=False)
    # A parcel may be fetched at the counter instead.
    reached |= Q(state=rules.REDEEMED)
    rows = campaign.gifts.order_by().values_list("state").annotate(Count("pk"))
    with connection.cursor() as cursor:
        cursor.execute(RETURNED, [campaign.pk])
        returned, stays = cursor.fetchone()
    sent = campaign.gifts.filter(reached).count()
    return Figures(dict(rows), campaign.unit_amount, sent, returned, stays)


def has_another(gift: Gift) -> bool:
    """Tell whether the household of a gift has one of a better rank: two became one meanwhile."""
    better = others_of_household(gift).filter(rank__lt=gift.rank)
    return better.exclude(state__in=[rules.JOINED, rules.LAPSED]).exists()


def others_of_household(gift: Gift) -> QuerySet[Gift]:
    """Return the other gifts of the year whose people are of one household with this one's now."""
    others = Gift.objects.filter(campaign=gift.campaign_id).exclude(pk=gift.pk)
    if gift.identity is None:
        return others.none()
    family = gift.identity.customer.family
    same = Q(identity__customer__family=family)
    if family.household_id is not None:
        same |= Q(identity__customer__family__household=family.household_id)
    return others.filter(same)


def _named(*, today: date, since: date) -> dict[str, date | str]:
    # A person who is known by two addresses may have had one of them erased: it can't be told.
    return {"today": today, "since": since, "erased": f"%@{NOBODY}"}


def _households(*, today: date, since: date) -> list[dict[str, object]]:
    with connection.cursor() as cursor:
        cursor.execute(HOUSEHOLDS, _named(today=today, since=since))
        return [dict(zip(COLUMNS, row, strict=True)) for row in cursor.fetchall()]


def _move(campaign: GiftCampaign, to: str, *, actor: Actor, now: datetime, **told: object) -> None:
    """Move a locked campaign on."""
    if to not in rules.CAMPAIGN[campaign.state]:
        raise WrongState(trouble("gift_wrong_state"))
    campaign.state = to
    campaign.save(update_fields=["state", "locked_at", "since", "closed_at"])
    record(f"gift {to}", _subject(campaign), actor=actor, at=now, **told)


def _subject(campaign: GiftCampaign) -> str:
    return f"gift:{campaign.year}"
