"""Moments for two, each with somebody who minds the children meanwhile (features.md N05).

It proposes only what can be had as it is: those ages, at that price, with the way from the carer
to the moment and back. What is free is a hint; adding a pair asks again, for both or for none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import product

from django.db.models import Q, TextField, Value, Window
from django.db.models.functions import MD5, Cast, Concat, RowNumber

from booking import locks
from booking.basket import add_together
from booking.catalogue import catalogue
from booking.free_slots import DAYS_SHOWN
from booking.kept_offers import kept_offers
from booking.models import Basket, BasketLine, ComesBy, Offer, OfferPermit, Slot
from booking.models.resources import note_claims
from booking.people import Person
from booking.planning import position_of
from booking.quoting import asked_of, check_places, quote_places
from booking.refusals import NotAllowed, WrongState, trouble
from booking.rules.composing import Position
from booking.rules.kinds import FOR_TWO, MINDING, SHUTTLE
from booking.rules.pairing import Fit, Hours, fit_of
from booking.rules.pricing import Quote
from booking.stay_view import BasketView, line_hours
from booking.takes import check_takes, takes_of_slots
from booking.wishes import LineRequest
from oti.lib.dates import ONE_DAY, paris
from oti.lib.dates import today as day_of

# Dates that are read for one page: each is asked what it has left.
MOST_READ = 240
# So many of them on one day, so that no other day is left without.
MOST_A_DAY = 24
# Carers, or moments, shown for one date of the other.
EACH = 3


@dataclass(frozen=True)
class Plan:
    """What a stay holds already: its offers, who is where when, and where they sleep."""

    offers: frozenset[int] = frozenset()
    entries: tuple[tuple[datetime, datetime, frozenset[str]], ...] = ()
    beds: tuple[tuple[date, date, Position | None], ...] = ()
    # They come without a car.
    on_foot: bool = False

    def is_free(self, person: Person, starts_at: datetime, ends_at: datetime) -> bool:
        """Tell whether nothing that fills its hours has that person meanwhile."""
        return not any(
            start < ends_at and starts_at < end and person.key in keys
            for start, end, keys in self.entries
        )

    def bed_on(self, day: date) -> Position | None:
        """Return where they sleep that night, None where nobody knows."""
        return next((at for first, last, at in self.beds if first <= day < last), None)


@dataclass(frozen=True)
class Half:
    """One half of a pair, as it can be added: a date of an offer, who takes part, the price."""

    offer: Offer
    slot: Slot
    joining: tuple[Person, ...]
    quote: Quote


@dataclass(frozen=True)
class Pair:
    """A moment for the grown-ups and the childcare meanwhile."""

    moment: Half
    care: Half
    # One way between both, with the time to leave and to park.
    minutes: int

    @property
    def total(self) -> Decimal:
        """Return the price of both in euros."""
        return self.moment.quote.total + self.care.quote.total


# --- Where and when -----------------------------------------------------------------------------
def comes_home(offer: Offer) -> bool:
    """Tell whether the carer comes to where the family stays: home care is authorised as such."""
    return any(permit.regime == OfferPermit.Regime.SAP for permit in offer.permits.all())


def hours_of(
    offer: Offer, starts_at: datetime, ends_at: datetime, bed: Position | None = None
) -> Hours:
    """Return when and where something is; a carer who comes home is where they sleep (`bed`)."""
    is_home = offer.kind in MINDING and comes_home(offer)
    return Hours(starts_at, ends_at, bed if is_home else position_of(offer))


def plan_of(basket: Basket | None) -> Plan:
    """Return what a basket holds, in one statement."""
    if basket is None:
        return Plan()
    lines = list(basket.lines.select_related("slot", "offer__commune"))
    dated = [line for line in lines if line.slot is not None]
    return Plan(
        offers=frozenset(line.offer_id for line in dated),
        entries=tuple(
            (line.slot.starts_at, line.slot.ends_at, frozenset(line.people))
            for line in dated
            if line.slot is not None and line.offer.kind_rules.takes_time
        ),
        beds=tuple(
            (line.arrival, line.departure, position_of(line.offer))
            for line in lines
            if line.unit_id and line.arrival and line.departure
        ),
        on_foot=goes_on_foot(basket, (line.offer for line in lines)),
    )


def plan_in(view: BasketView) -> Plan:
    """Return what a stay holds that is read already."""
    return Plan(
        offers=frozenset(one.offer.pk for one in view.lines if one.line.slot_id),
        entries=tuple(
            (one.starts_at, one.ends_at, frozenset(one.people))
            for one in view.lines
            if one.offer.kind_rules.takes_time
        ),
        beds=tuple(
            (one.line.arrival, one.line.departure, position_of(one.offer))
            for one in view.lines
            if one.unit and one.line.arrival and one.line.departure
        ),
        on_foot=goes_on_foot(view.basket, (one.offer for one in view.lines)),
    )


def goes_on_foot(basket: Basket, offers: Iterable[Offer]) -> bool:
    """Tell whether a stay goes without a car: it says so, or has a shuttle and doesn't say.

    As for the letters of the quiet season: who comes by our shuttle comes without a car.
    """
    if basket.comes_by:
        return basket.comes_by == ComesBy.WITHOUT
    return any(one.kind == SHUTTLE.code for one in offers)


def say_how_they_come(basket: Basket, comes_by: ComesBy) -> None:
    """Write into an open stay whether its people have a car. Locks: basket.

    Raises WrongState `frozen`.
    """
    with locks.write_transaction():
        row = locks.lock_basket(basket.pk)
        if row.state != Basket.State.OPEN:
            raise WrongState(trouble("frozen"))
        row.comes_by = comes_by
        row.save(update_fields=["comes_by", "updated_at"])
    basket.comes_by, basket.updated_at = row.comes_by, row.updated_at


# --- What can be had ----------------------------------------------------------------------------
def halves_of(
    slots: Sequence[Slot], people: Sequence[Person], plan: Plan, *, now: datetime
) -> list[Half]:
    """Return the dates that can be had by those of `people` who may join, in the order given.

    The slots come from `with_free`. At most two statements, however many they are.
    """
    note_claims(slots, now=now)
    offers = kept_offers(slot.offer_id for slot in slots)
    able: dict[int, tuple[Person, ...]] = {}
    found = []
    for slot in slots:
        offer = offers[slot.offer_id]
        if offer.pk not in able:
            able[offer.pk] = tuple(one for one in people if has_price(offer, one))
        free = (one for one in able[offer.pk] if plan.is_free(one, slot.starts_at, slot.ends_at))
        half = _half(offer, slot, tuple(free), now=now)
        if half is not None:
            found.append(half)
    return found


def _half(offer: Offer, slot: Slot, joining: tuple[Person, ...], *, now: datetime) -> Half | None:
    if not joining:
        return None
    guests = [one.guest for one in joining]
    (takes,) = takes_of_slots(offer, asked_of(offer, guests, len(guests)), [slot], now=now)
    if check_takes(takes, now=now):
        return None
    quote, _troubles = quote_places(offer, guests, len(guests), ())
    return Half(offer, slot, joining, quote) if quote is not None else None


def has_price(offer: Offer, person: Person) -> bool:
    """Tell whether an offer takes a person of that age and has a price for it."""
    return (
        not check_places(offer, [person.guest], 1)
        and quote_places(offer, [person.guest], 1, ())[0] is not None
    )


def find_pairs(
    offer: Offer,
    people: Sequence[Person],
    plan: Plan,
    *,
    from_day: date | None,
    to_day: date | None,
    now: datetime,
) -> list[Pair]:
    """Return pairs of this offer, a moment or childcare, with the other half, by their hours.

    From `from_day`, or its first date to come, until `to_day` inclusive, or four weeks. For each
    of its dates at most three; the nearest first, those of one distance in the day's rotation.
    """
    if offer.pk not in catalogue(day_of(now)) or offer.is_on_request:
        return []
    own = _own_dates(offer, from_day=from_day, to_day=to_day, now=now)
    is_care = offer.kind in MINDING
    adults = [one for one in people if one.is_adult]
    children = [one for one in people if not one.is_adult]
    if not own or not adults or not children:
        return []
    kinds = FOR_TWO if is_care else MINDING
    other = _dates_beside(own, kinds, plan, now=now)
    cares = halves_of(own if is_care else other, children, plan, now=now)
    moments = halves_of(other if is_care else own, adults, plan, now=now)
    return _pairs(
        [one for one in moments if len(one.joining) == len(adults)],
        [one for one in cares if _minds_all(one, children)],
        plan,
        by_care=is_care,
        now=now,
    )


def find_moments(
    care: Hours,
    adults: Sequence[Person],
    plan: Plan,
    *,
    now: datetime,
) -> list[tuple[Half, Fit]]:
    """Return what all these grown-ups can do during hours of childcare, the nearest first."""
    slots = _dates_within([(care.starts_at, care.ends_at)], FOR_TWO, plan, now=now)
    found = []
    for half in halves_of(slots, adults, plan, now=now):
        there = hours_of(half.offer, half.slot.starts_at, half.slot.ends_at)
        fit = fit_of(care, there, on_foot=plan.on_foot)
        if fit.is_enough and len(half.joining) == len(adults):
            found.append((half, fit))
    listed = catalogue(day_of(now))
    found.sort(key=lambda one: (one[1].minutes, listed[one[0].offer.pk].turn))
    return found


def _minds_all(care: Half, children: Sequence[Person]) -> bool:
    """Tell whether no child is left alone but those who are too old for the carer."""
    oldest = care.offer.max_age
    return all(
        one in care.joining or (oldest is not None and (one.age or 0) > oldest) for one in children
    )


def _own_dates(
    offer: Offer, *, from_day: date | None, to_day: date | None, now: datetime
) -> list[Slot]:
    today = day_of(now)
    dates = Slot.objects.filter(offer=offer, day__gte=max(from_day or today, today))
    if to_day is not None:
        dates = dates.filter(day__lte=to_day)
    found = list(
        dates.to_come(now).allowed().with_free(now).order_by("starts_at", "pk")[:MOST_READ]
    )
    last = to_day or (from_day or found[0].day if found else today) + DAYS_SHOWN * ONE_DAY
    return [slot for slot in found if slot.day <= last]


def _dates_beside(
    own: Sequence[Slot], kinds: Sequence[str], plan: Plan, *, now: datetime
) -> list[Slot]:
    """Return dates of these kinds at the hours of others: around a moment, within childcare."""
    spans = [(slot.starts_at, slot.ends_at) for slot in own]
    if kinds is FOR_TWO:
        return _dates_within(spans, kinds, plan, now=now)
    covering = Q(pk__in=())
    for starts_at, ends_at in spans:
        covering |= Q(starts_at__lte=starts_at, ends_at__gte=ends_at)
    return _dates(covering, kinds, plan, now=now)


def _dates_within(
    spans: Iterable[tuple[datetime, datetime]], kinds: Sequence[str], plan: Plan, *, now: datetime
) -> list[Slot]:
    inside = Q(pk__in=())
    for starts_at, ends_at in spans:
        inside |= Q(starts_at__gte=starts_at, ends_at__lte=ends_at)
    return _dates(inside, kinds, plan, now=now)


def _dates(condition: Q, kinds: Sequence[str], plan: Plan, *, now: datetime) -> list[Slot]:
    """Return open dates of offers of these kinds; on a crowded day some, in the day's rotation.

    A moment that the stay has already isn't proposed again; the same carer may come twice.
    """
    today = day_of(now)
    had = plan.offers if kinds is FOR_TWO else frozenset()
    listed = catalogue(today)
    sold = [pk for pk, one in listed.items() if one.kind in kinds and pk not in had]
    turn = MD5(Concat(Cast("offer_id", TextField()), Value(today.isoformat())))
    of_its_day = Window(RowNumber(), partition_by="day", order_by=[turn, "starts_at", "pk"])
    shares = (
        Slot.objects.filter(condition, offer__in=sold)
        .filter(offer__confirmation=Offer.Confirmation.INSTANT)
        .to_come(now)
        .allowed()
        .annotate(rank=of_its_day)
        .filter(rank__lte=MOST_A_DAY)
        .order_by("day", "rank")
    )
    chosen = Slot.objects.filter(pk__in=shares.values("pk")[:MOST_READ])
    return list(chosen.with_free(now).order_by("starts_at", "pk"))


def _pairs(
    moments: Sequence[Half],
    cares: Sequence[Half],
    plan: Plan,
    *,
    by_care: bool,
    now: datetime,
) -> list[Pair]:
    listed = catalogue(day_of(now))
    by_date: dict[int, list[tuple[int, int, Pair]]] = defaultdict(list)
    for moment, care in product(moments, cares):
        bed = plan.bed_on(moment.slot.day)
        fit = fit_of(
            hours_of(care.offer, care.slot.starts_at, care.slot.ends_at, bed),
            hours_of(moment.offer, moment.slot.starts_at, moment.slot.ends_at),
            on_foot=plan.on_foot,
        )
        if not fit.is_enough:
            continue
        own, other = (care, moment) if by_care else (moment, care)
        pair = Pair(moment, care, fit.minutes)
        by_date[own.slot.pk].append((fit.minutes, listed[other.offer.pk].turn, pair))
    found = [
        pair
        for rows in by_date.values()
        for _minutes, _turn, pair in sorted(rows, key=lambda row: row[:2])[:EACH]
    ]
    return sorted(found, key=lambda one: one.moment.slot.starts_at)


# --- Adding both --------------------------------------------------------------------------------
def add_pair(
    basket: Basket, moment: LineRequest, care: LineRequest, *, now: datetime
) -> list[BasketLine]:
    """Add a moment and the childcare meanwhile: both or none; returns the lines that are new.

    What the stay has of them already is left. Locks: both slots, basket. Raises as
    `add_together`, and NotAllowed `pair_apart` where the carer isn't there all the while, the
    way from one to the other and back included.
    """

    def check(lines: Sequence[BasketLine]) -> None:
        first, second = lines
        plan = plan_of(basket)
        bed = plan.bed_on(paris(line_hours(first)[0]).date())
        told = hours_of(second.offer, *line_hours(second), bed)
        there = hours_of(first.offer, *line_hours(first))
        fit = fit_of(told, there, on_foot=plan.on_foot)
        if second.offer.kind not in MINDING or not fit.is_enough:
            raise NotAllowed(trouble("pair_apart"))

    return add_together(basket, [moment, care], check=check, now=now)
