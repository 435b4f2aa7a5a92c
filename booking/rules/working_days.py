"""Days on which offices work in France: Monday to Friday but for the eleven public holidays.

Code du travail L3133-1. Easter by the Gregorian computus (Butcher's form).
"""

from __future__ import annotations

from datetime import date, timedelta

FIXED = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
# Easter Monday, Ascension, Whit Monday.
AFTER_EASTER = (1, 39, 50)
SATURDAY = 5
ONE_DAY = timedelta(days=1)


def easter(year: int) -> date:
    """Return Easter Sunday of a year."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    l = (32 + 2 * e + 2 * i - h - k) % 7  # noqa: E741 - named as in the computus
    m = (a + 11 * h + 22 * l) // 451
    month, day = divmod(h + l - 7 * m + 114, 31)
    return date(year, month, day + 1)


def is_working_day(day: date) -> bool:
    """Tell whether offices work on a day."""
    if day.weekday() >= SATURDAY or (day.month, day.day) in FIXED:
        return False
    return (day - easter(day.year)).days not in AFTER_EASTER


def after_working_days(day: date, count: int) -> date:
    """Return the working day that comes `count` of them after a day; the day itself for none."""
    found = day
    for _step in range(count):
        found += ONE_DAY
        while not is_working_day(found):
            found += ONE_DAY
    return found
