"""What is free during a stay, day by day, for those who come: over every kind but lodgings.

Only what they can really do is proposed: the ages, the places left and what is already planned
are looked at for each person (features.md A07, N02). It holds nothing; adding asks again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import TextField, Value, Window
from django.db.models.functions import MD5, Cast, Concat, RowNumber

from booking.catalogue import turn_of
from booking.kept_offers import kept_offers
from booking.models import Basket, Offer, Slot
from booking.models.resources import note_claims
from booking.pairing import Plan, has_price, plan_of
from booking.people import Person
from booking.quoting import TOO_NEAR, asked_of, quote_places
from booking.rules.kinds import PLACES, SLEPT
from booking.rules.pricing import Quote
from booking.takes import check_takes, takes_of_slots
from destination.models import Pole
from destination.models.territory import pole_by_commune
from oti.lib.dates import ONE_DAY
from oti.lib.dates import today as day_of

PER_DAY = 3
MOST_DAYS = 14
FIRST_TURN = date(2020, 1, 1)
# More dates than that on the days of a stay are not read at once; each day has its share.
MOST_SLOTS = 3000


@dataclass(frozen=True)
class Idea:
    """Something that can be added as it is: who joins, at which price, on which date."""

    offer: Offer
    slot: Slot
    joining: tuple[Person, ...]
    quote: Quote
    pole: Pole | None


@dataclass
class DayIdeas:
    """A day: what is proposed, how many more there are, and what was left out for which reason.

    Reasons: `full`, `ages`, `planned` (somebody of them is elsewhere), `notice`.
    """

    day: date
    ideas: list[Idea] = field(default_factory=list)
    more: int = 0
    left_out: dict[str, int] = field(default_factory=lambda: defaultdict(int))


def find_ideas(
    basket: Basket | None,
    people: Sequence[Person],
    *,
    first: date,
    last: date,
    kind: str = "",
    per_day: int = PER_DAY,
    now: datetime,
) -> tuple[list[DayIdeas], dict[str, int]]:
    """Return each day of `[first, last]` with what these persons can do then, and the kinds.

    At most 14 days; within a day those that more of them can join come first, then the day's
    rotation. The second value counts the ideas of each kind, whatever `kind` filters. The number
    of statements doesn't grow with the offers.
    """
    today = day_of(now)
    first = max(first, today)
    last = min(last, first + (MOST_DAYS - 1) * ONE_DAY)
    days = {
        first + n * ONE_DAY: DayIdeas(first + n * ONE_DAY) for n in range((last - first).days + 1)
    }
    slots = _dates(first, last, now=now)
    beside: dict[datetime, list[Slot]] = defaultdict(list)
    for row in (
        Slot.stocks.filter(
            offer__in={slot.offer_id for slot in slots}, day__gte=first, day__lte=last
        )
        .exclude(resource=PLACES)
        .with_free(now)
    ):
        beside[row.starts_at].append(row)
    offers = kept_offers(slot.offer_id for slot in slots)
    poles = pole_by_commune(today)
    plan = plan_of(basket)
    found: dict[date, dict[int, Idea]] = defaultdict(dict)
    for slot in slots:
        offer = offers[slot.offer_id]
        if offer.pk in plan.offers or offer.pk in found[slot.day]:
            continue
        reason, idea = _idea(
            offer, slot, people, plan, poles, beside=beside[slot.starts_at], now=now
        )
        if idea is not None:
            found[slot.day][offer.pk] = idea
        elif not kind or offer.kind == kind:
            days[slot.day].left_out[reason] += 1
    kinds: dict[str, int] = defaultdict(int)
    for day, by_offer in found.items():
        for idea in by_offer.values():
            kinds[idea.offer.kind] += 1
        _choose(days[day], by_offer.values(), kind=kind, per_day=per_day, today=today)
    return [days[day] for day in sorted(days)], dict(kinds)


def _dates(first: date, last: date, *, now: datetime) -> list[Slot]:
    """Return the open dates of `[first, last]` in their order: on a crowded day, some of them.

    Each day has its share, taken in the day's rotation: neither late hours nor late days are cut.
    """
    today = day_of(now)
    days = (last - first).days + 1
    turn = MD5(Concat(Cast("offer_id", TextField()), Value(today.isoformat())))
    of_its_day = Window(RowNumber(), partition_by="day", order_by=[turn, "starts_at", "pk"])
    shares = (
        Slot.objects.filter(
            offer__in=Offer.objects.on_sale(today).exclude(kind__in=SLEPT).values("pk"),
            day__gte=first,
            day__lte=last,
        )
        .to_come(now)
        .allowed()
        .annotate(rank=of_its_day)
        .filter(rank__lte=max(1, MOST_SLOTS // max(days, 1)))
    )
    chosen = Slot.objects.filter(pk__in=shares.order_by().values("pk"))
    found = list(chosen.with_free(now).order_by("starts_at", "pk"))
    note_claims(found, now=now)
    return found


def _choose(day: DayIdeas, ideas: Iterable[Idea], *, kind: str, per_day: int, today: date) -> None:
    """Put the first of the ranking into the day, in the order of their hours."""
    # Each day of the stay has a turn of its own, and another one tomorrow.
    turn = today + (day.day - FIRST_TURN)
    ranked = sorted(
        (idea for idea in ideas if not kind or idea.offer.kind == kind),
        key=lambda idea: (-len(idea.joining), turn_of(idea.offer.pk, turn)),
    )
    day.ideas = sorted(ranked[:per_day], key=lambda idea: (idea.slot.starts_at, idea.offer.pk))
    day.more = len(ranked) - len(day.ideas)


def _idea(
    offer: Offer,
    slot: Slot,
    people: Sequence[Person],
    plan: Plan,
    poles: dict[int, Pole],
    *,
    beside: Sequence[Slot],
    now: datetime,
) -> tuple[str, Idea | None]:
    """Return the idea, or why there is none."""
    joining: tuple[Person, ...] = ()
    if not offer.is_sold_by_item:
        able = [one for one in people if has_price(offer, one)]
        if not able:
            return "ages", None
        joining = tuple(
            one
            for one in able
            if not offer.kind_rules.takes_time or plan.is_free(one, slot.starts_at, slot.ends_at)
        )
        if not joining:
            return "planned", None
        # Children don't go without a grown-up of theirs unless the offer is for children alone.
        if any(one.is_adult for one in able) and not any(one.is_adult for one in joining):
            return "planned", None
    guests = [one.guest for one in joining]
    wanted = 1 if offer.is_sold_by_item else len(joining)
    asked = asked_of(offer, guests, wanted)
    (takes,) = takes_of_slots(offer, asked, [slot], now=now, beside=beside)
    troubles = check_takes(takes, now=now)
    if troubles:
        return "notice" if troubles[0].code in TOO_NEAR | {"too_far"} else "full", None
    quote, _troubles = quote_places(offer, guests, wanted, ())
    if quote is None:
        return "ages", None
    pole = poles.get(offer.commune_id)
    return "", Idea(offer=offer, slot=slot, joining=joining, quote=quote, pole=pole)


def days_planned(basket: Basket) -> tuple[date, date] | None:
    """Return the first and the last day of what is dated in a stay, None for nothing."""
    days: list[date] = []
    for arrival, departure, day in basket.lines.values_list("arrival", "departure", "slot__day"):
        days += [one for one in (arrival, departure, day) if one is not None]
    return (min(days), max(days)) if days else None
