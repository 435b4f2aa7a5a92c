"""What a host sells itself, on the phone or at the door: paid on site, from the same stock.

The line takes its nights or places as every other one: held under the rules of the offer, sold
under the locks of its unit and its slots (LOCKING.md). The bank knows nothing of it, nobody owes
the office anything, and the tourist tax is the host's to collect.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import override

from booking import locks
from booking.availability import free_stays
from booking.basket import add_to_basket, remove_line
from booking.cancellation import cancel_lines
from booking.holds import places_left
from booking.hook_outbox import tell_sold
from booking.messages import write_message
from booking.models import Basket, BasketLine, Closure, Offer, Order, OrderLine
from booking.order_lines import Numbers, OrderRows, order_rows
from booking.people import PersonName
from booking.refusals import BadInput, Busy, Refusal, Unavailable, WrongState, trouble
from booking.selling import take_lines, write_sale
from booking.showing import people_words
from booking.signals import order_confirmed
from booking.stay_view import BasketView, LineView, view_basket
from booking.wishes import LineRequest, Wish, read_wish
from members.journal import Actor, entry
from members.models import Provider
from oti.lib.inserts import insert_together
from oti.lib.joins import keep_related
from oti.lib.money import ZERO

VERB = "sold by its host"
# What names a sale, as its form carries it.
ONCE = re.compile(r"\A[\w-]{32}\Z")


@dataclass(frozen=True)
class CounterGuest:
    """Who comes: a first name, and a phone or an address."""

    first_name: str
    last_name: str = ""
    phone: str = ""
    email: str = ""
    language: str = "fr"


@dataclass(frozen=True)
class CounterPrice:
    """What a guest pays on site, in euros: the services, and the tourist tax beside them."""

    services: Decimal
    tourist_tax: Decimal
    # As `LineRequest.shown_amount` compares it.
    shown_amount: Decimal


def is_sellable(offer: Offer) -> bool:
    """Tell whether an offer can be sold this way: nights, or places at a date."""
    return offer.is_lodging or not (offer.is_sold_by_day or offer.is_sold_by_item)


def price_at_counter(house: Provider, request: LineRequest, *, now: datetime) -> CounterPrice:
    """Return what a wish costs, before anything is taken; raises as `sell_at_counter`."""
    _check_offer(house, request)
    wish = read_wish(Basket(), request, now=now)
    _check_free(wish, now=now)
    quote = wish.quote
    tax = quote.tourist_tax + quote.tourist_tax_on_site
    return CounterPrice(quote.gross, tax, quote.total)


def sell_at_counter(
    house: Provider,
    request: LineRequest,
    guest: CounterGuest,
    *,
    once: str,
    actor: Actor,
    now: datetime,
) -> Order:
    """Sell nights or places of a house to somebody who pays there; returns the confirmed order.

    `once` names this sale: a second press gets the same order. Locks: units, slots, basket. Raises
    BadInput (`counter_guest`, `counter_reach`), Unavailable, NotAllowed, PriceChanged, WrongState
    or Busy; nothing stays held then.
    """
    _check_guest(guest)
    _check_offer(house, request)
    basket, is_new = Basket.objects.get_or_create(token=once, defaults={"language": guest.language})
    if not is_new:
        return _sold_before(once, house)
    try:
        line = add_to_basket(basket, request, may_ask=False, now=now)
        return _sell(basket, line, house, guest, actor=actor, now=now)
    except Refusal:
        _let_go(basket, now=now)
        raise


def sold_under(once: str, house: Provider) -> Order | None:
    """Return the sale that a house made under this name; None if there is none, or no such name."""
    if not ONCE.fullmatch(once):
        return None
    sales = Order.objects.filter(channel=Order.Channel.COUNTER, basket__token=once)
    return sales.filter(sub_orders__provider=house).first()


def is_under_way(once: str) -> bool:
    """Tell whether a sale of this name has begun: what it takes isn't free for its second press."""
    return bool(ONCE.fullmatch(once)) and Basket.objects.filter(token=once).exists()


def cancel_at_counter(line: OrderLine, *, reason: str, actor: Actor, now: datetime) -> None:
    """Cancel what its host sold: nights and places are free again, the guest is told.

    What was paid on site is between them. Locks and raises as `cancellation.cancel_lines`, and
    WrongState `wrong_state` for what this site sold: the office cancels that.
    """
    if not line.order.is_counter:
        raise WrongState(trouble("wrong_state"))
    cancel_lines(line.order, [line.pk], basis="full", reason=reason, actor=actor, now=now)


def _check_guest(guest: CounterGuest) -> None:
    if not guest.first_name.strip():
        raise BadInput(trouble("counter_guest", field="first_name"))
    if not guest.phone.strip() and not guest.email.strip():
        raise BadInput(trouble("counter_reach", field="phone"))


