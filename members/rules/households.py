"""Who may belong to a household, and what two of its stays may be to each other: pure."""

from __future__ import annotations

from datetime import date

# Their own consent from that age on (domain.md §8.1; L. 78-17 art. 45): no account below it.
FEWEST_YEARS = 15
MOST_YEARS = 120
# A stay that lasts longer is a move.
MOST_NIGHTS = 366


def age_on(born_on: date, day: date) -> int:
    """Return an age in whole years; who is born on 29 February has aged on 1 March."""
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))


def is_old_enough(born_on: date, today: date) -> bool:
    """Tell whether somebody may have an account of their own."""
    return age_on(born_on, today) >= FEWEST_YEARS


def can_be_a_birthday(born_on: date, today: date) -> bool:
    """Tell whether somebody who types it can have been born on that day."""
    return born_on <= today and age_on(born_on, today) <= MOST_YEARS


def last_left_on(stays: list[tuple[date, date | None]], today: date) -> date | None:
    """Return the day on which they last left, before the stay that they may be in; None if never.

    `stays` are `[arrival, departure)`. What is new since then is new to them, also while they are
    here: the stay under way doesn't hide it (features.md N13).
    """
    ended = [
        departure for _arrival, departure in stays if departure is not None and departure <= today
    ]
    return max(ended, default=None)


def next_stay(
    stays: list[tuple[date, date | None]], today: date
) -> tuple[date, date | None] | None:
    """Return the stay that they are in, else the next one to come; None without any."""
    left = [one for one in stays if one[1] is None or one[1] > today]
    return min(left, key=lambda one: one[0], default=None)
