"""Guests cancel what they bought themselves, by line and by person (features.md E03 to E05).

First what may be cancelled and what comes back, then what else stands there and may have lost its
reason, then the cancelling itself. It follows the rule that was copied on each line when it was
bought; a change of dates or of party is the office's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.db.models import prefetch_related_objects

from booking.cancellation import (
    called_off_among,
    cancel_lines,
    left_of,
    preview_cancellation,
)
from booking.minding import left_over
from booking.models import Order, OrderLine, Participant
from booking.parting import parted_quotes
from booking.refusals import BadInput, NotAllowed, Trouble, WrongState, trouble
from booking.rules import states
from booking.rules.refunds import RefundPolicy, RefundResult, refund_due
from booking.sold_lines import SoldLine
from members.journal import Actor
from oti.lib.money import ZERO

# Once bought, a line in one of these states has its place on the page of cancelling.
SHOWN = (states.SOLD, states.HONOURED, states.NO_SHOW)


@dataclass(frozen=True)
class Leaver:
    """Somebody who may leave alone, and what that gives back now."""

    person: Participant
    back: RefundResult


@dataclass(frozen=True)
class Ending:
    """A line, and what its cancelling gives back now; `why_not` says what keeps it from that.

    `leavers` are those who may leave alone; `leaving` those who do, where it isn't the whole line
    that goes: the sums are theirs then. `services` is what was paid without the tourist tax, and
    not given back yet, in euros.
    """

    sold: SoldLine
    back: RefundResult
    why_not: Trouble | None
    services: Decimal
    tourist_tax: Decimal = ZERO
    leavers: tuple[Leaver, ...] = ()
    leaving: tuple[Participant, ...] = ()

    @property
    def pk(self) -> int:
        """Return the number of the line."""
        return self.sold.line.pk

    @property
    def paid(self) -> Decimal:
        """Return what was paid for it and not given back yet, in euros."""
        return self.services + self.tourist_tax

    @property
    def who(self) -> str:
        """Name those who leave, "" where the whole line goes."""
        return ", ".join(map(str, self.leaving))


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
    def whole(self) -> list[int]:
        """Return the numbers of the lines that go whole."""
        return [one.pk for one in self.chosen if not one.leaving]

    @property
    def leaving(self) -> dict[int, list[int]]:
        """Return who leaves alone, by the line."""
        return {one.pk: [who.pk for who in one.leaving] for one in self.chosen if one.leaving}

    @property
    def fields(self) -> list[tuple[str, str]]:
        """Return the choice as a form sends it."""
        return [
            *(("line", str(pk)) for pk in self.whole),
            *(("who", f"{one.pk}-{who.pk}") for one in self.chosen for who in one.leaving),
        ]

    @property
    def others(self) -> tuple[Ending, ...]:
        """Return what may have lost its reason, each once."""
        return tuple({one.pk: one for one in (*self.beside, *self.unneeded)}.values())

    @property
    def fields_with_others(self) -> list[tuple[str, str]]:
        """Return the choice where they go too."""
        return [*self.fields, *(("line", str(one.pk)) for one in self.others)]


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

    The lines have their refunds read; three more statements read who could leave alone, and what
    is called off and comes back by itself.
    """
    shown = [one for one in lines if one.line.state in SHOWN]
    prefetch_related_objects(
        [one.line for one in shown if not one.is_lodging], "takes", "offer__bands"
    )
    results = preview_cancellation([one.line for one in shown], basis="policy", now=now)
    off = called_off_among([one.line.pk for one in shown if not one.is_lodging])
    found = []
    for one, (_line, result) in zip(shown, results, strict=True):
        why_not = _why_not(one.line, off, now=now)
        leavers = () if why_not else _leavers(one.line, now=now)
        found.append(Ending(one, result, why_not, *left_of(one.line), leavers=leavers))
    return found