def _check_offer(house: Provider, request: LineRequest) -> None:
    """Refuse what isn't this house's, or isn't sold this way."""
    offer = Offer.objects.filter(pk=request.offer_id, provider=house).first()
    if offer is None or not is_sellable(offer):
        raise Unavailable(trouble("not_on_sale"))


def _check_free(wish: Wish, *, now: datetime) -> None:
    """Tell at once what is taken; whether it can be had is asked again under the locks."""
    if wish.ask is not None:
        places_left(wish.ask, now=now, except_line=None)
    if wish.unit is None or wish.days is None:
        return
    if Closure.objects.filter(unit=wish.unit, dates__overlap=DateRange(*wish.days)).exists():
        raise Unavailable(trouble("closed"))
    # With the nights of preparation, of others' stays and of this one.
    if not free_stays([(wish.unit.pk, *wish.days)], now=now):
        raise Unavailable(trouble("counter_taken"))


def _sold_before(once: str, house: Provider) -> Order:
    """Return the sale that was made under the same name; Busy while it is being made."""
    order = sold_under(once, house)
    if order is None:
        raise Busy(trouble("busy"))
    return order


def _let_go(basket: Basket, *, now: datetime) -> None:
    """Free what a sale that failed held; what can't be freed now lapses by itself."""
    with suppress(Refusal):
        for line in list(basket.lines.all()):
            remove_line(basket, line.pk, now=now)
        with locks.write_transaction():
            Basket.objects.filter(pk=basket.pk, orders=None).delete()


def _sell(
    basket: Basket,
    line: BasketLine,
    house: Provider,
    guest: CounterGuest,
    *,
    actor: Actor,
    now: datetime,
) -> Order:
    units = [line.unit_id] if line.unit_id else []
    slots = list(line.slot_holds.values_list("slot_id", flat=True))
    if line.offer.uses_resources:
        slots = locks.slots_beside(slots)
    with locks.write_transaction():
        locks.lock_units(units)
        locked = {slot.pk for slot in locks.lock_slots(slots)}
        current = locks.lock_basket(basket.pk)
        view = view_basket(current, now=now)
        sold = _held(view)
        order, rows = _rows(view, sold, guest, now=now)
        _pay_on_site(rows)
        journal = entry(
            VERB,
            f"order:{order.reference}",
            actor=actor,
            at=now,
            provider=house.name,
            total=str(order.total_amount + order.tourist_tax_on_site_amount),
        )
        insert_together([order], *rows.groups, [journal])
        for one in rows.lines:
            keep_related(one, "takes", [take for take in rows.takes if take.line is one])
        had, lost = take_lines(rows.lines, current, locked=locked, now=now)
        if lost:
            raise Unavailable(trouble("gone"))
        write_sale(order, None, current, sold=had, lost=[], now=now)
        order_confirmed.send(sender=Order, order=order, lines=had)
        tell_sold(order, had, now=now)
        write_message(
            "counter_sale",
            key=f"order:{order.reference}:counter",
            recipient=order.email,
            language=order.language,
            order=order,
            now=now,
        )
    return order


def _held(view: BasketView) -> Sequence[LineView]:
    """Return the one line that is sold; raises with its troubles where it can't be had."""
    troubles = [one for line in view.lines for one in line.troubles]
    if troubles or len(view.counted) != 1:
        raise Unavailable(*(troubles or [trouble("gone")]))
    return view.counted


def _rows(
    view: BasketView, sold: Sequence[LineView], guest: CounterGuest, *, now: datetime
) -> tuple[Order, OrderRows]:
    numbers = Numbers(sold)
    order = Order(
        pk=numbers.next(Order),
        basket=view.basket,
        channel=Order.Channel.COUNTER,
        language=guest.language,
        first_name=guest.first_name.strip()[:80],
        last_name=guest.last_name.strip()[:80],
        email=guest.email.strip(),
        phone=guest.phone.strip()[:40],
        gross_amount=view.gross,
        tourist_tax_on_site_amount=view.tourist_tax + view.tourist_tax_on_site,
        total_amount=view.gross,
        deadline=now,
        placed_at=now,
        is_demo=any(one.offer.is_demo for one in sold),
    )
    names = _names(view, guest)
    return order, order_rows(order, sold, names=names, view=view, numbers=numbers)


def _names(view: BasketView, guest: CounterGuest) -> dict[str, PersonName]:
    """Name the guest; the others are only counted: "Adulte 2", "Enfant, 5 ans"."""
    with override(guest.language):
        words = people_words(view.people)
    first = next(iter(words), None)
    return {
        key: PersonName(guest.first_name, guest.last_name) if key == first else PersonName(text)
        for key, text in words.items()
    }


def _pay_on_site(rows: OrderRows) -> None:
    """Take the bank, the commission and the collected tax out of what is about to be written."""
    for part in rows.parts:
        part.commission_percent = part.commission_amount = part.tourist_tax_amount = ZERO
        part.payout_amount = part.gross_amount
    for line in rows.lines:
        line.tourist_tax_on_site_amount += line.tourist_tax_amount
        line.tourist_tax_amount = ZERO
