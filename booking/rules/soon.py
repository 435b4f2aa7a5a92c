"""Times that are always to come: this week-end, the next one, a week from Saturday on."""

from __future__ import annotations

from datetime import date, timedelta

FRIDAY, SATURDAY = 4, 5
# « In the coming days »: this week, these weeks, this season.
SPANS = (7, 35, 120)
WEEK = timedelta(days=7)
WEEKEND, NEXT_WEEKEND, WEEK_FROM_SATURDAY = "weekend", "next-weekend", "week"
TIMES = (WEEKEND, NEXT_WEEKEND, WEEK_FROM_SATURDAY)


def time_to_come(name: str, today: date) -> tuple[date, date]:
    """Return arrival and departure of a time by its name; KeyError for another name.

    A week-end is two nights from Friday to Sunday; on Saturday its last night is left, and from
    Sunday on it is the one to come. A week goes from Saturday, today's if it is one, to Saturday.
    """
    friday = today + timedelta(days=(FRIDAY - today.weekday()) % 7)
    sunday = friday + timedelta(days=2)
    this = friday, sunday
    following = this
    if today.weekday() == SATURDAY:
        this = today, today + timedelta(days=1)
    else:
        following = friday + WEEK, sunday + WEEK
    saturday = today + timedelta(days=(SATURDAY - today.weekday()) % 7)
    times = {
        WEEKEND: this,
        NEXT_WEEKEND: following,
        WEEK_FROM_SATURDAY: (saturday, saturday + WEEK),
    }
    return times[name]
