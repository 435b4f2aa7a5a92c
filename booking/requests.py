"""Asking a host for what isn't sold at once; what the host answers, what the guest takes back.

Accepting takes the same locks and the same places as a sale, and makes an order of the guest's
own that awaits its payment (features.md C09, H06, trap 20; oti/decisions/0012-on-request.md).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db.models import Q

from booking import locks
from booking.channels.freshness import read_again
from booking.checkout import (
    Given,
    Reading,
    check_before_ordering,
    check_had,
    close_payment,
    taken_by,
    write_order,
)
from booking.evidence import EvidenceInput
from booking.gateways.base import session_deadline
from booking.holds import hold_nights, keep_plan, places_left, put_slot_holds
from booking.kept_offers import kept_offers
from booking.messages import write_message
from booking.models import (
    Basket,
    BasketLine,
    BookingRequest,
    CalledOff,
    Offer,
    Order,
    OrderLine,
    SlotHold,
    Stay,
)
from booking.packages import standing_of
from booking.payment import order_deadline
from booking.people import Contact, PersonName, people_from
from booking.refusals import (
    BadInput,
    Busy,
    NotAllowed,
    PriceChanged,
    Unavailable,
    WrongState,
    trouble,
)
from booking.request_rows import ask_for, asked_a_moment_ago
from booking.rules import states
from booking.rules.pricing import Quote
from booking.rules.requests import payment_end
from booking.settlement import end_unpaid
from booking.stay_view import BasketView, ask_of, view_basket
from booking.takes import find_takes
from members.journal import SYSTEM, VISITOR, Actor, record
from members.models import User
from oti.lib.dates import paris

# Why a request came to nothing that its host had accepted: what mails and pages are told.
TAKEN = str(BookingRequest.Reason.TAKEN)
CALLED_OFF = str(BookingRequest.Reason.CALLED_OFF)


# --- The guest asks -----------------------------------------------------------
def ask_hosts(
    basket: Basket,
    read: Reading,
    *,
    language: str,
    user: User | None = None,
    evidence: EvidenceInput | None = None,
    now: datetime,
) -> list[BookingRequest]:
    """Ask the hosts of a stay of which nothing is bought at once; nothing is held, nothing paid.

    The lines leave the basket. A second press gets the same requests. Locks: units (shared),
    slots, basket. Raises BadInput (`empty`, `terms_missing`, `names_missing`), PriceChanged and
    Unavailable with the trouble of each line, WrongState or Busy. `read` is as for `place_order`.
    """
    with locks.write_transaction():
        # What the requests will speak of is had before the basket, as for an order.
        units, slots = taken_by(basket)
        shared = locks.share_units(units)
        locked = {slot.pk for slot in locks.lock_slots(slots)}
        current = locks.lock_basket(basket.pk)
        if current.state != Basket.State.OPEN:
            raise WrongState(trouble("already_ordered"))
        view = view_basket(current, now=now)
        if not view.lines:
            again = asked_a_moment_ago(current, now=now)
            if again:
                return again
        standing = standing_of(view, language=language, now=now)
        given = read(view, standing)
        if view.counted:
            # Another tab added what is bought at once: it is ordered with the rest.
            raise PriceChanged(trouble("total_changed", old=given.shown_total, new=view.total))
        check_before_ordering(
            view,
            names=given.names,
            terms=given.terms,
            shown_total=given.shown_total,
            has_order=False,
        )
        check_had(view.asked, shared, locked)
        rows = ask_for(
            view,
            **given.for_requests,
            language=language,
            user=user,
            evidence=evidence,
            came_with=None,
            now=now,
        )
        keep_plan(current, now=now)
    basket.refresh_from_db()
    return rows


# --- The host answers -----------------------------------------------------------
def accept_request(request: BookingRequest, *, actor: Actor, now: datetime) -> Order:
    """Hold what was asked for and make the guest's order of it, at the price that was asked.

    The guest is sent the link to pay, until `Order.pay_until`. Locks: units, slots, request.
    Raises WrongState (`request_over`, `request_lapsed`), NotAllowed `request_not_sold`, Unavailable
    `request_gone` with why: the request stays to be declined. Busy.
    """
    if request.unit_id:
        # What other platforms took meanwhile; the host itself answers for a silent one.
        read_again([request.unit_id], now=now)
    with locks.write_transaction():
        locks.lock_units([request.unit_id] if request.unit_id else [])
        offer = kept_offers([request.offer_id])[request.offer_id]
        line = _line_of(request, offer)
        people = people_from(request.people)
        takes = find_takes([ask_of(line, people)], now=now) if request.slot_id else []
        ids = [pk for one in takes for pk in one.slot_ids]
        locked = {slot.pk for slot in locks.lock_slots(ids)}
        current = locks.lock_request(request.pk)
        _check_answerable(current, now=now)
        if not offer.is_published:
            raise NotAllowed(trouble("request_not_sold"))
        pay_until = _pay_until(current, now=now)
        basket = _basket_of(current, line, until=order_deadline(pay_until), now=now)
        try:
            _take(basket, line, locked=locked, until=order_deadline(pay_until), now=now)
        except Unavailable as refusal:
            raise Unavailable(trouble("request_gone"), *refusal.troubles) from refusal
        order = _write_order(current, basket, offer, pay_until=pay_until, actor=actor, now=now)
        current.state = states.ACCEPTED
        current.order = order
        current.answered_at = now
        current.save(update_fields=["state", "order", "answered_at"])
        record("request accepted", f"request:{current.code}", actor=actor, at=now, order=order.pk)
        write_message(
            "request_accepted",
            key=f"request:{current.code}:accepted",
            recipient=current.email,
            language=current.language,
            order=order,
            data={"request": current.pk},
            now=now,
        )
    request.refresh_from_db()
    return order


def decline_request(
    request: BookingRequest, *, reason: str, words: str, actor: Actor, now: datetime
) -> None:
    """Say no, why, and in the host's own words; the guest is sent what is free instead.

    Locks: request. Raises BadInput `answer_reason_missing`, WrongState `request_over`, Busy.
    """
    if reason not in BookingRequest.Reason.values:
        raise BadInput(trouble("answer_reason_missing", field="reason"))
    with locks.write_transaction():
        current = locks.lock_request(request.pk)
        if not states.can_move(states.REQUEST, current.state, states.DECLINED):
            raise WrongState(trouble("request_over"))
        current.state = states.DECLINED
        current.answered_at = now
        current.reason, current.words = reason, words.strip()
        current.save(update_fields=["state", "answered_at", "reason", "words"])
        record("request declined", f"request:{current.code}", actor=actor, at=now, reason=reason)
        write_message(
            "request_refused",
            key=f"request:{current.code}:declined",
            recipient=current.email,
            language=current.language,
            data={"request": current.pk, "why": states.DECLINED},
            now=now,
        )
    request.refresh_from_db()


def withdraw_request(request: BookingRequest, *, now: datetime) -> None:
    """Take a request back before it is answered, or before what was accepted is paid.

    The bank's page is closed first. Locks: request, order; before them basket, order and payments
    in a transaction of their own. Raises WrongState (`already_paid`, `request_over`), Unavailable
    `bank_unavailable`, Busy.
    """
    order = request.order
    if request.state == states.ACCEPTED and order is not None:
        close_payment(order, now=now)
        end_unpaid(order.pk, now=now, actor=VISITOR, keep_holds=False)
    with locks.write_transaction():
        current = locks.lock_request(request.pk)
        # Answered between the reading and the lock: what it became is looked at first.
        if current.state != request.state or not states.can_move(
            states.REQUEST, current.state, states.WITHDRAWN
        ):
            raise WrongState(trouble("request_over"))
        if current.order_id and locks.lock_order(current.order_id).state != states.EXPIRED:
            # Sold in another tab, or by late money, before it was had: what is paid stays.
            raise WrongState(trouble("already_paid"))
        current.state = states.WITHDRAWN
        current.save(update_fields=["state"])
        record("request withdrawn", f"request:{current.code}", actor=VISITOR, at=now)
        write_message(
            "request_closed",
            key=f"request:{current.code}:withdrawn",
            recipient=current.provider.email,
            language=current.provider.language,
            data={"request": current.pk, "why": states.WITHDRAWN},
            now=now,
        )
    request.refresh_from_db()


# --- What was accepted is taken elsewhere ---------------------------------------------------
def check_still_held(request: BookingRequest, *, now: datetime) -> None:
    """Make sure that what was accepted can still be had, before its guest is led to the bank.

    The unit's other calendars are asked again, as before any order. Where its nights or places
    are no longer held, the bank's page is closed, the order and the request end, and both sides
    are told: raises Unavailable `gone`. Locks: unit, then basket, order and payments, then
    request and order, each in a transaction of its own. Raises WrongState `already_paid`,
    Unavailable `bank_unavailable`, Busy.
    """
    order = request.order
    if order is None or order.state != states.AWAITING_PAYMENT or order.deadline <= now:
        # Paid or lapsed: that is said where it is to be paid.
        return
    if request.unit_id:
        read_again([request.unit_id], now=now)
    if _is_held(order, now=now):
        return
    close_payment(order, now=now)
    end_unpaid(order.pk, now=now, actor=SYSTEM, keep_holds=False)
    with locks.write_transaction():
        current = locks.lock_request(request.pk)
        ended = locks.lock_order(order.pk)
        if ended.state == states.CONFIRMED:
            # Sold in another tab: that is why nothing is held.
            raise WrongState(trouble("already_paid"))
        if current.state == states.ACCEPTED and ended.state == states.EXPIRED:
            end_as_taken(current, now=now)
    request.refresh_from_db()
    raise Unavailable(trouble("gone"))


def end_as_taken(request: BookingRequest, *, now: datetime) -> None:
    """End an accepted request whose nights or places went to others; both sides are told.

    In the present transaction: the request is locked, its order has expired.
    """
    request.state, request.reason = states.LAPSED, TAKEN
    request.save(update_fields=["state", "reason"])
    record("request taken elsewhere", f"request:{request.code}", actor=SYSTEM, at=now)
    provider = request.provider
    for kind, key, recipient, language in (
        ("request_refused", TAKEN, request.email, request.language),
        ("request_closed", f"{TAKEN}:host", provider.email, provider.language),
    ):
        write_message(
            kind,
            key=f"request:{request.code}:{key}",
            recipient=recipient,
            language=language,
            data={"request": request.pk, "why": TAKEN},
            now=now,
        )


def called_off_for(request: BookingRequest) -> CalledOff | None:
    """Return the date of a request that doesn't take place, if it was called off."""
    if request.unit_id:
        return None
    days = Q(slot__day__gte=request.arrival, slot__day__lt=request.departure)
    asked = days if request.arrival and request.departure else Q(slot=request.slot_id)
    rows = CalledOff.objects.filter(asked, slot__offer=request.offer_id, slot__is_closed=True)
    return rows.select_related("slot").order_by("-pk").first()


