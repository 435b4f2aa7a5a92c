"""Two locks, two clocks, two parcels to one address, two counters: each once (N07).

The campaign's lock decides who fixes the households and spends the budget; the sentinel takes it
away: the database alone then stops the second one.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError

from booking import locks
from booking.models import Gift, GiftCampaign, OutboxMessage
from booking.refusals import Busy, NotAllowed, WrongState
from booking.relations import gift_claims, gifts
from members.journal import SYSTEM
from members.models import CustomerIdentity
from tests.booking.relations.giving import HOME, MORNING, a_campaign, a_guest, stayed
from tests.concurrency.rivals import Meeting, errors_in, run_together

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("cloned_database")]
WHO: dict[str, Any] = {"actor": SYSTEM, "now": MORNING}


@pytest.fixture
def people() -> list[CustomerIdentity]:
    found = [a_guest(f"{one}@example.org", one) for one in "abcd"]
    for one in found:
        stayed(one)
    return found


def under_way(**fields: Any) -> GiftCampaign:
    campaign = a_campaign(**fields)
    gifts.lock_campaign(campaign, **WHO)
    gifts.start_sending(campaign, **WHO)
    return campaign


def lock_twice(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Let two of the office meet once both have seen the draft."""
    campaign, meeting, read = a_campaign(), Meeting(2), gifts._households

    def met(**days: Any) -> Any:
        found = read(**days)
        meeting.wait()
        return found

    monkeypatch.setattr(gifts, "_households", met)
    return run_together([lambda: gifts.lock_campaign(campaign, **WHO)] * 2)


def test_households_are_fixed_once(people, monkeypatch: pytest.MonkeyPatch):
    [refused] = errors_in(lock_twice(monkeypatch))
    assert isinstance(refused, WrongState)
    assert Gift.objects.count() == 4


def test_sentinel_without_the_lock_the_database_alone_stops_it(
    people, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(locks, "lock_gift_campaign", lambda pk: GiftCampaign.objects.get(pk=pk))
    [refused] = errors_in(lock_twice(monkeypatch))
    # Rows put in at once may wait for each other: one of the two is ended.
    assert isinstance(refused, IntegrityError | Busy)
    assert Gift.objects.count() == 4


def test_two_clocks_tell_each_household_once(people):
    under_way()
    results = run_together([lambda: gift_claims.tell_households(now=MORNING)] * 2)
    assert errors_in(results) == []
    assert sum(results) == 3
    assert OutboxMessage.objects.filter(kind="gift").count() == 3


def test_two_households_of_one_address_send_one_parcel(people):
    under_way()
    gift_claims.tell_households(now=MORNING)
    told = list(Gift.objects.filter(state="told").order_by("rank")[:2])
    send = [lambda one=one: gift_claims.give_address(one, HOME, now=MORNING) for one in told]
    [refused] = errors_in(run_together(send))
    assert isinstance(refused, NotAllowed)
    assert Gift.objects.filter(state="addressed").count() == 1


def test_a_code_at_two_counters_is_redeemed_once(people):
    under_way(kind="voucher")
    gift_claims.tell_households(now=MORNING)
    code = Gift.objects.filter(state="told").earliest("rank").code

    def redeem() -> Gift:
        return gift_claims.redeem(code, where="Ici", is_host=False, **WHO)

    [refused] = errors_in(run_together([redeem] * 2))
    assert isinstance(refused, WrongState)
    assert Gift.objects.filter(state="redeemed").count() == 1


def test_a_budget_raised_while_the_clock_runs_is_not_overspent(people):
    campaign = under_way(budget_amount=Decimal(20))
    run_together(
        [
            lambda: gifts.raise_budget(campaign, Decimal(30), **WHO),
            lambda: gifts.raise_budget(campaign, Decimal(35), **WHO),
            lambda: gift_claims.tell_households(now=MORNING),
        ]
    )
    assert Gift.objects.exclude(state="waiting").count() == 3
