"""Two administrators help the same person at the same instant: it is done, and told, once.

What protects the account is read under the person's lock; the sentinel takes it away, and the
same race writes two lines of the journal and ends the sessions twice.
"""

from __future__ import annotations

from typing import Any

import pytest

from booking import locks, lost_factors
from booking.models import OutboxMessage
from booking.refusals import WrongState
from members.journal import Actor
from members.models import Entry, User
from tests import factories
from tests.cast import NOW
from tests.concurrency.rivals import Meeting, errors_in, run_together
from tests.members import factors

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("cloned_database")]


def race(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Let both meet once each has read what protects the account and neither has written."""
    person = factories.a_user("hote@example.org")
    factors.with_app(person)
    helpers = [factories.a_user(f"aide{one}@example.org") for one in (1, 2)]
    meeting = Meeting(2)
    read = lost_factors.kinds_of

    def met(one: User) -> list[str]:
        found = read(one)
        meeting.wait()
        return found

    monkeypatch.setattr(lost_factors, "kinds_of", met)
    return run_together(
        [
            lambda who=Actor.person(helper): lost_factors.take_off_factors(
                person, reason="Lost", actor=who, now=NOW
            )
            for helper in helpers
        ]
    )


def test_it_is_done_and_told_once(monkeypatch: pytest.MonkeyPatch):
    errors = errors_in(race(monkeypatch))

    assert [type(one) for one in errors] == [WrongState]
    assert Entry.objects.filter(verb="factors taken off").count() == 1
    assert OutboxMessage.objects.filter(kind=lost_factors.KIND).count() == 1


def test_sentinel_without_the_lock_both_go_on(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(locks, "lock_person", lambda pk: User.objects.get(pk=pk))

    errors = errors_in(race(monkeypatch))

    assert errors == []
    assert Entry.objects.filter(verb="factors taken off").count() == 2
