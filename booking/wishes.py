"""What somebody wants to add, read against offers and rules before any lock.

It refuses with every trouble at once; whether it can be had is asked again under the locks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings

from booking.availability import check_dates, check_days
from booking.kept_offers import offer_on_sale
from booking.models import (
    Basket,
    BasketLine,
    Offer,
    Slot,
    Unit,
)
from booking.people import Person, guests_of, match_people, people_from
from booking.proposals import Proposal, proposal_of
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
    Trouble,
    Unavailable,
    WrongState,
    trouble,
)
from booking.rules.pricing import OptionChoice, Quote, Reduction
from booking.stay_view import (
    slot_hours,
)
from booking.takes import SlotAsk
from oti.lib.dates import ONE_DAY, count_nights
from oti.lib.dates import today as day_of
from oti.lib.joins import read_joined

# Written out: every add to a stay that has begun reads it.
OTHER_LINES = """
SELECT {columns} FROM booking_basketline line
LEFT JOIN booking_slot slot ON slot.id = line.slot_id
WHERE line.basket_id = %s ORDER BY line.position, line.id
"""


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
    # A bed beside one that they have: for others who come too, or instead of those lines.
    is_for_others: bool = False
    instead_of: tuple[int, ...] = ()
    # The very same line isn't added a second time: it is refused as `already_yours`.
    is_once: bool = False
    # It belongs to a whole stay that was proposed at one price.
    is_sold_whole: bool = False
    # Where it is chosen, "" on the site itself.
    channel: str = ""
    # The code of the link that promises a lower price, "" for none (`booking.proposals`).
    proposal: str = ""


@dataclass(frozen=True)
class Wish:
    """A request read against the offers: everything a line needs, before any lock."""

    request: LineRequest
    offer: Offer
    unit: Unit | None
    ask: SlotAsk | None
    people: list[Person]
    keys: list[str]
    quantity: int
    quote: Quote
    days: tuple[date, date] | None
    # The other lines of the basket, as they were read, without those that it takes the place of.
    others: tuple[BasketLine, ...]
    basket_id: int
    replaced: tuple[BasketLine, ...] = ()
    # What lowers its price; it has a place of it once it is held.
    proposal: Proposal | None = None

    @property
    def lines_moved(self) -> list[int]:
        """Return the lines whose place it takes: what they hold isn't in its way."""
        return [line.pk for line in self.replaced]


def read_wish(
    basket: Basket, request: LineRequest, *, now: datetime, except_line: int | None = None
) -> Wish:
    """Read a request against the offers and the rules; raises with every trouble."""
    if basket.state != Basket.State.OPEN:
        raise WrongState(trouble("frozen"))
    today = day_of(now)
    offer = offer_on_sale(request.offer_id, is_lodging=request.unit_id is not None, today=today)
    if offer is None:
        raise Unavailable(trouble("not_on_sale"))
    others = _other_lines(basket)
    changed = next((line for line in others if line.pk == except_line), None)
    others = tuple(line for line in others if line is not changed)
    proposal = _proposal_for(offer, request, changed, now=now)
    if offer.is_lodging:
        wish = _read_stay(
            basket, offer, request, others, changed=changed, proposal=proposal, now=now
        )
    else:
        wish = _read_places(basket, offer, request, others, proposal=proposal, today=today)
    # A line that is changed keeps its proposal where it can; who changes it reads the price.
    is_kept = wish.proposal is not None or changed is not None
    _check_shown(wish.quote, request, is_reduced=is_kept)
    return wish


def _proposal_for(
    offer: Offer, request: LineRequest, changed: BasketLine | None, *, now: datetime
) -> Proposal | None:
    """Return what the link that was followed takes off, where there is still a place of it.

    Where the host answers first nothing is held, so there is no place to keep either.
    """
    if not request.proposal or offer.is_on_request:
        return None
    moved = [*request.instead_of, *([changed.pk] if changed else [])]
    proposal = proposal_of(request.proposal, offer.pk, now=now, except_lines=moved)
    return proposal if proposal is not None and proposal.left else None


def _other_lines(basket: Basket) -> tuple[BasketLine, ...]:
    """Return the lines that a new one has to live with; nothing was ever held: there are none.

    Their offers are read when something is wrong with them, no sooner.
    """
    if basket.first_held_at is None:
        return ()
    lines = []
    for line, slot in read_joined(OTHER_LINES, {"line": BasketLine, "slot": Slot}, [basket.pk]):
        line.slot = slot
        lines.append(line)
    return tuple(lines)


def _read_stay(
    basket: Basket,
    offer: Offer,
    request: LineRequest,
    others: tuple[BasketLine, ...],
    *,
    changed: BasketLine | None,
    proposal: Proposal | None,
    now: datetime,
) -> Wish:
    if request.arrival is None or request.departure is None:
        raise BadInput(trouble("dates_missing", field="arrival"))
    troubles = check_dates(request.arrival, request.departure, today=day_of(now))
    if troubles:
        raise BadInput(*troubles)
    unit = next((one for one in offer.units.all() if one.pk == request.unit_id), None)
    if unit is None:
        raise Unavailable(trouble("unit_unknown", field="unit"))
    # A line that went meanwhile needs no one to take its place: a second click is no fault.
    replaced = tuple(line for line in others if line.unit_id and line.pk in request.instead_of)
    others = tuple(line for line in others if line not in replaced)
    beside = [
        line
        for line in others
        if line.unit_id and line.arrival and line.departure
        if line.arrival < request.departure and line.departure > request.arrival
    ]
    lodged = {key for line in beside for key in line.people}
    people, keys = _who(basket, request, busy=lodged)
    clash = [line for line in beside if set(line.people) & set(keys)]
    if changed is not None and not request.people and lodged & set(changed.people):
        # Moved onto the nights of another bed: the same persons, not as many new ones.
        clash = [line for line in beside if set(line.people) & set(changed.people)]
    guests = guests_of(people, keys)
    refused = check_unit(unit, request.arrival, request.departure, guests, now=now)
    if clash:
        refused.append(_sleep_twice(unit, clash))
    if refused:
        raise (Clash if clash else NotAllowed)(*refused)
    if changed is None and not request.is_for_others:
        _check_bed(basket, unit, request, people, beside)
    quote, no_quote = quote_unit(
        unit,
        request.arrival,
        request.departure,
        guests,
        request.options,
        TaxBook(),
        proposal.reduction if proposal else None,
    )
    if quote is None:
        raise NotAllowed(*no_quote)
    days = request.arrival, request.departure
    return Wish(
        *(request, offer, unit, None, people, keys, 1, quote, days, others, basket.pk, replaced),
        proposal=proposal if quote.usual_total is not None else None,
    )


