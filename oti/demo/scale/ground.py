"""How large a destination is wanted, and what all its parts stand on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings

# More would be another shape of machine, or a slip of the finger.
MOST = 200_000


class ScaleError(Exception):
    """It can't be loaded here; the message is for people."""


@dataclass(frozen=True)
class Scale:
    """How large: units, things to do, days from today on, and the share that is taken."""

    lodgings: int
    activities: int
    horizon: int
    sold_share: float
    seed: int

    def check(self) -> None:
        """Raise ScaleError for a size that makes no sense."""
        if not 1 <= self.lodgings <= MOST or not 0 <= self.activities <= MOST:
            msg = f"--lodgings is 1 to {MOST}, --activities 0 to {MOST}."
            raise ScaleError(msg)
        if not 7 <= self.horizon <= settings.SEARCH_HORIZON_DAYS:
            msg = (
                f"--horizon is 7 to {settings.SEARCH_HORIZON_DAYS} days: searching goes no "
                "further (SEARCH_HORIZON_DAYS)."
            )
            raise ScaleError(msg)
        if not 0 <= self.sold_share <= 0.95:
            msg = "--sold-share is a part of one, 0 to 0.95."
            raise ScaleError(msg)
        if not 0 <= self.seed < 10**6:
            msg = "--seed is 0 to 999999."
            raise ScaleError(msg)


@dataclass(frozen=True)
class Ground:
    """What the rows stand on: the policy, the days `[first, last]` and the moment."""

    policy_id: int
    first_day: date
    last_day: date
    now: datetime