def end_as_called_off(request: BookingRequest, *, words: str, actor: Actor, now: datetime) -> None:
    """End an accepted request whose date doesn't take place; `words` tell its guest why.

    Locks: request, order. Raises WrongState `request_over` unless its order has ended unpaid,
    Busy.
    """
    with locks.write_transaction():
        current = locks.lock_request(request.pk)
        order = locks.lock_order(current.order_id) if current.order_id else None
        if current.state != states.ACCEPTED or order is None or order.state != states.EXPIRED:
            raise WrongState(trouble("request_over"))
        write_called_off(current, words=words, actor=actor, now=now)
    request.refresh_from_db()


def write_called_off(request: BookingRequest, *, words: str, actor: Actor, now: datetime) -> None:
    """Write that an accepted request ended with its date, in the present transaction.

    It is locked, its order has ended. The host is told of the date as a whole.
    """
    request.state, request.reason, request.words = states.LAPSED, CALLED_OFF, words
    request.save(update_fields=["state", "reason", "words"])
    record("request called off", f"request:{request.code}", actor=actor, at=now)
    write_message(
        "request_refused",
        key=f"request:{request.code}:{CALLED_OFF}",
        recipient=request.email,
        language=request.language,
        data={"request": request.pk, "why": CALLED_OFF},
        now=now,
    )


