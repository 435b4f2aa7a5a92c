"""From a held stay to the bank's page: placing an order, opening its payment, taking it back.

One order and one payment for every provider. Nobody is asked twice: a second click gets the same
order and the same page (features.md C01, core.md 9).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import TypedDict

from django.db import connection
from django.utils import timezone

from booking import locks
from booking.basket import ask_hosts_instead
from booking.channels.freshness import read_again_for
from booking.evidence import EvidenceInput, evidence_of
from booking.gateways import get_gateway
from booking.gateways.base import GatewayError
from booking.models import (
    Basket,
    BookingRequest,
    Order,
    OrderLine,
    Payment,
    SlotHold,
    Stay,
)
from booking.models.calendar import slots_with_free
from booking.order_lines import Numbers, order_rows
from booking.packages import Standing, check_package, standing_of
from booking.payment import (
    captured,
    open_session,
    order_deadline,
    payment_deadline,
)
from booking.people import Contact, PersonName
from booking.proposals import Rooms
from booking.referral_claims import claims_of
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
from booking.request_rows import ask_for, asked_a_moment_ago
from booking.rules import states
from booking.rules.resources import lacking
from booking.settlement import confirm_paid, end_unpaid, kept_until
from booking.stay_view import BasketView, LineView, view_basket
from destination.models import LegalText
from members.journal import VISITOR, Actor, entry
from members.models import User
from oti.lib.inserts import insert_together
from oti.lib.plans import one_of

# What the lines of a basket take, whoever holds it; what is on request holds nothing, but what its
# host is asked will speak of its date.
TAKEN_BY = """
SELECT unit_id, slot_id FROM booking_basketline WHERE basket_id = %(basket)s
UNION SELECT NULL, hold.slot_id FROM booking_basketline line
JOIN booking_slothold hold ON hold.line_id = line.id WHERE line.basket_id = %(basket)s
"""
# One statement: the deadline of the nights and of the places, the basket; how many nights live.
FREEZE = f"""
WITH nights AS (
    UPDATE booking_stay SET expires_at = %(deadline)s
    WHERE line_id {one_of("%(nights)s")} AND state = 'held' AND expires_at > %(now)s
    RETURNING id
), places AS (
    UPDATE booking_slothold SET expires_at = %(deadline)s
    WHERE line_id {one_of("%(places)s")}
), frozen AS (
    UPDATE booking_basket
    SET state = %(state)s, expires_at = %(deadline)s, updated_at = %(written)s
    WHERE id = %(basket)s
)
SELECT count(*) FROM nights
"""  # noqa: S608 - names of this project


class ForRequests(TypedDict):
    """What a visitor gave that hosts need before they answer."""

    contact: Contact
    names: Mapping[str, PersonName]
    arrival_time: time | None
    needs: str
    terms: LegalText | None


@dataclass(frozen=True)
class Given:
    """What a visitor gave to order a stay, or to ask for it.

    `shown_total` is what the page showed, in euros; `package_form` the information form that the
    visitor says to have received, needed for a package; `letters` what was said of them.
    """

    contact: Contact
    names: Mapping[str, PersonName]
    arrival_time: time | None
    needs: str
    terms: LegalText | None
    shown_total: Decimal
    package_form: LegalText | None = None
    letters: str = Order.Letters.UNTOLD

    @property
    def for_requests(self) -> ForRequests:
        """Return what goes with each request of the stay."""
        return {
            "contact": self.contact,
            "names": self.names,
            "arrival_time": self.arrival_time,
            "needs": self.needs,
            "terms": self.terms,
        }


@dataclass(frozen=True)
class Placed:
    """An order, with its payment, lines and requests where they were written just now."""

    order: Order
    payment: Payment | None = None
    lines: Sequence[OrderLine] | None = None
    requests: Sequence[BookingRequest] = ()


class NothingAtOnce(Exception):
    """Of this stay nothing is bought at once: its hosts are asked (`booking.requests`)."""


Reading = Callable[[BasketView, Standing], Given]


def place_order(
    basket: Basket,
    read: Reading,
    *,
    language: str,
    user: User | None = None,
    evidence: EvidenceInput | None = None,
    now: datetime,
) -> Placed:
    """Turn a held basket into one order that awaits its payment, one part per provider.

    What is on request leaves the basket: its hosts are asked, it is no part of the order.

    The basket freezes, its holds last until the payment's deadline. A second click gets the same
    order. `read` returns what the visitor gave, from the stay as it stands under the locks: it is
    loaded and priced once, for the form and for the order. What `read` raises ends it, nothing is
    written then. Locks: units (shared), slots, basket, the needs behind lower prices.

    Raises NothingAtOnce where everything is on request,
    BadInput (`empty`, `terms_missing`, `names_missing`, `package_form_missing`),
    NotAllowed for a package that can't be sold (`booking.packages`), PriceChanged
    (`total_changed`), Unavailable with the trouble of each line, WrongState or Busy.
    """
    again = _order_under_way(basket)
    if again is not None:
        return Placed(again)
    expires_at = payment_deadline(now)
    deadline = order_deadline(expires_at)
    _refuse_stale(basket, now=now)
    with locks.write_transaction():
        # What the lines speak of is shared now, not at the commit (LOCKING.md).
        units, slots = taken_by(basket)
        shared = locks.share_units(units)
        locked = {slot.pk for slot in locks.lock_slots(slots)}
        current = locks.lock_basket(basket.pk)
        again = _order_under_way(current)
        if again is not None:
            return Placed(again)
        if current.state != Basket.State.OPEN:
            raise WrongState(trouble("already_ordered"))
        # Under the locks: another tab may have changed what this one read.
        view = view_basket(current, now=now)
        if view.asked and not view.counted:
            raise NothingAtOnce
        if not view.lines and asked_a_moment_ago(current, now=now):
            raise NothingAtOnce
        standing = standing_of(view, language=language, now=now)
        given = read(view, standing)
        check_before_ordering(
            view,
            names=given.names,
            terms=given.terms,
            shown_total=given.shown_total,
            of_package=check_package(standing, given.package_form),
        )
        sold = view.counted
        check_had([*sold, *view.asked], shared, locked)
        gone = _places_gone(sold, current, now=now)
        gone += _prices_gone(sold, now=now)
        gone += _freeze(current, sold, deadline=deadline, now=now)
        if gone:
            raise Unavailable(*gone)
        written = write_order(
            view,
            standing,
            given,
            language=language,
            user=user,
            evidence=evidence,
            expires_at=expires_at,
            now=now,
        )
        asked = ask_for(
            view,
            **given.for_requests,
            language=language,
            user=user,
            evidence=evidence,
            came_with=written.order,
            now=now,
        )
    # The caller's row says what was written to it.
    basket.state, basket.expires_at = current.state, current.expires_at
    basket.updated_at = current.updated_at
    return replace(written, requests=asked) if asked else written


def check_had(lines: Sequence[LineView], units: Collection[int], slots: Collection[int]) -> None:
    """Check that the units and dates of some lines are among those that are locked or shared.

    Another tab may have added one after they were read: raises Busy then.
    """
    units_of = {one.unit.pk for one in lines if one.unit}
    slots_of = {hold.slot_id for one in lines for hold in one.holds}
    slots_of |= {one.line.slot_id for one in lines if one.line.slot_id}
    if not slots_of <= set(slots) or not units_of <= set(units):
        raise Busy(trouble("busy"))


def _refuse_stale(basket: Basket, *, now: datetime) -> None:
    """Ask other platforms about the nights once more.

    Where one has fallen silent the host is asked instead: raises Unavailable `now_on_request`,
    and the stay is to be looked at again.
    """
    stale = read_again_for(basket, and_asked=False, now=now)
    if stale:
        raise Unavailable(*ask_hosts_instead(basket, stale, now=now))


def write_order(
    view: BasketView,
    standing: Standing,
    given: Given,
    *,
    language: str,
    user: User | None,
    evidence: EvidenceInput | None,
    expires_at: datetime,
    by: Actor | None = None,
    accepted_at: datetime | None = None,
    now: datetime,
) -> Placed:
    """Write the order, all that hangs on it, its evidence and the journal, in one statement.

    In the present transaction, whose locks make the view true. `by` is who places it, where it
    isn't the visitor; `accepted_at` when the visitor accepted the terms, where it isn't now.
    """
    sold = view.counted
    numbers = Numbers(sold)
    order = _order_of(
        view, given, language=language, user=user, deadline=order_deadline(expires_at), now=now
    )
    order.pk = numbers.next(Order)
    payment = Payment(
        pk=numbers.next(Payment),
        order=order,
        amount=view.total,
        expires_at=expires_at,
        created_at=now,
    )
    rows = order_rows(order, sold, names=given.names, view=view, numbers=numbers)
    actor = by or (Actor.person(user) if user else VISITOR)
    subject = f"order:{order.reference}"
    placed = entry("order placed", subject, actor=actor, at=now, total=str(view.total))
    shown, kept = evidence_of(
        order, view, standing, given=evidence, actor=actor, accepted_at=accepted_at, now=now
    )
    claims = claims_of(order, view.basket, now=now)
    insert_together([order], *rows.groups, [payment], [shown], [placed, kept], claims)
    return Placed(order, payment, rows.lines)


def taken_by(basket: Basket) -> tuple[list[int], list[int]]:
    """Return the units and the slots that the lines of a basket speak of, before any lock."""
    with connection.cursor() as cursor:
        cursor.execute(TAKEN_BY, {"basket": basket.pk})
        rows = cursor.fetchall()
    return [unit for unit, _slot in rows if unit], [slot for _unit, slot in rows if slot]


def _order_of(
    view: BasketView,
    given: Given,
    *,
    language: str,
    user: User | None,
    deadline: datetime,
    now: datetime,
) -> Order:
    return Order(
        basket=view.basket,
        user=user,
        language=language,
        first_name=given.contact.first_name,
        last_name=given.contact.last_name,
        email=given.contact.email,
        phone=given.contact.phone,
        arrival_time=given.arrival_time,
        needs=given.needs,
        letters=given.letters,
        gross_amount=view.gross,
        tourist_tax_amount=view.tourist_tax,
        tourist_tax_on_site_amount=view.tourist_tax_on_site,
        total_amount=view.total,
        terms=given.terms,
        terms_sha256=given.terms.sha256 if given.terms else "",
        deadline=deadline,
        placed_at=now,
        is_demo=any(one.offer.is_demo for one in view.counted),
    )


def begin_payment(
    order: Order, *, success_url: str, cancel_url: str, placed: Placed | None = None, now: datetime
) -> str:
    """Return the address of the bank's page for an order that awaits its payment.

    A page that is still open is given again: a second click, a declined card, a return. Nothing
    to pay confirms at once. `placed` is the answer of `place_order`, where it was called just
    now. Raises WrongState (`already_paid`, `order_expired`) and Unavailable
    (`bank_unavailable`: the order stays, the basket too).
    """
    if order.state == states.CONFIRMED:
        raise WrongState(trouble("already_paid"))
    payment = placed.payment if placed else None
    payment = payment or order.payments.order_by("-attempt").first()
    if order.state != states.AWAITING_PAYMENT or payment is None or order.deadline <= now:
        raise WrongState(trouble("order_expired"))
    if order.total_amount == 0:
        confirm_paid(payment, None, now=now)
        return success_url
    if payment.session_id and payment.url:
        if payment.expires_at > now:
            return payment.url
        raise WrongState(trouble("order_expired"))
    if payment.expires_at < payment_deadline(now) - timedelta(seconds=45):
        payment = _next_attempt(order, now=now)
    lines = placed.lines if placed and placed.lines is not None else list(order.lines.all())
    truth = open_session(payment, order, lines, success_url=success_url, cancel_url=cancel_url)
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
    WrongState `already_paid` is raised. Raises Unavailable `bank_unavailable`, NotAllowed
    `request_no_change` for what a host accepted.
    """
    if BookingRequest.objects.filter(order=order).exists():
        raise NotAllowed(trouble("request_no_change"))
    close_payment(order, now=now)
    end_unpaid(order.pk, now=now, actor=VISITOR, keep_holds=True)
    if order.basket is None:
        raise WrongState(trouble("order_expired"))
    order.basket.refresh_from_db()
    return order.basket


