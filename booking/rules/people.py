"""Who comes: guests, parties, what a unit can hold and which ages an activity takes.

It decides whether a party fits; it never knows a price, a date or a language.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

ADULT_AGE = 18


@dataclass(frozen=True)
class Problem:
    """One reason why something cannot be, free of language: a stable code and its figures."""

    code: str
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Guest:
    """One person, with the age in whole years on the day of arrival (core.md 7).

    No age means an adult who gave none.
    """

    age: int | None = None

    @property
    def is_adult(self) -> bool:
        """Tell whether the guest is 18 or more on the day of arrival."""
        return self.age is None or self.age >= ADULT_AGE

    def is_below(self, age: int) -> bool:
        """Tell whether the guest is known to be younger than `age`."""
        return self.age is not None and self.age < age


@dataclass(frozen=True)
class Occupancy:
    """What one unit holds (features.md A02).

    `max_infants` is the number of cots: an infant in a cot counts neither as a child nor as a
    guest; an infant without one takes a child's place.
    """

    max_adults: int
    max_children: int
    max_guests: int
    max_infants: int
    infant_below_age: int = 2


def check_occupancy(occupancy: Occupancy, guests: Iterable[Guest]) -> list[Problem]:
    """Return every reason why these guests do not fit, an empty list when they do.

    Codes: `no_adult`, `too_many_adults`, `too_many_children`, `too_many_guests`, each with
    `max` and `asked`. Source: features.md A02.
    """
    party = tuple(guests)
    adults = sum(guest.is_adult for guest in party)
    infants = sum(guest.is_below(occupancy.infant_below_age) for guest in party)
    in_cots = min(infants, occupancy.max_infants)
    children = len(party) - adults - in_cots
    problems = []
    if adults == 0:
        problems.append(Problem("no_adult", {"max": occupancy.max_adults, "asked": 0}))
    for code, maximum, asked in (
        ("too_many_adults", occupancy.max_adults, adults),
        ("too_many_children", occupancy.max_children, children),
        ("too_many_guests", occupancy.max_guests, adults + children),
    ):
        if asked > maximum:
            problems.append(Problem(code, {"max": maximum, "asked": asked}))
    return problems


def check_ages(min_age: int | None, max_age: int | None, guests: Iterable[Guest]) -> list[Problem]:
    """Return one `age_mismatch` with every age outside `[min_age, max_age]`, both inclusive.

    An adult without an age is known to be 18 or more and no better: refused where the maximum
    is below 18 or the minimum above it. `ages` then holds None for that guest.
    """
    ages = [guest.age for guest in guests if not _is_age_within(min_age, max_age, guest.age)]
    if not ages:
        return []
    return [Problem("age_mismatch", {"ages": ages, "min": min_age, "max": max_age})]


def _is_age_within(min_age: int | None, max_age: int | None, age: int | None) -> bool:
    known = ADULT_AGE if age is None else age
    return (min_age is None or known >= min_age) and (max_age is None or known <= max_age)
