"""Ambassadors who take a mission at the same instant: as many as are wanted do it.

The mission's lock makes them wait for each other. The sentinel takes it away, and the same race
gives one place to two.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from booking import locks
from booking.refusals import WrongState
from booking.relations import missions
from members.models import Ambassador, Mission, MissionTake
from members.rules import missions as rules
from tests.booking.relations.inviting import an_ambassador
from tests.cast import NOW
from tests.concurrency.rivals import Meeting, errors_in, run_together

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("cloned_database")]


@pytest.fixture
def mission() -> Mission:
    return Mission.objects.create(
        title_fr="Des cartes",
        text_fr="Vingt cartes",
        first_day=NOW.date(),
        last_day=NOW.date() + timedelta(days=9),
        wanted=1,
    )


@pytest.fixture
def two() -> list[Ambassador]:
    return [an_ambassador(), an_ambassador()]


def race(mission: Mission, two: list[Ambassador], monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    meeting, room = Meeting(2), rules.has_room

    def met(wanted: int, held: int) -> bool:
        # Both have counted who does it, neither has written.
        meeting.wait()
        return room(wanted, held)

    monkeypatch.setattr(rules, "has_room", met)
    return run_together(
        [lambda who=one: missions.take_mission(who, mission.pk, now=NOW) for one in two]
    )


def test_one_place_is_one_ambassadors(mission, two, monkeypatch: pytest.MonkeyPatch):
    results = race(mission, two, monkeypatch)
    [refused] = errors_in(results)
    assert isinstance(refused, WrongState)
    assert [one.code for one in refused.troubles] == ["mission_full"]
    assert MissionTake.objects.filter(state=rules.TAKEN).count() == 1


def test_sentinel_without_the_lock_two_have_one_place(
    mission, two, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(locks, "lock_mission", lambda pk: Mission.objects.get(pk=pk))
    assert errors_in(race(mission, two, monkeypatch)) == []
    assert MissionTake.objects.filter(state=rules.TAKEN).count() == 2
