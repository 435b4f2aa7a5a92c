"""How many households come back the next year, and how sure that is (features.md N08).

    rate(Y) = households with a stay in Y-1 and in Y ÷ households with a stay in Y-1

A stay is of the year in which its last day lies, as days are counted here: one over New Year is of
the new year. Households are told apart by what the office knows of people, never by a name alone.
Second homes and groups are apart: a household counts among each kind of stay that it had in Y-1,
and has come back whatever it came for in Y. The same for poles, languages and parties: who stayed
in two poles in Y-1 counts in both, and has come back if it came to the destination.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from booking.rules.satisfaction import SURE_95

FAMILY, SECOND_HOME, GROUP = "family", "second_home", "group"
KINDS = (FAMILY, SECOND_HOME, GROUP)
# By what figures are told apart; "all" has the one value "".
ALL, POLE, LANGUAGE, PARTY = "all", "pole", "language", "party"
WITH_CHILDREN, COUPLE, OTHER_PARTY = "with_children", "couple", "other"
PARTIES = (WITH_CHILDREN, COUPLE, OTHER_PARTY)
# Fewer households are no rate: one more would turn it over, and all of them may be known by name.
FEWEST = 5
REACHED, MISSED, OPEN = "reached", "missed", "open"
MOST_PERCENT = 100


class Cell(NamedTuple):
    """What a figure is about: a year, a kind of stay, and the value of one dimension."""

    year: int
    kind: str
    dimension: str = ALL
    value: str = ""


@dataclass(frozen=True)
class CountedStay:
    """A stay as it is counted; `household` is None where nobody knows whose it was."""

    household: int | None
    year: int
    kind: str
    poles: tuple[str, ...] = ()
    language: str = ""
    adults: int = 0
    children: int = 0


@dataclass(frozen=True)
class Tally:
    """Of one cell: households that stayed, those that stayed the next year; stays, those known."""

    households: int
    back: int
    stays: int
    known: int


@dataclass(frozen=True)
class Rate:
    """The rate of a year: numerator, denominator, and what is known of the stays of both years."""

    households: int
    back: int
    stays: int
    known: int

    @property
    def is_few(self) -> bool:
        """Whether there are too few households to say anything."""
        return self.households < FEWEST

    @property
    def share(self) -> Fraction | None:
        """Return the exact rate, 0 to 1; None for too few households."""
        return None if self.is_few else Fraction(self.back, self.households)

    @property
    def percent(self) -> int | None:
        """Return the rate in whole percent; None for too few households."""
        return None if self.is_few else rounded(self.back, self.households)

    @property
    def low(self) -> int | None:
        """Return the lower end of the interval, in whole percent."""
        return None if self.is_few else round(100 * wilson(self.back, self.households)[0])

    @property
    def high(self) -> int | None:
        """Return the upper end of the interval, in whole percent."""
        return None if self.is_few else round(100 * wilson(self.back, self.households)[1])

    @property
    def coverage(self) -> int | None:
        """Return of how many stays the household is known, in percent; None where there is none."""
        return rounded(self.known, self.stays) if self.stays else None

    def standing(self, target: int) -> str | None:
        """Return where the rate lies beside a target in percent, with 95 % certainty.

        OPEN as long as the interval holds the target; None for too few households.
        """
        if self.is_few:
            return None
        low, high = wilson(self.back, self.households)
        if low >= target / 100:
            return REACHED
        return MISSED if high < target / 100 else OPEN


def rounded(part: int, whole: int) -> int:
    """Return a share in whole percent, a half upwards; `whole` isn't 0."""
    return (200 * part + whole) // (2 * whole)


def wilson(successes: int, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share, each end 0 to 1; `count` isn't 0.

    E. B. Wilson, « Probable inference, the law of succession, and statistical inference », JASA 22
    (1927): unlike the usual one it holds for few households and for shares near 0 and 1.
    """
    share, square = successes / count, SURE_95**2
    middle = share + square / (2 * count)
    half = SURE_95 * math.sqrt(share * (1 - share) / count + square / (4 * count**2))
    scale = 1 + square / count
    # What is certain is said as such, whatever floating point makes of it.
    low = 0.0 if successes == 0 else max((middle - half) / scale, 0.0)
    high = 1.0 if successes == count else min((middle + half) / scale, 1.0)
    return low, high


def party_of(adults: int, children: int) -> str:
    """Return what sort of party it was; "" where nobody counted them."""
    if children:
        return WITH_CHILDREN
    if adults == 2:
        return COUPLE
    return OTHER_PARTY if adults else ""


def traits(stay: CountedStay) -> frozenset[tuple[str, str]]:
    """Return (dimension, value) of all that a stay counts for."""
    found = {(ALL, "")}
    found |= {(POLE, one) for one in stay.poles if one}
    if stay.language:
        found.add((LANGUAGE, stay.language))
    if party := party_of(stay.adults, stay.children):
        found.add((PARTY, party))
    return frozenset(found)


def tally(stays: Iterable[CountedStay]) -> dict[Cell, Tally]:
    """Count stays by cell; each household once a cell and year."""
    counted = list(stays)
    came = {(one.household, one.year) for one in counted if one.household is not None}
    households: dict[Cell, set[int]] = defaultdict(set)
    seen: dict[Cell, int] = defaultdict(int)
    known: dict[Cell, int] = defaultdict(int)
    for one in counted:
        for dimension, value in traits(one):
            cell = Cell(one.year, one.kind, dimension, value)
            seen[cell] += 1
            if one.household is not None:
                known[cell] += 1
                households[cell].add(one.household)
    return {
        cell: Tally(
            households=len(households[cell]),
            back=sum((one, cell.year + 1) in came for one in households[cell]),
            stays=count,
            known=known[cell],
        )
        for cell, count in seen.items()
    }


def rates(tallies: Mapping[Cell, Tally], *, until: int) -> dict[Cell, Rate]:
    """Return the rate of each year up to `until`, by cell; a year without stays before has none."""
    nothing = Tally(0, 0, 0, 0)
    found = {}
    for cell, before in tallies.items():
        year = cell.year + 1
        if year > until:
            continue
        cell_of_year = cell._replace(year=year)
        here = tallies.get(cell_of_year, nothing)
        found[cell_of_year] = Rate(
            households=before.households,
            back=before.back,
            stays=before.stays + here.stays,
            known=before.known + here.known,
        )
    return found
