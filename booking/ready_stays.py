"""Ready-made stays for a date and a party: what of them can be had, and what takes its place.

A stay can be had when each of its parts can (features.md G04). What stands first is proposed;
where it can't be had another of the step's choices is, and it is said why. Prices are those of the
basket; nothing is held before the stay is adopted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import islice

from django.conf import settings
from django.utils.dates import MONTHS as MONTH_NAMES

from booking.catalogue import turn_of
from booking.models import Basket, Offer, ReadyStay, ReadyStep
from booking.planning import Part, Party, Shelf
from booking.quoting import check_places
from booking.refusals import Trouble, trouble
from booking.rules.composing import Choice, arrange
from oti.lib.dates import ONE_DAY
from oti.lib.money import ZERO

# How far around the dates asked for nearest ones are looked for, and how many are shown.
NEAR_DAYS = 28
NEAREST = 3
# Without dates: among how many days of the season the first ones are looked for.
AHEAD_DAYS = 45

# What is refused for the ages of those who would take part, or of some of them.
OF_AGES = frozenset({"age_mismatch", "no_band"})

Who = ReadyStep.Who


@dataclass(frozen=True)
class Recipe:
    """A step with the offers among which it is chosen, by their ids: the first choice first."""

    step: ReadyStep
    offers: tuple[int, ...]


@dataclass(frozen=True)
class Wanted:
    """What a visitor decided: offers preferred by step, optional steps taken, steps left out.

    `joins`: the steps in which those of the right age take part, and the others don't.
    """

    picks: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    extras: frozenset[int] = frozenset()
    skips: frozenset[int] = frozenset()
    joins: frozenset[int] = frozenset()


@dataclass
class PlannedStep:
    """One step on its day: what was chosen, what could stand there instead, what is wrong.

    `state`: `chosen`, `swapped` (another choice than the first one), `gone` (nothing can be had),
    `optional` (not asked for), `left_out` (by the visitor), `nobody` (for children, and none come).
    """

    step: ReadyStep
    day: date
    state: str = "gone"
    parts: list[Part] = field(default_factory=list)
    others: list[Part] = field(default_factory=list)
    first: Offer | None = None
    troubles: list[Trouble] = field(default_factory=list)
    # Who may take part, where not everybody it is written for may.
    fitting: tuple[str, ...] = ()

    @property
    def is_lodging(self) -> bool:
        """Whether it is a bed."""
        return bool(self.first and self.first.is_lodging)


@dataclass
class ReadyPlan:
    """A ready-made stay on its dates for a party."""

    stay: ReadyStay
    arrival: date
    departure: date
    party: Party
    steps: list[PlannedStep] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)

    @property
    def parts(self) -> list[Part]:
        """Return what would be put into the basket, beds first."""
        parts = [part for step in self.steps for part in step.parts]
        return sorted(parts, key=lambda one: (one.unit is None, one.hours[0], one.offer.pk))

    @property
    def is_complete(self) -> bool:
        """Whether everything that belongs to it can be had."""
        return not self.troubles and bool(self.parts) and not self.missing

    @property
    def missing(self) -> list[PlannedStep]:
        """Return the steps that can't be had."""
        return [one for one in self.steps if one.state == "gone"]

    @property
    def can_adopt(self) -> bool:
        """Whether it can be taken as it stands."""
        return self.is_complete and any(one.unit for one in self.parts)

    @property
    def total(self) -> Decimal:
        """Return what is paid online, in euros."""
        return sum((part.quote.total for part in self.parts), ZERO)


def read_recipes(stay: ReadyStay, *, today: date) -> list[Recipe]:
    """Return the steps of a stay with their choices; alternatives in the rotation of the day.

    Two statements.
    """
    return recipes_of([stay], today=today)[stay.pk]