def _leavers(line: OrderLine, *, now: datetime) -> tuple[Leaver, ...]:
    """Return those who may leave alone: of a party, where it can be parted."""
    people = list(line.participants.all())
    if len(people) == 1:
        return ()
    backs = ((one, _back_of(line, [one.pk], now=now)) for one in people)
    return tuple(Leaver(one, back[1]) for one, back in backs if back is not None)


def _back_of(
    line: OrderLine, leaving: Collection[int], *, now: datetime
) -> tuple[Decimal, RefundResult] | None:
    """Return what those who leave paid, in euros, and what comes back of it."""
    quotes = parted_quotes(line, leaving)
    if quotes is None:
        return None
    paid = quotes[1].gross
    return paid, refund_due(RefundPolicy.from_json(line.policy), line.starts_at, now, paid, ZERO)


def _why_not(line: OrderLine, off: Collection[int], *, now: datetime) -> Trouble | None:
    if line.state != states.SOLD or line.ends_at <= now:
        return trouble("line_over")
    if line.starts_at <= now:
        return trouble("line_begun")
    return trouble("given_back_by_itself") if line.pk in off else None


def plan_of(
    all_of_it: Sequence[Ending],
    ids: Collection[int],
    who: Mapping[int, Collection[int]],
    *,
    now: datetime,
) -> Plan:
    """Return what cancelling these lines means, and of other lines those who leave alone.

    `who` names participants by their line; where all of a line's are named, it goes whole. Raises
    BadInput `lines_missing`, `cannot_part`; WrongState `nothing_to_cancel` for a line that isn't
    one of the order, or is cancelled already; else the reason of the first one that can't be.
    """
    if not ids and not who:
        raise BadInput(trouble("lines_missing", field="line"))
    wanted = {*ids, *who}
    found = [one for one in all_of_it if one.pk in wanted]
    if len(found) != len(wanted):
        raise WrongState(trouble("nothing_to_cancel", field="line"))
    for one in found:
        if one.why_not is not None:
            raise WrongState(one.why_not)
    chosen = [one if one.pk in ids else _in_part(one, who[one.pk], now=now) for one in found]
    staying = [one for one in all_of_it if one.pk not in wanted and one.why_not is None]
    whole = [one for one in chosen if not one.leaving]
    lines = [one.sold.line for one in (*chosen, *staying)]
    unneeded = {one.pk for one in left_over(lines, [one.sold.line for one in whole])}
    beds = [one.sold for one in whole if one.sold.is_lodging]
    return Plan(
        chosen=tuple(chosen),
        beside=tuple(one for one in staying if any(_is_during(one.sold, bed) for bed in beds)),
        unneeded=tuple(one for one in staying if one.pk in unneeded),
        is_all=not staying and len(whole) == len(chosen),
    )


def _in_part(one: Ending, leaving: Collection[int], *, now: datetime) -> Ending:
    """Return what goes of a line with those who leave: all of it where nobody stays."""
    people = list(one.sold.line.participants.all())
    if {person.pk for person in people} == set(leaving):
        return one
    parted = _back_of(one.sold.line, leaving, now=now)
    if parted is None:
        raise BadInput(trouble("cannot_part", field="line"))
    paid, back = parted
    gone = tuple(person for person in people if person.pk in set(leaving))
    return replace(one, services=paid, tourist_tax=ZERO, back=back, leaving=gone)


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
    leaving: Mapping[int, Collection[int]] | None = None,
) -> Decimal:
    """Cancel lines of one's own order by the rule of each; returns what comes back, in euros.

    `leaving` names, by a line of them, those who alone no longer come. `agreed` is the sum that
    was shown: another one cancels nothing. Raises NotAllowed `paid_on_site`; WrongState
    `nothing_to_cancel`, `cannot_part`, `line_begun`, `given_back_by_itself`, `payment_contested`;
    PriceChanged `cancel_sum_changed`; Busy. Locks: those of `cancel_lines`.
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
        leaving=leaving,
    )
    return sum((result.total for _line, result in done), ZERO)
