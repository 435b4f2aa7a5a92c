"""What comes back when a line is cancelled, by the ladder kept on the line at purchase (E01, E02).

It computes an amount; it never moves money nor decides whether one may still cancel.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Self

from booking.rules.moments import absolute
from oti.lib.dates import paris
from oti.lib.money import ZERO, quantize

WHOLE = 100


@dataclass(frozen=True)
class RefundStep:
    """`percent` of the price comes back up to `hours_before` the start, that instant included."""

    hours_before: int
    percent: int


@dataclass(frozen=True)
class RefundPolicy:
    """A ladder of steps and a fee in euros kept on any refund that the buyer asks for.

    Later than every step nothing comes back. Raises ValueError on a percentage outside 0 to 100,
    two steps at the same hour, a negative hour or a negative fee.
    """

    steps: tuple[RefundStep, ...]
    flat_fee: Decimal = ZERO

    def __post_init__(self) -> None:
        """Refuse a ladder that cannot be applied."""
        hours = [step.hours_before for step in self.steps]
        if (
            len(set(hours)) < len(hours)
            or any(hour < 0 for hour in hours)
            or any(not 0 <= step.percent <= WHOLE for step in self.steps)
            or self.flat_fee < 0
        ):
            msg = f"not a refund ladder: {self.steps} less {self.flat_fee}"
            raise ValueError(msg)

    def to_json(self) -> dict[str, Any]:
        """Return the snapshot kept on a line: plain JSON values, the fee as a string."""
        return {
            "steps": [
                {"hours_before": step.hours_before, "percent": step.percent} for step in self.steps
            ],
            "flat_fee": str(self.flat_fee),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(
            steps=tuple(
                RefundStep(step["hours_before"], step["percent"]) for step in data["steps"]
            ),
            flat_fee=Decimal(data["flat_fee"]),
        )


@dataclass(frozen=True)
class RefundResult:
    """What comes back in euros: `total` = `amount` of the services + `tourist_tax`.

    `step` is the rung that decided, None when none did; `fee` is what was kept of its share.
    """

    percent: int
    amount: Decimal
    tourist_tax: Decimal
    total: Decimal
    step: RefundStep | None
    fee: Decimal = ZERO


def refund_due(
    policy: RefundPolicy,
    starts_at: datetime,
    now: datetime,
    paid_gross: Decimal,
    tourist_tax: Decimal,
) -> RefundResult:
    """Return what the buyer gets back by cancelling at `now` (E01, E02).

    `paid_gross` is what was paid for the services, without the tax. The step with the greatest
    `hours_before` that is still reached decides, in hours that really pass; the fee is then
    kept, never below zero. Before the start the tourist tax comes back whole: nights not spent
    are not taxed (domain.md §1.1.12). From the start on nothing comes back.
    """
    left = absolute(starts_at) - absolute(now)
    if left <= timedelta(0):
        return RefundResult(0, ZERO, ZERO, ZERO, None)
    reached = [step for step in policy.steps if timedelta(hours=step.hours_before) <= left]
    step = max(reached, key=lambda step: step.hours_before, default=None)
    percent = step.percent if step else 0
    share = quantize(paid_gross * percent / WHOLE)
    amount = max(ZERO, share - policy.flat_fee)
    return RefundResult(
        percent, amount, tourist_tax, amount + tourist_tax, step, fee=share - amount
    )


def full_refund(paid_gross: Decimal, tourist_tax: Decimal) -> RefundResult:
    """Return everything: the office or the provider cancels (E06)."""
    return RefundResult(WHOLE, paid_gross, tourist_tax, paid_gross + tourist_tax, None)


def deadlines(policy: RefundPolicy, starts_at: datetime) -> list[tuple[datetime, int]]:
    """Return (last moment, percent that comes back until then), the earliest moment first.

    Moments are on the wall clock of Paris and agree with `refund_due` to the second.
    """
    start = absolute(starts_at)
    return [
        (paris(start - timedelta(hours=step.hours_before)), step.percent)
        for step in sorted(policy.steps, key=lambda step: -step.hours_before)
    ]