def _is_held(order: Order, *, now: datetime) -> bool:
    """Tell whether every line of an order that awaits its payment has its nights or places."""
    for line in order.lines.prefetch_related("takes"):
        held = {"line": line.basket_line_id, "expires_at__gt": now}
        if line.unit_id:
            is_held = Stay.objects.filter(state=Stay.State.HELD, **held).exists()
        else:
            slots = set(SlotHold.objects.filter(**held).values_list("slot_id", flat=True))
            is_held = slots.issuperset(take.slot_id for take in line.takes.all())
        if not is_held:
            return False
    return True


# --- From a request to an order -----------------------------------------------------------
def _check_answerable(request: BookingRequest, *, now: datetime) -> None:
    if not states.can_move(states.REQUEST, request.state, states.ACCEPTED):
        raise WrongState(trouble("request_over"))
    if request.deadline <= now:
        raise WrongState(trouble("request_lapsed"))


def _pay_until(request: BookingRequest, *, now: datetime) -> datetime:
    """Return until when the guest may pay: within the life of the bank's page, before it begins."""
    minutes = settings.REQUEST_PAYMENT_HOURS * 60
    latest = datetime.fromtimestamp(
        session_deadline(now=int(now.timestamp()), minutes=minutes), tz=UTC
    )
    return payment_end(latest, request.starts_at)


