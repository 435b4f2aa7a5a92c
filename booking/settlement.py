"""What the bank's answer does to an order: paid, sold, expired, given back.

What the bank says is the truth: it is asked outside any transaction, then applied under the
locks, once, in whatever order its messages come. Money never stays for nothing: what can't be
found again is given back (core.md 9–11, features.md C07, C10).
"""

from __future__ import annotations

import logging
import traceback
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import F, Q

from booking import locks
from booking.gateways import get_gateway
from booking.gateways.base import GatewayError, SessionTruth
from booking.hook_outbox import tell_sold
from booking.messages import Letter, write_message, write_messages
from booking.models import (
    Basket,
    GatewayEvent,
    Order,
    OrderLine,
    Payment,
    Referral,
    Refund,
    SlotHold,
    SlotTake,
    Stay,
    SubOrder,
)
from booking.models.money import NO_LONGER_THERE, NOTHING_SOLD
from booking.models.resources import BESIDE_SQL, LENT
from booking.payment import (
    apply_refund_truth,
    captured,
    create_refund,
    note_truth,
)
from booking.payout_accounts import follow_account
from booking.payouts import follow_dispute, follow_order, follow_transfer, payouts_of
from booking.proposals import Rooms
from booking.refusals import (
    Busy,
    Refusal,
)
from booking.rules import states
from booking.rules.split import SubTotal, split_order
from booking.selling import release_lines, take_lines, write_sale
from booking.signals import order_confirmed
from booking.task_queue import ask_for_task
from members.journal import BANK, SYSTEM, Actor, entry, record, record_together
from members.models import Entry, Provider
from oti.lib.inserts import insert_together
from oti.lib.joins import Joined, keep_related, read_joined
from oti.lib.money import ZERO, from_cents
from oti.lib.together import read_together

logger = logging.getLogger(__name__)

# The journal's verb for an order whose visitor went back to change the stay.
TAKEN_BACK = "order taken back"
# The bank's own words for a payment page are asked about after this silence.
SILENCE = timedelta(minutes=2)
# Pages that lapsed are asked about again from time to time, for a day.
GIVEN_UP = timedelta(days=1)
GIVEN_UP_SILENCE = timedelta(hours=1)
SESSION_OF = """
SELECT {columns} FROM booking_payment payment
JOIN booking_order ordered ON ordered.id = payment.order_id
WHERE payment.session_id = %s ORDER BY payment.id LIMIT 1
"""
PROCESSED = """
UPDATE booking_gatewayevent SET processed_at = %s, outcome = %s, error = '' WHERE id = %s
"""
LINES_TO_SELL = """
SELECT {columns} FROM booking_orderline line
JOIN booking_suborder part ON part.id = line.sub_order_id
JOIN members_provider provider ON provider.id = part.provider_id
WHERE line.order_id = %s ORDER BY line.starts_at, line.position, line.id
"""
# With the dates that share a resource with each.
TAKES_TO_SELL = Joined(
    f"""
SELECT {{columns}}, {BESIDE_SQL.format(slot="it.slot_id")}
FROM booking_slottake it JOIN booking_orderline line ON line.id = it.line_id
WHERE line.order_id = %(order)s ORDER BY it.slot_id
""",  # noqa: S608
    {"it": SlotTake},
)
OTHER_ORDER = """
SELECT 1 FROM booking_order WHERE basket_id = %s AND id <> %s AND state IN (%s, %s) LIMIT 1
"""


def settle_payment(payment_id: int, *, now: datetime) -> str:
    """Ask the bank about a payment and apply its answer; returns the payment's state.

    Does the same thing whether it is called once, twice, early or late. Raises GatewayError when
    the bank doesn't answer and Busy when rows can't be had.
    """
    return _settle(Payment.objects.select_related("order").get(pk=payment_id), now=now)


