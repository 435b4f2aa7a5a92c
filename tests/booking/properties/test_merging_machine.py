"""Whatever is merged and undone, in any order: no identity is lost, and all undone is all back.

Persons may share addresses and families; guests whom nobody knew arrive in between.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.db.models import F
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from booking.refusals import Refusal
from booking.relations.customers import identity_of
from booking.relations.merging import merge_customers, unmerge
from members.journal import SYSTEM
from members.models import Customer, CustomerAddress, CustomerIdentity, CustomerMerge
from tests.cast import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.long]
NAMES = ["Anne", "Paul", "Rose"]
PEOPLE = [(name, address) for address in "abcd" for name in NAMES[: 1 + ord(address) % 3]]


def refused(action: Any, *args: Any) -> str:
    """Do it; return the code of a refusal, "" where there was none."""
    try:
        action(*args, actor=SYSTEM, now=NOW)
    except Refusal as refusal:
        return refusal.code
    return ""


class Records(RuleBasedStateMachine):
    """Persons at four addresses, and an office that is never sure."""

    def __init__(self) -> None:
        super().__init__()
        # Known to Django as a test's own, so that durable transactions may stand inside it.
        self.rollback = transaction.atomic()
        self.rollback._from_testcase = True  # type: ignore[attr-defined]
        self.rollback.__enter__()
        self.people = [self.know(name, address) for name, address in PEOPLE]
        self.first = self.picture()
        self.came = 0

    def teardown(self) -> None:
        self.undo_all()
        back = self.picture()
        # Who came since is beside, in the family of its address; the others are as they were.
        assert {pk: back[pk] for pk in self.first} == self.first
        transaction.set_rollback(True)
        self.rollback.__exit__(None, None, None)

    def know(self, name: str, address: str) -> Customer:
        found = identity_of(f"{address}@example.org", first_name=name, last_name="D", now=NOW)
        return found.customer

    def picture(self) -> dict[int, tuple[int, int, int]]:
        rows = CustomerIdentity.objects.values_list(
            "pk", "customer", "customer__family", "address__family"
        )
        return {row[0]: row[1:] for row in rows}

    def undo_all(self) -> None:
        for merge in CustomerMerge.objects.filter(undone_at=None).order_by("-pk"):
            unmerge(merge, actor=SYSTEM, now=NOW)

    @rule(keep=st.integers(0, len(PEOPLE) - 1), other=st.integers(0, len(PEOPLE) - 1))
    def merge(self, keep: int, other: int) -> None:
        kept, gone = self.people[keep], self.people[other]
        code = refused(merge_customers, kept, gone, "x")
        assert code in {"", "merge_oneself", "merge_gone"}

    @rule(number=st.integers(0, 20))
    def undo(self, number: int) -> None:
        merges = list(CustomerMerge.objects.order_by("pk"))
        if not merges:
            return
        code = refused(unmerge, merges[number % len(merges)])
        assert code in {"", "merge_undone", "merge_later"}

    @rule(address=st.sampled_from("abcd"))
    def somebody_comes(self, address: str) -> None:
        self.came += 1
        self.know(f"New {self.came}", address)

    @invariant()
    def nothing_is_lost(self) -> None:
        assert CustomerIdentity.objects.count() == len(PEOPLE) + self.came
        assert not Customer.objects.filter(
            merged_into__isnull=False, identities__isnull=False
        ).exists()

    @invariant()
    def address_and_its_people_are_one_family(self) -> None:
        assert not CustomerIdentity.objects.exclude(customer__family=F("address__family")).exists()
        assert not CustomerAddress.objects.filter(family=None).exists()


def test_records():
    run_state_machine_as_test(
        Records,
        settings=settings(
            max_examples=15,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
