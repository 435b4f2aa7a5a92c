"""Two clocks, and two orders of one person at the same instant: one letter.

What is decided of a person is decided under the lock of the address; the sentinel takes it away,
and both orders get theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from booking import locks
from booking.models import LifeCycleLetter, Order, OutboxMessage
from booking.relations import life_cycle
from booking.rules.life_cycle import PREPARE
from members.models import LetterAddress
from tests.booking.relations.test_life_cycle import DAYS, a_told_stay
from tests.cast import FakeBank
from tests.concurrency.rivals import Meeting, errors_in, run_together

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("cloned_database")]
NOW = DAYS["prepare"]


@pytest.fixture
def orders(bank: FakeBank) -> list[Order]:
    return [a_told_stay(bank), a_told_stay(bank)]


def both_at_once(orders: list[Order], monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Let two clocks meet, one at each order, once both have seen what was written before."""
    meeting, look = Meeting(2), life_cycle._why_not_again

    def met(*args: Any, **kwargs: Any) -> Any:
        found = look(*args, **kwargs)
        meeting.wait()
        return found

    monkeypatch.setattr(life_cycle, "_why_not_again", met)

    def decide(pk: int) -> Callable[[], bool]:
        return lambda: life_cycle._decide(PREPARE, pk, now=NOW)

    return run_together([decide(one.pk) for one in orders])


def test_one_person_gets_one_letter(orders: list[Order], monkeypatch: pytest.MonkeyPatch):
    results = both_at_once(orders, monkeypatch)
    assert errors_in(results) == []
    assert sorted(results) == [False, True]
    assert OutboxMessage.objects.filter(kind="life_prepare").count() == 1


def test_sentinel_without_the_lock_both_are_written(
    orders: list[Order], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(locks, "lock_letter_address", lambda *_args, **_more: LetterAddress())
    assert both_at_once(orders, monkeypatch) == [True, True]


def test_two_clocks_write_once(bank: FakeBank):
    a_told_stay(bank)
    results = run_together([lambda: life_cycle.write_life_cycle(now=NOW)] * 2)
    assert errors_in(results) == []
    assert sum(results) == 1
    assert LifeCycleLetter.objects.count() == 1