def _settle(payment: Payment, *, now: datetime) -> str:
    if payment.state == states.PAID:
        return payment.state
    if not payment.session_id:
        if payment.order.deadline <= now:
            end_unpaid(payment.order_id, now=now, actor=SYSTEM, keep_holds=False)
        return payment.state
    truth = get_gateway().fetch_session(payment.session_id)
    if captured(truth):
        confirm_paid(payment, truth, now=now)
        return states.PAID
    _note_unpaid(payment, truth, now=now)
    return str(Payment.objects.values_list("state", flat=True).get(pk=payment.pk))


def _note_unpaid(payment: Payment, truth: SessionTruth, *, now: datetime) -> None:
    """End an order whose page lapsed, or that is past its time whatever the bank still hopes."""
    Payment.objects.filter(pk=payment.pk).update(checked_at=now)
    if truth.status == "expired":
        others = payment.order.payments.filter(
            state__in=[states.CREATED, states.PENDING], expires_at__gt=now
        )
        if others.exclude(pk=payment.pk).exists():
            with locks.write_transaction():
                row = locks.lock_payment(payment.pk)
                if states.can_move(states.PAYMENT, row.state, states.EXPIRED):
                    row.state = states.EXPIRED
                    row.save(update_fields=["state"])
            return
        end_unpaid(payment.order_id, now=now, actor=BANK, keep_holds=False)
    elif truth.status == "complete" and payment.order.deadline <= now:
        end_unpaid(payment.order_id, now=now, actor=SYSTEM, keep_holds=False)


def reconcile_payments(*, now: datetime, limit: int = 100) -> int:
    """Ask the bank about orders that have waited in silence; returns how many were asked about.

    What a lost webhook would have told is found here (core.md 10), also of pages that we gave up
    on, for a day: money may have come in the last second.
    """
    waiting = (
        Payment.objects.filter(
            Q(
                order__state=states.AWAITING_PAYMENT,
                state__in=[states.CREATED, states.PENDING],
                created_at__lte=now - SILENCE,
            )
            & ~Q(checked_at__gt=now - SILENCE)
            # Nothing to ask the bank about a page that nobody opened yet.
            & ~Q(session_id="", order__deadline__gt=now)
            | Q(
                session_id__gt="",
                state__in=[states.EXPIRED, states.FAILED],
                expires_at__gt=now - GIVEN_UP,
            )
            & ~Q(checked_at__gt=now - GIVEN_UP_SILENCE)
        )
        .order_by(F("checked_at").asc(nulls_first=True), "pk")
        .values_list("pk", flat=True)[:limit]
    )
    asked = 0
    for payment_id in list(waiting):
        try:
            settle_payment(payment_id, now=now)
            asked += 1
        except (GatewayError, Refusal, DatabaseError) as error:
            # One row must not hide the others.
            logger.warning("payment %s not settled: %s", payment_id, error)
            Payment.objects.filter(pk=payment_id).update(checked_at=now)
    return asked


def process_event(event_id: int, *, now: datetime) -> str:
    """Act on a stored message of the bank; returns what came of it, kept on the row.

    An unknown kind or session is no fault. A failure is kept with its trace and tried again by
    beat; Busy is raised so that the bank comes back.
    """
    event = GatewayEvent.objects.get(pk=event_id)
    if event.processed_at is None:
        GatewayEvent.objects.filter(pk=event.pk).update(attempts=event.attempts + 1)
    return act_on_event(event, now=now)


def act_on_event(event: GatewayEvent, *, now: datetime) -> str:
    """Act on a message of the bank as `process_event` does; the attempt is counted already."""
    if event.processed_at is not None:
        return event.outcome
    try:
        outcome = _act_on(event, now=now)
    except Busy:
        raise
    except Exception as error:
        logger.exception("event %s kept for later", event.event_id)
        trace = "".join(traceback.format_exception(error))
        GatewayEvent.objects.filter(pk=event.pk).update(error=trace[-8000:])
        return "kept for later"
    with connection.cursor() as cursor:
        cursor.execute(PROCESSED, [now, outcome[:80], event.pk])
    return outcome


