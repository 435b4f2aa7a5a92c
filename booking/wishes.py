"""What somebody wants to add, read against offers and rules before any lock.

It refuses with every trouble at once; whether it can be had is asked again under the locks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings

from booking.availability import check_dates, check_days
from booking.models import (
    Basket,
    Offer,
    Slot,
    Unit,
)
from booking.people import Person, guests_of, match_people, people_from
from booking.quoting import (
    TaxBook,
    asked_of,
    check_places,
    check_unit,
    quote_places,
    quote_unit,
)
from booking.refusals import (
    BadInput,
    Clash,
    NotAllowed,
    PriceChanged,
    Unavailable,
    WrongState,
    trouble,
)
from booking.rules.kinds import KINDS
from booking.rules.pricing import OptionChoice, Quote
from booking.stay_view import (
    slot_hours,
)
from booking.takes import SlotAsk, Takes, check_takes, find_takes
from oti.lib.dates import ONE_DAY, count_nights
from oti.lib.dates import today as day_of

# Things that one can't do at the same time as another.
BLOCKING_KINDS = [kind.code for kind in KINDS if kind.takes_time]


@dataclass(frozen=True)
class LineRequest:
    """What somebody wants to add: nights of a unit, places in a slot, or things lent for days.

    Nights and days are half open, `[arrival, departure)`. Who takes part is given by keys of the
    basket's people, or by ages (None: an adult).
    `shown_amount` is the total, in euros, that the page showed.
    """

    offer_id: int
    unit_id: int | None = None
    slot_id: int | None = None
    arrival: date | None = None
    departure: date | None = None
    ages: tuple[int | None, ...] = ()
    people: tuple[str, ...] = ()
    # Everybody who comes: those who don't take part in this stay persons of the stay.
    party: tuple[int | None, ...] = ()
    quantity: int = 1
    options: tuple[OptionChoice, ...] = ()
    shown_amount: Decimal | None = None
    is_overlap_accepted: bool = False


@dataclass(frozen=True)
class Wish:
    """A request read against the offers: everything a line needs, before any lock."""

    request: LineRequest
    offer: Offer
    unit: Unit | None
    takes: Takes | None
    people: list[Person]
    keys: list[str]
    quantity: int
    quote: Quote
    days: tuple[date, date] | None = None

    @property
    def slot(self) -> Slot | None:
        """Return the slot that people see, if places are asked for."""
        return self.takes.main if self.takes else None


def read_wish(
    basket: Basket, request: LineRequest, *, now: datetime, except_line: int | None = None
) -> Wish:
    """Read a request against the offers and the rules; raises with every trouble."""
    if basket.state != Basket.State.OPEN:
        raise WrongState(trouble("frozen"))
    today = day_of(now)
    offer = (
        Offer.objects.on_sale(today)
        .select_related("provider", "commune", "cancellation_policy")
        .filter(pk=request.offer_id)
        .first()
    )
    if offer is None:
        raise Unavailable(trouble("not_on_sale"))
    if offer.is_lodging:
        return _read_stay(basket, offer, request, today=today, except_line=except_line)
    return _read_places(basket, offer, request, today=today, now=now, except_line=except_line)


def _read_stay(
    basket: Basket,
    offer: Offer,
    request: LineRequest,
    *,
    today: date,
    except_line: int | None,
) -> Wish:
    if request.arrival is None or request.departure is None:
        raise BadInput(trouble("dates_missing", field="arrival"))
    troubles = check_dates(request.arrival, request.departure, today=today)
    if troubles:
        raise BadInput(*troubles)
    unit = (
        Unit.objects.filter(pk=request.unit_id or 0, offer=offer)
        .select_related("tariff")
        .prefetch_related("tariff__price_rules", "tariff__restrictions")
        .first()
    )
    if unit is None:
        raise Unavailable(trouble("offer_unknown"))
    unit.offer = offer
    lodged = {
        key
        for line in basket.lines.filter(
            unit__isnull=False, arrival__lt=request.departure, departure__gt=request.arrival
        ).exclude(pk=except_line or 0)
        for key in line.people
    }
    people, keys = _who(basket, request, busy=lodged)
    clash = lodged & set(keys)
    guests = guests_of(people, keys)
    refused = check_unit(unit, request.arrival, request.departure, guests, today=today)
    if clash:
        refused.append(trouble("overlap", field="people", other=offer.title))
    if refused:
        raise (Clash if clash else NotAllowed)(*refused)
    quote, no_quote = quote_unit(
        unit, request.arrival, request.departure, guests, request.options, TaxBook()
    )
    if quote is None:
        raise NotAllowed(*no_quote)
    _check_shown(quote, request)
    days = request.arrival, request.departure
    return Wish(request, offer, unit, None, people, keys, 1, quote, days)


def _read_places(
    basket: Basket,
    offer: Offer,
    request: LineRequest,
    *,
    today: date,
    now: datetime,
    except_line: int | None,
) -> Wish:
    days = _read_days(offer, request, today=today)
    if offer.is_sold_by_item:
        people, keys = _party(basket, request), list[str]()
        quantity = request.quantity
    else:
        people, keys = _who(basket, request, busy=set())
        quantity = len(keys)
    guests = guests_of(people, keys)
    asked = asked_of(offer, guests, quantity, request.options)
    first, after = days or (None, None)
    ask = SlotAsk(offer, asked, request.slot_id, first, after)
    (takes,) = find_takes([ask], now=now, except_line=except_line)
    if takes.main is None:
        # A day on which nothing is lent says so; an unknown slot is of another offer.
        raise Unavailable(*check_takes(takes, now=now))
    if not offer.is_sold_by_item:
        starts_at, ends_at = slot_hours(takes.main, after)
        busy = _busy_people(basket, offer, starts_at, ends_at, except_line=except_line)
        clashing = {key: title for key, title in busy.items() if key in keys}
        if clashing and not request.is_overlap_accepted:
            raise Clash(trouble("overlap", field="people", other=next(iter(clashing.values()))))
    refused = check_places(offer, guests, quantity, request.options)
    if refused:
        raise NotAllowed(*refused)
    quote, no_quote = quote_places(
        offer, guests, quantity, request.options, count_nights(*days) if days else 1
    )
    if quote is None:
        raise NotAllowed(*no_quote)
    _check_shown(quote, request)
    return Wish(request, offer, None, takes, people, keys, quantity, quote, days)


def _read_days(offer: Offer, request: LineRequest, *, today: date) -> tuple[date, date] | None:
    """Return the days `[first, after)` for which something is lent, None for the rest.

    A slot alone is one day. Raises BadInput.
    """
    if not offer.is_sold_by_day:
        return None
    if request.arrival is None and request.departure is None:
        slot = Slot.objects.filter(pk=request.slot_id or 0, offer=offer).first()
        if slot is not None:
            return slot.day, slot.day + ONE_DAY
    if request.arrival is None or request.departure is None:
        raise BadInput(trouble("days_missing", field="arrival"))
    troubles = check_days(offer, request.arrival, request.departure, today=today)
    if troubles:
        raise BadInput(*troubles)
    return request.arrival, request.departure


def _party(basket: Basket, request: LineRequest) -> list[Person]:
    """Return the people of the basket, with those of the party that it doesn't know yet."""
    people = match_people(people_from(basket.people), request.party)[0]
    if len(people) > 2 * settings.MAX_PARTY:
        raise BadInput(trouble("too_many_people", field="adults", max=settings.MAX_PARTY))
    return people


