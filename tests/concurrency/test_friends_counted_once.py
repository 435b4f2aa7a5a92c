"""Two orders of one new household that are decided at the same instant bring one thanks.

One decision at a time, and a mark that the database knows once. The sentinel takes both away, and
the same race thanks twice.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from booking import locks
from booking.models import Order, Referral, ReferralMark
from booking.relations import referrals
from booking.rules import referrals as rules
from tests.booking.relations.inviting import a_friends_stay, an_ambassador
from tests.cast import NOW, FakeBank
from tests.concurrency.rivals import Meeting, errors_in, run_together

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("cloned_database")]


@pytest.fixture
def orders(bank: FakeBank) -> list[Order]:
    """Two persons of one household, by one card, confirmed at the same instant."""
    ambassador = an_ambassador()
    return [
        a_friends_stay(bank, ambassador, mail, card="visa-1")
        for mail in ("lucie@example.org", "paul@example.org")
    ]


def race(orders: list[Order], monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    meeting = Meeting(2)
    # Neither sees the other's as an earlier stay: as if both were being written.
    monkeypatch.setattr(referrals, "_has_stayed", lambda *_args: meeting.wait())
    at = NOW + timedelta(minutes=1)
    return run_together([lambda pk=one.pk: referrals.decide_referral(pk, now=at) for one in orders])


def test_one_household_brings_one_thanks(orders, monkeypatch: pytest.MonkeyPatch):
    results = race(orders, monkeypatch)
    assert errors_in(results) == []
    assert sorted(results) == [rules.PENDING, rules.REFUSED]
    assert Referral.objects.get(state=rules.REFUSED).reason == rules.COUNTED
    assert ReferralMark.objects.values("referral").distinct().count() == 1


def test_without_the_lock_the_database_refuses_the_second(orders, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(locks, "lock_referrals", lambda: None)
    race(orders, monkeypatch)
    assert Referral.objects.filter(state=rules.PENDING).count() == 1


def test_sentinel_without_lock_and_mark_both_are_thanked(orders, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(locks, "lock_referrals", lambda: None)
    monkeypatch.setattr(referrals, "_mark", lambda *_args: True)
    race(orders, monkeypatch)
    assert Referral.objects.filter(state=rules.PENDING).count() == 2


# --- Two who name each other ----------------------------------------------------------------------
@pytest.fixture
def ring(bank: FakeBank) -> list[Order]:
    """Two ambassadors who have never stayed, each with the code of the other."""
    first, second = an_ambassador(), an_ambassador()
    return [
        a_friends_stay(bank, first, second.user.email, card="visa-2"),
        a_friends_stay(bank, second, first.user.email, card="visa-1"),
    ]


def race_in_a_ring(ring: list[Order], monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    meeting, mark = Meeting(2), referrals._mark

    def met(*args: Any) -> bool:
        # Each has looked at who brought whom, neither has written.
        meeting.wait()
        return mark(*args)

    monkeypatch.setattr(referrals, "_mark", met)
    at = NOW + timedelta(minutes=1)
    return run_together([lambda pk=one.pk: referrals.decide_referral(pk, now=at) for one in ring])


def test_nobody_is_brought_in_a_ring(ring, monkeypatch: pytest.MonkeyPatch):
    results = race_in_a_ring(ring, monkeypatch)
    assert errors_in(results) == []
    assert sorted(results) == [rules.PENDING, rules.REFUSED]
    assert Referral.objects.get(state=rules.REFUSED).reason == rules.LOOP


def test_sentinel_without_the_lock_both_are_brought(ring, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(locks, "lock_referrals", lambda: None)
    race_in_a_ring(ring, monkeypatch)
    assert Referral.objects.filter(state=rules.PENDING).count() == 2