def _act_on(event: GatewayEvent, *, now: datetime) -> str:
    if event.kind.startswith("checkout.session."):
        tables = {"payment": Payment, "ordered": Order}
        for payment, payment.order in read_joined(SESSION_OF, tables, [event.object_id]):
            return f"payment {_settle(payment, now=now)}"
        return "unknown session"
    if event.kind == "payment_intent.payment_failed":
        # The intent carries the order's reference from the start; we learn its own id later.
        told = event.payload.get("data", {}).get("object", {}).get("metadata") or {}
        order = Order.objects.filter(reference=str(told.get("order", ""))[:12]).first()
        if order is not None:
            record("card declined", f"order:{order.reference}", actor=BANK, at=now)
        return "card declined"
    if event.kind.startswith("refund.") or event.kind == "charge.refund.updated":
        refund = Refund.objects.filter(gateway_id=event.object_id).first()
        if refund is None:
            return "unknown refund"
        truth = get_gateway().fetch_refund(event.object_id)
        return f"refund {apply_refund_truth(refund.pk, truth, now=now)}"
    if event.kind.startswith("transfer."):
        told = event.payload.get("data", {}).get("object", {}).get("metadata") or {}
        return follow_transfer(event.object_id, told, now=now)
    if event.kind.startswith("charge.dispute."):
        return follow_dispute(event.object_id, now=now)
    if event.kind.startswith("v2.core.account") or event.kind == "account.updated":
        return follow_account(event.object_id, now=now)
    return "ignored"


def confirm_paid(payment: Payment, truth: SessionTruth | None, *, now: datetime) -> None:
    """Sell what was held, once: the bank has the money (None: there was nothing to pay).

    Of the payment that is given only its key and its order count. Locks: units, slots, basket,
    order, payment. What can't be had any more is given back; if nothing can be had the order
    stays as it is and everything is given back.
    """
    head = payment.order
    lines = _lines_of(head)
    with locks.write_transaction():
        locks.lock_units(one.unit_id for one in lines if one.unit_id)
        taken = [take for one in lines for take in one.takes.all()]
        slots = [pk for one in taken for pk in (one.slot_id, *one.slots_beside)]
        locked = {slot.pk for slot in locks.lock_slots(slots)}
        basket = locks.lock_basket(head.basket_id) if head.basket_id else None
        order = locks.lock_order(head.pk)
        row = locks.lock_payment(payment.pk)
        if row.state == states.PAID:
            return
        row.captured_amount = from_cents(truth.amount_total_cents) if truth else ZERO
        if truth is not None:
            note_truth(row, truth, now=now)
        row.state = states.PAID
        row.paid_at = now
        received = entry(
            "payment received",
            f"order:{order.reference}",
            actor=BANK,
            at=now,
            amount=str(row.captured_amount),
        )
        if not states.can_move(states.ORDER, order.state, states.CONFIRMED) or _is_double(
            order, basket
        ):
            _give_all_back(order, row, basket, after=received, now=now)
            return
        rooms, dear = _rooms_of(lines, now=now)
        priced = [one for one in lines if one not in dear]
        sold, lost = take_lines(priced, basket, locked=locked, now=now)
        lost += dear
        if not sold:
            release_lines(lost)
            _give_all_back(order, row, basket, after=received, now=now)
            return
        if rooms is not None:
            rooms.count(sold)
        _confirm(order, row, basket, sold=sold, lost=lost, after=received, now=now)


def _rooms_of(lines: Sequence[OrderLine], *, now: datetime) -> tuple[Rooms | None, list[OrderLine]]:
    """Return where lines are counted that were promised a lower price; those that others used up.

    What is held has its place: only a payment that comes late may find none. Locks the needs,
    after the payment.
    """
    asked = [line for line in lines if line.proposal_id]
    if not asked:
        return None, []
    own = [line.basket_line_id for line in asked if line.basket_line_id]
    rooms = Rooms([line.proposal_id for line in asked], lines=own, now=now)
    return rooms, [line for line in asked if not rooms.sell(line.proposal_id)]


