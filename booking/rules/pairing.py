"""A moment of two grown-ups and the hours in which their children are looked after meanwhile.

They drop the children off once the carer is there, drive to the moment, and are back before the
carer leaves (features.md N05, N02). Moments are aware, minutes whole.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from booking.rules.composing import BUFFER_MINUTES, Position, minutes_between
from booking.rules.moments import absolute


@dataclass(frozen=True)
class Hours:
    """Something between two aware moments, and where it is, None where nobody knows."""

    starts_at: datetime
    ends_at: datetime
    position: Position | None = None


@dataclass(frozen=True)
class Fit:
    """How hours of childcare suit a moment: the way between both, and the minutes that lack."""

    minutes: int
    lacking_before: int
    lacking_after: int

    @property
    def is_enough(self) -> bool:
        """Whether there is time for the whole moment and for both ways."""
        return not self.lacking_before and not self.lacking_after


def way_between(care: Hours, moment: Hours) -> int:
    """Return the minutes of one way, with those to leave and to park; 0 in one place."""
    minutes = minutes_between(care.position, moment.position)
    return minutes + BUFFER_MINUTES if minutes else 0


def fit_of(care: Hours, moment: Hours) -> Fit:
    """Return how many minutes lack between the drop-off and the moment, and on the way back."""
    minutes = way_between(care, moment)
    way = timedelta(minutes=minutes)
    before = absolute(care.starts_at) + way - absolute(moment.starts_at)
    after = absolute(moment.ends_at) + way - absolute(care.ends_at)
    return Fit(minutes, _lacking(before), _lacking(after))


def are_together(care: Hours, moment: Hours) -> bool:
    """Tell whether both share some time: the carer is there during a part of the moment."""
    return absolute(care.starts_at) < absolute(moment.ends_at) and absolute(
        moment.starts_at
    ) < absolute(care.ends_at)


def _lacking(time: timedelta) -> int:
    return max(0, math.ceil(time / timedelta(minutes=1)))
