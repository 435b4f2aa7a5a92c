"""Letters around a stay, as data: when each is due, until when it helps, and who gets none (L04).

Pure. A letter is relational (part of the stay, nothing for sale) or commercial: the latter needs
the address's consent or its soft opt-in (domain.md §8.1), which is asked elsewhere. Each is decided
once for an order, whatever comes of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class Purpose(StrEnum):
    """Why a letter is written."""

    RELATIONAL = "relational"
    COMMERCIAL = "commercial"


class Anchor(StrEnum):
    """From which day of the stay a letter is reckoned."""

    FIRST_DAY = "first_day"
    FIRST_NIGHT = "first_night"
    LAST_DAY = "last_day"
    # The same day of the next year.
    YEAR_AFTER = "year_after"
    # The beginning of the season that the stay did not see.
    OTHER_SEASON = "other_season"


class Outcome(StrEnum):
    """What was decided of a letter: written, or why it never will be."""

    WRITTEN = "written"
    BOOKED_LATE = "booked_late"
    NO_LONG_STAY = "no_long_stay"
    TROUBLED = "troubled"
    COMING_BACK = "coming_back"
    NO_CONSENT = "no_consent"
    SAME_PERSON = "same_person"
    AT_THE_CAP = "at_the_cap"


@dataclass(frozen=True)
class Rule:
    """One letter: `days` after its anchor (before it, if negative), and `late` days at most."""

    name: str
    purpose: Purpose
    anchor: Anchor
    days: int
    late: int

    @property
    def is_commercial(self) -> bool:
        """Whether it needs a yes, or the soft opt-in, of its reader."""
        return self.purpose is Purpose.COMMERCIAL


PREPARE = Rule("prepare", Purpose.RELATIONAL, Anchor.FIRST_DAY, -14, late=7)
DURING = Rule("during", Purpose.RELATIONAL, Anchor.FIRST_NIGHT, 1, late=1)
# Thanks and the survey, named here for whoever reads the whole; `relations.surveys_sent` writes it.
AFTER = Rule("after", Purpose.RELATIONAL, Anchor.LAST_DAY, 2, late=21)
ANNIVERSARY = Rule("anniversary", Purpose.COMMERCIAL, Anchor.YEAR_AFTER, 0, late=14)
NEXT_SEASON = Rule("next_season", Purpose.COMMERCIAL, Anchor.OTHER_SEASON, 0, late=30)
# What is part of a stay goes first: one letter a person and day.
WRITTEN_HERE = (PREPARE, DURING, ANNIVERSARY, NEXT_SEASON)
RULES = (PREPARE, DURING, AFTER, ANNIVERSARY, NEXT_SEASON)
BY_NAME: Mapping[str, Rule] = {one.name: one for one in RULES}

# Who was here so lately needs no memory of another stay.
BACK_WITHIN = timedelta(days=60)
# Stays that end from April to October saw the summer; the others saw the snow.
SUMMER = range(4, 11)
SNOW_FROM, SUMMER_FROM = (11, 15), (5, 1)


@dataclass(frozen=True)
class Stay:
    """What is known of an order's stay; days in Paris, `last_morning` that of the last bed."""

    booked_on: date
    first_day: date
    last_day: date
    first_night: date | None = None
    last_morning: date | None = None
    # Something of it was cancelled or given back.
    is_troubled: bool = False
    # Its host noted that nobody came.
    is_no_show: bool = False


def year_after(day: date) -> date:
    """Return the same day of the next year; 28 February for the 29th."""
    return _in_year(day, day.year + 1)


def saw_summer(day: date) -> bool:
    """Tell whether a stay that ended on a day was a stay of summer."""
    return day.month in SUMMER


def due_on(rule: Rule, stay: Stay) -> date | None:
    """Return the day from which a letter is due, None where it has no reason to be."""
    anchor = _anchor(rule, stay)
    return None if anchor is None else anchor + timedelta(days=rule.days)


def is_due(rule: Rule, stay: Stay, *, today: date) -> bool:
    """Tell whether a letter is to be decided today: from its day on, and not too late."""
    due = due_on(rule, stay)
    return due is not None and due <= today <= due + timedelta(days=rule.late)


def why_not(rule: Rule, stay: Stay, *, today: date) -> Outcome | None:
    """Return why the stay itself gets no such letter, None where it does.

    Who booked on the day it was due, or later, has just had its confirmation; one night is over
    before anybody asks; whose stay went wrong isn't invited to remember it.
    """
    due = due_on(rule, stay)
    if stay.is_no_show:
        return Outcome.TROUBLED
    if rule is PREPARE and due is not None and stay.booked_on >= due:
        return Outcome.BOOKED_LATE
    if rule is DURING and (stay.last_morning is None or stay.last_morning <= today):
        return Outcome.NO_LONG_STAY
    if rule.is_commercial and stay.is_troubled:
        return Outcome.TROUBLED
    return None


def window(rule: Rule, *, today: date) -> tuple[date, date] | None:
    """Return the first and last day on which the stays begin (or end) whose letter is due today.

    Of the first day for PREPARE and ANNIVERSARY, of the first night for DURING, of the last day
    for the others; None on a day when nobody's is due.
    """
    if rule.anchor is Anchor.OTHER_SEASON:
        return _season_over(today, late=rule.late)
    last, first = today - timedelta(days=rule.days), today - timedelta(days=rule.days + rule.late)
    if rule.anchor is Anchor.YEAR_AFTER:
        return _in_year(first, first.year - 1), _year_before(last)
    return first, last


def _anchor(rule: Rule, stay: Stay) -> date | None:
    match rule.anchor:
        case Anchor.FIRST_DAY:
            return stay.first_day
        case Anchor.FIRST_NIGHT:
            return stay.first_night
        case Anchor.LAST_DAY:
            return stay.last_day
        case Anchor.YEAR_AFTER:
            return year_after(stay.first_day)
        case Anchor.OTHER_SEASON:
            return _other_season(stay.last_day)


def _other_season(last_day: date) -> date:
    month, day = SNOW_FROM if saw_summer(last_day) else SUMMER_FROM
    found = date(last_day.year, month, day)
    # November and December: the summer is that of the next year.
    return found if found > last_day else _in_year(found, found.year + 1)


def _season_over(today: date, *, late: int) -> tuple[date, date] | None:
    for month, day in (SNOW_FROM, SUMMER_FROM):
        begins = date(today.year, month, day)
        if begins <= today <= begins + timedelta(days=late):
            if (month, day) == SNOW_FROM:
                return date(today.year, SUMMER[0], 1), date(today.year, SUMMER[-1], 31)
            return date(today.year - 1, SUMMER[-1] + 1, 1), date(today.year, SUMMER[0] - 1, 31)
    return None


def _year_before(day: date) -> date:
    """Return the last day whose anniversary is no later than a day."""
    found = _in_year(day, day.year - 1)
    after = found + timedelta(days=1)
    return after if year_after(after) <= day else found


def _in_year(day: date, year: int) -> date:
    return day.replace(year=year, day=28 if (day.month, day.day) == (2, 29) else day.day)
