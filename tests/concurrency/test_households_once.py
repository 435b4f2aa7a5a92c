"""Two clicks of « we are here », two cards asked for at once, one person in two households.

The first two are decided again under the household's lock, the third by the database. The
sentinel takes the lock away: the click that came second is then kept from a second stay by the
database alone.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError

from booking import households, locks, presences
from booking.households import HouseholdFacts, Newcomer
from booking.refusals import Busy, Refusal
from members.journal import SYSTEM
from members.models import Household, HouseholdMember, Presence
from tests import factories
from tests.cast import NOW
from tests.concurrency.rivals import Meeting, errors_in, run_together

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("cloned_database")]


@pytest.fixture
def member() -> HouseholdMember:
    return factories.a_household()


def here_twice(member: HouseholdMember) -> list[Any]:
    return [lambda: presences.say_here(member, now=NOW)] * 2


def test_two_clicks_are_one_stay_and_one_refusal(member: HouseholdMember):
    results = run_together(here_twice(member))
    [refused] = errors_in(results)
    assert isinstance(refused, Refusal)
    assert refused.code == "already_here"
    assert Presence.objects.count() == 1


def test_sentinel_without_the_lock_only_the_database_keeps_them_apart(
    member: HouseholdMember, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(locks, "lock_household", lambda pk: Household.objects.get(pk=pk))
    meeting = Meeting(2)
    read = presences.presences_of

    def looked(household: Household) -> list[Presence]:
        found = read(household)
        meeting.wait()
        return found

    monkeypatch.setattr(presences, "presences_of", looked)
    [refused] = errors_in(run_together(here_twice(member)))
    # Two rows put in at once may wait for each other: the database then ends one of the two.
    assert isinstance(refused, IntegrityError | Busy)
    assert Presence.objects.count() == 1


def test_person_who_declares_twice_at_once_is_in_one_household():
    person, commune = factories.a_user(), factories.a_commune()
    facts = HouseholdFacts("Les Martin", commune.pk, 0)

    def declare() -> Household:
        newcomer = Newcomer("Camille", date(1980, 5, 1))
        return households.declare_household(person, facts, newcomer, now=NOW)

    [refused] = errors_in(run_together([declare, declare]))
    assert isinstance(refused, Refusal)
    assert refused.code == "already_in_household"
    assert Household.objects.count() == HouseholdMember.objects.count() == 1


def test_office_that_decides_twice_at_once_decides_once():
    household = factories.a_household(state="declared").household
    results = run_together(
        [
            lambda: households.verify_household(
                household, seen=household.commune_id, actor=SYSTEM, now=NOW
            ),
            lambda: households.verify_household(
                household, seen=household.commune_id, actor=SYSTEM, now=NOW
            ),
        ]
    )
    [refused] = errors_in(results)
    assert isinstance(refused, Refusal)
    assert refused.code == "household_moved"