def _check_bed(
    basket: Basket,
    unit: Unit,
    request: LineRequest,
    people: list[Person],
    beside: list[BasketLine],
) -> None:
    """Raise Clash where a second bed would add persons whom the party doesn't have.

    Ages say how many come, not who: as everybody has a bed on those nights, another one is either
    wanted instead, or for people who come too. A party spread over several beds (core.md 4) goes
    on: those without a bed are found first. A second click on one bed is told elsewhere.
    """
    if request.people or any(line.unit_id == unit.pk for line in beside):
        return
    known, keys = match_people(_party(basket, request), request.ages)
    if len(people) <= len(known):
        return
    had = [line for line in beside if set(line.people) & set(keys)]
    titles = " + ".join(line.offer.title for line in had)
    raise Clash(
        trouble("has_bed", line=had[0].pk, other=titles, instead_of=[line.pk for line in had])
    )


def _sleep_twice(unit: Unit, clash: list[BasketLine]) -> Trouble:
    """Return why these persons can't sleep there, with the line where they sleep already."""
    same = next((line for line in clash if line.unit_id == unit.pk), None)
    if same is not None:
        return trouble("already_yours", line=same.pk)
    return trouble("overlap", line=clash[0].pk, field="people", other=clash[0].offer.title)


def _read_places(
    basket: Basket,
    offer: Offer,
    request: LineRequest,
    others: tuple[BasketLine, ...],
    *,
    proposal: Proposal | None,
    today: date,
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
    refused = check_places(offer, guests, quantity, request.options)
    if refused:
        raise NotAllowed(*refused)
    reduction = _reduction_of_days(proposal, days or _day_of_slot(offer, request, proposal))
    quote, no_quote = quote_places(
        offer, guests, quantity, request.options, count_nights(*days) if days else 1, reduction
    )
    if quote is None:
        raise NotAllowed(*no_quote)
    return Wish(
        *(request, offer, None, ask, people, keys, quantity, quote, days, others, basket.pk),
        proposal=proposal if quote.usual_total is not None else None,
    )


def _day_of_slot(
    offer: Offer, request: LineRequest, proposal: Proposal | None
) -> tuple[date, date] | None:
    """Return the day of a dated place, asked for only where it may lower the price."""
    if proposal is None:
        return None
    slot = Slot.objects.filter(pk=request.slot_id or 0, offer=offer).only("day").first()
    return (slot.day, slot.day + ONE_DAY) if slot else None


def _reduction_of_days(
    proposal: Proposal | None, days: tuple[date, date] | None
) -> Reduction | None:
    if proposal is None or days is None or not proposal.reduction.holds_over(*days):
        return None
    return proposal.reduction


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


def check_clash(wish: Wish, slot: Slot) -> None:
    """Raise Clash if somebody would be elsewhere during that slot, unless they said that they know.

    Two things that fill their hours never overlap for one person; the rest overlaps with nothing
    (features.md N02, A09).
    """
    if not wish.offer.kind_rules.takes_time or wish.request.is_overlap_accepted:
        return
    starts_at, ends_at = slot_hours(slot, wish.days[1] if wish.days else None)
    for line in wish.others:
        if (
            line.slot is not None
            and line.slot.starts_at < ends_at
            and line.slot.ends_at > starts_at
            and set(line.people) & set(wish.keys)
            and line.offer.kind_rules.takes_time
        ):
            raise Clash(trouble("overlap", line=line.pk, field="people", other=line.offer.title))


def check_once(wish: Wish) -> None:
    """Raise Clash if the basket has the very same line and the request asks for one only."""
    if wish.request.is_once and line_there(wish) is not None:
        raise Clash(trouble("already_yours"))


def line_there(wish: Wish) -> BasketLine | None:
    """Return the very same line of the basket, for the very same persons; None without one."""
    request = wish.request
    return next(
        (
            line
            for line in wish.others
            if (line.offer_id, line.unit_id, line.slot_id)
            == (wish.offer.pk, request.unit_id, request.slot_id)
            and (line.arrival, line.departure) == (wish.days or (None, None))
            and set(line.people) == set(wish.keys)
        ),
        None,
    )


def _check_shown(quote: Quote, request: LineRequest, *, is_reduced: bool) -> None:
    shown = request.shown_amount
    is_over = bool(request.proposal) and not is_reduced
    if is_over and shown != quote.total:
        raise PriceChanged(trouble("proposal_over", new=quote.total))
    if shown is not None and shown != quote.total:
        raise PriceChanged(trouble("price_changed", old=shown, new=quote.total))