def _lines_of(order: Order) -> list[OrderLine]:
    """Return the lines of an order before its locks: what a line takes, and of whom, never changes.

    Their state does, it is the order's: that one is asked under the locks.
    """
    lines: list[OrderLine] = []
    tables = {"line": OrderLine, "part": SubOrder, "provider": Provider}
    for line, part, part.provider in read_joined(LINES_TO_SELL, tables, [order.pk]):
        line.order, line.sub_order = order, part
        lines.append(line)
    takes: dict[int, list[SlotTake]] = defaultdict(list)
    question = TAKES_TO_SELL.written({"order": order.pk, "lent": LENT}, more=1)
    for take, take.slots_beside in TAKES_TO_SELL.rows(read_together(question)[0]):
        takes[take.line_id].append(take)
    for line in lines:
        keep_related(line, "takes", takes[line.pk])
    return lines


def _is_double(order: Order, basket: Basket | None) -> bool:
    """Whether the same basket was paid already by another order (features.md C08)."""
    if basket is None:
        return False
    with connection.cursor() as cursor:
        cursor.execute(OTHER_ORDER, [basket.pk, order.pk, states.CONFIRMED, states.CANCELLED])
        return cursor.fetchone() is not None


def _confirm(
    order: Order,
    payment: Payment,
    basket: Basket | None,
    *,
    sold: list[OrderLine],
    lost: list[OrderLine],
    after: Entry,
    now: datetime,
) -> None:
    write_sale(order, payment, basket, sold=sold, lost=lost, now=now)
    for line in lost:
        create_refund(
            payment,
            line.gross_amount + line.tourist_tax_amount,
            reason=NO_LONGER_THERE,
            line_id=line.pk,
            tourist_tax=line.tourist_tax_amount,
            now=now,
        )
    kept = {one.sub_order_id: one.sub_order for one in sold}
    if lost:
        share_again(order, now=now)
        parts = order.sub_orders.select_related("provider").filter(pk__in=kept)
        kept = {part.pk: part for part in parts}
    ends: dict[int, list[datetime]] = {}
    for line in sold:
        ends.setdefault(line.sub_order_id, []).append(line.ends_at)
    confirmed = entry(
        "order confirmed",
        f"order:{order.reference}",
        actor=BANK,
        at=now,
        lost=[one.pk for one in lost],
    )
    insert_together(payouts_of(kept.values(), ends, now=now), [after, confirmed])
    order_confirmed.send(sender=Order, order=order, lines=sold)
    # What comes of an invitation is no part of the sale: its letters leave whatever happens there.
    transaction.on_commit(lambda: _ask_to_decide(order.pk), robust=True)
    confirmation = Letter(
        "order_confirmed",
        key=f"order:{order.reference}:confirmed",
        recipient=order.email,
        language=order.language,
        data={"lost": [one.pk for one in lost]},
    )
    of_providers = [
        Letter(
            "provider_booking",
            key=f"order:{order.reference}:provider:{part.provider_id}",
            recipient=part.provider.email,
            language=part.provider.language,
            data={"sub_order": part.pk},
        )
        for part in sorted(kept.values(), key=lambda part: part.pk)
    ]
    write_messages([confirmation, *of_providers], order=order, now=now)
    tell_sold(order, sold, now=now)


def _ask_to_decide(order_id: int) -> None:
    """Have it decided whether a friend's stay counts, outside the locks of the sale."""
    if Referral.objects.filter(order=order_id).exists():
        ask_for_task("booking.tasks.decide_referral", order_id)


def share_again(order: Order, *, now: datetime) -> None:
    """Write again what each provider is owed, from the lines and their refunds, to the cent.

    What a policy keeps after a cancellation is the provider's; what is given back is nobody's.
    Pay-outs follow, also those that went.
    """
    for part, share in shares_of(order):
        part.gross_amount = share.gross
        part.tourist_tax_amount = share.tourist_tax
        part.commission_amount = share.commission
        part.payout_amount = share.payout
        part.save(
            update_fields=[
                "gross_amount",
                "tourist_tax_amount",
                "commission_amount",
                "payout_amount",
            ]
        )
    follow_order(order, now=now)


