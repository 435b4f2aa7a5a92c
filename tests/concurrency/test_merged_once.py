"""Two agents merge the same two records at once, one each way: one of them does.

The sentinel takes the locks of persons away: both then merge, and the two records are each
other's, so that nobody is left.
"""

from __future__ import annotations

from typing import Any

import pytest

from booking import locks
from booking.refusals import Refusal
from booking.relations import merging
from booking.relations.customers import identity_of
from booking.relations.merging import merge_customers
from members.journal import SYSTEM
from members.models import Customer
from tests.cast import NOW
from tests.concurrency.rivals import Meeting, errors_in, run_together

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("cloned_database")]


@pytest.fixture
def two() -> list[Customer]:
    with locks.write_transaction():
        return [
            identity_of(f"{one}@x.org", first_name="Anne", last_name="Dupont", now=NOW).customer
            for one in "ab"
        ]


def both_ways(two: list[Customer]) -> list[Any]:
    def merge(keep: Customer, other: Customer) -> Any:
        return merge_customers(keep, other, "x", actor=SYSTEM, now=NOW)

    one, other = two
    return [lambda: merge(one, other), lambda: merge(other, one)]


def test_two_agents_merge_once(two: list[Customer]):
    [refused] = errors_in(run_together(both_ways(two)))
    assert isinstance(refused, Refusal)
    assert refused.code in {"merge_gone", "busy"}
    assert Customer.objects.filter(merged_into=None).count() == 1


def test_sentinel_without_the_locks_nobody_is_left(
    two: list[Customer], monkeypatch: pytest.MonkeyPatch
):
    meeting = Meeting(2)

    def unlocked(one: Customer, other: Customer, families: Any = ()) -> tuple[Customer, Customer]:
        found = Customer.objects.select_related("family").in_bulk([one.pk, other.pk])
        meeting.wait()
        return found[one.pk], found[other.pk]

    monkeypatch.setattr(merging, "lock_people", unlocked)
    monkeypatch.setattr(merging, "join_families", lambda before, after: ([], []))
    results = run_together(both_ways(two))
    assert not errors_in(results)
    assert not Customer.objects.filter(merged_into=None).exists()
