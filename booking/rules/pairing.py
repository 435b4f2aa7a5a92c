"""A moment of two grown-ups and the hours in which their children are looked after meanwhile.

They drop the children off once the carer is there, go to the moment, and are back before the
carer leaves (features.md N05, N02): by car, or on foot where they come without one, since nobody
here knows of a bus (N03). Moments are aware, minutes whole.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from booking.rules.composing import (
    BUFFER_MINUTES,
    DETOUR,
    Position,
    km_between,
    minutes_between,
)
from booking.rules.moments import absolute

# As far as grown-ups walk, one way, and how fast (features.md N03: two kilometres).
FARTHEST_WALK_KM = 2.0
WALKED_AN_HOUR = 4


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
    # Without a car: farther than anybody walks there and back.
    is_too_far: bool = False

    @property
    def is_enough(self) -> bool:
        """Whether there is time for the whole moment and for both ways, and a way at all."""
        return not (self.lacking_before or self.lacking_after or self.is_too_far)


def way_between(care: Hours, moment: Hours) -> int:
    """Return the minutes of one way, with those to leave and to park; 0 in one place."""
    minutes = minutes_between(care.position, moment.position)
    return minutes + BUFFER_MINUTES if minutes else 0


def walk_between(care: Hours, moment: Hours) -> int | None:
    """Return the minutes of one way on foot, 0 if unknown; None where it is too far to walk."""
    if care.position is None or moment.position is None:
        return 0
    km = km_between(care.position, moment.position) * DETOUR
    return math.ceil(km / WALKED_AN_HOUR * 60) if km <= FARTHEST_WALK_KM else None


def fit_of(care: Hours, moment: Hours, *, on_foot: bool = False) -> Fit:
    """Return how many minutes lack between the drop-off and the moment, and on the way back."""
    minutes = walk_between(care, moment) if on_foot else way_between(care, moment)
    if minutes is None:
        return Fit(0, 0, 0, is_too_far=True)
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
