"""Cancelling what was sold: the refund follows the copy of the policy, the capacity comes back.

The office cancels, or the guest (`own_cancelling`); `basis` says why money goes back: `policy` (the
visitor wants it, the ladder copied on the line decides) or `full` (the provider or the office is
the cause, features.md E06).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal

from booking import locks
from booking.channels.blocks import write_blocks
from booking.hook_outbox import tell_changed
from booking.messages import write_message
from booking.models import CalledOff, Order, OrderLine, Payment, Slot, SlotTake, Stay
from booking.models.money import WANTED_BY_GUEST
from booking.parting import part_line
from booking.payment import create_refund
from booking.refusals import BadInput, PriceChanged, WrongState, trouble
from booking.rules import states
from booking.rules.refunds import RefundPolicy, RefundResult, full_refund, refund_due
from booking.search_table import refresh_runs
from booking.settlement import share_again
from booking.signals import line_cancelled, order_cancelled
from members.journal import Actor, record
from oti.lib.dates import today as day_of
from oti.lib.money import ZERO

Basis = Literal["policy", "full"]


def preview_cancellation(
    lines: Sequence[OrderLine], *, basis: Basis, now: datetime
) -> list[tuple[OrderLine, RefundResult]]:
    """Return what each line would give back if it were cancelled at `now`; writes nothing."""
    return [(line, _refund_of(line, basis=basis, now=now)) for line in lines]


def cancel_lines(
    order: Order,
    line_ids: Collection[int],
    *,
    basis: Basis,
    reason: str,
    called_off: int | None = None,
    actor: Actor,
    now: datetime,
    agreed: Decimal | None = None,
    leaving: Mapping[int, Collection[int]] | None = None,
) -> list[tuple[OrderLine, RefundResult]]:
    """Cancel sold lines of an order: refund, capacity, tickets, pay-outs and messages together.

    `agreed` is what a guest who cancels its own was shown to get back, in euros: no reason is
    asked then, and one that is given goes neither to the bank nor to a provider. `leaving` names,
    by a line, the participants who alone no longer come: they get a line of their own, which is
    cancelled. `called_off` names the date that doesn't take place: its host is told of all of it at
    once. Locks: units, slots, order, payments. Raises BadInput `reason_missing`; WrongState
    `nothing_to_cancel` when one of the lines isn't sold any more, `cannot_part`, and for a guest
    `line_begun`, `given_back_by_itself`, `payment_contested`; PriceChanged `cancel_sum_changed`;
    nothing is changed then. Busy.
    """
    if agreed is None and not reason.strip():
        raise BadInput(trouble("reason_missing", field="reason"))
    wanted = OrderLine.objects.filter(order=order, pk__in=line_ids)
    units = wanted.filter(unit__isnull=False).values_list("unit_id", flat=True)
    taken = SlotTake.objects.filter(line__in=wanted).values_list("slot_id", flat=True)
    with locks.write_transaction():
        locks.lock_units(one for one in units if one)
        slots = {row.pk: row for row in locks.lock_slots(taken)}
        current = locks.lock_order(order.pk)
        payments = locks.lock_payments_of(current)
        lines = list(
            current.lines.filter(pk__in=line_ids, state=states.SOLD)
            .select_related("sub_order__provider")
            .prefetch_related("refunds")
        )
        if not lines or len(lines) != len(set(line_ids)):
            raise WrongState(trouble("nothing_to_cancel"))
        shrunk = [line for line in lines if line.pk in (leaving or {})]
        lines = [_parted(line, (leaving or {}).get(line.pk)) for line in lines]
        paid = next(
            (
                one
                for one in payments
                if one.state == states.PAID and one.refunded_amount < one.captured_amount
            ),
            None,
        )
        done = preview_cancellation(lines, basis=basis, now=now)
        if agreed is not None:
            _check_agreed(agreed, done, payments, now=now)
        for line, result in done:
            _cancel_line(line, slots, now=now)
            if paid is not None:
                create_refund(
                    paid,
                    result.total,
                    # A refund's reason goes on to the bank.
                    reason=reason if agreed is None else WANTED_BY_GUEST,
                    line_id=line.pk,
                    tourist_tax=result.tourist_tax,
                    now=now,
                )
            record(
                "line cancelled",
                f"order:{current.reference}",
                actor=actor,
                at=now,
                line=line.pk,
                reason=reason,
                basis=basis,
                refund=str(result.total),
            )
            line_cancelled.send(sender=OrderLine, line=line)
        share_again(current, now=now)
        # An order of which a part took place stays: only one that nobody comes for is closed.
        if not current.lines.filter(state__in=states.TAKES_PLACE).exists():
            _close(current, reason=reason, actor=actor, now=now)
        _tell_guest(current, done, payments, reason=reason, called_off=called_off, now=now)
        if called_off is None:
            parted = {line.pk for line, _result in done if leaving and line.pk not in line_ids}
            _tell_hosts(current, done, basis=basis, reason=reason, parted=parted, now=now)
        tell_changed(current, [*(line for line, _result in done), *shrunk], now=now)
    order.refresh_from_db()
    return done


def _parted(line: OrderLine, leaving: Collection[int] | None) -> OrderLine:
    """Return the line that is cancelled: all of it, or what those who leave have of it."""
    if leaving is None:
        return line
    own = part_line(line, leaving)
    if own is None:
        raise WrongState(trouble("cannot_part"))
    return own


def _check_agreed(
    agreed: Decimal,
    done: Sequence[tuple[OrderLine, RefundResult]],
    payments: Sequence[Payment],
    *,
    now: datetime,
) -> None:
    """Raise what keeps a guest from cancelling: it has begun, the bank is asked, another sum."""
    if any(line.starts_at <= now for line, _result in done):
        raise WrongState(trouble("line_begun"))
    # Its slots are locked: whoever calls a date off gives back more than the guest's own rule.
    if called_off_among([line.pk for line, _result in done]):
        raise WrongState(trouble("given_back_by_itself"))
    if any(one.disputed_at is not None for one in payments):
        raise WrongState(trouble("payment_contested"))
    total = sum((result.total for _line, result in done), ZERO)
    if total != agreed:
        raise PriceChanged(trouble("cancel_sum_changed", total=total))


def called_off_among(line_ids: Collection[int]) -> set[int]:
    """Return the lines whose date is being called off: all of it comes back by itself."""
    rows = CalledOff.objects.filter(slot__takes__line__in=line_ids, finished_at=None)
    return set(rows.values_list("slot__takes__line", flat=True)) if line_ids else set()


def left_of(line: OrderLine) -> tuple[Decimal, Decimal]:
    """Return what was paid for a line and not given back, in euros: services, tourist tax."""
    services, tax = line.gross_amount, line.tourist_tax_amount
    for one in line.refunds.all():
        services -= one.amount - one.tourist_tax_amount
        tax -= one.tourist_tax_amount
    return services, tax


def _refund_of(line: OrderLine, *, basis: Basis, now: datetime) -> RefundResult:
    # What the host gave back before lowers the price that the ladder is applied to.
    services, tax = left_of(line)
    if basis == "full":
        return full_refund(services, tax)
    return refund_due(RefundPolicy.from_json(line.policy), line.starts_at, now, services, tax)


def _cancel_line(line: OrderLine, slots: dict[int, Slot], *, now: datetime) -> None:
    line.state = states.CANCELLED
    line.save(update_fields=["state"])
    if line.unit_id and line.arrival and line.departure:
        Stay.objects.filter(order_line=line, state=Stay.State.SOLD).update(
            state=Stay.State.CANCELLED
        )
        refresh_runs([line.unit_id], line.arrival, line.departure)
        # Nights that another platform takes as well are not free again.
        write_blocks(line.unit_id, today=day_of(now))
    for take in line.takes.all():
        slot = slots[take.slot_id]
        slot.sold -= take.quantity
        slot.save(update_fields=["sold"])


def _close(order: Order, *, reason: str, actor: Actor, now: datetime) -> None:
    order.state = states.CANCELLED
    order.save(update_fields=["state"])
    record("order cancelled", f"order:{order.reference}", actor=actor, at=now, reason=reason)
    order_cancelled.send(sender=Order, order=order)


def _key_of(order: Order, done: Sequence[tuple[OrderLine, RefundResult]]) -> str:
    """Return a key that names every line and still fits its column, however many there are."""
    ids = sorted(line.pk for line, _result in done)
    lines = hashlib.sha256("-".join(str(pk) for pk in ids).encode()).hexdigest()[:24]
    return f"order:{order.reference}:cancelled:{lines}"


def _tell_guest(
    order: Order,
    done: Sequence[tuple[OrderLine, RefundResult]],
    payments: Sequence[Payment],
    *,
    reason: str,
    called_off: int | None,
    now: datetime,
) -> None:
    write_message(
        "lines_cancelled",
        key=_key_of(order, done),
        recipient=order.email,
        language=order.language,
        order=order,
        data={
            "lines": sorted(line.pk for line, _result in done),
            "refunds": {str(line.pk): str(result.total) for line, result in done},
            "is_paid": any(one.state == states.PAID for one in payments),
            "reason": reason,
            **({"called_off": called_off} if called_off else {}),
        },
        now=now,
    )


def _tell_hosts(
    order: Order,
    done: Sequence[tuple[OrderLine, RefundResult]],
    *,
    basis: Basis,
    reason: str,
    parted: Collection[int],
    now: datetime,
) -> None:
    for part in {line.sub_order for line, _result in done}:
        own = sorted(line.pk for line, _result in done if line.sub_order_id == part.pk)
        services = (one.amount for line, one in done if line.sub_order_id == part.pk)
        write_message(
            "provider_cancelled",
            key=f"{_key_of(order, done)}:provider:{part.provider_id}",
            recipient=part.provider.email,
            language=part.provider.language,
            order=order,
            data={
                "sub_order": part.pk,
                "lines": own,
                "basis": basis,
                # What a visitor says of its own wish isn't a provider's to read.
                "reason": reason if basis == "full" else "",
                # Others of the same booking still come.
                "is_partly": set(own) <= set(parted),
                # Of the price: tourist tax is no income of a house.
                "given_back": str(sum(services, ZERO)),
            },
            now=now,
        )
