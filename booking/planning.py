"""Stays that nobody holds yet: what could be put into a basket, asked as the basket asks.

Each part is a line in the making: the same rules, the same price, the same shape once it is shown.
Offers, dates and nights are read once for all that is looked at, in a bounded number of
statements; what is free is a hint, and adding asks again under its locks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property

from booking.availability import check_dates, free_stays
from booking.channels.freshness import units_on_request
from booking.holes import bounded_on_both_sides
from booking.kept_offers import kept_offers
from booking.models import Basket, BasketLine, Offer, Slot, Unit
from booking.models.calendar import slots_with_free
from booking.people import Person, guests_of, match_people, people_from
from booking.quoting import (
    TaxBook,
    asked_of,
    check_places,
    check_unit,
    policy_of,
    quote_places,
    quote_unit,
)
from booking.refusals import Trouble, trouble
from booking.rules.composing import Choice, Position
from booking.rules.kinds import PLACES
from booking.rules.people import Guest
from booking.rules.pricing import Quote
from booking.rules.refunds import deadlines
from booking.stay_view import BasketView, DayView, EntryView, LineView, line_hours, slot_hours
from booking.takes import SlotAsk, check_takes, takes_among
from booking.wishes import LineRequest
from destination.models.territory import pole_by_commune
from oti.lib.dates import ONE_DAY, count_nights, nights
from oti.lib.dates import today as day_of
from oti.lib.money import to_cents

Night = tuple[int, date, date]


@dataclass(frozen=True)
class Part:
    """One line in the making, with its price; `slot` or `unit` is set."""

    offer: Offer
    quote: Quote
    keys: tuple[str, ...]
    quantity: int = 1
    unit: Unit | None = None
    slot: Slot | None = None
    days: tuple[date, date] | None = None

    @cached_property
    def line(self) -> BasketLine:
        """Return it as a line of a basket, in memory only."""
        arrival, departure = self.days or (None, None)
        return BasketLine(
            offer=self.offer,
            unit=self.unit,
            slot=self.slot,
            arrival=arrival,
            departure=departure,
            quantity=self.quantity,
            people=list(self.keys),
            options=[],
            is_sold_whole=True,
            shown_amount=self.quote.total,
        )

    @cached_property
    def hours(self) -> tuple[datetime, datetime]:
        """Return when it begins and ends, in Paris."""
        return line_hours(self.line)

    @property
    def takes_time(self) -> bool:
        """Whether nobody who takes part can be elsewhere meanwhile."""
        return self.unit is None and self.offer.kind_rules.takes_time

    def choice(self, *, wished: int = 0, turn: str = "") -> Choice:
        """Return it as the rules of composing read it."""
        starts_at, ends_at = self.hours
        return Choice(
            key=str(self.offer.pk),
            starts_at=starts_at,
            ends_at=ends_at,
            persons=frozenset(self.keys),
            takes_time=self.takes_time,
            cents=to_cents(self.quote.total),
            kind=self.offer.kind,
            position=position_of(self.offer),
            wished=wished,
            turn=turn,
        )

    def request(self, party: Sequence[int | None]) -> LineRequest:
        """Return what adds it to a basket at the price shown, `party` being all who come."""
        arrival, departure = self.days or (None, None)
        return LineRequest(
            offer_id=self.offer.pk,
            unit_id=self.unit.pk if self.unit else None,
            slot_id=self.slot.pk if self.slot else None,
            arrival=arrival,
            departure=departure,
            people=self.keys,
            party=tuple(party),
            quantity=self.quantity,
            shown_amount=self.quote.total,
            is_once=True,
        )


def position_of(offer: Offer) -> Position | None:
    """Return where an offer is: its own coordinates, else those of its commune."""
    for place in (offer, offer.commune):
        if place.latitude is not None and place.longitude is not None:
            return (place.latitude, place.longitude)
    return None


@dataclass(frozen=True)
class Party:
    """Who comes, as the persons of the basket that they will be."""

    ages: tuple[int | None, ...]
    people: tuple[Person, ...]
    keys: tuple[str, ...]

    @classmethod
    def of(cls, ages: Iterable[int | None], basket: Basket | None) -> Party:
        """Find them among the persons of a basket; those it doesn't know are new."""
        told = tuple(ages)
        people, keys = match_people(people_from(basket.people) if basket else [], told)
        return cls(told, tuple(people), tuple(keys))

    @property
    def adults(self) -> tuple[str, ...]:
        """Return the keys of the grown-ups."""
        return tuple(one.key for one in self.people if one.key in self.keys and one.is_adult)

    @property
    def children(self) -> tuple[str, ...]:
        """Return the keys of the children."""
        return tuple(one.key for one in self.people if one.key in self.keys and not one.is_adult)

    def guests(self, keys: Collection[str] | None = None) -> list[Guest]:
        """Return them as the rules read them, all or some."""
        return guests_of(self.people, self.keys if keys is None else keys)