def close_payment(order: Order, *, now: datetime) -> None:
    """Close the bank's pages of an order that nobody shall pay any more.

    One that was paid meanwhile confirms the order: raises WrongState `already_paid`. Raises
    Unavailable `bank_unavailable`.
    """
    if order.state == states.CONFIRMED:
        raise WrongState(trouble("already_paid"))
    for payment in order.payments.exclude(session_id="").order_by("attempt"):
        try:
            truth = get_gateway().expire_session(payment.session_id)
        except GatewayError as error:
            raise Unavailable(trouble("bank_unavailable")) from error
        if captured(truth):
            confirm_paid(payment, truth, now=now)
            raise WrongState(trouble("already_paid"))


def _order_under_way(basket: Basket) -> Order | None:
    if basket.state == Basket.State.OPEN:
        return None
    return basket.orders.filter(state=states.AWAITING_PAYMENT).first()


def check_before_ordering(
    view: BasketView,
    *,
    names: Mapping[str, PersonName],
    terms: LegalText | None,
    shown_total: Decimal,
    of_package: Sequence[Trouble] = (),
    has_order: bool = True,
) -> None:
    """Raise where a stay can't be ordered, or asked for, with what was given.

    `has_order` is for a stay of which something is bought at once. See `place_order`.
    """
    if not view.counted and (has_order or not view.asked):
        # All that was planned was lost meanwhile: why is told, not that there is nothing.
        lost = [one for line in view.lines for one in line.troubles]
        raise Unavailable(*lost) if lost else BadInput(trouble("empty"))
    if view.basket.state != Basket.State.OPEN:
        raise WrongState(trouble("already_ordered"))
    if terms is None:
        raise BadInput(trouble("terms_missing", field="terms"))
    ready = [*view.counted, *view.asked]
    needed = {key for one in ready for key in one.people}
    if any(not names.get(key) or not names[key].first_name.strip() for key in needed):
        raise BadInput(trouble("names_missing", field="names"))
    lapsed = [trouble("hold_expired", line=one.line.pk) for one in view.counted if not one.is_held]
    others = [one for line in ready for one in line.troubles if one.code not in {"hold_expired"}]
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


