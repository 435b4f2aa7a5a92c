"""How long one may answer, and pay: always before it begins, whatever the clocks do."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules import states
from booking.rules.requests import (
    LAST_ANSWER,
    LAST_PAYMENT,
    answer_deadline,
    can_be_asked,
    payment_end,
    reminder_moment,
)
from oti.lib.dates import PARIS

MOMENTS = st.datetimes(
    min_value=datetime(2026, 1, 1), max_value=datetime(2029, 1, 1), timezones=st.just(PARIS)
)
HOURS = st.integers(min_value=1, max_value=72)
SHORTEST_PAGE = timedelta(minutes=31)


@given(MOMENTS, st.integers(min_value=0, max_value=60 * 24 * 30), HOURS)
def test_a_host_answers_within_its_hours_and_before_it_begins(
    asked: datetime, minutes: int, hours: int
) -> None:
    starts = (asked.astimezone(UTC) + timedelta(minutes=minutes)).astimezone(PARIS)
    if not can_be_asked(asked, starts):
        assert minutes < 150
        return

    deadline = answer_deadline(asked, starts, hours=hours)
    reminder = reminder_moment(asked, deadline)

    assert asked < reminder < deadline <= starts.astimezone(UTC) - LAST_ANSWER
    assert deadline - asked.astimezone(UTC) >= timedelta(hours=1)
    assert deadline - asked.astimezone(UTC) <= timedelta(hours=hours)


@given(MOMENTS, st.integers(min_value=90, max_value=60 * 24 * 30))
def test_who_is_accepted_at_the_last_moment_has_time_for_the_banks_page(
    accepted: datetime, minutes: int
) -> None:
    starts = accepted.astimezone(UTC) + timedelta(minutes=minutes)

    end = payment_end(accepted.astimezone(UTC) + timedelta(hours=24), starts)

    assert end - accepted.astimezone(UTC) >= SHORTEST_PAGE
    # Also who presses in the very last second and is given the shortest page.
    assert end + SHORTEST_PAGE < starts
    assert end <= starts - LAST_PAYMENT


@pytest.mark.parametrize("over", [states.DECLINED, states.LAPSED, states.WITHDRAWN])
def test_what_is_over_stays_over(over: str) -> None:
    assert not any(states.can_move(states.REQUEST, over, to) for to in states.REQUEST)


def test_an_answer_is_given_once() -> None:
    assert not states.can_move(states.REQUEST, states.ACCEPTED, states.DECLINED)
    assert not states.can_move(states.REQUEST, states.DECLINED, states.ACCEPTED)