@dataclass
class Shelf:
    """Offers with what is free of them over some days, read once; `basket` is the asker's own.

    What that basket holds counts as free, and what it plans is in the way.
    """

    party: Party
    now: datetime
    basket: Basket | None = None
    offers: dict[int, Offer] = field(default_factory=dict)
    _slots: dict[tuple[int, date], list[Slot]] = field(default_factory=lambda: defaultdict(list))
    _free: set[Night] = field(default_factory=set)
    _holes: dict[tuple[date, date], frozenset[int]] = field(default_factory=dict)
    _asking: frozenset[int] = frozenset()
    tax_book: TaxBook = field(default_factory=TaxBook)

    @property
    def today(self) -> date:
        """Return the day in Paris."""
        return day_of(self.now)

    @cached_property
    def lines(self) -> list[BasketLine]:
        """Return what the basket plans already."""
        if self.basket is None or self.basket.first_held_at is None:
            return []
        return list(self.basket.lines.select_related("offer", "slot"))

    @cached_property
    def sold_communes(self) -> frozenset[int]:
        """Return the communes where something is sold."""
        return frozenset(pole_by_commune(self.today))

    # --- Reading ---------------------------------------------------------------------------------
    def load_offers(self, ids: Iterable[int]) -> None:
        """Read offers with everything a price needs."""
        missing = set(ids) - set(self.offers)
        if missing:
            self.offers |= kept_offers(missing)

    def load_dates(self, ids: Collection[int], days: Iterable[date]) -> None:
        """Read the dates of offers on these days with what is free; one statement."""
        if not ids:
            return
        rows = slots_with_free(
            "s.offer_id = ANY(%(offers)s::bigint[]) AND s.day = ANY(%(days)s::date[])",
            {"offers": list(ids), "days": sorted(set(days))},
            now=self.now,
            except_basket=self.basket.pk if self.basket else None,
        )
        for row in rows:
            row.offer = self.offers[row.offer_id]
            self._slots[row.offer_id, row.day].append(row)

    def load_nights(self, ids: Iterable[int], windows: Collection[tuple[date, date]]) -> None:
        """Ask which units of these lodgings nobody has in each window.

        One statement, and one more for each of at most a few windows where hosts fill holes.
        """
        units = [
            unit
            for pk in ids
            if pk in self.offers
            for unit in self.offers[pk].units.all()
            if unit.is_active and unit.tariff is not None
        ]
        asked = [(unit.pk, first, last) for unit in units for first, last in windows]
        self._asking = units_on_request(now=self.now)
        self._free |= free_stays(
            asked, now=self.now, except_basket=self.basket.pk if self.basket else None
        )
        filling = [unit.pk for unit in units if unit.tariff and unit.tariff.fills_gaps]
        for first, last in windows if len(windows) == 1 else ():
            self._holes[first, last] = bounded_on_both_sides(filling, first - ONE_DAY, last)

    # --- What can be had -------------------------------------------------------------------------
    def may_sell(self, offer: Offer | None) -> bool:
        """Tell whether visitors may buy it today."""
        return offer is not None and offer.is_published and offer.commune_id in self.sold_communes

    def beds(self, offer: Offer, first: date, last: date) -> tuple[list[Part], list[Trouble]]:
        """Return the units of a lodging for the whole party, the cheapest first, or why none."""
        if not self.may_sell(offer):
            return [], [trouble("not_on_sale")]
        troubles = check_dates(first, last, today=self.today)
        if not troubles:
            troubles = self.asleep_elsewhere(offer, first, last)
        if troubles:
            return [], troubles
        guests = self.party.guests()
        found: list[Part] = []
        reasons: list[list[Trouble]] = []
        for unit in offer.units.all():
            refused = check_unit(
                unit,
                first,
                last,
                guests,
                now=self.now,
                holes=self._holes.get((first, last), frozenset()),
            )
            if not refused and (unit.pk, first, last) not in self._free:
                refused = [trouble("sold_out", field="arrival")]
            if not refused and (offer.is_on_request or unit.pk in self._asking):
                refused = [trouble("on_request")]
            quote = None
            if not refused:
                quote, refused = quote_unit(unit, first, last, guests, (), self.tax_book)
            if quote is None:
                reasons.append(refused)
                continue
            found.append(Part(offer, quote, self.party.keys, unit=unit, days=(first, last)))
        found.sort(key=lambda one: (one.quote.total, one.unit.pk if one.unit else 0))
        # The nearest to fitting says why: the fewest reasons.
        return found, [] if found else min(reasons, key=len, default=[trouble("not_on_sale")])

    def asleep_elsewhere(self, offer: Offer, first: date, last: date) -> list[Trouble]:
        """Return the trouble of a bed on nights that one of the party sleeps elsewhere."""
        for line in self.lines:
            if (
                line.unit_id
                and line.arrival
                and line.departure
                and line.arrival < last
                and line.departure > first
                and set(line.people) & set(self.party.keys)
                and not self._is_mine(offer, line, (first, last))
            ):
                return [trouble("overlap", field="people", other=line.offer.title)]
        return []

    @staticmethod
    def _is_mine(offer: Offer, line: BasketLine, days: tuple[date, date]) -> bool:
        return line.offer_id == offer.pk and (line.arrival, line.departure) == days

    def things(
        self,
        offer: Offer,
        day: date,
        keys: Sequence[str],
        *,
        quantity: int = 1,
        days: int = 1,
    ) -> tuple[list[Part], list[Trouble]]:
        """Return the dates of an offer on a day for these persons, in order, or why there is none.

        `days` is for what is lent. Hours at which one of them is elsewhere are left out later, by
        who arranges the stay.
        """
        if not self.may_sell(offer):
            return [], [trouble("not_on_sale")]
        if offer.is_on_request:
            # A whole stay is bought at once, at one price.
            return [], [trouble("on_request")]
        guests = [] if offer.is_sold_by_item else self.party.guests(keys)
        wanted = quantity if offer.is_sold_by_item else len(guests)
        refused = check_places(offer, guests, wanted)
        if refused:
            return [], refused
        lent = days if offer.is_sold_by_day else 1
        quote, no_quote = quote_places(offer, guests, wanted, (), lent)
        if quote is None:
            return [], no_quote
        slots = [one for one in self._slots.get((offer.pk, day), []) if one.resource == PLACES]
        if not slots:
            return [], [trouble("no_date_then")]
        found: list[Part] = []
        reasons: list[Trouble] = []
        who = () if offer.is_sold_by_item else tuple(keys)
        for slot in slots:
            last = day + timedelta(days=lent)
            troubles = self._troubles_of(offer, slot, guests, wanted, last)
            if troubles:
                reasons = reasons or troubles
                continue
            lent_days = (day, last) if offer.is_sold_by_day else None
            found.append(Part(offer, quote, who, wanted, slot=slot, days=lent_days))
        return found, [] if found else reasons

    def _troubles_of(
        self, offer: Offer, slot: Slot, guests: Sequence[Guest], wanted: int, last: date
    ) -> list[Trouble]:
        asked = asked_of(offer, guests, wanted)
        if not offer.is_sold_by_day:
            ask = SlotAsk(offer, asked, slot.pk)
            beside = self._slots[offer.pk, slot.day]
            rows = [one for one in beside if one.starts_at == slot.starts_at]
            return check_takes(takes_among(ask, rows), now=self.now)
        ask = SlotAsk(offer, asked, slot.pk, slot.day, last)
        rows = [
            one for day in nights(slot.day, last) for one in self._slots.get((offer.pk, day), [])
        ]
        if count_nights(slot.day, last) > offer.kind_rules.most_days:
            return [trouble("rental_too_long", field="departure", days=offer.kind_rules.most_days)]
        return check_takes(takes_among(ask, rows), now=self.now)

    def planned(self) -> list[Choice]:
        """Return what the basket plans at hours, as the rules of composing read it."""
        found = []
        for line in self.lines:
            if line.slot is None or not line.offer.kind_rules.takes_time:
                continue
            starts_at, ends_at = slot_hours(line.slot, line.departure)
            found.append(
                Choice(
                    key=f"line:{line.offer_id}:{line.slot_id}",
                    starts_at=starts_at,
                    ends_at=ends_at,
                    persons=frozenset(line.people),
                )
            )
        return found

    def beside(self, part: Part) -> list[Choice]:
        """Return what is planned beside a part: not the very line that it would be."""
        own = f"line:{part.offer.pk}:{part.slot.pk if part.slot else 0}"
        return [one for one in self.planned_once if one.key != own]

    @cached_property
    def planned_once(self) -> list[Choice]:
        """Return `planned`, computed once."""
        return self.planned()


