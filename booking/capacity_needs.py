"""« I want to fill these dates »: what a host says, proposes to itself, pauses and ends (H13).

A need sells nothing by itself. The offers of the quiet season ask `needs_open` for what they may
draw from; what is sold at their price is counted in `booking.proposals`. What the office writes
about health needs is elsewhere (`booking.needs`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import F, QuerySet, prefetch_related_objects

from booking import locks
from booking.models import AgeBand, CapacityNeed, Closure, NeedPeriod, Offer, Slot, Unit
from booking.models.money import reason_words
from booking.night_sheet import CLOSED, Taken, by_night, kept_free, taken_nights, terms_by_tariff
from booking.refusals import BadInput, NotAllowed, Trouble, WrongState, trouble
from booking.rules.day_spans import runs_of
from booking.rules.periods import Period, season_on
from members.journal import Actor, record
from members.models import Provider
from oti.lib.dates import ONE_DAY, nights
from oti.lib.dates import today as day_of

MOST_NEEDS = 20
MOST_PERIODS = 20
MOST_DAYS = 731
MOST_QUANTITY = 9999
MOST_PRICE = Decimal(20_000)
SATURDAY = 5
ONE_WEEK = timedelta(days=7)
PAUSE, RESUME, END = "pause", "resume", "end"

Days = tuple[date, date]


@dataclass(frozen=True)
class NeedInput:
    """What a host says: half-open periods, how much, never below which price, for whom.

    `floor` is euros a night, or a place; `most` bookings at most, None for as many as fit;
    `last_day` is the last one on which it may be proposed, None for as long as it makes sense.
    """

    periods: tuple[Days, ...]
    quantity: int
    floor: Decimal
    audience: str = CapacityNeed.Audience.EVERYBODY.value
    most: int | None = None
    last_day: date | None = None
    is_floor_meant: bool = False


@dataclass(frozen=True)
class Room:
    """What the calendar says of some periods: what is left, what it costs, what is shut."""

    left: int
    price: Decimal | None
    shut: tuple[tuple[date, date, str], ...]


@dataclass(frozen=True)
class EmptyWeek:
    """A week `[first, after)` in which nothing is taken of an offer: nights or places left."""

    first: date
    after: date
    left: int


# --- Saying and changing -------------------------------------------------------------------------
def say_need(offer: Offer, given: NeedInput, *, actor: Actor, now: datetime) -> CapacityNeed:
    """Write down what a house wants to fill of one of its offers. Locks the house.

    Raises BadInput with everything that is wrong: `need_no_period`, `days_reversed`,
    `in_the_past`, `too_far`, `need_periods_overlap`, `need_too_many_periods`, `bad_quantity` (0
    too), `bad_price`, `need_audience`, `need_over_closed` (says which nights), `need_no_date`,
    `need_too_many` (more than is left), `no_price`; `floor_above_price`, which `is_floor_meant`
    passes over. Raises NotAllowed `not_on_sale` for an archived offer, `too_many_needs`.
    """
    today = day_of(now)
    if offer.state == Offer.State.ARCHIVED:
        raise NotAllowed(trouble("not_on_sale"))
    troubles = _troubles_of(given, today)
    if troubles:
        raise BadInput(*troubles)
    periods = sorted(given.periods)
    troubles = _troubles_of_room(offer, given, room_in(offer, periods, now=now))
    if troubles:
        raise BadInput(*troubles)
    last_night = periods[-1][1] - ONE_DAY
    with locks.write_transaction():
        locks.lock_provider(offer.provider_id)
        if _running(offer.provider_id, today).count() >= MOST_NEEDS:
            raise NotAllowed(trouble("too_many_needs", max=MOST_NEEDS))
        need = CapacityNeed.objects.create(
            provider_id=offer.provider_id,
            offer=offer,
            quantity=given.quantity,
            floor_amount=given.floor,
            audience=given.audience,
            max_redemptions=given.most or given.quantity,
            last_day=min(given.last_day or last_night, last_night),
            created_at=now,
        )
        NeedPeriod.objects.bulk_create(
            NeedPeriod(need=need, dates=DateRange(*period)) for period in periods
        )
        _note("need said", need, actor=actor, now=now, quantity=given.quantity)
    return need


def move_need(need_id: int, wish: str, *, actor: Actor, now: datetime) -> CapacityNeed:
    """Pause a need, take it up again, or end it for good; twice is the same as once.

    Raises WrongState `wrong_state` for one that is ended, BadInput `wrong_state` for another wish.
    Locks the need.
    """
    if wish not in {PAUSE, RESUME, END}:
        raise BadInput(trouble("wrong_state"))
    with locks.write_transaction():
        need = locks.lock_need(need_id)
        if need.ended_at is not None:
            if wish == END:
                return need
            raise WrongState(trouble("wrong_state"))
        if wish == END:
            need.ended_at = now
        elif need.is_paused == (wish == PAUSE):
            return need
        else:
            need.is_paused = wish == PAUSE
        need.save(update_fields=["is_paused", "ended_at"])
        _note(f"need: {wish}", need, actor=actor, now=now)
    return need


# --- What offers of the quiet season ask ---------------------------------------------------------
def needs_open(
    on: date, *, audiences: Collection[str] = (), offers: Collection[int] | None = None
) -> QuerySet[CapacityNeed]:
    """Return the needs that an offer may draw from on a day, with their periods to come.

    Neither paused, ended nor used up; with a period that isn't over; of an offer that is on sale.
    `audiences` keeps those for one of them, and those for everybody; `offers` keeps some offers'.
    """
    found = (
        CapacityNeed.objects.filter(
            is_paused=False,
            ended_at=None,
            last_day__gte=on,
            redeemed__lt=F("max_redemptions"),
            offer__state=Offer.State.PUBLISHED,
            provider__state=Provider.State.ACTIVE,
            periods__dates__endswith__gt=on,
        )
        .distinct()
        .select_related("offer", "provider")
        .prefetch_related("periods")
        .order_by("last_day", "pk")
    )
    if audiences:
        found = found.filter(audience__in={CapacityNeed.Audience.EVERYBODY.value, *audiences})
    return found if offers is None else found.filter(offer__in=offers)


def usual_prices(needs: Sequence[CapacityNeed], *, on: date) -> dict[int, Decimal]:
    """Return the lowest usual price, in euros, of the days to come of needs, by their key.

    That of a night of its offer, or of a grown-up; nothing where there is no price. `needs` have
    their offers and periods. Six statements, however many.
    """
    units = _units([one.offer for one in needs if one.offer.is_lodging])
    days = {one.pk: _days_from(one, on) for one in needs}
    terms = terms_by_tariff(units, sorted({day for found in days.values() for day in found}))
    prices: dict[int, list[Decimal]] = defaultdict(list)
    for band in AgeBand.objects.filter(offer__in=[one.offer_id for one in needs]):
        prices[band.offer_id].append(band.amount)
    found = {}
    for need in needs:
        tariffs = {one.tariff_id for one in units if one.offer_id == need.offer_id}
        of_nights = [
            price
            for tariff in tariffs
            for night in days[need.pk]
            if (price := terms[tariff][night].price) is not None
        ]
        of_persons = [max(prices[need.offer_id])] if prices[need.offer_id] else []
        known = of_nights if need.offer.is_lodging else of_persons
        if known:
            found[need.pk] = min(known)
    return found


def _days_from(need: CapacityNeed, on: date) -> set[date]:
    spans = [(max(one.dates.lower, on), one.dates.upper) for one in need.periods.all()]
    return {day for first, after in spans if first < after for day in nights(first, after)}


# --- What the calendar says ----------------------------------------------------------------------
def room_in(offer: Offer, periods: Sequence[Days], *, now: datetime) -> Room:
    """Return what is left of an offer over some periods, at which lowest price, and what is shut.

    Nights: shut are those on which all its places are closed. Dates: shut are the closed ones
    where no other stands that day; the price is that of a grown-up.
    """
    if offer.is_lodging:
        return _room_of_nights(offer, periods, now=now)
    return _room_of_dates(offer, periods, now=now)


def _room_of_nights(offer: Offer, periods: Sequence[Days], *, now: datetime) -> Room:
    units = _units([offer])
    wanted = {night for period in periods for night in nights(*period)}
    first, after = periods[0][0], periods[-1][1]
    keys = [one.pk for one in units]
    taken = _unsold(keys, first, after, now=now)
    closed = {
        night for night in wanted if units and all(_is_closed(taken, unit, night) for unit in keys)
    }
    terms = terms_by_tariff(units, sorted(wanted))
    prices = [
        price
        for unit in units
        for night in wanted
        if (price := terms[unit.tariff_id][night].price) is not None
    ]
    left = sum(night not in taken.get(unit, {}) for unit in keys for night in wanted)
    return Room(left, min(prices, default=None), _with_reasons(keys, closed))


def _unsold(
    units: Sequence[int], first: date, after: date, *, now: datetime
) -> dict[int, dict[date, Taken]]:
    """Return what keeps nights from being sold, also for the preparation of what is beside them."""
    found = [*taken_nights(units, first, after, now=now), *kept_free(units, first, after, now=now)]
    return by_night(found, first, after)


def _is_closed(taken: dict[int, dict[date, Taken]], unit: int, night: date) -> bool:
    one = taken.get(unit, {}).get(night)
    return one is not None and one.state == CLOSED


def _with_reasons(
    units: Sequence[int], closed: Iterable[date]
) -> tuple[tuple[date, date, str], ...]:
    runs = runs_of(closed)
    if not runs:
        return ()
    window = DateRange(runs[0][0], runs[-1][1])
    rows = Closure.objects.filter(unit_id__in=units, dates__overlap=window).order_by("pk")
    reasons = list(rows.values_list("dates", "reason"))
    return tuple(
        (first, after, next((why for d, why in reasons if d.lower < after and d.upper > first), ""))
        for first, after in runs
    )


def _room_of_dates(offer: Offer, periods: Sequence[Days], *, now: datetime) -> Room:
    slots = [
        one
        for one in Slot.objects.with_free(now).filter(
            offer=offer, day__gte=periods[0][0], day__lt=periods[-1][1], starts_at__gt=now
        )
        if any(first <= one.day < after for first, after in periods)
    ]
    open_days = {one.day for one in slots if not one.is_closed}
    shut = tuple(
        (one.day, one.day + ONE_DAY, reason_words(one.closed_reason))
        for one in sorted(slots, key=lambda one: one.starts_at)
        if one.is_closed and one.day not in open_days
    )
    rules = offer.stock_rules
    left = sum(rules.places_left(one.free, ()) for one in slots if not one.is_closed)
    prices = [band.amount for band in offer.bands.all()]
    return Room(left, max(prices, default=None), shut)


def empty_weeks(
    offers: Sequence[Offer], *, now: datetime
) -> tuple[Period, dict[int, list[EmptyWeek]]]:
    """Return the next season and, by offer, its weeks of which nothing is taken yet.

    Weeks go from Saturday to Saturday. A lodging's is empty when one of its places has all seven
    nights free and priced; another offer's when it takes place then and nobody has booked. What
    the house wants to fill already is left out. At most ten statements, however many offers.
    """
    season = season_on(day_of(now)).moved(1)
    first = season.first + timedelta(days=(SATURDAY - season.first.weekday()) % 7)
    weeks = []
    while first + ONE_WEEK <= season.ends_on:
        weeks.append((first, first + ONE_WEEK))
        first += ONE_WEEK
    left = _free_nights_of([one for one in offers if one.is_lodging], weeks, now)
    left |= _free_places_of([one for one in offers if not one.is_lodging], weeks, now)
    said = _said(offers, weeks[0][0], weeks[-1][1])
    found: dict[int, list[EmptyWeek]] = {}
    for offer in offers:
        own = [
            EmptyWeek(*week, left[offer.pk, week])
            for week in weeks
            if left.get((offer.pk, week))
            and not any(first < week[1] and after > week[0] for first, after in said[offer.pk])
        ]
        if own:
            found[offer.pk] = own
    return season, found


def _said(offers: Sequence[Offer], first: date, after: date) -> dict[int, list[Days]]:
    """Return the periods that are to be filled already, by offer."""
    rows = NeedPeriod.objects.filter(
        need__offer__in=offers, need__ended_at=None, dates__overlap=DateRange(first, after)
    ).values_list("need__offer_id", "dates")
    found: dict[int, list[Days]] = defaultdict(list)
    for offer, dates in rows:
        found[offer].append((dates.lower, dates.upper))
    return found


def _free_nights_of(
    offers: Sequence[Offer], weeks: Sequence[Days], now: datetime
) -> dict[tuple[int, Days], int]:
    units = _units(offers)
    days = [night for week in weeks for night in nights(*week)]
    span = weeks[0][0], weeks[-1][1]
    taken = _unsold([one.pk for one in units], *span, now=now)
    terms = terms_by_tariff(units, days)
    found: dict[tuple[int, Days], int] = defaultdict(int)
    for unit in units:
        of_unit, priced = taken.get(unit.pk, {}), terms[unit.tariff_id]
        for week in weeks:
            if not any(night in of_unit or priced[night].price is None for night in nights(*week)):
                found[unit.offer_id, week] += ONE_WEEK.days
    return found


def _free_places_of(
    offers: Sequence[Offer], weeks: Sequence[Days], now: datetime
) -> dict[tuple[int, Days], int]:
    prefetch_related_objects([one for one in offers if one.kind_rules.needs_permit], "permits")
    rules = {one.pk: one.stock_rules for one in offers}
    slots = Slot.objects.with_free(now).filter(
        offer__in=list(rules), day__gte=weeks[0][0], day__lt=weeks[-1][1], is_closed=False
    )
    left: dict[tuple[int, Days], int] = defaultdict(int)
    begun = set()
    for one in slots if rules else ():
        week = next(week for week in weeks if week[0] <= one.day < week[1])
        left[one.offer_id, week] += rules[one.offer_id].places_left(one.free, ())
        if one.sold or one.held:
            begun.add((one.offer_id, week))
    return {key: places for key, places in left.items() if key not in begun}


def _units(offers: Sequence[Offer]) -> list[Unit]:
    rows = Unit.objects.filter(offer__in=offers, is_active=True, tariff__isnull=False)
    return list(
        rows.select_related("tariff", "offer").prefetch_related(
            "tariff__price_rules", "tariff__restrictions", "offer__supplements"
        )
    )


# --- What is refused -----------------------------------------------------------------------------
def _troubles_of(given: NeedInput, today: date) -> list[Trouble]:
    troubles = _troubles_of_periods(given.periods, today)
    if not 1 <= given.quantity <= MOST_QUANTITY:
        troubles.append(trouble("bad_quantity", field="quantity", max=MOST_QUANTITY))
    if not 0 < given.floor <= MOST_PRICE or given.floor != round(given.floor, 2):
        troubles.append(trouble("bad_price", field="floor", most=MOST_PRICE))
    if given.audience not in CapacityNeed.Audience.values:
        troubles.append(trouble("need_audience", field="audience"))
    if given.most is not None and not 1 <= given.most <= MOST_QUANTITY:
        troubles.append(trouble("bad_quantity", field="most", max=MOST_QUANTITY))
    if given.last_day is not None and given.last_day < today:
        troubles.append(trouble("in_the_past", field="last_day"))
    return troubles


def _troubles_of_periods(periods: Sequence[Days], today: date) -> list[Trouble]:
    if not periods:
        return [trouble("need_no_period", field="weeks")]
    if len(periods) > MOST_PERIODS:
        return [trouble("need_too_many_periods", field="weeks", max=MOST_PERIODS)]
    if any(after <= first for first, after in periods):
        return [trouble("days_reversed", field="until")]
    if any(first < today for first, _after in periods):
        return [trouble("in_the_past", field="since")]
    if any(after > today + timedelta(days=MOST_DAYS) for _first, after in periods):
        return [trouble("too_far", field="until")]
    ordered = sorted(periods)
    if any(one[1] > other[0] for one, other in pairwise(ordered)):
        return [trouble("need_periods_overlap", field="since")]
    return []


def _troubles_of_room(offer: Offer, given: NeedInput, room: Room) -> list[Trouble]:
    if room.shut:
        return [_shut_trouble(room)]
    if room.price is None:
        return [trouble("no_price", field="since")]
    if not room.left:
        code = "need_all_taken" if offer.is_lodging else "need_no_date"
        return [trouble(code, field="since")]
    troubles = []
    if given.quantity > room.left:
        troubles.append(trouble("need_too_many", field="quantity", max=room.left))
    if given.floor > room.price and not given.is_floor_meant:
        troubles.append(trouble("floor_above_price", field="floor", price=room.price))
    return troubles


def _shut_trouble(room: Room) -> Trouble:
    first, after, reason = room.shut[0]
    return trouble(
        "need_over_closed", field="since", first=first, last=after - ONE_DAY, reason=reason
    )


def _running(provider_id: int, today: date) -> QuerySet[CapacityNeed]:
    return CapacityNeed.objects.filter(
        provider_id=provider_id,
        ended_at=None,
        last_day__gte=today,
        redeemed__lt=F("max_redemptions"),
    )


def _note(verb: str, need: CapacityNeed, *, actor: Actor, now: datetime, **more: object) -> None:
    record(verb, f"need:{need.pk}", actor=actor, at=now, offer=need.offer_id, **more)