def recipes_of(stays: Sequence[ReadyStay], *, today: date) -> dict[int, list[Recipe]]:
    """Return what `read_recipes` does for several stays, by their ids; two statements."""
    steps = ReadyStep.objects.filter(stay__in=[stay.pk for stay in stays])
    others: dict[int, list[int]] = {}
    for step_id, offer_id in ReadyStep.others.through.objects.filter(
        readystep__in=steps.order_by().values("pk")
    ).values_list("readystep_id", "offer_id"):
        others.setdefault(step_id, []).append(offer_id)
    found: dict[int, list[Recipe]] = {stay.pk: [] for stay in stays}
    for step in steps.order_by("day", "starts_from", "pk"):
        found[step.stay_id].append(recipe_of(step, others.get(step.pk, []), today=today))
    return found


def recipe_of(step: ReadyStep, others: Iterable[int], *, today: date) -> Recipe:
    """Return a step with its choices, each once."""
    first = [step.offer_id] if step.offer_id else []
    turned = sorted(others, key=lambda pk: turn_of(pk, today))
    return Recipe(step, tuple(dict.fromkeys([*first, *turned])))


def check_party(stay: ReadyStay, count: int) -> list[Trouble]:
    """Return why a stay isn't for so many persons."""
    if count < stay.min_party:
        return [trouble("party_too_small", field="adults", min=stay.min_party)]
    if count > stay.max_party:
        return [trouble("party_too_large", field="adults", max=stay.max_party)]
    return []


def check_arrival(stay: ReadyStay, arrival: date) -> list[Trouble]:
    """Return why nobody arrives on that day."""
    if arrival.month in stay.months:
        return []
    first, last = stay.season_from_month or 1, stay.season_to_month or 12
    return [
        trouble(
            "out_of_months",
            field="arrival",
            first=str(MONTH_NAMES[first]),
            last=str(MONTH_NAMES[last]),
        )
    ]


def plan_ready_stay(
    stay: ReadyStay,
    recipes: Sequence[Recipe],
    party: Party,
    arrival: date,
    *,
    wanted: Wanted | None = None,
    basket: Basket | None = None,
    now: datetime,
) -> ReadyPlan:
    """Return a stay as it can be had from `arrival` on, every part asked for as the basket does.

    The number of statements doesn't grow with the steps.
    """
    shelf = _shelf(recipes, party, [arrival], stay.nights, basket=basket, now=now)
    return _plan(stay, recipes, shelf, arrival, wanted or Wanted())


def nearest_plans(
    stay: ReadyStay,
    recipes: Sequence[Recipe],
    party: Party,
    around: date | None,
    *,
    wanted: Wanted | None = None,
    basket: Basket | None = None,
    now: datetime,
    limit: int = NEAREST,
) -> list[ReadyPlan]:
    """Return the plans of the nearest arrivals on which all of it can be had, in their order.

    Around a day four weeks on either side; without one, the first ones to come. Looked for only
    for a party that the stay takes; the number of statements doesn't grow with the days.
    """
    if check_party(stay, len(party.ages)) or not recipes:
        return []
    shelf = Shelf(party, now, basket)
    days = _arrivals(stay, around, today=shelf.today)
    if not days:
        return []
    shelf = _shelf(recipes, party, days, stay.nights, basket=basket, now=now)
    found = []
    for day in days:
        plan = _plan(stay, recipes, shelf, day, wanted or Wanted())
        if plan.can_adopt:
            found.append(plan)
        if len(found) == limit:
            break
    return sorted(found, key=lambda one: one.arrival)


def _arrivals(stay: ReadyStay, around: date | None, *, today: date) -> list[date]:
    """Return the days of arrival that are looked at, the nearest first."""
    last = today + timedelta(days=settings.SEARCH_HORIZON_DAYS - stay.nights - 1)
    if around is None:
        ahead = (today + timedelta(days=number) for number in range(1, (last - today).days + 1))
        days = list(islice((day for day in ahead if day.month in stay.months), AHEAD_DAYS))
    else:
        days = [
            around + timedelta(days=sign * number)
            for number in range(1, NEAR_DAYS + 1)
            for sign in (-1, 1)
        ]
        if around.month not in stay.months:
            # Out of its season: the first days of the season are nearer than any.
            days += _season_opens(stay, around)
    return [day for day in days if today <= day <= last and day.month in stay.months]


