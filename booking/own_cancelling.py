"""Guests cancel what they bought themselves, line by line (features.md E03 to E05).

First what may be cancelled and what comes back, then what else stands there and may have lost its
reason, then the cancelling itself. It follows the rule that was copied on each line when it was
bought; a change of dates or of party is the office's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from booking.cancellation import cancel_lines, preview_cancellation
from booking.minding import left_over
from booking.models import Order, OrderLine
from booking.refusals import BadInput, NotAllowed, Trouble, WrongState, trouble
from booking.rules import states
from booking.rules.refunds import RefundResult
from booking.sold_lines import SoldLine
from members.journal import Actor
from oti.lib.money import ZERO

# Once bought, a line in one of these states has its place on the page of cancelling.
SHOWN = (states.SOLD, states.HONOURED, states.NO_SHOW)


@dataclass(frozen=True)
class Ending:
    """A line, and what its cancelling gives back now; `why_not` says what keeps it from that."""

    sold: SoldLine
    back: RefundResult
    why_not: Trouble | None

    @property
    def pk(self) -> int:
        """Return the number of the line."""
        return self.sold.line.pk


@dataclass(frozen=True)
class Plan:
    """What is about to be cancelled.

    `beside` are lines of the same days as a bed that goes: they stay, unless their buyer adds
    them. `unneeded` is childcare that nothing that stays needs any more.
    """

    chosen: tuple[Ending, ...]
    beside: tuple[Ending, ...]
    unneeded: tuple[Ending, ...]
    is_all: bool

    @property
    def total(self) -> Decimal:
        """Return what comes back in all, in euros."""
        return sum((one.back.total for one in self.chosen), ZERO)

    @property
    def is_free(self) -> bool:
        """Whether nothing was paid for it."""
        return not any(one.sold.amount for one in self.chosen)

    @property
    def ids(self) -> list[int]:
        """Return the numbers of the lines."""
        return [one.pk for one in self.chosen]

    @property
    def others(self) -> tuple[Ending, ...]:
        """Return what may have lost its reason, each once."""
        return tuple({one.pk: one for one in (*self.beside, *self.unneeded)}.values())

    @property
    def with_others(self) -> list[int]:
        """Return the numbers of all that goes when they go too."""
        return [*self.ids, *(one.pk for one in self.others)]


def why_not_of(order: Order) -> Trouble | None:
    """Return why nothing of an order can be cancelled by its guest, None where it can."""
    if order.state != states.CONFIRMED:
        return trouble("nothing_to_cancel")
    if order.is_counter:
        return trouble("paid_on_site")
    if order.payments.filter(disputed_at__isnull=False).exists():
        return trouble("payment_contested")
    return None


def endings(lines: Iterable[SoldLine], *, now: datetime) -> list[Ending]:
    """Return each line that was bought and stands, with what its cancelling gives back now.

    The lines have their refunds read; nothing is written.
    """
    shown = [one for one in lines if one.line.state in SHOWN]
    results = preview_cancellation([one.line for one in shown], basis="policy", now=now)
    return [
        Ending(one, result, _why_not(one.line, now=now))
        for one, (_line, result) in zip(shown, results, strict=True)
    ]


def _why_not(line: OrderLine, *, now: datetime) -> Trouble | None:
    if line.state != states.SOLD or line.ends_at <= now:
        return trouble("line_over")
    return trouble("line_begun") if line.starts_at <= now else None


def plan_of(all_of_it: Sequence[Ending], ids: Collection[int]) -> Plan:
    """Return what cancelling these lines means; raises BadInput `lines_missing`, WrongState.

    `nothing_to_cancel` is raised for a line that isn't one of the order, or is cancelled already;
    else the reason of the first one that can't be.
    """
    if not ids:
        raise BadInput(trouble("lines_missing", field="line"))
    chosen = [one for one in all_of_it if one.pk in set(ids)]
    if len(chosen) != len(set(ids)):
        raise WrongState(trouble("nothing_to_cancel", field="line"))
    for one in chosen:
        if one.why_not is not None:
            raise WrongState(one.why_not)
    staying = [one for one in all_of_it if one not in chosen and one.why_not is None]
    lines = [one.sold.line for one in (*chosen, *staying)]
    unneeded = {one.pk for one in left_over(lines, [one.sold.line for one in chosen])}
    beds = [one.sold for one in chosen if one.sold.is_lodging]
    return Plan(
        chosen=tuple(chosen),
        beside=tuple(one for one in staying if any(_is_during(one.sold, bed) for bed in beds)),
        unneeded=tuple(one for one in staying if one.pk in unneeded),
        is_all=not staying,
    )


def _is_during(one: SoldLine, bed: SoldLine) -> bool:
    """Whether something lies within the days of a bed, that of leaving included."""
    return bed.starts_at.date() <= one.starts_at.date() <= bed.ends_at.date()


def cancel_own(
    order: Order,
    ids: Collection[int],
    *,
    agreed: Decimal,
    reason: str,
    actor: Actor,
    now: datetime,
) -> Decimal:
    """Cancel lines of one's own order by the rule of each; returns what comes back, in euros.

    `agreed` is the sum that was shown: another one cancels nothing. Raises NotAllowed
    `paid_on_site`; WrongState `nothing_to_cancel`, `line_begun`, `payment_contested`; PriceChanged
    `cancel_sum_changed`; Busy. Locks: those of `cancel_lines`.
    """
    if order.is_counter:
        raise NotAllowed(trouble("paid_on_site"))
    done = cancel_lines(
        order,
        ids,
        basis="policy",
        reason=reason.strip(),
        actor=actor,
        now=now,
        agreed=agreed,
    )
    return sum((result.total for _line, result in done), ZERO)