def _line_of(request: BookingRequest, offer: Offer) -> BasketLine:
    """Return the line that was asked for, as a basket has it; not written yet."""
    unit = None
    if request.unit_id:
        unit = next(one for one in offer.units.all() if one.pk == request.unit_id)
    return BasketLine(
        offer=offer,
        unit=unit,
        slot=request.slot,
        arrival=request.arrival,
        departure=request.departure,
        quantity=request.quantity,
        people=[one["key"] for one in request.people],
        options=request.options,
        channel=request.channel,
        shown_amount=request.total_amount,
        position=1,
    )


def _basket_of(
    request: BookingRequest, line: BasketLine, *, until: datetime, now: datetime
) -> Basket:
    """Write the basket that stands behind the order: nobody carries its key."""
    basket = Basket.objects.create(
        state=Basket.State.FROZEN,
        user=request.user,
        language=request.language,
        people=[{"key": one["key"], "age": one["age"]} for one in request.people],
        expires_at=until,
        **_invited(request),
    )
    line.basket = basket
    line.save()
    return basket


def _invited(request: BookingRequest) -> dict[str, Any]:
    """Return who invited the guest, as their own basket says."""
    came = request.basket
    if came is None:
        return {}
    return {name: getattr(came, name) for name in ("friend_code", "friend_at", "tells_friend")}


def _take(
    basket: Basket, line: BasketLine, *, locked: set[int], until: datetime, now: datetime
) -> None:
    """Hold what the line asks for, as an add does; units and the slots of `locked` are locked.

    Raises Unavailable, and Busy where a date that shares a resource isn't among them: it was
    added meanwhile, or a resource named.
    """
    if line.unit_id:
        stay_id = hold_nights(
            line.unit_id, line.arrival, line.departure, basket_id=basket.pk, now=now, until=until
        )
        Stay.objects.filter(pk=stay_id).update(line=line)
        return
    asked = ask_of(line, people_from(basket.people))
    takes = places_left(asked, now=now, except_line=None, host_agrees=True)
    if not locked.issuperset(takes.slot_ids):
        raise Busy(trouble("busy"))
    put_slot_holds(line, takes, until)


def _write_order(
    request: BookingRequest,
    basket: Basket,
    offer: Offer,
    *,
    pay_until: datetime,
    actor: Actor,
    now: datetime,
) -> Order:
    """Write the order of what was asked: its price, its policy and its people as they were then."""
    view = _as_asked(request, view_basket(basket, now=now))
    given = Given(
        contact=Contact(request.first_name, request.last_name, request.email, request.phone),
        names={
            one["key"]: PersonName(one["first_name"], one["last_name"]) for one in request.people
        },
        arrival_time=request.arrival_time,
        needs=request.needs,
        terms=request.terms,
        shown_total=request.total_amount,
    )
    placed = write_order(
        view,
        standing_of(view, language=request.language, now=now),
        given,
        language=request.language,
        user=request.user,
        evidence=EvidenceInput(request.ip, request.user_agent, request.shown_at),
        expires_at=pay_until,
        by=actor,
        accepted_at=request.placed_at,
        now=now,
    )
    OrderLine.objects.filter(order=placed.order).update(
        policy=request.policy,
        policy_summaries=request.policy_summaries,
        titles=request.titles,
        unit_name=request.unit_name,
        vat_scheme=request.vat_scheme or offer.vat_scheme,
    )
    return placed.order


def _as_asked(request: BookingRequest, view: BasketView) -> BasketView:
    """Return the view of its only line at the price and the hours that were asked for.

    Rules that changed meanwhile don't count: the host itself says yes.
    """
    (line,) = view.lines
    line.quote = Quote.from_json(request.quote)
    line.starts_at, line.ends_at = paris(request.starts_at), paris(request.ends_at)
    line.troubles, line.old_amount = [], None
    return view
