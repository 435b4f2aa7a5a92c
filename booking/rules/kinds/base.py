"""What makes a kind of offer: how it is sold, what it uses up, and its own rules.

A kind decides on plain values; it never reads a table and never speaks a language. The defaults
are those of a place in a dated slot; a kind overrides what is different for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from booking.rules.people import Guest, Problem, check_ages

SoldBy = Literal["night", "place", "item", "item_day"]
# Types of travel services of Dir. (EU) 2015/2302 art. 3(1): transport, lodging, rental of motor
# vehicles, other tourist services. Empty: no travel service (goods).
TravelType = Literal["A", "B", "C", "D", ""]

Bead = Literal["stay", "do", "event"]

PLACES = ""


def gettext_noop(text: str) -> str:
    """Mark a text for translation where it is written; it is translated where it is shown."""
    return text


@dataclass(frozen=True)
class Side:
    """A capacity of its own beside the places: bicycles, bags. `label` is English source text.

    It is asked for through the supplements of that `supplement_kind`; without one, `field` is the
    input that mends a lack of it. An optional one is only watched where a slot has it.
    """

    resource: str
    label: str
    supplement_kind: str = ""
    is_optional: bool = False
    field: str = "options"


@dataclass(frozen=True)
class Permit:
    """An authorisation that an offer can't be sold without, valid up to and including a day."""

    number: str
    valid_until: date


@dataclass(frozen=True)
class Facts:
    """What a kind may know of one offer."""

    min_age: int | None = None
    max_age: int | None = None
    permit: Permit | None = None
    step_minutes: tuple[int, ...] = ()
    # For each step whether something is foreseen in its place.
    step_plans: tuple[bool, ...] = ()
    season_months: frozenset[int] = frozenset()
    has_deposit: bool = False
    supplement_kinds: frozenset[str] = frozenset()
    # Prices of the bands in cents.
    band_cents: tuple[int, ...] = ()
    # Most hours of childcare at a stretch.
    longest_hours: int = 5


@dataclass(frozen=True)
class Asked:
    """What somebody asks for: persons or items, and supplements by their kind."""

    guests: tuple[Guest, ...] = ()
    quantity: int = 1
    extras: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Kind:
    """One kind of offer. `label` and `plural` are English source texts, translated when shown."""

    code: str
    label: str
    plural: str
    icon: str
    sold_by: SoldBy = "place"
    # One can't do anything else meanwhile (features.md A09: START_TIME, not OPENING_HOURS).
    takes_time: bool = True
    # It starts at its hour; otherwise it is open from then on, until its end.
    begins: bool = True
    travel_type: TravelType = "D"
    sides: tuple[Side, ...] = ()
    # What the office counts when it enters a slot, and how many units of stock one of it is.
    capacity_label: str = gettext_noop("Places")
    units_per_entry: int = 1
    needs_permit: bool = False
    # Parents tell beforehand what to know of their children (booking/care.py).
    needs_care_sheet: bool = False
    # Its host prepares for the special needs of those who come; no other provider reads them.
    reads_needs: bool = False
    has_steps: bool = False
    has_deposit: bool = False
    # Its dates stand in a programme that the office keeps: hosts add none and open none again.
    is_in_programme: bool = False
    # Most days of one rental; 1 for what takes place on one day.
    most_days: int = 1
    # Codes of the refusals that say that nothing, or not enough, is left.
    gone_code: str = ""
    partly_gone_code: str = "partly_gone"
    # Shown without being asked for, on the home page and beside a bed.
    is_proposed: bool = True
    # Part of the lodging where its host gives it during the stay (domain.md §2).
    may_be_intrinsic: bool = False
    # Somebody is with the children meanwhile.
    minds_children: bool = False
    # Its bead on the thread of a stay.
    bead: Bead = "do"

    def needs(self, asked: Asked) -> dict[str, int]:
        """Return the units that a request takes from each resource of a slot."""
        places = asked.quantity if self.is_by_item else len(asked.guests)
        return {PLACES: places, **self._extras(asked)}

    def _extras(self, asked: Asked) -> dict[str, int]:
        return {
            side.resource: asked.extras[side.supplement_kind]
            for side in self.sides
            if asked.extras.get(side.supplement_kind)
        }

    @property
    def is_transport(self) -> bool:
        """Whether it brings people somewhere: it is itself the way without a car."""
        return self.travel_type == "A"

    @property
    def is_by_item(self) -> bool:
        """Whether a quantity is bought, rather than places for persons."""
        return self.sold_by in {"item", "item_day"}

    def with_children(self, below_six: int | None, from_six: int | None) -> Kind:
        """Return it with the ratio of an authorisation, where it has carers."""
        return self

    def places_left(self, free_units: int, guests: Sequence[Guest]) -> int:
        """Return how many more, of the sort asked for, fit in that many free units."""
        return max(free_units, 0)

    def check_party(self, facts: Facts, asked: Asked) -> list[Problem]:
        """Return why these persons or things can't be had whatever the date."""
        if self.is_by_item:
            return []
        if not asked.guests:
            return [Problem("nobody")]
        return check_ages(facts.min_age, facts.max_age, asked.guests)

    def check_day(self, facts: Facts, day: date) -> list[Problem]:
        """Return why nothing of it is sold on that day: out of its season, where it has one."""
        if facts.season_months and day.month not in facts.season_months:
            return [Problem("out_of_season")]
        return []

    def check_offer(self, facts: Facts, today: date) -> list[Problem]:
        """Return what an offer of that kind lacks before it can be published."""
        return []

    def check_slot(self, facts: Facts, day: date, minutes: int) -> list[Problem]:
        """Return why a slot may not be entered on that day for so many minutes."""
        return self.check_day(facts, day)
