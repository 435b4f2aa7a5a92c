"""Which face the destination shows on a day."""

from __future__ import annotations

from datetime import date

SUMMER = "summer"
WINTER = "winter"
# The winter face: from mid November to the end of March.
WINTER_DAYS = ((11, 15), (3, 31))


def season_of(day: date) -> str:
    """Return which face the destination shows on a day: `summer` or `winter`."""
    first, last = WINTER_DAYS
    is_winter = (day.month, day.day) >= first or (day.month, day.day) <= last
    return WINTER if is_winter else SUMMER
