"""What a cancelled line gives back (features.md E01, E02, E06; domain.md §1.1.12)."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules.refunds import (
    RefundPolicy,
    RefundStep,
    deadlines,
    full_refund,
    refund_due,
)
from oti.lib.dates import PARIS
from tests.booking.rules.strategies import amounts, bounded

D = Decimal
DAY = 24
LODGING = RefundPolicy((RefundStep(7 * DAY, 50), RefundStep(30 * DAY, 100), RefundStep(DAY, 10)))
ACTIVITY = RefundPolicy((RefundStep(12, 100),), flat_fee=D("5.00"))
START = datetime(2026, 7, 11, 16, tzinfo=PARIS)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("before", "percent", "amount"),
    [
        (timedelta(days=60), 100, "333.33"),
        (timedelta(days=30), 100, "333.33"),
        (timedelta(days=30) - SECOND, 50, "166.67"),
        (timedelta(days=7), 50, "166.67"),
        (timedelta(days=7) - SECOND, 10, "33.33"),
        (timedelta(days=1), 10, "33.33"),
        (timedelta(days=1) - SECOND, 0, "0.00"),
        (SECOND, 0, "0.00"),
    ],
)
def test_buyer_gets_the_highest_step_still_reached(
    before: timedelta, percent: int, amount: str
) -> None:
    result = refund_due(LODGING, START, START - before, D("333.33"), D("15.40"))

    assert (result.percent, result.amount) == (percent, D(amount))
    assert result.tourist_tax == D("15.40")
    assert result.total == D(amount) + D("15.40")
    assert (result.step.percent if result.step else 0) == percent


@pytest.mark.parametrize("late", [timedelta(0), SECOND, timedelta(days=3)])
def test_nothing_comes_back_once_begun(late: timedelta) -> None:
    policy = RefundPolicy((RefundStep(0, 100),))

    result = refund_due(policy, START, START + late, D("100.00"), D("15.40"))

    assert (result.percent, result.total, result.step) == (0, D(0), None)
    assert refund_due(policy, START, START - SECOND, D("100.00"), D(0)).total == D("100.00")


def test_ladder_without_a_step_gives_back_the_tax_alone() -> None:
    result = refund_due(RefundPolicy(()), START, START - timedelta(days=90), D(100), D("15.40"))

    assert (result.percent, result.amount, result.total) == (0, D(0), D("15.40"))


@pytest.mark.parametrize(("paid", "amount"), [("40.00", "35.00"), ("5.00", "0"), ("3.00", "0")])
def test_fee_is_kept_but_never_asked_for(paid: str, amount: str) -> None:
    result = refund_due(ACTIVITY, START, START - timedelta(days=1), D(paid), D(0))

    assert (result.amount, result.total) == (D(amount), D(amount))


def test_office_gives_everything_back() -> None:
    result = full_refund(D("333.33"), D("15.40"))

    assert (result.percent, result.amount, result.tourist_tax) == (100, D("333.33"), D("15.40"))
    assert result.total == D("348.73")


def test_deadlines_are_told_in_order_on_the_clock_of_paris() -> None:
    assert deadlines(LODGING, START.astimezone(UTC)) == [
        (datetime(2026, 6, 11, 16, tzinfo=PARIS), 100),
        (datetime(2026, 7, 4, 16, tzinfo=PARIS), 50),
        (datetime(2026, 7, 10, 16, tzinfo=PARIS), 10),
    ]
    assert deadlines(LODGING, START.astimezone(UTC))[0][0].tzinfo is PARIS


def test_hours_are_those_that_pass_when_the_clock_changes() -> None:
    # Sunday 25 October 2026 has 25 hours.
    start = datetime(2026, 10, 25, 16, tzinfo=PARIS)
    policy = RefundPolicy((RefundStep(24, 100),))

    assert deadlines(policy, start) == [(datetime(2026, 10, 24, 17, tzinfo=PARIS), 100)]
    on_time = datetime(2026, 10, 24, 17, tzinfo=PARIS)
    assert refund_due(policy, start, on_time, D(50), D(0)).percent == 100
    assert refund_due(policy, start, on_time + SECOND, D(50), D(0)).percent == 0


def test_naive_moment_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="time zone"):
        refund_due(LODGING, START, START.replace(tzinfo=None), D(1), D(0))


@pytest.mark.parametrize(
    ("steps", "fee"),
    [
        (((24, 100), (24, 50)), "0"),
        (((24, 101),), "0"),
        (((24, -1),), "0"),
        (((-1, 50),), "0"),
        (((24, 50),), "-1"),
    ],
)
def test_impossible_ladder_is_a_mistake(steps: tuple[tuple[int, int], ...], fee: str) -> None:
    with pytest.raises(ValueError, match="ladder"):
        RefundPolicy(tuple(RefundStep(*step) for step in steps), D(fee))


policies = st.builds(
    RefundPolicy,
    st.lists(
        st.builds(RefundStep, st.integers(0, 2000), st.integers(0, 100)),
        max_size=5,
        unique_by=lambda step: step.hours_before,
    ).map(tuple),
    amounts(60_00),
)
moments = st.integers(-200_000, 10_000).map(lambda minutes: START + timedelta(minutes=minutes))


@bounded
@given(policies)
def test_policy_survives_its_snapshot(policy: RefundPolicy) -> None:
    assert RefundPolicy.from_json(json.loads(json.dumps(policy.to_json()))) == policy


@bounded
@given(policies, moments, amounts(), amounts(40_00))
def test_refund_is_never_above_paid(
    policy: RefundPolicy, now: datetime, paid: Decimal, tax: Decimal
) -> None:
    result = refund_due(policy, START, now, paid, tax)

    assert 0 <= result.amount <= paid
    assert 0 <= result.tourist_tax <= tax
    assert result.total == result.amount + result.tourist_tax
    assert result.total <= full_refund(paid, tax).total


@bounded
@given(policies, moments, amounts())
def test_deadlines_shown_are_those_applied(
    policy: RefundPolicy, now: datetime, paid: Decimal
) -> None:
    shown = [percent for until, percent in deadlines(policy, START) if now <= until]

    applied = refund_due(policy, START, now, paid, D(0)).percent

    assert applied == (shown[0] if shown and now < START else 0)
