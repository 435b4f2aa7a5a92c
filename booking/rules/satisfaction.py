"""What answers of guests amount to: who recommends, who doesn't, how sure a figure is.

The net promoter score: 9 and 10 promote, 0 to 6 detract, the score is the difference of their
shares in points, -100 to 100.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

MOST_RECOMMEND = 10
PROMOTES_FROM = 9
DETRACTS_UNTIL = 6
BEST_SCORE = 5
# Fewer answers are no figure: one guest more would turn it over (features.md L05, small n).
FEWEST_ANSWERS = 5
# Fewer reviews show no average: one guest would be the rating of a house.
FEWEST_REVIEWS = 3
# Of a normal distribution, 95 % lie within that many deviations.
SURE_95 = 1.96


def is_detractor(recommend: int) -> bool:
    """Tell whether a guest who gave that much (0 to 10) is lost unless somebody calls."""
    return recommend <= DETRACTS_UNTIL


@dataclass(frozen=True)
class Recommendation:
    """How many were asked, answered, promote and detract."""

    asked: int
    answered: int
    promoters: int
    detractors: int

    @property
    def passives(self) -> int:
        """Return how many neither promote nor detract."""
        return self.answered - self.promoters - self.detractors

    @property
    def response_percent(self) -> int | None:
        """Return the share that answered, in percent; None where nobody was asked."""
        return round(100 * self.answered / self.asked) if self.asked else None

    @property
    def score(self) -> int | None:
        """Return the net promoter score, -100 to 100; None for too few answers to say one."""
        if self.answered < FEWEST_ANSWERS:
            return None
        return round(100 * (self.promoters - self.detractors) / self.answered)

    @property
    def margin(self) -> int | None:
        """Return how far, in points, the score may be off (95 %); None where there is none.

        The answers are +1, 0 and -1: the deviation of their mean.
        """
        if self.answered < FEWEST_ANSWERS:
            return None
        mean = (self.promoters - self.detractors) / self.answered
        variance = (self.promoters + self.detractors) / self.answered - mean**2
        return round(100 * SURE_95 * math.sqrt(max(variance, 0) / self.answered))

    @property
    def lowest(self) -> int | None:
        """Return the lower end of the interval."""
        if self.score is None or self.margin is None:
            return None
        return max(self.score - self.margin, -100)

    @property
    def highest(self) -> int | None:
        """Return the upper end of the interval."""
        if self.score is None or self.margin is None:
            return None
        return min(self.score + self.margin, 100)

    def plus(self, other: Recommendation) -> Recommendation:
        """Return both together."""
        return Recommendation(
            self.asked + other.asked,
            self.answered + other.answered,
            self.promoters + other.promoters,
            self.detractors + other.detractors,
        )


def recommendation(values: Iterable[int | None]) -> Recommendation:
    """Count what surveys were answered; None stands for one that wasn't."""
    asked = list(values)
    given = [one for one in asked if one is not None]
    return Recommendation(
        asked=len(asked),
        answered=len(given),
        promoters=sum(one >= PROMOTES_FROM for one in given),
        detractors=sum(is_detractor(one) for one in given),
    )
