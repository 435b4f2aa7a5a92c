"""What a host gives back of one of its lines, beyond what the policy asks.

It is the host's own decision about its own share: never less than the policy, for what the policy
gives stays as it is, and never more than was paid for the services and not yet given back. The
tourist tax isn't the host's to give: nights that were spent are taxed (domain.md §1.1.12).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from booking import locks
from booking.cancellation import left_of
from booking.messages import write_message
from booking.models import OrderLine, Payment
from booking.payment import create_refund
from booking.refusals import BadInput, WrongState, trouble
from booking.rules import states
from booking.settlement import share_again, shares_of
from members.journal import Actor, record
from oti.lib.money import ZERO, quantize

VERB = "line refunded by its host"
MAY_BE_GIVEN_BACK = (*states.TAKES_PLACE, states.CANCELLED)


@dataclass(frozen=True)
class HostRefund:
    """What giving `amount` euros back does: the share of the host for this order, before, after.

    `left` is what could be given back in all.
    """

    amount: Decimal
    left: Decimal
    share_before: Decimal
    share_after: Decimal

    @property
    def cost(self) -> Decimal:
        """Return what it costs the host, in euros: a commission bears its part."""
        return self.share_before - self.share_after


def refundable(line: OrderLine) -> Decimal:
    """Return how much of a line its host may give back now, in euros; 0 where nothing was paid."""
    if line.state not in MAY_BE_GIVEN_BACK:
        return ZERO
    services, _tax = left_of(line)
    rooms = (_room(one) for one in line.order.payments.all() if _is_open(one))
    return max(ZERO, min(services, max(rooms, default=ZERO)))


def preview_refund(line: OrderLine, amount: Decimal) -> HostRefund:
    """Return what giving `amount` euros back would do; writes nothing.

    Raises WrongState `nothing_to_give_back`, BadInput `refund_out_of_range`.
    """
    left = refundable(line)
    _check(amount, left)
    before = dict(_shares(line, ZERO))[line.sub_order_id]
    after = dict(_shares(line, amount))[line.sub_order_id]
    return HostRefund(quantize(amount), left, before, after)


def refund_line(
    line: OrderLine,
    amount: Decimal,
    *,
    shown_left: Decimal,
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Give `amount` euros of a line back: refund, share, journal and the guest's mail together.

    `shown_left` is what could be given back when the host confirmed: a second press, or a refund
    by the office meanwhile, finds another sum and gives nothing. Locks: order, payments, pay-outs.
    Raises BadInput `reason_missing`, `refund_out_of_range`; WrongState `refund_changed`,
    `nothing_to_give_back`, `wrong_state`; Busy.
    """
    if not reason.strip():
        raise BadInput(trouble("reason_missing", field="reason"))
    with locks.write_transaction():
        order = locks.lock_order(line.order_id)
        payments = locks.lock_payments_of(order)
        fresh = order.lines.select_related("sub_order__provider").get(pk=line.pk)
        fresh.order = order
        if fresh.state not in MAY_BE_GIVEN_BACK:
            raise WrongState(trouble("wrong_state"))
        left = refundable(fresh)
        if left != shown_left:
            raise WrongState(trouble("refund_changed"))
        _check(amount, left)
        # The one that `refundable` looked at: the largest room.
        payment = max((one for one in payments if _is_open(one)), key=_room)
        create_refund(payment, quantize(amount), reason=reason, line_id=fresh.pk, now=now)
        share_again(order, now=now)
        record(
            VERB,
            f"order:{order.reference}",
            actor=actor,
            at=now,
            line=fresh.pk,
            provider=fresh.sub_order.provider.name,
            refund=str(quantize(amount)),
            reason=reason.strip()[:200],
        )
        write_message(
            "host_refund",
            key=f"order:{order.reference}:host-refund:{payment.pk}:{payment.refunded_amount}",
            recipient=order.email,
            language=order.language,
            order=order,
            data={"line": fresh.pk, "amount": str(quantize(amount)), "reason": reason.strip()},
            now=now,
        )


def _check(amount: Decimal, left: Decimal) -> None:
    if left <= ZERO:
        raise WrongState(trouble("nothing_to_give_back"))
    if not ZERO < amount <= left:
        raise BadInput(trouble("refund_out_of_range", field="amount", most=left))


def _is_open(payment: Payment) -> bool:
    return payment.state == states.PAID and payment.disputed_at is None


def _room(payment: Payment) -> Decimal:
    return payment.captured_amount - payment.refunded_amount


def _shares(line: OrderLine, amount: Decimal) -> list[tuple[int, Decimal]]:
    more = {line.pk: amount}
    return [(part.pk, share.payout) for part, share in shares_of(line.order, more_back=more)]
