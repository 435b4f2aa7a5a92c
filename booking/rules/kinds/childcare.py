"""Childcare for a few hours: so many children for each carer, never without an authorisation.

Stock is counted in units: a carer has 40, a child under 6 takes 8 of them and an older one 5, so
that 5 or 8 children fit, or any mixture (core.md 5, features.md N05, domain.md §3.4). These
figures are settings: what the law asks is for the office to confirm.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from booking.rules.kinds.base import PLACES, Asked, Facts, Kind, gettext_noop
from booking.rules.people import Guest, Problem

UNITS_OF_CARER = 40
SCHOOL_AGE = 6


@dataclass
class Ratio:
    """What a child takes of a carer's units by its age; the office settles it (`settings`)."""

    below_six: int = 8
    from_six: int = 5


# One for the whole process: what is stored is counted in units, whatever they were then.
RATIO = Ratio()


def weigh(below_six: int, from_six: int) -> None:
    """Settle what a child takes; raises ValueError where a carer could then mind none, or all."""
    for units in (below_six, from_six):
        if not 1 <= units <= UNITS_OF_CARER:
            msg = f"a child takes 1 to {UNITS_OF_CARER} units of a carer, not {units}"
            raise ValueError(msg)
    RATIO.below_six, RATIO.from_six = below_six, from_six


def units_of(guest: Guest) -> int:
    """Return what one child takes of a carer's units."""
    return RATIO.below_six if guest.is_below(SCHOOL_AGE) else RATIO.from_six


@dataclass(frozen=True)
class Childcare(Kind):
    """Hours in which children are looked after while their parents are elsewhere."""

    def needs(self, asked: Asked) -> dict[str, int]:
        """Return the units that these children take."""
        return {PLACES: sum(units_of(guest) for guest in asked.guests)}

    def places_left(self, free_units: int, guests: Sequence[Guest]) -> int:
        """Return how many more children fit, counted as the youngest of those asked for."""
        each = max((units_of(guest) for guest in guests), default=RATIO.below_six)
        return max(free_units, 0) // each

    def check_party(self, facts: Facts, asked: Asked) -> list[Problem]:
        """Refuse grown-ups and ages that the authorisation doesn't cover."""
        if any(guest.is_adult for guest in asked.guests):
            return [Problem("only_children")]
        return super().check_party(facts, asked)

    def check_day(self, facts: Facts, day: date) -> list[Problem]:
        """Refuse a day that the authorisation doesn't reach: nothing is sold without one."""
        if facts.permit is None or facts.permit.valid_until < day:
            return [Problem("permit_expired")]
        return super().check_day(facts, day)

    def check_offer(self, facts: Facts, today: date) -> list[Problem]:
        """Refuse an offer without the declared regime, or without the ages that it covers."""
        problems = []
        if facts.permit is None or not facts.permit.number:
            problems.append(Problem("permit_missing"))
        elif facts.permit.valid_until < today:
            problems.append(Problem("permit_expired"))
        if facts.min_age is None or facts.max_age is None:
            problems.append(Problem("ages_of_care_missing"))
        return problems

    def check_slot(self, facts: Facts, day: date, minutes: int) -> list[Problem]:
        """Refuse more hours at a stretch than are allowed, five unless the office says so."""
        problems = super().check_slot(facts, day, minutes)
        if minutes > facts.longest_hours * 60:
            problems.append(Problem("care_too_long", {"hours": facts.longest_hours}))
        return problems


CHILDCARE = Childcare(
    code="childcare",
    label=gettext_noop("childcare"),
    plural=gettext_noop("Childcare"),
    icon="baby",
    reads_needs=True,
    capacity_label=gettext_noop("Carers"),
    units_per_entry=UNITS_OF_CARER,
    needs_permit=True,
    needs_care_sheet=True,
    is_proposed=False,
    minds_children=True,
    gone_code="care_full",
    partly_gone_code="care_partly_full",
)
