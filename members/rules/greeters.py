"""Greeters: what they may say of themselves, and which of them suit whom (features.md 1.14, N12).

Pure: rows become `Candidate`, a visitor's wishes become `Wish`. A greeter is a volunteer of age who
walks with six persons at most, infants counted, for nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

LANGUAGES = ("fr", "en", "de", "es", "it", "nl")
INTERESTS = (
    *("stones", "lace", "walks", "volcanoes", "kitchen", "gardens"),
    *("music", "crafts", "memory", "farming", "children", "photography"),
)
MOST_PEOPLE = 6
OF_AGE = 18
# Below that age nobody says yes alone to what is kept of them (data protection law, art. 45).
ASKS_ALONE = 15
MOST_A_MONTH = 8
# What waits of one request at once: enough that one says yes, few enough that most aren't let down.
MOST_ASKED = 4

Month = tuple[int, int]


@dataclass(frozen=True)
class Candidate:
    """One greeter who is open: what they speak and like, when they can, how much they do."""

    key: int
    languages: frozenset[str]
    interests: frozenset[str]
    # Of 0 (Monday) to 6.
    weekdays: frozenset[int]
    most_people: int
    monthly_most: int
    is_step_free: bool = False
    pole: str = ""
    away_from: date | None = None
    away_until: date | None = None
    # Days on which they meet somebody already; they count for their months.
    met: frozenset[date] = frozenset()
    last_asked: datetime | None = None

    def is_away(self, day: date) -> bool:
        """Whether they said that they are away on a day; both ends are days of absence."""
        if self.away_from is None and self.away_until is None:
            return False
        begun = self.away_from is None or self.away_from <= day
        return begun and (self.away_until is None or day <= self.away_until)

    @property
    def months(self) -> Mapping[Month, int]:
        """Return how many meetings each month has already."""
        return Counter((day.year, day.month) for day in self.met)


@dataclass(frozen=True)
class Wish:
    """What a visitor asks for: days, party, languages, what they like."""

    days: tuple[date, ...]
    size: int
    languages: frozenset[str]
    interests: frozenset[str] = frozenset()
    needs_step_free: bool = False
    pole: str = ""
    # Greeters who are asked already, or who said no.
    not_again: frozenset[int] = field(default_factory=frozenset)


def days_of(first: date, last: date) -> tuple[date, ...]:
    """Return every day from the first to the last one, both in."""
    return tuple(first + timedelta(days=n) for n in range((last - first).days + 1))


def is_possible(day: date, one: Candidate) -> bool:
    """Tell whether a greeter can still meet somebody on a day."""
    return (
        day.weekday() in one.weekdays
        and not one.is_away(day)
        and day not in one.met
        and one.months.get((day.year, day.month), 0) < one.monthly_most
    )


def possible_days(wish: Wish, one: Candidate) -> tuple[date, ...]:
    """Return the days of a wish on which a greeter can, in order."""
    return tuple(day for day in wish.days if is_possible(day, one))


def suits(wish: Wish, one: Candidate) -> bool:
    """Tell whether a greeter may be asked: a common language, room for all, a day at least."""
    return (
        one.key not in wish.not_again
        and bool(wish.languages & one.languages)
        and 1 <= wish.size <= min(one.most_people, MOST_PEOPLE)
        and (one.is_step_free or not wish.needs_step_free)
        and bool(possible_days(wish, one))
    )


def best(wish: Wish, candidates: Iterable[Candidate], *, most: int = MOST_ASKED) -> list[int]:
    """Return the keys of those who are asked, the best first, `most` of them at most.

    More common interests first, then the pole that was wished, then who was asked the longest ago
    (who never was, first), so that everybody has a turn. The key ends ties: the same rows give the
    same answer.
    """
    fitting = [one for one in candidates if suits(wish, one)]
    fitting.sort(
        key=lambda one: (
            -len(wish.interests & one.interests),
            bool(wish.pole) and one.pole != wish.pole,
            one.last_asked is not None,
            one.last_asked.timestamp() if one.last_asked else 0.0,
            one.key,
        )
    )
    return [one.key for one in fitting[:most]]


def age_on(born: date, day: date) -> int:
    """Return how old somebody is on a day; born on 29 February, a year older on 1 March."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
