"""« Composer mon séjour »: two or three whole stays that can be bought as they are.

Beds come from the search, things to do from the dates that are open; the rules put them together
(`booking.rules.composing`). Each line is asked for as the basket asks, so that nothing is proposed
that it would refuse; the number of statements doesn't grow with what is on sale.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from booking.availability import StayLoader, StayResult, StaySearch, find_in_windows
from booking.catalogue import Catalogue, turn_of
from booking.filters import Filters, Listed, sieve
from booking.fitting import Fit, find_fits
from booking.models import Basket, Offer, Unit
from booking.planning import Part, Party, Shelf, position_of
from booking.rules.composing import (
    FARTHEST,
    NEARNESS,
    Choice,
    DayRoom,
    best_of,
    fill_days,
    fits_room,
    minutes_between,
    things_a_day,
)
from booking.rules.kinds import DATED, PLACES
from oti.lib.dates import ONE_DAY, at_paris, nights
from oti.lib.dates import today as day_of
from oti.lib.money import ZERO, to_cents

PACES: dict[str, Promise] = {
    "calm": _("Calm: something every other day"),
    "balanced": _("Balanced: something each day"),
    "full": _("Full: two things a day"),
}
MOST_STAYS = 3
# Beds that are looked at: the best ones, those of other poles, the cheapest ones.
MOST_BEDS = 14
# Things that are looked at, and on each day.
MOST_THINGS = 90
PER_DAY = 24
# A longer stay is composed for so many days; the rest stays free.
MOST_DAYS = 14
# On the day of arrival nothing before one has come, on that of departure nothing late.
ARRIVED = time(15)
LEAVING = time(17)
EARLY = time(8, 30)
# Longer stays that are tried where one is too short for every host.
LONGER = range(1, 7)
COMPOSED = tuple(
    kind.code
    for kind in DATED
    if kind.sold_by == "place" and not kind.minds_children and not kind.sides
)


@dataclass(frozen=True)
class WishFor:
    """A wish in words, and what meets it: kinds of offers, or what they have."""

    label: Promise
    icon: str
    kinds: frozenset[str] = frozenset()
    features: frozenset[str] = frozenset()

    def is_met_by(self, one: Listed) -> bool:
        """Tell whether an offer meets it."""
        return one.kind in self.kinds or not self.features.isdisjoint(one.features)


WISHES: dict[str, WishFor] = {
    "craft": WishFor(_("Learn a craft"), "sparkles", frozenset({"workshop", "composite"})),
    "music": WishFor(_("Music and evenings"), "music", frozenset({"event_ticket"})),
    "food": WishFor(_("Eat well"), "utensils", frozenset({"meal", "composite"})),
    "animals": WishFor(_("Be with animals"), "heart", features=frozenset({"animals_to_see"})),
    "outdoor": WishFor(_("Be outdoors"), "sun", features=frozenset({"outdoor"})),
    "indoor": WishFor(_("Stay under cover"), "house", features=frozenset({"indoor"})),
}


@dataclass(frozen=True)
class Brief:
    """What somebody wants; `ages` has None for an adult, `budget` is in euros for the stay."""

    arrival: date
    departure: date
    ages: tuple[int | None, ...]
    pole: str = ""
    wish: str = ""
    pace: str = "balanced"
    budget: Decimal | None = None

    @property
    def search(self) -> StaySearch:
        """Return the search of a bed."""
        children = tuple(age for age in self.ages if age is not None and age < 18)
        return StaySearch(
            self.arrival,
            self.departure,
            len(self.ages) - len(children),
            children,
            pole=self.pole,
        )


@dataclass(frozen=True)
class Edits:
    """What a visitor changed in one proposal, in the order of the presses.

    Each step is ("other", offer): something else in its place; or ("off", offer): nothing.
    """

    steps: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Proposed:
    """One whole stay: a bed and things to do, with why it is proposed.

    `reason`: `fits` (what fits best), `elsewhere` (another pole), `another`, `cheapest`.
    """

    bed: Part
    things: tuple[Part, ...]
    reason: str
    # How far the furthest thing is from the bed, in minutes by car.
    furthest: int
    can_swap_bed: bool = False
    # Offers of which another one could stand in their place.
    can_swap: frozenset[int] = frozenset()
    # How many things more the pace would have, were it not for the budget.
    left_out: int = 0

    @property
    def parts(self) -> tuple[Part, ...]:
        """Return every line, the bed first."""
        return (self.bed, *self.things)

    @property
    def total(self) -> Decimal:
        """Return what is paid online, in euros."""
        return sum((part.quote.total for part in self.parts), ZERO)

    @property
    def cost(self) -> Decimal:
        """Return what the stay costs in all, with the tax that is paid on site, in euros."""
        return sum((cost_of(part) for part in self.parts), ZERO)


def cost_of(part: Part) -> Decimal:
    """Return what a line costs: what is paid online and the tourist tax that the host takes."""
    return part.quote.total + part.quote.tourist_tax_on_site


@dataclass
class Composed:
    """What was found; without a proposal, why.

    `why`: `nothing`, `short` (hosts ask for more nights), `party` (too many for any place),
    `lodged` (they sleep somewhere already), `budget`.
    """

    brief: Brief
    party: Party
    proposals: list[Proposed] = field(default_factory=list)
    why: str = ""
    # The cheapest bed of these dates, its tax included, where the budget is below it.
    cheapest: Decimal | None = None
    # Departures that hosts accept, where the stay is too short.
    longer: list[date] = field(default_factory=list)


def compose(
    brief: Brief,
    *,
    basket: Basket | None = None,
    edits: dict[int, Edits] | None = None,
    now: datetime,
) -> Composed:
    """Return two or three stays for a brief whose dates and party are right, in a steady order.

    The same brief on the same day, with the same things free, gives the same stays; `edits` are
    by number of proposal, from 0.
    """
    party = Party.of(brief.ages, basket)
    found = Composed(brief, party)
    composer = _Composer(brief, party, basket, edits or {}, now=now)
    beds = composer.find_beds()
    if not beds:
        found.why = composer.why_no_bed()
        if found.why == "nothing":
            found.longer = composer.longer_stays()
            found.why = "short" if found.longer else "nothing"
        return found
    found.cheapest = min(cost_of(one) for one in beds)
    if brief.budget is not None and found.cheapest > brief.budget:
        found.why = "budget"
        return found
    found.proposals = composer.propose(beds)
    return found


@dataclass(frozen=True)
class _Plan:
    """A stay before anything is changed in it; `used` is what those before it have to do."""

    bed: Part
    chosen: tuple[Choice, ...]
    reason: str
    used: frozenset[str]


@dataclass
class _Composer:
    """One composition: what it read, and what it has proposed so far."""

    brief: Brief
    party: Party
    basket: Basket | None
    edits: dict[int, Edits]
    now: datetime

    def __post_init__(self) -> None:
        self.today = day_of(self.now)
        self.loading = StayLoader(self.now)
        self.shelf = Shelf(self.party, self.now, self.basket, tax_book=self.loading.tax_book)
        self.parts: dict[tuple[str, datetime], Part] = {}
        self.choices: list[Choice] = []
        self.rooms: list[DayRoom] = []
        # Beds within the budget, and those that one of the stays has before it is changed.
        self.affordable: list[Part] = []
        self.planned: set[int] = set()
        self.is_lodged = False

    @property
    def listed(self) -> Catalogue:
        """Return what is on sale."""
        return self.loading.listed

    # --- Beds ------------------------------------------------------------------------------------
    def find_beds(self) -> list[Part]:
        """Return beds for the whole party, best fit first, as the basket would take them."""
        brief = self.brief
        fits = find_fits(
            brief.arrival,
            brief.departure,
            brief.search.guests,
            Filters(pole=brief.pole),
            self.loading.tax_book,
            now=self.now,
        )
        ranked = fits.ranked("relevance")
        results = self.loading.results(
            [(one.unit_id, brief.search) for one in self._to_look_at(ranked)]
        )
        beds = [self._bed(one) for one in results if one is not None]
        return [one for one in beds if one is not None]

    def _to_look_at(self, ranked: Sequence[Fit]) -> list[Fit]:
        """Return the first ones, the first of each pole, the cheapest: each once, in rank."""
        chosen = {one.unit_id for one in ranked[: MOST_BEDS // 2]}
        first_of: dict[str, int] = {}
        for one in ranked:
            first_of.setdefault(one.offer.pole, one.unit_id)
        chosen |= set(first_of.values())
        for one in sorted(ranked, key=lambda one: one.base_cents):
            if len(chosen) >= MOST_BEDS:
                break
            chosen.add(one.unit_id)
        return [one for one in ranked if one.unit_id in chosen]

    def _bed(self, result: StayResult) -> Part | None:
        """Return a bed, None where one of the party sleeps elsewhere on these nights."""
        first, last = self.brief.arrival, self.brief.departure
        if self.shelf.asleep_elsewhere(result.offer, first, last):
            self.is_lodged = True
            return None
        return Part(
            result.offer, result.quote, self.party.keys, unit=result.unit, days=(first, last)
        )

    def why_no_bed(self) -> str:
        """Say whether they are lodged already, or too many for any place that is sold."""
        if self.is_lodged:
            return "lodged"
        search = self.brief.search
        takes_them = Unit.objects.filter(
            offer__in=Offer.objects.on_sale(self.today).values("pk"),
            is_active=True,
            max_adults__gte=search.adults,
            max_guests__gte=search.adults
            + sum(age >= settings.INFANT_BELOW_AGE for age in search.child_ages),
        )
        return "nothing" if takes_them.exists() else "party"

    def longer_stays(self) -> list[date]:
        """Return the departures, a few nights later, with which some bed is free."""
        brief = self.brief
        last = self.today + timedelta(days=settings.SEARCH_HORIZON_DAYS)
        windows = [
            (brief.arrival, brief.departure + timedelta(days=more))
            for more in LONGER
            if brief.departure + timedelta(days=more) <= last
        ]
        if not windows:
            return []
        found = find_in_windows(brief.search, windows, self.loading, now=self.now, most=2)
        searches = [
            (unit_id, replace(brief.search, departure=departure))
            for _arrival, departure, unit_id in found
        ]
        results = self.loading.results(searches)
        return sorted(
            {
                search.departure
                for (_unit_id, search), result in zip(searches, results, strict=True)
                if result is not None
            }
        )[:2]

    # --- Things to do ----------------------------------------------------------------------------
    def load_things(self) -> None:
        """Read what is open during the stay and can be done by all who come."""
        brief = self.brief
        first = brief.arrival
        last = min(brief.departure, first + timedelta(days=MOST_DAYS - 1))
        days_of = _open_days(self._kept_things(), first, last, party=len(brief.ages), now=self.now)
        chosen = self._spread(days_of)
        self.shelf.load_offers(chosen)
        self.shelf.load_dates(chosen, nights(first, last + ONE_DAY))
        wish = WISHES.get(brief.wish)
        for pk in chosen:
            offer = self.shelf.offers.get(pk)
            one = self.listed.get(pk)
            if offer is None or one is None:
                continue
            wished = int(wish is not None and wish.is_met_by(one))
            for day in days_of[pk]:
                found, _troubles = self.shelf.things(offer, day, self.party.keys)
                for part in found:
                    choice = part.choice(
                        wished=wished, turn=turn_of(pk, self.today + (day - FIRST))
                    )
                    self.parts[choice.key, choice.starts_at] = part
                    self.choices.append(choice)

    def _kept_things(self) -> list[Listed]:
        """Return what may be proposed to these ages, in this pole, in the day's rotation."""
        ages = [18 if age is None else age for age in self.brief.ages]
        kept = [
            one
            for one in self.listed.values()
            if one.kind in COMPOSED
            and (one.min_age is None or one.min_age <= min(ages))
            and (one.max_age is None or one.max_age >= max(ages))
        ]
        return sieve(kept, Filters(pole=self.brief.pole)).kept

    def _spread(self, days_of: dict[int, list[date]]) -> list[int]:
        """Return the offers that are looked at: so many for each day, wished ones first."""
        wish = WISHES.get(self.brief.wish)
        chosen: dict[int, None] = {}
        by_day: dict[date, list[Listed]] = defaultdict(list)
        for pk, days in days_of.items():
            for day in days:
                by_day[day].append(self.listed[pk])
        share = max(4, min(PER_DAY, MOST_THINGS // max(len(by_day), 1)))
        for day in sorted(by_day):
            turn = self.today + (day - FIRST)
            ranked = sorted(
                by_day[day],
                key=lambda one: (
                    not (wish is not None and wish.is_met_by(one)),
                    turn_of(one.id, turn),
                ),
            )
            chosen |= dict.fromkeys(one.id for one in ranked[:share])
        return list(chosen)

    # --- Stays -----------------------------------------------------------------------------------
    def propose(self, beds: Sequence[Part]) -> list[Proposed]:
        """Return the best fit, another place, the cheapest; things as different as may be.

        What was changed in one changes nothing of the others: all are planned first, each with
        its own changes after that.
        """
        self.load_things()
        self.rooms = self._rooms()
        free = [one for one in beds if (self._left(one) or 0) >= 0]
        self.affordable = free
        plans: list[_Plan] = []
        used: set[str] = set()
        for _number in range(MOST_STAYS):
            taken = {one.bed.offer.pk for one in plans}
            bed, reason = self._choose_bed(
                [one for one in free if one.offer.pk not in taken], plans
            )
            if bed is None:
                break
            plans.append(_Plan(bed, self._fill(bed, used), reason, frozenset(used)))
            used |= {one.key for one in plans[-1].chosen}
        if self.brief.budget is not None:
            plans = self._fullest_first(plans)
        self.planned = {one.bed.offer.pk for one in plans}
        return [
            self._edited(plan, self.edits.get(number, Edits())) for number, plan in enumerate(plans)
        ]

    def _choose_bed(self, free: Sequence[Part], plans: Sequence[_Plan]) -> tuple[Part | None, str]:
        if not free:
            return None, ""
        if not plans:
            return self._fullest(free), "fits"
        if len(plans) == 1:
            pole = self._pole_of(plans[0].bed)
            other = next((one for one in free if self._pole_of(one) != pole), None)
            if other is not None:
                return other, "elsewhere"
            return free[0], "another"
        cheapest = min(free, key=cost_of)
        is_cheaper = all(cost_of(cheapest) < cost_of(one.bed) for one in plans)
        return (cheapest, "cheapest") if is_cheaper else (free[0], "another")

    def _fullest(self, free: Sequence[Part]) -> Part:
        """Return the bed beside which the budget leaves most of the pace; the first of equals."""
        if self.brief.budget is None or not self._left_out(free[0], self._fill(free[0])):
            return free[0]
        return max(free, key=lambda one: len(self._fill(one)))

    def _fullest_first(self, plans: list[_Plan]) -> list[_Plan]:
        """Put first what has most to do: the budget may not make the best fit the poorest."""
        first = max(plans, key=lambda one: len(one.chosen), default=None)
        if first is None or first is plans[0]:
            return plans
        rest = [
            one if one.reason == "cheapest" else replace(one, reason="another")
            for one in plans
            if one is not first
        ]
        return [replace(first, reason="fits"), *rest]

    def _pole_of(self, part: Part) -> str:
        one = self.listed.get(part.offer.pk)
        return one.pole if one else ""

    def _left(self, bed: Part) -> int | None:
        """Return what the budget leaves beside a bed, in cents; None without a budget."""
        if self.brief.budget is None:
            return None
        return to_cents(self.brief.budget) - to_cents(cost_of(bed))

    def _fill(
        self, bed: Part, used: Collection[str] = (), *, has_budget: bool = True
    ) -> tuple[Choice, ...]:
        return tuple(
            fill_days(
                self.rooms,
                self.choices,
                bed=position_of(bed.offer),
                taken=self.shelf.planned_once,
                limit_cents=self._left(bed) if has_budget else None,
                used=used,
            )
        )

    def _left_out(self, bed: Part, chosen: Collection[Choice]) -> int:
        """Return how many things more there would be without the budget."""
        if self.brief.budget is None or len(chosen) >= sum(room.most for room in self.rooms):
            return 0
        return max(len(self._fill(bed, has_budget=False)) - len(chosen), 0)

    # --- What was changed ------------------------------------------------------------------------
    def _edited(self, plan: _Plan, edits: Edits) -> Proposed:
        """Return a stay with what was changed in it, press after press.

        Whatever a press doesn't name stays as it is: another bed keeps the days, and what was
        taken off comes back in no place.
        """
        bed, chosen = plan.bed, list(plan.chosen)
        refused: set[int] = set()
        for act, pk in edits.steps:
            refused.add(pk)
            if pk == bed.offer.pk:
                beds = self._other_beds(plan.bed, chosen, refused)
                bed = beds[0] if beds and act == "other" else bed
                continue
            one = next((one for one in chosen if one.key == str(pk)), None)
            if one is None:
                continue
            other = self._instead(one, chosen, refused, bed, plan.used) if act == "other" else None
            if other is not None or act == "off":
                chosen = [two for two in chosen if two is not one] + ([other] if other else [])
        chosen.sort(key=lambda one: (one.starts_at, one.key))
        return self._proposed(plan, bed, chosen, refused)

    def _proposed(
        self,
        plan: _Plan,
        bed: Part,
        chosen: Sequence[Choice],
        refused: set[int],
    ) -> Proposed:
        place = position_of(bed.offer)
        minutes = [minutes_between(place, one.position) for one in chosen]
        return Proposed(
            bed=bed,
            things=tuple(self.parts[one.key, one.starts_at] for one in chosen),
            reason=plan.reason if bed is plan.bed else "another",
            furthest=max(minutes, default=0),
            can_swap_bed=bool(self._other_beds(plan.bed, chosen, {*refused, bed.offer.pk})),
            can_swap=frozenset(
                int(one.key)
                for one in chosen
                if self._instead(one, chosen, {int(one.key), *refused}, bed, plan.used)
            ),
            left_out=self._left_out(plan.bed, plan.chosen),
        )

    def _other_beds(
        self,
        first: Part,
        chosen: Sequence[Choice],
        refused: Collection[int],
    ) -> list[Part]:
        """Return the beds that could stand in the place of the first: those of its pole, near it.

        The days stay as they are: none is further from them than anybody goes, none costs more
        than the budget leaves. Beds that another proposal has come after those of the same pole.
        """
        cents = sum(one.cents for one in chosen)
        place, pole = position_of(first.offer), self._pole_of(first)

        def takes_the_days(one: Part) -> bool:
            left = self._left(one)
            here = position_of(one.offer)
            return (left is None or left >= cents) and all(
                minutes_between(here, thing.position) <= FARTHEST for thing in chosen
            )

        kept = [
            one for one in self.affordable if one.offer.pk not in refused and takes_the_days(one)
        ]
        return sorted(
            kept,
            key=lambda one: (
                self._pole_of(one) != pole,
                one.offer.pk in self.planned,
                minutes_between(place, position_of(one.offer)) // NEARNESS,
            ),
        )

    def _instead(
        self,
        one: Choice,
        chosen: Sequence[Choice],
        refused: Collection[int],
        bed: Part,
        used: Collection[str],
    ) -> Choice | None:
        """Return what could stand in the place of a thing, on its day and within the budget."""
        rest = [two for two in chosen if two is not one]
        room = next((room for room in self.rooms if room.day == one.day), None)
        left = self._left(bed)
        if room is None:
            return None
        if left is not None:
            left -= sum(two.cents for two in rest)
        return best_of(
            (
                two
                for two in self.choices
                if two.day == one.day
                and int(two.key) not in refused
                and fits_room(two, room)
                and (left is None or two.cents <= left)
            ),
            beside=[*self.shelf.planned_once, *rest],
            bed=position_of(bed.offer),
            used=used,
        )

    def _rooms(self) -> list[DayRoom]:
        """Return what each day of the stay may hold at the pace that is wished."""
        brief = self.brief
        last = brief.departure
        days = [*nights(brief.arrival, last), last][:MOST_DAYS]
        rooms = []
        for number, day in enumerate(days):
            is_whole = brief.arrival < day < last
            rooms.append(
                DayRoom(
                    day,
                    things_a_day(brief.pace, is_whole=is_whole, number=number),
                    at_paris(day, ARRIVED if day == brief.arrival else EARLY),
                    at_paris(day, LEAVING) if day == last else at_paris(day + ONE_DAY, time(1)),
                )
            )
        if any(room.most for room in rooms):
            return rooms
        # A single night has no whole day: the day of arrival or of departure holds one thing.
        return [replace(room, most=1) for room in rooms]


FIRST = date(2020, 1, 1)

OPEN_DAYS = """
SELECT DISTINCT s.offer_id, s.day FROM booking_slot s
WHERE s.offer_id = ANY(%(offers)s::bigint[]) AND s.day BETWEEN %(first)s AND %(last)s
  AND s.resource = %(places)s AND NOT s.is_closed AND s.ends_at > %(now)s
  AND s.capacity - s.sold >= %(party)s
ORDER BY s.day, s.offer_id
"""


def _open_days(
    offers: Sequence[Listed], first: date, last: date, *, party: int, now: datetime
) -> dict[int, list[date]]:
    """Return the days on which each of these offers may be open; one statement."""
    found: dict[int, list[date]] = defaultdict(list)
    if not offers:
        return found
    with connection.cursor() as cursor:
        cursor.execute(
            OPEN_DAYS,
            {
                "offers": [one.id for one in offers],
                "first": first,
                "last": last,
                "places": PLACES,
                "now": now,
                "party": party,
            },
        )
        for offer_id, day in cursor.fetchall():
            found[offer_id].append(day)
    return found
