"""A survey sent from two tabs at the same instant is answered once.

Whether it may be answered is decided under the order's lock; the sentinel takes it away, and the
same race answers twice: the second one's words replace the first one's, or the database is asked
for two answers of one line.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from booking import locks
from booking.models import LineAnswer, Order, Survey
from booking.refusals import WrongState
from booking.relations import surveys, surveys_sent
from members.models import Entry
from tests.booking.relations.stays import ASKED, LATER, past_stay, saying
from tests.cast import FakeBank
from tests.concurrency.rivals import Meeting, errors_in, run_together

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("cloned_database")]


@pytest.fixture
def order(bank: FakeBank) -> Order:
    return past_stay(bank)


def race(order: Order, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Let two tabs meet once each has found the survey open and neither has written."""
    surveys_sent.ask_guests(now=ASKED)
    survey = Survey.objects.get(order=order)
    meeting = Meeting(2)
    look = surveys.check_open

    def met(*args: Any, **kwargs: Any) -> None:
        look(*args, **kwargs)
        meeting.wait()

    monkeypatch.setattr(surveys, "check_open", met)

    def answer(recommend: int) -> Callable[[], Any]:
        said = saying(order, recommend, lodging=(recommend // 2, ""))
        return lambda: surveys.answer_survey(survey, said, now=LATER)

    return run_together([answer(10), answer(2)])


def test_it_is_answered_once(order: Order, monkeypatch: pytest.MonkeyPatch):
    errors = errors_in(race(order, monkeypatch))

    assert [type(one) for one in errors] == [WrongState]
    survey = Survey.objects.get()
    assert LineAnswer.objects.get().score == survey.recommend // 2
    assert Entry.objects.filter(verb="survey answered").count() == 1


def test_sentinel_without_the_lock_both_go_on(order: Order, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(locks, "lock_order", lambda pk: Order.objects.get(pk=pk))
    errors = errors_in(race(order, monkeypatch))
    # Nobody is told that it was answered: the database alone stops the second one.
    assert not [one for one in errors if isinstance(one, WrongState)]


def test_two_clocks_ask_once(order: Order):
    results = run_together([lambda: surveys_sent.ask_guests(now=ASKED)] * 2)
    assert errors_in(results) == []
    assert sum(results) == 1
    assert Survey.objects.count() == 1