# --- Showing -------------------------------------------------------------------------------------
def view_parts(parts: Sequence[Part], party: Party) -> BasketView:
    """Return parts as a stay that can be shown: thread, total, tax; nothing of it is held."""
    views = [_line_view(part, party) for part in parts]
    views.sort(key=lambda one: (one.starts_at, one.offer.pk))
    return BasketView(
        basket=Basket(language=""),
        lines=views,
        days=_thread(views),
        people=list(party.people),
        held_until=None,
        is_lapsed=False,
        can_extend=False,
    )


def _line_view(part: Part, party: Party) -> LineView:
    starts_at, ends_at = part.hours
    return LineView(
        line=part.line,
        title=part.offer.title,
        starts_at=starts_at,
        ends_at=ends_at,
        guests=party.guests(part.keys),
        people=list(part.keys),
        quote=part.quote,
        is_held=False,
        troubles=[],
        old_amount=None,
        cancellation=deadlines(policy_of(part.offer), starts_at),
    )


def _thread(views: Sequence[LineView]) -> list[DayView]:
    """Return each day from the first to the last one with what happens on it, in order."""
    if not views:
        return []
    days: dict[date, DayView] = {}
    first = min(one.starts_at.date() for one in views)
    last = max(one.ends_at.date() if one.unit else one.starts_at.date() for one in views)
    day = first
    while day <= last:
        days[day] = DayView(day=day)
        day += ONE_DAY
    for one in views:
        days[one.starts_at.date()].entries.append(
            EntryView(one, one.starts_at.time(), is_arrival=one.unit is not None)
        )
        if one.unit is not None:
            days[one.ends_at.date()].entries.append(
                EntryView(one, one.ends_at.time(), is_departure=True)
            )
    for shown in days.values():
        shown.entries.sort(
            key=lambda one: (not one.is_departure, one.time is None, one.time, one.view.offer.pk)
        )
    return list(days.values())