def _who(basket: Basket, request: LineRequest, *, busy: set[str]) -> tuple[list[Person], list[str]]:
    """Return the people of the basket and the keys of those who take part."""
    people = _party(basket, request)
    if request.people:
        known = {person.key for person in people}
        if not set(request.people) <= known:
            raise BadInput(trouble("nobody", field="people"))
        return people, [person.key for person in people if person.key in request.people]
    if len(request.ages) > settings.MAX_PARTY:
        raise BadInput(trouble("too_many_people", field="adults", max=settings.MAX_PARTY))
    people, keys = match_people(people, request.ages, busy=busy)
    if len(people) > 2 * settings.MAX_PARTY:
        raise BadInput(trouble("too_many_people", field="adults", max=settings.MAX_PARTY))
    return people, keys


def _busy_people(
    basket: Basket,
    offer: Offer,
    starts_at: datetime,
    ends_at: datetime,
    *,
    except_line: int | None,
) -> dict[str, str]:
    """Return who is elsewhere at that time, with what keeps them there."""
    if not offer.kind_rules.takes_time:
        return {}
    lines = (
        basket.lines.filter(
            offer__kind__in=BLOCKING_KINDS,
            slot__starts_at__lt=ends_at,
            slot__ends_at__gt=starts_at,
        )
        .exclude(pk=except_line or 0)
        .select_related("offer")
    )
    return {key: line.offer.title for line in lines for key in line.people}


def _check_shown(quote: Quote, request: LineRequest) -> None:
    if request.shown_amount is not None and request.shown_amount != quote.total:
        raise PriceChanged(trouble("price_changed", old=request.shown_amount, new=quote.total))
