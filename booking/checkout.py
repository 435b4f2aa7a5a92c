"""The life of an order: placed, paid, confirmed, expired. One payment for every provider.

What the bank says is the truth: it is asked outside any transaction, then applied under the
locks, once, in whatever order its messages come. Money never stays for nothing: what can't be
found again is given back (core.md 9–11, features.md C07, C10).
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import F, Q

from booking import locks
from booking.basket import BasketView, LineView, view_basket
from booking.evidence import EvidenceInput, write_evidence
from booking.gateways import get_gateway
from booking.gateways.base import GatewayError, SessionTruth
from booking.messages import write_message
from booking.models import (
    Basket,
    Closure,
    GatewayEvent,
    Order,
    OrderItem,
    OrderLine,
    Participant,
    Payment,
    Refund,
    Slot,
    SlotHold,
    SlotTake,
    Stay,
    SubOrder,
)
from booking.packages import check_package, standing_of
from booking.payment import (
    apply_refund_truth,
    captured,
    create_refund,
    note_truth,
    open_session,
    order_deadline,
    payment_deadline,
)
from booking.payout_accounts import follow_account
from booking.payouts import follow_dispute, follow_order, follow_transfer, open_payouts
from booking.quoting import policy_of
from booking.refusals import (
    BadInput,
    Busy,
    NotAllowed,
    PriceChanged,
    Refusal,
    Trouble,
    Unavailable,
    WrongState,
    trouble,
)
from booking.rules import states
from booking.rules.pricing import Quote
from booking.rules.split import split_order
from booking.search_table import refresh_runs
from booking.signals import order_confirmed
from destination.models import LegalText
from members.journal import BANK, SYSTEM, VISITOR, Actor, record
from members.models import User
from oti.lib.money import ZERO, from_cents

logger = logging.getLogger(__name__)

# The bank's own words for a payment page are asked about after this silence.
SILENCE = timedelta(minutes=2)
# Pages that lapsed are asked about again from time to time, for a day.
GIVEN_UP = timedelta(days=1)
GIVEN_UP_SILENCE = timedelta(hours=1)

INSERT_SOLD_STAY = """
INSERT INTO booking_stay (unit_id, dates, state, order_line_id)
VALUES (%s, daterange(%s, %s), 'sold', %s)
ON CONFLICT ON CONSTRAINT no_two_stays_in_one_unit DO NOTHING RETURNING id
"""


@dataclass(frozen=True)
class Contact:
    """Who buys, and where the confirmation goes."""

    first_name: str
    last_name: str
    email: str
    phone: str = ""


@dataclass(frozen=True)
class PersonName:
    """The name of one participant; a minor needs no family name."""

    first_name: str
    last_name: str = ""


def place_order(
    basket: Basket,
    *,
    contact: Contact,
    names: Mapping[str, PersonName],
    arrival_time: time | None,
    needs: str,
    terms: LegalText | None,
    shown_total: Decimal,
    language: str,
    user: User | None = None,
    package_form: LegalText | None = None,
    evidence: EvidenceInput | None = None,
    now: datetime,
) -> Order:
    """Turn a held basket into one order that awaits its payment, one part per provider.

    The basket freezes, its holds last until the payment's deadline. A second click gets the same
    order. `shown_total` is what the page showed, in euros; `package_form` the information form
    that the visitor says to have received, needed for a package. Locks: slots, basket.

    Raises BadInput (`empty`, `terms_missing`, `names_missing`, `package_form_missing`),
    NotAllowed for a package that can't be sold (`booking.packages`), PriceChanged
    (`total_changed`), Unavailable with the trouble of each line, WrongState or Busy.
    """
    again = _order_under_way(basket)
    if again is not None:
        return again
    slots = SlotHold.objects.filter(line__basket=basket).values_list("slot_id", flat=True)
    expires_at = payment_deadline(now)
    deadline = order_deadline(expires_at)
    with locks.write_transaction():
        locked = {slot.pk for slot in locks.lock_slots(slots)}
        current = locks.lock_basket(basket.pk)
        again = _order_under_way(current)
        if again is not None:
            return again
        if current.state != Basket.State.OPEN:
            raise WrongState(trouble("already_ordered"))
        # Under the locks: another tab may have changed what this one read.
        view = view_basket(current, now=now)
        standing = standing_of(view, language=language, now=now)
        _check_before_ordering(
            view,
            names=names,
            terms=terms,
            shown_total=shown_total,
            of_package=check_package(standing, package_form),
        )
        sold = view.counted
        if not {hold.slot_id for one in sold for hold in one.line.slot_holds.all()} <= locked:
            raise Busy(trouble("busy"))
        _keep_until(sold, current, deadline=deadline, now=now)
        order = Order.objects.create(
            basket=current,
            user=user,
            language=language,
            first_name=contact.first_name,
            last_name=contact.last_name,
            email=contact.email,
            phone=contact.phone,
            arrival_time=arrival_time,
            needs=needs,
            gross_amount=view.gross,
            tourist_tax_amount=view.tourist_tax,
            tourist_tax_on_site_amount=view.tourist_tax_on_site,
            total_amount=view.total,
            terms=terms,
            terms_sha256=terms.sha256 if terms else "",
            deadline=deadline,
            placed_at=now,
            is_demo=any(one.offer.is_demo for one in sold),
        )
        _write_lines(order, sold, names=names, view=view)
        Payment.objects.create(
            order=order, amount=view.total, expires_at=expires_at, created_at=now
        )
        current.state = Basket.State.FROZEN
        current.expires_at = deadline
        current.save(update_fields=["state", "expires_at", "updated_at"])
        actor = Actor.person(user) if user else VISITOR
        record(
            "order placed",
            f"order:{order.reference}",
            actor=actor,
            at=now,
            total=str(view.total),
        )
        write_evidence(order, view, standing, given=evidence, actor=actor, now=now)
    basket.refresh_from_db()
    return order


def begin_payment(order: Order, *, success_url: str, cancel_url: str, now: datetime) -> str:
    """Return the address of the bank's page for an order that awaits its payment.

    A page that is still open is given again: a second click, a declined card, a return. Nothing
    to pay confirms at once. Raises WrongState (`already_paid`, `order_expired`) and Unavailable
    (`bank_unavailable`: the order stays, the basket too).
    """
    if order.state == states.CONFIRMED:
        raise WrongState(trouble("already_paid"))
    payment = order.payments.order_by("-attempt").first()
    if order.state != states.AWAITING_PAYMENT or payment is None or order.deadline <= now:
        raise WrongState(trouble("order_expired"))
    if order.total_amount == 0:
        _confirm_paid(payment.pk, None, now=now)
        return success_url
    if payment.session_id and payment.url:
        if payment.expires_at > now:
            return payment.url
        raise WrongState(trouble("order_expired"))
    if payment.expires_at < payment_deadline(now) - timedelta(seconds=45):
        payment = _next_attempt(order, now=now)
    truth = open_session(payment, order, success_url=success_url, cancel_url=cancel_url)
    with locks.write_transaction():
        current = locks.lock_order(order.pk)
        row = locks.lock_payment(payment.pk)
        if not row.session_id:
            row.session_id = truth.session_id
            row.url = truth.url or ""
            if states.can_move(states.PAYMENT, row.state, states.PENDING):
                row.state = states.PENDING
            row.save(update_fields=["session_id", "url", "state"])
        is_over = current.state != states.AWAITING_PAYMENT
    if is_over:
        # The stay was taken back in another tab while the bank was slow: nobody may pay it now.
        with suppress(GatewayError):
            get_gateway().expire_session(truth.session_id)
        raise WrongState(trouble("order_expired"))
    return row.url or success_url


def give_basket_back(order: Order, *, now: datetime) -> Basket:
    """Let a visitor change a stay whose payment was not finished ("modifier").

    The bank's page is closed first; if it was paid meanwhile the order is confirmed instead and
    WrongState `already_paid` is raised. Raises Unavailable `bank_unavailable`.
    """
    if order.state == states.CONFIRMED:
        raise WrongState(trouble("already_paid"))
    for payment in order.payments.exclude(session_id="").order_by("attempt"):
        try:
            truth = get_gateway().expire_session(payment.session_id)
        except GatewayError as error:
            raise Unavailable(trouble("bank_unavailable")) from error
        if captured(truth):
            _confirm_paid(payment.pk, truth, now=now)
            raise WrongState(trouble("already_paid"))
    _expire(order.pk, now=now, actor=VISITOR, keep_holds=True)
    if order.basket is None:
        raise WrongState(trouble("order_expired"))
    order.basket.refresh_from_db()
    return order.basket


def settle_payment(payment_id: int, *, now: datetime) -> str:
    """Ask the bank about a payment and apply its answer; returns the payment's state.

    Does the same thing whether it is called once, twice, early or late. Raises GatewayError when
    the bank doesn't answer and Busy when rows can't be had.
    """
    payment = Payment.objects.select_related("order").get(pk=payment_id)
    if payment.state == states.PAID:
        return payment.state
    if not payment.session_id:
        if payment.order.deadline <= now:
            _expire(payment.order_id, now=now, actor=SYSTEM, keep_holds=False)
        return payment.state
    truth = get_gateway().fetch_session(payment.session_id)
    if captured(truth):
        _confirm_paid(payment.pk, truth, now=now)
    else:
        _note_unpaid(payment, truth, now=now)
    return str(Payment.objects.values_list("state", flat=True).get(pk=payment_id))


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
        _expire(payment.order_id, now=now, actor=BANK, keep_holds=False)
    elif truth.status == "complete" and payment.order.deadline <= now:
        _expire(payment.order_id, now=now, actor=SYSTEM, keep_holds=False)


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
    if event.processed_at is not None:
        return event.outcome
    GatewayEvent.objects.filter(pk=event.pk).update(attempts=event.attempts + 1)
    try:
        outcome = _act_on(event, now=now)
    except Busy:
        raise
    except Exception as error:
        logger.exception("event %s kept for later", event.event_id)
        trace = "".join(traceback.format_exception(error))
        GatewayEvent.objects.filter(pk=event.pk).update(error=trace[-8000:])
        return "kept for later"
    GatewayEvent.objects.filter(pk=event.pk).update(
        processed_at=now, outcome=outcome[:80], error=""
    )
    return outcome


def _act_on(event: GatewayEvent, *, now: datetime) -> str:
    if event.kind.startswith("checkout.session."):
        payment = Payment.objects.filter(session_id=event.object_id).first()
        if payment is None:
            return "unknown session"
        return f"payment {settle_payment(payment.pk, now=now)}"
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


def _order_under_way(basket: Basket) -> Order | None:
    if basket.state == Basket.State.OPEN:
        return None
    return basket.orders.filter(state=states.AWAITING_PAYMENT).first()


def _check_before_ordering(
    view: BasketView,
    *,
    names: Mapping[str, PersonName],
    terms: LegalText | None,
    shown_total: Decimal,
    of_package: Sequence[Trouble],
) -> None:
    if not view.counted:
        raise BadInput(trouble("empty"))
    if view.basket.state != Basket.State.OPEN:
        raise WrongState(trouble("already_ordered"))
    if terms is None:
        raise BadInput(trouble("terms_missing", field="terms"))
    needed = {key for one in view.counted for key in one.people}
    if any(not names.get(key) or not names[key].first_name.strip() for key in needed):
        raise BadInput(trouble("names_missing", field="names"))
    lapsed = [trouble("hold_expired", line=one.line.pk) for one in view.counted if not one.is_held]
    others = [
        one for line in view.counted for one in line.troubles if one.code not in {"hold_expired"}
    ]
    if lapsed or others:
        is_price = all(one.code == "price_changed" for one in [*lapsed, *others])
        raise (PriceChanged if is_price else Unavailable)(*lapsed, *others)
    changed = (
        [trouble("total_changed", old=shown_total, new=view.total)]
        if shown_total != view.total
        else []
    )
    if of_package:
        is_form = of_package[0].code == "package_form_missing"
        raise (BadInput if is_form else NotAllowed)(*of_package, *changed)
    if changed:
        raise PriceChanged(*changed)


def _keep_until(
    sold: Sequence[LineView], basket: Basket, *, deadline: datetime, now: datetime
) -> None:
    """Give the holds of the lines to the order: each must still be there, under the locks."""
    held = [hold for one in sold for hold in one.line.slot_holds.all()]
    slots = {
        slot.pk: slot
        for slot in Slot.stocks.filter(pk__in=[hold.slot_id for hold in held]).with_free(
            now, except_basket=basket.pk
        )
    }
    wanted: dict[int, int] = {}
    gone: list[Trouble] = []
    for hold in held:
        slot = slots[hold.slot_id]
        wanted[slot.pk] = wanted.get(slot.pk, 0) + hold.quantity
        if slot.is_closed or slot.free < wanted[slot.pk]:
            gone.append(trouble("gone", line=hold.line_id))
    stays = [one.line.pk for one in sold if one.unit is not None]
    kept = Stay.objects.filter(line_id__in=stays, state=Stay.State.HELD, expires_at__gt=now).update(
        expires_at=deadline
    )
    if kept != len(stays):
        gone.append(trouble("hold_expired"))
    if gone:
        raise Unavailable(*gone)
    SlotHold.objects.filter(line_id__in=[one.line.pk for one in sold if one.slot]).update(
        expires_at=deadline
    )


def _write_lines(
    order: Order, sold: Sequence[LineView], *, names: Mapping[str, PersonName], view: BasketView
) -> None:
    """Write participants, one part per provider, and each line with all that was promised."""
    used = {key for one in sold for key in one.people}
    participants = {
        row.key: row
        for row in Participant.objects.bulk_create(
            Participant(
                order=order,
                key=person.key,
                first_name=names[person.key].first_name.strip(),
                last_name=names[person.key].last_name.strip(),
                age=person.age,
            )
            for person in view.people
            if person.key in used
        )
    }
    parts = _write_parts(order, sold)
    lines = OrderLine.objects.bulk_create(
        _order_line(order, parts[one.offer.provider_id], one, position)
        for position, one in enumerate(sold)
    )
    through = OrderLine.participants.through
    through.objects.bulk_create(
        through(orderline_id=line.pk, participant_id=participants[key].pk)
        for line, one in zip(lines, sold, strict=True)
        for key in one.people
    )
    SlotTake.objects.bulk_create(
        SlotTake(line=line, slot_id=hold.slot_id, quantity=hold.quantity)
        for line, one in zip(lines, sold, strict=True)
        for hold in one.line.slot_holds.all()
    )
    OrderItem.objects.bulk_create(
        OrderItem(
            line=line,
            kind=item.kind,
            code=item.code,
            label=item.label,
            day=item.day,
            quantity=item.quantity,
            unit_amount=item.unit_amount,
            vat_rate=item.vat_rate,
            net_amount=item.net,
            vat_amount=item.vat,
            gross_amount=item.gross,
        )
        for line, one in zip(lines, sold, strict=True)
        for item in (one.quote.items if one.quote else ())
    )


def _write_parts(order: Order, sold: Sequence[LineView]) -> dict[int, SubOrder]:
    providers = {one.offer.provider_id: one.offer.provider for one in sold}
    shares = split_order(
        (
            one.offer.provider_id,
            _quote(one).gross,
            _quote(one).tourist_tax,
            one.offer.provider.commission_percent,
        )
        for one in sold
    )
    rows = SubOrder.objects.bulk_create(
        SubOrder(
            order=order,
            provider_id=int(share.provider_key),
            gross_amount=share.gross,
            tourist_tax_amount=share.tourist_tax,
            commission_percent=providers[int(share.provider_key)].commission_percent,
            commission_amount=share.commission,
            payout_amount=share.payout,
        )
        for share in shares
    )
    return {row.provider_id: row for row in rows}


def _order_line(order: Order, part: SubOrder, one: LineView, position: int) -> OrderLine:
    offer, quote = one.offer, _quote(one)
    policy = offer.cancellation_policy
    return OrderLine(
        order=order,
        sub_order=part,
        basket_line=one.line,
        offer=offer,
        unit=one.unit,
        slot=one.slot,
        arrival=one.line.arrival,
        departure=one.line.departure,
        starts_at=one.starts_at,
        ends_at=one.ends_at,
        quantity=one.line.quantity,
        kind=offer.kind,
        titles=_languages(offer, "title"),
        unit_name=one.unit.name if one.unit else "",
        commune_name=offer.commune.name,
        options=one.line.options,
        quote=quote.to_json(),
        policy=policy_of(offer).to_json(),
        policy_summaries=_languages(policy, "summary"),
        vat_scheme=offer.vat_scheme,
        net_amount=quote.net,
        vat_amount=quote.vat,
        gross_amount=quote.gross,
        tourist_tax_amount=quote.tourist_tax,
        tourist_tax_on_site_amount=quote.tourist_tax_on_site,
        deposit_amount=offer.deposit_amount,
        position=position,
    )


def _quote(one: LineView) -> Quote:
    if one.quote is None:
        msg = "a counted line has a quote"
        raise AssertionError(msg)
    return one.quote


def _languages(row: object, name: str) -> dict[str, str]:
    french = getattr(row, f"{name}_fr") or ""
    return {code: getattr(row, f"{name}_{code}") or french for code in ("fr", "en", "de")}


def _next_attempt(order: Order, *, now: datetime) -> Payment:
    """Begin again an attempt whose page was never opened: a new deadline, the holds with it."""
    expires_at = payment_deadline(now)
    deadline = order_deadline(expires_at)
    with locks.write_transaction():
        if order.basket_id:
            basket = locks.lock_basket(order.basket_id)
            if _hold_end(basket, now=now) <= now:
                raise WrongState(trouble("order_expired"))
            Stay.objects.filter(
                line__basket=basket, state=Stay.State.HELD, expires_at__gt=now
            ).update(expires_at=deadline)
            SlotHold.objects.filter(line__basket=basket, expires_at__gt=now).update(
                expires_at=deadline
            )
            basket.expires_at = deadline
            basket.save(update_fields=["expires_at", "updated_at"])
        row = locks.lock_order(order.pk)
        if row.state != states.AWAITING_PAYMENT:
            raise WrongState(trouble("order_expired"))
        row.deadline = deadline
        row.save(update_fields=["deadline"])
        last = locks.lock_payments_of(row)[-1]
        if last.session_id:
            return last
        if last.state in {states.CREATED, states.PENDING}:
            last.state = states.FAILED
            last.save(update_fields=["state"])
        return Payment.objects.create(
            order=row,
            attempt=last.attempt + 1,
            amount=row.total_amount,
            expires_at=expires_at,
            created_at=now,
        )


def _confirm_paid(payment_id: int, truth: SessionTruth | None, *, now: datetime) -> None:
    """Sell what was held, once: the bank has the money (None: there was nothing to pay).

    Locks: units, slots, basket, order, payment. What can't be had any more is given back; if
    nothing can be had the order stays as it is and everything is given back.
    """
    head = Payment.objects.select_related("order").get(pk=payment_id)
    units = OrderLine.objects.filter(order=head.order, unit__isnull=False).values_list(
        "unit_id", flat=True
    )
    slots = SlotTake.objects.filter(line__order=head.order).values_list("slot_id", flat=True)
    with locks.write_transaction():
        locks.lock_units(one for one in units if one)
        locks.lock_slots(slots)
        basket = locks.lock_basket(head.order.basket_id) if head.order.basket_id else None
        order = locks.lock_order(head.order_id)
        payment = locks.lock_payment(payment_id)
        if payment.state == states.PAID:
            return
        payment.captured_amount = from_cents(truth.amount_total_cents) if truth else ZERO
        if truth is not None:
            note_truth(payment, truth, now=now)
        payment.state = states.PAID
        payment.paid_at = now
        payment.save()
        record(
            "payment received",
            f"order:{order.reference}",
            actor=BANK,
            at=now,
            amount=str(payment.captured_amount),
        )
        if not states.can_move(states.ORDER, order.state, states.CONFIRMED) or _is_double(
            order, basket
        ):
            _give_all_back(order, payment, basket, now=now)
            return
        sold, lost = _sell_lines(order, basket, now=now)
        if not sold:
            _release_lines(lost)
            _give_all_back(order, payment, basket, now=now)
            return
        _confirm(order, payment, basket, sold=sold, lost=lost, now=now)


def _is_double(order: Order, basket: Basket | None) -> bool:
    """Whether the same basket was paid already by another order (features.md C08)."""
    if basket is None:
        return False
    others = basket.orders.filter(state__in=[states.CONFIRMED, states.CANCELLED])
    return others.exclude(pk=order.pk).exists()


def _sell_lines(
    order: Order, basket: Basket | None, *, now: datetime
) -> tuple[list[OrderLine], list[OrderLine]]:
    """Sell each line of an order whose units and slots are locked: (sold, lost)."""
    lines = list(
        order.lines.select_related("offer__provider", "sub_order__provider").prefetch_related(
            "takes"
        )
    )
    slots = {
        slot.pk: slot
        for slot in Slot.stocks.filter(
            pk__in=[take.slot_id for one in lines for take in one.takes.all()]
        ).with_free(now, except_basket=basket.pk if basket else None)
    }
    sold: list[OrderLine] = []
    lost: list[OrderLine] = []
    for line in lines:
        if line.unit_id is not None:
            is_had = _sell_nights(line, now=now)
        else:
            is_had = _sell_places(line, slots)
        (sold if is_had else lost).append(line)
    SlotHold.objects.filter(line_id__in=[one.basket_line_id for one in lines]).delete()
    for line in sold:
        if line.unit_id and line.arrival and line.departure:
            refresh_runs([line.unit_id], line.arrival, line.departure)
    return sold, lost


def _sell_places(line: OrderLine, slots: Mapping[int, Slot]) -> bool:
    """Count all that a line takes as sold, or nothing of it; the slots are locked."""
    takes = [(slots[take.slot_id], take.quantity) for take in line.takes.all()]
    if not takes or any(slot.free < units or slot.is_closed for slot, units in takes):
        return False
    for slot, units in takes:
        slot.free -= units
        slot.sold += units
        Slot.stocks.filter(pk=slot.pk).update(sold=slot.sold)
    return True


def _sell_nights(line: OrderLine, *, now: datetime) -> bool:
    """Turn the hold into a sale, or take the nights again if nobody has them."""
    unit_id = line.unit_id or 0
    dates = (line.arrival, line.departure)
    # A live hold keeps the host from closing; one that lapsed doesn't.
    if Closure.objects.filter(unit_id=unit_id, dates__overlap=dates).exists():
        return False
    own = line.basket_line_id is not None and Stay.objects.filter(
        line_id=line.basket_line_id,
        unit_id=unit_id,
        state=Stay.State.HELD,
        dates=(line.arrival, line.departure),
    ).update(state=Stay.State.SOLD, order_line=line, line=None, expires_at=None)
    if own:
        return True
    Stay.objects.filter(
        unit_id=unit_id,
        state=Stay.State.HELD,
        expires_at__lte=now,
        dates__overlap=dates,
    ).delete()
    with connection.cursor() as cursor:
        cursor.execute(INSERT_SOLD_STAY, [line.unit_id, line.arrival, line.departure, line.pk])
        return cursor.fetchone() is not None


def _confirm(
    order: Order,
    payment: Payment,
    basket: Basket | None,
    *,
    sold: list[OrderLine],
    lost: list[OrderLine],
    now: datetime,
) -> None:
    order.state = states.CONFIRMED
    order.confirmed_at = now
    order.save(update_fields=["state", "confirmed_at"])
    OrderLine.objects.filter(pk__in=[one.pk for one in sold]).update(state=states.SOLD)
    _release_lines(lost)
    for line in lost:
        create_refund(
            payment,
            line.gross_amount + line.tourist_tax_amount,
            reason="no longer available when the payment arrived",
            line_id=line.pk,
            now=now,
        )
    if lost:
        share_again(order, now=now)
    parts = list(order.sub_orders.select_related("provider"))
    kept = {one.sub_order_id for one in sold}
    open_payouts([part for part in parts if part.pk in kept], now=now)
    if basket is not None:
        basket.state = Basket.State.ORDERED
        basket.save(update_fields=["state", "updated_at"])
    record(
        "order confirmed",
        f"order:{order.reference}",
        actor=BANK,
        at=now,
        lost=[one.pk for one in lost],
    )
    order_confirmed.send(sender=Order, order=order)
    write_message(
        "order_confirmed",
        key=f"order:{order.reference}:confirmed",
        recipient=order.email,
        language=order.language,
        order=order,
        data={"lost": [one.pk for one in lost]},
        now=now,
    )
    for part in parts:
        if part.pk in kept:
            write_message(
                "provider_booking",
                key=f"order:{order.reference}:provider:{part.provider_id}",
                recipient=part.provider.email,
                language=part.provider.language,
                order=order,
                data={"sub_order": part.pk},
                now=now,
            )


def share_again(order: Order, *, now: datetime) -> None:
    """Write again what each provider is owed, from the lines and their refunds, to the cent.

    What a policy keeps after a cancellation is the provider's; what is given back is nobody's.
    Pay-outs follow, also those that went.
    """
    given_back: dict[int, Decimal] = {}
    taxes_back: dict[int, Decimal] = {}
    lines = list(order.lines.select_related("sub_order"))
    for refund in Refund.objects.filter(line__order=order).select_related("line"):
        if refund.line is None:
            continue
        tax = min(refund.line.tourist_tax_amount, refund.amount)
        taxes_back[refund.line.pk] = taxes_back.get(refund.line.pk, ZERO) + tax
        given_back[refund.line.pk] = given_back.get(refund.line.pk, ZERO) + refund.amount - tax
    for part in order.sub_orders.all():
        own = [one for one in lines if one.sub_order_id == part.pk]
        shares = split_order(
            (
                part.provider_id,
                one.gross_amount - given_back.get(one.pk, ZERO),
                one.tourist_tax_amount - taxes_back.get(one.pk, ZERO),
                part.commission_percent,
            )
            for one in own
        )
        share = shares[0]
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


def _release_lines(lines: Sequence[OrderLine]) -> None:
    OrderLine.objects.filter(pk__in=[one.pk for one in lines], state=states.HELD).update(
        state=states.RELEASED
    )


def _give_all_back(order: Order, payment: Payment, basket: Basket | None, *, now: datetime) -> None:
    """Give the whole payment back: there is nothing to be had for it. The plan opens again."""
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
        reason="nothing could be sold for this payment",
        now=now,
    )
    record("payment given back", f"order:{order.reference}", actor=SYSTEM, at=now)
    write_message(
        "payment_returned",
        key=f"order:{order.reference}:returned:{payment.pk}",
        recipient=order.email,
        language=order.language,
        order=order,
        data={"amount": str(payment.captured_amount)},
        now=now,
    )


def _hold_end(basket: Basket, *, now: datetime) -> datetime:
    """Return until when a stay that was taken back is kept: 15 minutes, within the cap."""
    cap = (basket.first_held_at or now) + timedelta(minutes=settings.HOLD_MAX_MINUTES)
    return min(now + timedelta(minutes=settings.HOLD_MINUTES), cap)


def _expire(order_id: int, *, now: datetime, actor: Actor, keep_holds: bool) -> None:
    """End an order that was not paid and open its basket again, with its holds or without."""
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
            until = max(now, _hold_end(basket, now=now)) if keep_holds else now
            Stay.objects.filter(
                line__basket=basket, state=Stay.State.HELD, expires_at__gt=now
            ).update(expires_at=until)
            SlotHold.objects.filter(line__basket=basket, expires_at__gt=now).update(
                expires_at=until
            )
            basket.state = Basket.State.OPEN
            basket.expires_at = until
            basket.save(update_fields=["state", "expires_at", "updated_at"])
        record("order expired", f"order:{order.reference}", actor=actor, at=now)
