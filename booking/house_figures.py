"""A house's own figures over a month, a season or a year: what was open, sold, taken elsewhere.

It reads a few statements bounded by the period and the house, and writes nothing. What other
houses do is read from `booking.house_months` alone, as the rule of secrecy lets it through.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import F, Q, Sum

from booking.models import (
    Channel,
    Closure,
    Offer,
    Order,
    OrderLine,
    Payout,
    Slot,
    SlotTake,
    Stay,
    Unit,
)
from booking.rules import states
from booking.rules.kinds import MINDING, PLACES, SLEPT
from booking.rules.occupancy import (
    ELSEWHERE,
    HERE,
    WIDGET,
    Counts,
    Nights,
    TakenNights,
    count_nights,
)
from booking.rules.periods import Period, parts_of
from members.models import Provider
from oti.lib.dates import at_paris, paris
from oti.lib.money import ZERO

TAKES_PLACE = (states.SOLD, states.HONOURED, states.NO_SHOW)
ON_OFFER = (Offer.State.PUBLISHED, Offer.State.PAUSED)


@dataclass(frozen=True)
class Part:
    """One row of the table: days `[first, after)`, and what happened in them."""

    first: date
    after: date
    counts: Counts


@dataclass(frozen=True)
class Series:
    """Nights, or places, part by part, and all of them."""

    parts: tuple[Part, ...]

    @property
    def total(self) -> Counts:
        """Return all parts together."""
        return sum((one.counts for one in self.parts), Counts())

    @property
    def is_quiet(self) -> bool:
        """Whether nothing was open nor taken."""
        return not self.total.open and not self.total.taken


@dataclass(frozen=True)
class HouseFigures:
    """What a house sold over a period, and what comes of it.

    `nights` and `places` are None for a house without such offers; `fill` is the share of places
    taken in percent, counted in what their stock is counted in. Sums are euros; `gross` is what the
    house keeps before commission: without what went back, with what a cancellation left.
    """

    period: Period
    nights: Series | None
    places: Series | None
    fill: int | None
    stays: int
    nights_of_stays: int
    bookings: int
    languages: tuple[tuple[str, int], ...]
    gross: Decimal
    to_come: Decimal

    @property
    def average_stay(self) -> Decimal | None:
        """Return the nights of a stay on average, to one decimal; None without a stay."""
        if not self.stays:
            return None
        return (Decimal(self.nights_of_stays) / self.stays).quantize(Decimal("0.1"))

    @property
    def is_sold(self) -> bool:
        """Whether anything was sold or taken."""
        series = (one.total.taken for one in (self.nights, self.places) if one is not None)
        return any(series)


def figures_of(house: Provider, period: Period) -> HouseFigures:
    """Return the figures of a house over a period; at most nine statements."""
    units = list(Unit.objects.filter(offer__provider=house).select_related("offer"))
    parts = parts_of(period)
    sold = _sold_stays(house, period)
    takes = _takes(house, period)
    slots = _slots(house, period)
    begun = [one for one in sold if _begins_in(one, period)]
    lines = {one.pk: one for one in (row.order_line for row in begun) if one is not None}
    lines |= {one.line_id: one.line for one in takes}
    places, fill = _places(slots, takes, parts)
    orders = {one.order_id: one.order.language for one in lines.values()}
    has_dates = bool(slots) or house.offers.exclude(kind__in=SLEPT).exists()
    return HouseFigures(
        period=period,
        nights=_nights(units, sold, period, parts) if units else None,
        places=places if has_dates else None,
        fill=fill,
        stays=len(begun),
        nights_of_stays=sum((one.dates.upper - one.dates.lower).days for one in begun),
        bookings=len(orders),
        languages=tuple(Counter(orders.values()).most_common()),
        gross=_kept(house, list(lines), period),
        to_come=_to_come(house, period),
    )


def _begins_in(stay: Stay, period: Period) -> bool:
    return bool(period.first <= stay.dates.lower < period.ends_on)


# --- Nights --------------------------------------------------------------------------------------
def _sold_stays(house: Provider, period: Period) -> list[Stay]:
    window = DateRange(period.first, period.ends_on)
    rows = Stay.objects.filter(
        unit__offer__provider=house, state=Stay.State.SOLD, dates__overlap=window
    )
    return list(rows.select_related("order_line__order"))


def _nights(
    units: Sequence[Unit], sold: Iterable[Stay], period: Period, parts: Sequence[Nights]
) -> Series:
    keys = [one.pk for one in units]
    window = DateRange(period.first, period.ends_on)
    blocked = Stay.objects.filter(
        unit_id__in=keys, state=Stay.State.BLOCKED, dates__overlap=window
    ).values_list("unit_id", "dates")
    closed = Closure.objects.filter(unit_id__in=keys, dates__overlap=window).values_list(
        "unit_id", "dates"
    )
    taken = [
        TakenNights(one.unit_id, one.dates.lower, one.dates.upper, _channel(one.order_line))
        for one in sold
    ]
    taken += [TakenNights(unit, dates.lower, dates.upper, ELSEWHERE) for unit, dates in blocked]
    counts = count_nights(
        {one.pk: since_when(one) for one in units},
        taken,
        [(unit, dates.lower, dates.upper) for unit, dates in closed],
        parts,
    )
    return _series(parts, counts)


def since_when(unit: Unit) -> date | None:
    """Return from which day a unit's nights count as open, None for one that isn't offered."""
    is_offered = unit.is_active and unit.offer.state in ON_OFFER
    return paris(unit.offer.created_at).date() if is_offered else None


def _channel(line: OrderLine | None) -> str:
    return WIDGET if line is not None and line.channel == Channel.WIDGET else HERE


# --- Places --------------------------------------------------------------------------------------
def _slots(house: Provider, period: Period) -> list[Slot]:
    rows = Slot.objects.filter(
        Q(is_closed=False) | Q(sold__gt=0),
        offer__provider=house,
        starts_at__gte=at_paris(period.first, time()),
        starts_at__lt=at_paris(period.ends_on, time()),
    )
    return list(rows.select_related("offer").prefetch_related("offer__permits"))


def _takes(house: Provider, period: Period) -> list[SlotTake]:
    rows = SlotTake.objects.filter(
        slot__offer__provider=house,
        slot__resource=PLACES,
        slot__starts_at__gte=at_paris(period.first, time()),
        slot__starts_at__lt=at_paris(period.ends_on, time()),
        line__state__in=TAKES_PLACE,
    )
    return list(rows.select_related("line__order", "slot"))


def _places(
    slots: Iterable[Slot], takes: Iterable[SlotTake], parts: Sequence[Nights]
) -> tuple[Series, int | None]:
    """Return places by part, in persons and things, and how full the dates were in percent.

    What a child takes of a carer isn't a whole place: what is left is counted by its kind. What is
    sold of a date without an order of ours was sold otherwise.
    """
    found = [Counts() for _part in parts]
    ours: dict[int, int] = defaultdict(int)
    for take in takes:
        ours[take.slot_id] += take.quantity
        line = take.line
        persons = line.quantity if line.kind in MINDING else take.quantity
        counts = Counts(open=persons, **{_channel(line): persons})
        found[_part_of(take.slot.day, parts)] += counts
    units = taken = 0
    for slot in slots:
        rules = slot.offer.stock_rules
        left = 0 if slot.is_closed else rules.places_left(slot.capacity - slot.sold, ())
        others = rules.places_left(slot.sold - ours[slot.pk], ())
        found[_part_of(slot.day, parts)] += Counts(open=left + others, elsewhere=others)
        units += slot.sold if slot.is_closed else slot.capacity
        taken += slot.sold
    fill = (200 * taken + units) // (2 * units) if units else None
    return _series(parts, found), fill


def _part_of(day: date, parts: Sequence[Nights]) -> int:
    return next(number for number, (first, after) in enumerate(parts) if first <= day < after)


def _series(parts: Sequence[Nights], counts: Sequence[Counts]) -> Series:
    return Series(tuple(Part(*part, counted) for part, counted in zip(parts, counts, strict=True)))


# --- Money ---------------------------------------------------------------------------------------
def _kept(house: Provider, lines: Sequence[int], period: Period) -> Decimal:
    """Return what the house keeps of these lines, and of those of the period that were cancelled.

    What was given back is nobody's, as in `settlement.shares_of`. What it sold itself and cancelled
    is between it and its guest: nothing is counted.
    """
    first, after = (_start(day) for day in (period.first, period.ends_on))
    cancelled = OrderLine.objects.filter(
        sub_order__provider=house,
        state=states.CANCELLED,
        starts_at__gte=first,
        starts_at__lt=after,
    ).exclude(order__channel=Order.Channel.COUNTER)
    services = F("refunds__amount") - F("refunds__tourist_tax_amount")
    rows = (
        OrderLine.objects.filter(Q(pk__in=lines) | Q(pk__in=cancelled.values("pk")))
        .annotate(back=Sum(services, default=ZERO))
        .values_list("gross_amount", "back")
    )
    return sum((gross - back for gross, back in rows), ZERO)


def _to_come(house: Provider, period: Period) -> Decimal:
    """Return the shares that are still to be paid to the house, by when they may go."""
    first, after = (_start(day) for day in (period.first, period.ends_on))
    rows = Payout.objects.filter(
        sub_order__provider=house,
        state__in=states.SHARE_TO_COME,
        release_on__gte=first,
        release_on__lt=after,
    )
    return rows.aggregate(sum=Sum("amount"))["sum"] or ZERO


def _start(day: date) -> datetime:
    return at_paris(day, time())