def shares_of(
    order: Order, *, more_back: Mapping[int, Decimal] | None = None
) -> list[tuple[SubOrder, SubTotal]]:
    """Return what each provider is owed, as `share_again` writes it; nothing is written here.

    `more_back` is what would be given back besides, in euros of the services by line.
    """
    services_back: dict[int, Decimal] = defaultdict(lambda: ZERO, more_back or {})
    taxes_back: dict[int, Decimal] = defaultdict(lambda: ZERO)
    lines = list(order.lines.select_related("sub_order"))
    for one in Refund.objects.filter(line__order=order, line__isnull=False):
        taxes_back[one.line_id or 0] += one.tourist_tax_amount
        services_back[one.line_id or 0] += one.amount - one.tourist_tax_amount
    found = []
    for part in order.sub_orders.select_related("provider"):
        shares = split_order(
            (
                part.provider_id,
                line.gross_amount - services_back[line.pk],
                line.tourist_tax_amount - taxes_back[line.pk],
                part.commission_percent,
            )
            for line in lines
            if line.sub_order_id == part.pk
        )
        found.append((part, shares[0]))
    return found


def _give_all_back(
    order: Order, payment: Payment, basket: Basket | None, *, after: Entry, now: datetime
) -> None:
    """Give the whole payment back: there is nothing to be had for it. The plan opens again."""
    payment.save()
    if order.state == states.AWAITING_PAYMENT:
        order.state = states.EXPIRED
        order.save(update_fields=["state"])
        if basket is not None and basket.state == Basket.State.FROZEN:
            basket.state = Basket.State.OPEN
            basket.expires_at = now
            basket.save(update_fields=["state", "expires_at", "updated_at"])
    create_refund(
        payment,
        payment.captured_amount,
        reason=NOTHING_SOLD,
        now=now,
    )
    given_back = entry("payment given back", f"order:{order.reference}", actor=SYSTEM, at=now)
    record_together([after, given_back])
    write_message(
        "payment_returned",
        key=f"order:{order.reference}:returned:{payment.pk}",
        recipient=order.email,
        language=order.language,
        order=order,
        data={"amount": str(payment.captured_amount)},
        now=now,
    )


def kept_until(basket: Basket, *, now: datetime) -> datetime:
    """Return until when a stay that was taken back is kept, within the cap.

    15 minutes, and never shorter than the hour that its pages said while it could be paid.
    """
    cap = (basket.first_held_at or now) + timedelta(minutes=settings.HOLD_MAX_MINUTES)
    promised = basket.shown_until(now) or now
    return min(max(now + timedelta(minutes=settings.HOLD_MINUTES), promised), cap)


def end_unpaid(
    order_id: int, *, now: datetime, actor: Actor, keep_holds: bool, because: str = ""
) -> None:
    """End an order that was not paid and open its basket again, with its holds or without.

    `because` is the journal's verb, where neither its time nor its visitor ended it.
    """
    head = Order.objects.get(pk=order_id)
    with locks.write_transaction():
        basket = locks.lock_basket(head.basket_id) if head.basket_id else None
        order = locks.lock_order(order_id)
        if order.state != states.AWAITING_PAYMENT:
            return
        for payment in locks.lock_payments_of(order):
            if states.can_move(states.PAYMENT, payment.state, states.EXPIRED):
                payment.state = states.EXPIRED
                payment.save(update_fields=["state"])
        order.state = states.EXPIRED
        order.save(update_fields=["state"])
        order.lines.filter(state=states.HELD).update(state=states.RELEASED)
        if basket is not None and basket.state == Basket.State.FROZEN:
            until = max(now, kept_until(basket, now=now)) if keep_holds else now
            Stay.objects.filter(
                line__basket=basket, state=Stay.State.HELD, expires_at__gt=now
            ).update(expires_at=until)
            SlotHold.objects.filter(line__basket=basket, expires_at__gt=now).update(
                expires_at=until
            )
            basket.state = Basket.State.OPEN
            basket.expires_at = until
            basket.save(update_fields=["state", "expires_at", "updated_at"])
        verb = because or (TAKEN_BACK if keep_holds else "order expired")
        record(verb, f"order:{order.reference}", actor=actor, at=now)