def _season_opens(stay: ReadyStay, after: date) -> list[date]:
    day = after
    while day.month not in stay.months:
        day += ONE_DAY
    return [day + timedelta(days=number) for number in range(NEAR_DAYS)]


def _shelf(
    recipes: Sequence[Recipe],
    party: Party,
    arrivals: Sequence[date],
    stay_nights: int,
    *,
    basket: Basket | None,
    now: datetime,
) -> Shelf:
    shelf = Shelf(party, now, basket)
    shelf.load_offers(pk for recipe in recipes for pk in recipe.offers)
    beds: dict[tuple[int, int], set[int]] = {}
    dated: set[int] = set()
    for recipe in recipes:
        for pk in recipe.offers:
            offer = shelf.offers.get(pk)
            if offer is None:
                continue
            if offer.is_lodging:
                span = nights_of(recipe.step, stay_nights)
                beds.setdefault(span, set()).add(pk)
            else:
                dated.add(pk)
    for (first, length), ids in beds.items():
        windows = [
            (day + timedelta(days=first), day + timedelta(days=first + length)) for day in arrivals
        ]
        shelf.load_nights(ids, windows)
    # Something lent from the last day on may be brought back the day after.
    each = range(stay_nights + 2)
    shelf.load_dates(dated, (day + timedelta(days=number) for day in arrivals for number in each))
    return shelf


def nights_of(step: ReadyStep, stay_nights: int) -> tuple[int, int]:
    """Return from which night on and for how many a bed is taken."""
    first = step.day - 1
    return first, step.lasts or max(stay_nights - first, 1)


def _plan(
    stay: ReadyStay, recipes: Sequence[Recipe], shelf: Shelf, arrival: date, wanted: Wanted
) -> ReadyPlan:
    party = shelf.party
    plan = ReadyPlan(stay, arrival, arrival + timedelta(days=stay.nights), party)
    plan.troubles = [*check_party(stay, len(party.ages)), *check_arrival(stay, arrival)]
    # For each place to be filled: the step, and what can stand there in order of preference.
    places: list[tuple[PlannedStep, list[tuple[Choice, Part]]]] = []
    for recipe in recipes:
        planned = PlannedStep(recipe.step, arrival + timedelta(days=recipe.step.day - 1))
        planned.first = shelf.offers.get(recipe.step.offer_id or 0)
        plan.steps.append(planned)
        planned.state = _left_aside(recipe, planned, party, wanted)
        if planned.state not in {"", "optional"}:
            continue
        found = _candidates(recipe, planned, shelf, stay, wanted)
        planned.others = [part for _choice, part in found]
        if planned.state == "optional":
            continue
        planned.state = "gone"
        places += [(planned, found)] * recipe.step.choose
    _fill(places, shelf)
    for planned in plan.steps:
        _judge(planned)
    return plan


def _left_aside(recipe: Recipe, planned: PlannedStep, party: Party, wanted: Wanted) -> str:
    """Return why a step isn't planned, "" where it is."""
    step = recipe.step
    if step.who == Who.CHILDREN and not party.children:
        return "nobody"
    if step.is_optional and step.pk not in wanted.extras:
        return "optional"
    if step.pk in wanted.skips and not planned.is_lodging:
        return "left_out"
    return ""


