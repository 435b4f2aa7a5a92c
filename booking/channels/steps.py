"""How much work one file may make, counted in steps and not in seconds: the same everywhere."""

from __future__ import annotations

# A day that is looked at for a rule, a change of a clock. Twenty weekly events over six years take
# a quarter of them.
MOST_STEPS = 300_000


class TooOften(Exception):
    """It repeats more often, or for longer, than nights can."""


class Steps:
    """The steps that are left for one file."""

    def __init__(self, most: int | None = None) -> None:
        self.left = MOST_STEPS if most is None else most

    def spend(self, count: int = 1) -> None:
        """Take steps; raises TooOften when there are no more."""
        self.left -= count
        if self.left < 0:
            raise TooOften
