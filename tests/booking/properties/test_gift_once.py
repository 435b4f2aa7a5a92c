"""Whatever families merge, whoever moves in together and however often the job runs: one gift each.

Households are counted here in a second way, as groups of people joined one by one.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from booking.models import Gift, GiftCampaign
from booking.relations.gift_claims import tell_households
from booking.relations.gifts import lock_campaign, raise_budget, start_sending
from booking.rules.gifts import PAID_FOR
from members.journal import SYSTEM
from members.models import CustomerIdentity
from tests import factories
from tests.booking.relations.giving import MORNING, a_campaign, a_guest, stayed
from tests.cast import TODAY

pytestmark = pytest.mark.django_db
PEOPLE = 6
UNIT = Decimal(10)
people = st.integers(0, PEOPLE - 1)
pairs = st.lists(st.tuples(people, people), max_size=3)
steps = st.lists(
    st.one_of(
        st.just(("run",)),
        st.tuples(st.just("merge"), people, people),
        st.tuples(st.just("budget"), st.integers(1, PEOPLE)),
    ),
    max_size=8,
)


def merge(who: list[CustomerIdentity], first: int, second: int) -> None:
    """Let two records be of one person, as the office does it: identities move."""
    person = CustomerIdentity.objects.get(pk=who[first].pk).customer
    other = CustomerIdentity.objects.get(pk=who[second].pk).customer
    CustomerIdentity.objects.filter(customer=other).update(customer=person)


def households(campaign: GiftCampaign) -> list[str]:
    """Return of each gift that is paid for whose it is now."""
    rows = campaign.gifts.filter(state__in=PAID_FOR).exclude(state="eligible")
    return [
        f"home {one.identity.customer.family.household_id}"
        if one.identity.customer.family.household_id
        else f"family {one.identity.customer.family_id}"
        for one in rows.select_related("identity__customer__family")
    ]


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    before=pairs,
    homes=st.lists(people, max_size=3),
    ages=st.lists(st.integers(0, 900), min_size=PEOPLE, max_size=PEOPLE),
    budget=st.integers(1, PEOPLE),
    played=steps,
)
def test_nobody_has_two_and_nothing_is_overspent(before, homes, ages, budget, played):
    point = transaction.savepoint()
    try:
        home = factories.a_household(name="Les Narces").household
        who = [a_guest(f"p{one}@example.org", f"P{one}") for one in range(PEOPLE)]
        for one, age in zip(who, ages, strict=True):
            stayed(one, TODAY - timedelta(days=age))
        for one in homes:
            # They stayed as people of one second home.
            stayed(who[one], household=home)
        for first, second in before:
            merge(who, first, second)
        stayed(who[0])
        campaign = a_campaign(budget_amount=UNIT * budget)
        lock_campaign(campaign, actor=SYSTEM, now=MORNING)
        start_sending(campaign, actor=SYSTEM, now=MORNING)
        first_ranks = list(campaign.gifts.order_by("rank").values_list("pk", flat=True))
        for step in [*played, ("run",), ("run",)]:
            play(step, campaign, who)
            campaign.refresh_from_db()
            paid = campaign.gifts.filter(state__in=PAID_FOR).count()
            assert paid * UNIT <= campaign.budget_amount
        kept = campaign.gifts.exclude(state="joined")
        assert list(campaign.gifts.order_by("rank").values_list("pk", flat=True)) == first_ranks
        # Nobody waits while somebody of a later rank is served.
        served = kept.filter(state="told").order_by("-rank").values_list("rank", flat=True)
        waits = kept.filter(state="waiting").order_by("rank").values_list("rank", flat=True)
        assert not served or not waits or served[0] < waits[0]
        if not any(step[0] == "merge" for step in played):
            assert max(Counter(households(campaign)).values(), default=0) <= 1
        assert keys_once(campaign)
    finally:
        transaction.savepoint_rollback(point)


def play(step: tuple, campaign: GiftCampaign, who: list[CustomerIdentity]) -> None:
    """Do one thing."""
    if step[0] == "run":
        told_before = set(Gift.objects.exclude(told_at=None).values_list("pk", flat=True))
        tell_households(now=MORNING)
        told = Gift.objects.exclude(told_at=None).select_related("identity__customer")
        check_new([one for one in told if one.pk not in told_before], campaign)
    elif step[0] == "merge":
        merge(who, step[1], step[2])
    elif UNIT * step[1] > campaign.budget_amount:
        raise_budget(campaign, UNIT * step[1], actor=SYSTEM, now=MORNING)


def check_new(told: list[Gift], campaign: GiftCampaign) -> None:
    """Assert that whoever was told now is of a household that nobody was told for."""
    for gift in told:
        family = gift.identity.customer.family_id
        same = campaign.gifts.filter(told_at__isnull=False, identity__customer__family=family)
        older = same.filter(rank__lt=gift.rank)
        assert not older.exists()


def keys_once(campaign: GiftCampaign) -> bool:
    """Tell whether each household was written once."""
    keys = list(campaign.gifts.values_list("household_key", flat=True))
    return len(keys) == len(set(keys))
