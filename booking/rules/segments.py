"""Whom a campaign is for: a description, and what each part of it means. Pure rules (L03).

Stays are described together: « a family, in summer, in the Mézenc » is one stay that was all three.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from math import asin, cos, radians, sin, sqrt
from typing import Any, Final

from booking.rules.departments import PREFECTURES
from booking.rules.periods import ORDER as SEASON_ORDER
from booking.rules.periods import SEASONS

SOLO, COUPLE, FRIENDS, FAMILY, GROUP = "solo", "couple", "friends", "family", "group"
PARTIES = (SOLO, COUPLE, FRIENDS, FAMILY, GROUP)
# Kilometres as the crow flies from Le Puy-en-Velay to the prefecture of their department.
NEAR, REGION, FAR, FARTHER, ABROAD = "near", "region", "far", "farther", "abroad"
BANDS: Mapping[str, tuple[int, int]] = {
    NEAR: (0, 120),
    REGION: (120, 250),
    FAR: (250, 450),
    FARTHER: (450, 100_000),
}
PLACES = (*BANDS, ABROAD)
LE_PUY = (45.043, 3.885)
EARTH_KM = 6371.0
WITH, WITHOUT = "with", "without"
MOST_STAYS = 1000
OVERSEAS: Final = ("97", "98")
POSTCODE = re.compile(r"\d{5}")


@dataclass(frozen=True)
class Segment:
    """Who is meant; an empty part asks for nothing, and an empty segment is everybody known.

    `last_since` and `last_until` bound the last day of the last stay, both included; `stays_least`
    and `stays_most` how many stays took place. `second_homes` is « with » (only families with a
    second home here), « without », or "".
    """

    seasons: tuple[str, ...] = ()
    parties: tuple[str, ...] = ()
    poles: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    last_since: date | None = None
    last_until: date | None = None
    stays_least: int | None = None
    stays_most: int | None = None
    second_homes: str = ""

    @property
    def asks_of_one_stay(self) -> bool:
        """Whether one stay must be like something."""
        return bool(self.seasons or self.parties or self.poles or self.kinds)

    @property
    def asks_of_stays(self) -> bool:
        """Whether it takes the stays of a person to tell."""
        numbers = (self.last_since, self.last_until, self.stays_least, self.stays_most)
        is_counted = any(one is not None for one in numbers)
        return self.asks_of_one_stay or is_counted or bool(self.second_homes)

    @property
    def asks_of_guests(self) -> bool:
        """Whether only people who stayed, or have a house here, can be meant.

        Else those who only asked for the letter are meant too.
        """
        stays = (self.last_since, self.last_until, self.stays_least, self.stays_most)
        return (
            self.asks_of_one_stay
            or any(one is not None for one in stays)
            or bool(self.places or self.second_homes == WITH)
        )

    @property
    def days_cross(self) -> bool:
        """Whether the last stay can't lie between the two days."""
        since, until = self.last_since, self.last_until
        return since is not None and until is not None and since > until

    @property
    def stays_cross(self) -> bool:
        """Whether no number of stays lies between the two numbers."""
        least, most = self.stays_least, self.stays_most
        return least is not None and most is not None and least > most

    @property
    def months(self) -> tuple[int, ...]:
        """Return the months of its seasons; none for none."""
        found = set()
        for one in self.seasons:
            first, count = SEASONS[one]
            found |= {(first + step - 1) % 12 + 1 for step in range(count)}
        return tuple(sorted(found))

    def as_json(self) -> dict[str, Any]:
        """Return what it asks for as JSON keeps it."""
        kept = {name: value for name, value in asdict(self).items() if value not in {None, "", ()}}
        return {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in kept.items()
        }


def segment_from(told: Mapping[str, Any], *, poles: Collection[str] | None = None) -> Segment:
    """Read a segment as JSON keeps it; raises ValueError for what can't be one.

    `poles`, where given, are those that there are.
    """
    known = {one.name for one in fields(Segment)}
    if set(told) - known:
        msg = f"unknown: {sorted(set(told) - known)}"
        raise ValueError(msg)
    values: dict[str, Any] = {}
    for name, value in told.items():
        if name in {"last_since", "last_until"}:
            values[name] = date.fromisoformat(value)
        elif name in {"stays_least", "stays_most", "second_homes"}:
            values[name] = value
        else:
            values[name] = tuple(value)
    found = Segment(**values)
    _check(found, poles)
    return found


def _check(segment: Segment, poles: Collection[str] | None) -> None:
    allowed: tuple[tuple[str, Collection[str]], ...] = (
        ("seasons", SEASON_ORDER),
        ("parties", PARTIES),
        ("places", PLACES),
    )
    if poles is not None:
        allowed = (*allowed, ("poles", poles))
    for name, known in allowed:
        if not set(getattr(segment, name)) <= set(known):
            raise ValueError(name)
    if segment.second_homes not in {"", WITH, WITHOUT}:
        msg = "second_homes"
        raise ValueError(msg)
    for number in (segment.stays_least, segment.stays_most):
        if number is not None and not 0 <= number <= MOST_STAYS:
            msg = "stays"
            raise ValueError(msg)


def is_contrary(segment: Segment) -> bool:
    """Tell whether nobody can ever be meant: two bounds that cross."""
    return segment.days_cross or segment.stays_cross


def party_of(adults: int, children: int, *, is_group: bool) -> str:
    """Return what a stay's party was; "" where nobody was counted."""
    if is_group:
        return GROUP
    if children:
        return FAMILY
    return {0: "", 1: SOLO, 2: COUPLE}.get(adults, FRIENDS)


def department_of(postal_code: str) -> str:
    """Return the department of a French postcode, "" for what is none: « 43000 » is « 43 ».

    Both of Corsica are « 20 » here, as their postcodes are; overseas has three figures.
    """
    code = postal_code.replace(" ", "")
    if not POSTCODE.fullmatch(code):
        return ""
    return code[:3] if code.startswith(OVERSEAS) else code[:2]


def place_of(postal_code: str, country: str) -> str:
    """Return how far away somebody lives, "" where we don't know.

    Without a country, a French postcode is French.
    """
    if country not in {"", "FR"}:
        return ABROAD
    department = department_of(postal_code)
    if department.startswith(OVERSEAS):
        return FARTHER
    if department not in PREFECTURES:
        return ""
    km = distance_km(LE_PUY, PREFECTURES[department])
    return next(name for name, (least, most) in BANDS.items() if least <= km < most)


def departments_in(places: Collection[str]) -> tuple[str, ...]:
    """Return the departments of some bands, sorted; overseas by its first two figures."""
    found = [one for one in PREFECTURES if place_of(f"{one}000", "FR") in places]
    return tuple(sorted(found + (list(OVERSEAS) if FARTHER in places else [])))


def distance_km(here: tuple[float, float], there: tuple[float, float]) -> float:
    """Return the distance of two points (latitude, longitude) in kilometres (haversine)."""
    north, east = radians(there[0] - here[0]), radians(there[1] - here[1])
    along = cos(radians(here[0])) * cos(radians(there[0])) * sin(east / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(sin(north / 2) ** 2 + along))