def _candidates(
    recipe: Recipe, planned: PlannedStep, shelf: Shelf, stay: ReadyStay, wanted: Wanted
) -> list[tuple[Choice, Part]]:
    """Return what can be had for a step, preferred ones first; the first refusal is noted."""
    chosen = [pk for pk in wanted.picks.get(recipe.step.pk, ()) if pk in recipe.offers]
    order = list(dict.fromkeys([*chosen, *recipe.offers]))
    found: list[tuple[Choice, Part]] = []
    for pk in order:
        offer = shelf.offers.get(pk)
        if offer is None:
            continue
        keys = keys_of(recipe.step, shelf.party)
        fitting = _fitting(offer, keys, shelf.party)
        if recipe.step.pk in wanted.joins and fitting:
            keys = fitting
        parts, troubles = _parts_of(recipe.step, offer, planned.day, keys, shelf, stay)
        free = []
        for part in parts:
            choice = part.choice()
            if arrange([[choice]], shelf.beside(part))[0] is not None:
                free.append((choice, part))
        if parts and not free:
            troubles = [trouble("overlap", field="people", other=_in_the_way(parts[0], shelf))]
        found += free
        if pk == recipe.step.offer_id and not free:
            planned.troubles = troubles
            if any(one.code in OF_AGES for one in troubles):
                planned.fitting = fitting
    if recipe.step.offer_id is None or planned.first is None:
        planned.troubles = [trouble("offer_unknown")]
    return found


def _in_the_way(part: Part, shelf: Shelf) -> str:
    """Name what the basket has at the hours of a part."""
    starts_at, ends_at = part.hours
    titles = [
        line.offer.title
        for line in shelf.lines
        if line.slot is not None and line.slot.starts_at < ends_at and line.slot.ends_at > starts_at
    ]
    return next(iter(titles), part.offer.title)


def _parts_of(
    step: ReadyStep,
    offer: Offer,
    day: date,
    keys: Sequence[str],
    shelf: Shelf,
    stay: ReadyStay,
) -> tuple[list[Part], list[Trouble]]:
    if offer.is_lodging:
        _first, length = nights_of(step, stay.nights)
        return shelf.beds(offer, day, day + timedelta(days=length))
    quantity = 1 if step.who == Who.STAY else len(keys)
    parts, troubles = shelf.things(offer, day, keys, quantity=quantity, days=step.lasts or 1)
    inside = [part for part in parts if _within(step, part)]
    if parts and not inside:
        troubles = [trouble("no_date_then")]
    return inside, troubles


def keys_of(step: ReadyStep, party: Party) -> tuple[str, ...]:
    """Return the persons for whom a step is written."""
    return {Who.ADULTS: party.adults, Who.CHILDREN: party.children}.get(Who(step.who), party.keys)


def _fitting(offer: Offer, keys: Sequence[str], party: Party) -> tuple[str, ...]:
    """Return those of them whose age an offer takes; nobody where nobody takes part in it."""
    if offer.is_lodging or offer.is_sold_by_item:
        return ()
    return tuple(key for key in keys if not check_places(offer, party.guests([key]), 1))


def _within(step: ReadyStep, part: Part) -> bool:
    """Tell whether it begins within the hours that the office wrote."""
    begins = part.hours[0].time()
    if step.starts_from is not None and begins < step.starts_from:
        return False
    return step.starts_until is None or begins <= step.starts_until


def _fill(places: Sequence[tuple[PlannedStep, list[tuple[Choice, Part]]]], shelf: Shelf) -> None:
    """Choose for every place at once, so that nobody is at two of them."""
    # A bed clashes with nothing; another one may only be taken by another step.
    arranged = arrange([[choice for choice, _part in found] for _planned, found in places])
    for (planned, found), choice in zip(places, arranged, strict=True):
        part = next((part for one, part in found if one is choice), None)
        if part is not None:
            planned.parts.append(part)


def _judge(planned: PlannedStep) -> None:
    """Say what became of a step, and what else could stand there."""
    if planned.state != "gone":
        planned.others = _one_of_each(planned.others) if planned.state == "optional" else []
        return
    taken = {part.offer.pk for part in planned.parts}
    planned.others = _one_of_each(one for one in planned.others if one.offer.pk not in taken)
    if len(planned.parts) < planned.step.choose:
        planned.troubles = planned.troubles or [trouble("overlap_in_stay")]
        return
    is_first = planned.first is not None and planned.first.pk in taken
    planned.state = "chosen" if is_first or not planned.troubles else "swapped"


def _one_of_each(parts: Iterable[Part]) -> list[Part]:
    """Return the first part of each offer."""
    found: dict[int, Part] = {}
    for part in parts:
        found.setdefault(part.offer.pk, part)
    return list(found.values())
