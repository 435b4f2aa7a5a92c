"""Childcare for a few hours: so many children for each carer, never without an authorisation.

Stock is counted in units of a carer, who has 840 of them: one to eight children share them without
a rest, and so do ten, twelve or fourteen. A child under 6 takes a fifth and an older one an eighth,
so that 5 or 8 fit, or any mixture (core.md 5, features.md N05, domain.md §3.4). These figures are
settings, in fortieths: what the law asks is for the office to confirm. An authorisation may have
its own. Why 840: oti/decisions/0022-childcare-ratios.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from booking.rules.kinds.base import PLACES, Asked, Facts, Kind, gettext_noop
from booking.rules.people import Guest, Problem

UNITS_OF_CARER = 840
# The settings count in these parts of a carer.
FORTIETHS = 40
FORTIETH = UNITS_OF_CARER // FORTIETHS
SCHOOL_AGE = 6
# How many children an authorisation may leave to one carer: each divides a carer's units.
CHILDREN = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14)


@dataclass
class Ratio:
    """What a child takes of a carer's units by its age; the office settles it (`settings`)."""

    below_six: int = 8 * FORTIETH
    from_six: int = 5 * FORTIETH


# One for the whole process: what is stored is counted in units, whatever they were then.
RATIO = Ratio()


def weigh(below_six: int, from_six: int) -> None:
    """Settle what a child takes, in fortieths of a carer.

    Raises ValueError where a carer could then mind none, or all.
    """
    for units in (below_six, from_six):
        if not 1 <= units <= FORTIETHS:
            msg = f"a child takes 1 to {FORTIETHS} units of a carer, not {units}"
            raise ValueError(msg)
    RATIO.below_six, RATIO.from_six = below_six * FORTIETH, from_six * FORTIETH


def children_by_default() -> tuple[int, int]:
    """Return how many children one carer may mind without an own ratio: under 6, from 6 on."""
    return UNITS_OF_CARER // RATIO.below_six, UNITS_OF_CARER // RATIO.from_six


def weight_of(children: int) -> int:
    """Return the units of each of so many children for one carer: of one more, never room."""
    return -(-UNITS_OF_CARER // children)


def ratio_of(below_six: int | None, from_six: int | None) -> Ratio:
    """Return what a child takes where so many may be with one carer; None: by default."""
    return Ratio(
        weight_of(below_six) if below_six else RATIO.below_six,
        weight_of(from_six) if from_six else RATIO.from_six,
    )


def units_of(guest: Guest, ratio: Ratio | None = None) -> int:
    """Return what one child takes of a carer's units."""
    shared = ratio or RATIO
    return shared.below_six if guest.is_below(SCHOOL_AGE) else shared.from_six


def is_stricter(new: Ratio, old: Ratio) -> bool:
    """Tell whether fewer children may be with one carer than before, of either age."""
    return new.below_six > old.below_six or new.from_six > old.from_six


@dataclass(frozen=True)
class Childcare(Kind):
    """Hours in which children are looked after while their parents are elsewhere."""

    # That of an authorisation; None: the settings'.
    ratio: Ratio | None = None

    def with_children(self, below_six: int | None, from_six: int | None) -> Childcare:
        """Return it with the ratio of an authorisation: so many children for one carer."""
        if below_six is None and from_six is None:
            return self
        return replace(self, ratio=ratio_of(below_six, from_six))

    def needs(self, asked: Asked) -> dict[str, int]:
        """Return the units that these children take."""
        return {PLACES: sum(units_of(guest, self.ratio) for guest in asked.guests)}

    def places_left(self, free_units: int, guests: Sequence[Guest]) -> int:
        """Return how many more children fit, counted as the youngest of those asked for.

        As those who take most, where nobody is asked for.
        """
        ratio = self.ratio or RATIO
        each = max(
            (units_of(guest, ratio) for guest in guests),
            default=max(ratio.below_six, ratio.from_six),
        )
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
