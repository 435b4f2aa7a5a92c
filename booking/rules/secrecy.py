"""What may be told of several houses without telling of one of them (features.md P05, ux.md 2.2).

Only one figure is ever told: the middle of their percentages. It is told where at least five
houses that aren't the reader's own stand behind it, and none of them makes more than 85 % of what
is counted. Neither a sum, nor a count of houses, nor a mean is told: there is nothing to subtract.

**No leak by difference.** Each house is rounded to five points *before* the middle is taken, so
that every figure told is made of rounded ones alone. Whoever compares any number of figures (two
periods, a month with its year, the pole before and after a house joined) combines the same
rounded values: nobody is ever known closer than five points. The middle is one of them and no
mean, so that an extreme house moves it no further than to its neighbour. The sets are fixed (pole,
family of offers, whole months, seasons or years): a reader can't choose one around a house.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

FEWEST_HOUSES = 5
MOST_PERCENT_OF_ONE = 85
STEP = 5


@dataclass(frozen=True)
class Share:
    """What one house had open and how much of it was taken."""

    house: int
    open: int
    taken: int


def rounded_percent(taken: int, open_count: int) -> int:
    """Return a share in percent to the nearest five points, half up; `open_count` isn't 0."""
    return (200 * taken + STEP * open_count) // (2 * STEP * open_count) * STEP


def may_tell(shares: Iterable[Share]) -> bool:
    """Tell whether something may be told of these houses together: enough, and none too large."""
    counted = [one for one in shares if one.open > 0]
    return (
        len({one.house for one in counted}) >= FEWEST_HOUSES
        and not _is_dominated([one.open for one in counted])
        and not _is_dominated([one.taken for one in counted])
    )


def middle_percent(shares: Iterable[Share], own: Collection[int]) -> int | None:
    """Return the middle of the houses' percentages, None where it may not be told.

    `own` are the reader's houses: they are counted, as for everybody, but neither they nor the
    others alone may break the rule: the reader knows its own and could take them away.
    """
    counted = [one for one in shares if one.open > 0]
    others = [one for one in counted if one.house not in own]
    if not may_tell(counted) or not may_tell(others):
        return None
    percents = sorted(rounded_percent(one.taken, one.open) for one in counted)
    return percents[(len(percents) - 1) // 2]


def _is_dominated(amounts: Collection[int]) -> bool:
    total = sum(amounts)
    return total > 0 and max(amounts) * 100 > total * MOST_PERCENT_OF_ONE