def _places_gone(sold: Sequence[LineView], basket: Basket, *, now: datetime) -> list[Trouble]:
    """Return a trouble for each hold whose places aren't the line's any more, under the locks."""
    held = [hold for one in sold for hold in one.holds]
    if not held:
        return []
    found = slots_with_free(
        f"s.id {one_of('%(slots)s')}",
        {"slots": sorted({hold.slot_id for hold in held})},
        now=now,
        except_basket=basket.pk,
    )
    slots = {slot.pk: slot for slot in found}
    own = set(slots)
    wanted: Counter[int] = Counter()
    gone: list[Trouble] = []
    for hold in held:
        slot = slots[hold.slot_id]
        wanted[slot.pk] += hold.quantity
        if slot.is_closed or slot.free < wanted[slot.pk]:
            gone.append(trouble("gone", line=hold.line_id))
        elif lacking(slot.claims, also=own):
            # Its own lock is enough: whoever newly uses what it needs has locked it too.
            gone.append(trouble("resource_busy", line=hold.line_id))
    return gone


def _prices_gone(sold: Sequence[LineView], *, now: datetime) -> list[Trouble]:
    """Return a trouble for each lower price that others have meanwhile. Locks its needs, last.

    A hold whose time ran out while its calendars were asked, or its locks waited for, may have
    lost it: better told now than given back once it is paid.
    """
    asked = [
        one.line
        for one in sold
        if one.line.proposal_id and one.quote is not None and one.quote.usual_total is not None
    ]
    if not asked:
        return []
    own = [line.pk for line in asked]
    rooms = Rooms([line.proposal_id for line in asked], lines=own, now=now)
    return [
        trouble("proposal_over", line=line.pk) for line in asked if not rooms.sell(line.proposal_id)
    ]


def _freeze(
    basket: Basket, sold: Sequence[LineView], *, deadline: datetime, now: datetime
) -> list[Trouble]:
    """Give the holds of the lines to the order and freeze the basket, which is locked.

    Returns a trouble where nights aren't held any more.
    """
    basket.state, basket.expires_at = Basket.State.FROZEN, deadline
    basket.updated_at = timezone.now()
    nights = [one.line.pk for one in sold if one.unit is not None]
    with connection.cursor() as cursor:
        cursor.execute(
            FREEZE,
            {
                "basket": basket.pk,
                "state": basket.state,
                "deadline": deadline,
                "now": now,
                "written": basket.updated_at,
                "nights": nights,
                "places": [one.line.pk for one in sold if one.slot],
            },
        )
        (kept,) = cursor.fetchone()
    return [] if kept == len(nights) else [trouble("hold_expired")]


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
