"""From a held stay to the bank's page: placing an order, opening its payment, taking it back.

One order and one payment for every provider. Nobody is asked twice: a second click gets the same
order and the same page (features.md C01, core.md 9).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, time, timedelta
from decimal import Decimal

from booking import locks
from booking.evidence import EvidenceInput, write_evidence
from booking.gateways import get_gateway
from booking.gateways.base import GatewayError
from booking.models import (
    Basket,
    Order,
    Payment,
    Slot,
    SlotHold,
    Stay,
)
from booking.order_lines import write_lines
from booking.packages import check_package, standing_of
from booking.payment import (
    captured,
    open_session,
    order_deadline,
    payment_deadline,
)
from booking.people import Contact, PersonName
from booking.refusals import (
    BadInput,
    Busy,
    NotAllowed,
    PriceChanged,
    Trouble,
    Unavailable,
    WrongState,
    trouble,
)
from booking.rules import states
from booking.settlement import confirm_paid, end_unpaid, kept_until
from booking.stay_view import BasketView, LineView, view_basket
from destination.models import LegalText
from members.journal import VISITOR, Actor, record
from members.models import User


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
    that the visitor says to have received, needed for a package. Locks: units (shared), slots,
    basket.

    Raises BadInput (`empty`, `terms_missing`, `names_missing`, `package_form_missing`),
    NotAllowed for a package that can't be sold (`booking.packages`), PriceChanged
    (`total_changed`), Unavailable with the trouble of each line, WrongState or Busy.
    """
    again = _order_under_way(basket)
    if again is not None:
        return again
    slots = SlotHold.objects.filter(line__basket=basket).values_list("slot_id", flat=True)
    units = basket.lines.filter(unit__isnull=False).values_list("unit_id", flat=True)
    expires_at = payment_deadline(now)
    deadline = order_deadline(expires_at)
    with locks.write_transaction():
        # The order's lines speak of these units: shared now, not at the commit (LOCKING.md).
        shared = locks.share_units(one for one in units if one)
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
        slots_of = {hold.slot_id for one in sold for hold in one.line.slot_holds.all()}
        units_of = {one.unit.pk for one in sold if one.unit}
        if not slots_of <= locked or not units_of <= shared:
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
        write_lines(order, sold, names=names, view=view)
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
        confirm_paid(payment.pk, None, now=now)
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
            confirm_paid(payment.pk, truth, now=now)
            raise WrongState(trouble("already_paid"))
    end_unpaid(order.pk, now=now, actor=VISITOR, keep_holds=True)
    if order.basket is None:
        raise WrongState(trouble("order_expired"))
    order.basket.refresh_from_db()
    return order.basket


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


def _next_attempt(order: Order, *, now: datetime) -> Payment:
    """Begin again an attempt whose page was never opened: a new deadline, the holds with it."""
    expires_at = payment_deadline(now)
    deadline = order_deadline(expires_at)
    with locks.write_transaction():
        if order.basket_id:
            basket = locks.lock_basket(order.basket_id)
            if kept_until(basket, now=now) <= now:
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
