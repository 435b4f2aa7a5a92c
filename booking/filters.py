"""Filters of the lists as they stand in the address, and what they mean.

One place says what a filter keeps: the lists and the counts on the chips read the same
conditions (features.md A12). A filter only leaves out; it never changes the order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from django.db import connection

from booking.models import Offer, OfferLabel
from booking.rules.kinds import SLEPT
from destination.nearby import communes_near
from destination.zones import Zone
from oti.lib.joins import read_rows
from oti.lib.memo import remembered

MOST_WORDS = 6
LONGEST_TEXT = 60
MONTHS = {"summer": (4, 5, 6, 7, 8, 9, 10), "winter": (11, 12, 1, 2, 3)}

Category = Offer.TaxCategory
STARS = {
    Category.ONE_STAR: 1,
    Category.TWO_STAR: 2,
    Category.THREE_STAR: 3,
    Category.FOUR_STAR: 4,
    Category.FIVE_STAR: 5,
}
STARS_BY_CODE = {code.value: number for code, number in STARS.items()}
# They share the line of one star in the councils' tariffs without having any.
WITHOUT_STARS = (Offer.LodgingType.GUEST_ROOM, Offer.LodgingType.HOSTEL, Offer.LodgingType.CAMPING)


def stars_of(offer: Offer) -> int:
    """Return the stars of a lodging, 0 where it has none."""
    return number_of_stars(offer.kind, offer.lodging_type, offer.tax_category)


def number_of_stars(kind: str, lodging_type: str, tax_category: str) -> int:
    """Return what `stars_of` does, of an offer that isn't loaded."""
    if kind not in SLEPT or lodging_type in WITHOUT_STARS:
        return 0
    return STARS_BY_CODE.get(tax_category, 0)


@dataclass(frozen=True, slots=True)
class Listed:
    """An offer on sale as lists know it: what can be filtered, and for whom and when it is sold.

    `turn` is its place in the rotation of the day (booking/RANKING.md), 0 first; `tax_line` the
    council and the category that its tourist tax is looked up by.
    """

    id: int
    turn: int
    kind: str
    pole: str
    commune: str
    lodging_type: str
    stars: int
    features: tuple[str, ...]
    labels: tuple[str, ...]
    tax_line: tuple[int, str]
    min_advance_days: int
    max_advance_days: int | None
    min_age: int | None
    max_age: int | None
    # Shared resources may stand in the way of its dates.
    uses_resources: bool = False

    def takes(self, ahead: int, youngest: int, oldest: int) -> bool:
        """Tell whether it can be booked so many days ahead by people of these ages."""
        return (
            self.min_advance_days <= ahead
            and (not self.max_advance_days or self.max_advance_days >= ahead)
            and (self.min_age is None or self.min_age <= youngest)
            and (self.max_age is None or self.max_age >= oldest)
        )

    def may_join(self, age: int) -> bool:
        """Tell whether it is for somebody of that age."""
        return (self.min_age is None or self.min_age <= age) and (
            self.max_age is None or self.max_age >= age
        )


Condition = Callable[[Listed], bool]


@dataclass(frozen=True)
class Filters:
    """What a visitor wants beside dates and party; what is empty filters nothing.

    `near` is a commune and what is around it, `zone` a part of the map; `age` asks for what
    somebody that old may join.
    """

    pole: str = ""
    commune: str = ""
    lodging_type: str = ""
    kind: str = ""
    stars: tuple[int, ...] = ()
    features: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    text: str = ""
    near: str = ""
    age: int | None = None
    zone: Zone | None = None

    def conditions(self) -> dict[str, Condition]:
        """Return what each filter in use keeps, by its name; words are asked of the database.

        Those that add up have one each: `features_0`, `labels_1`, in their order.
        """
        found: dict[str, Condition] = {}
        if self.pole:
            found["pole"] = lambda one: one.pole == self.pole
        if self.commune:
            found["commune"] = lambda one: one.commune == self.commune
        if self.near:
            around = frozenset(communes_near(self.near).values())
            found["near"] = lambda one: one.commune in around
        if self.zone:
            inside = offers_within(self.zone)
            found["zone"] = lambda one: one.id in inside
        if self.age is not None:
            age = self.age
            found["age"] = lambda one: one.may_join(age)
        if self.lodging_type:
            found["type"] = lambda one: one.lodging_type == self.lodging_type
        if self.kind:
            found["kind"] = lambda one: one.kind == self.kind
        if self.stars:
            found["stars"] = lambda one: one.stars in self.stars
        for number, code in enumerate(self.features):
            found[f"features_{number}"] = lambda one, code=code: code in one.features  # type: ignore[misc]
        for number, code in enumerate(self.labels):
            found[f"labels_{number}"] = lambda one, code=code: code in one.labels  # type: ignore[misc]
        words = words_of(self.text)
        if words:
            named = offers_named(tuple(words))
            found["text"] = lambda one: one.id in named
        return found


@dataclass(frozen=True)
class Sieved:
    """Offers, with the filters that each of them fails: bit n stands for the nth of `names`."""

    names: tuple[str, ...]
    offers: list[Listed]
    failed: list[int]

    def passing(self, names: Collection[str]) -> list[Listed]:
        """Return the offers that fail none of the filters of these names, in their order."""
        mask = sum(1 << number for number, name in enumerate(self.names) if name in names)
        if not mask:
            return self.offers
        return [one for one, bits in zip(self.offers, self.failed, strict=True) if not bits & mask]

    @cached_property
    def kept(self) -> list[Listed]:
        """Return the offers that the filters keep, in their order."""
        return self.passing(self.names)


def sieve(offers: Iterable[Listed], filters: Filters) -> Sieved:
    """Hold offers against the filters: one look at each serves its list and every count."""
    conditions = filters.conditions()
    held = list(offers)
    failed = [0] * len(held)
    for number, keeps in enumerate(conditions.values()):
        bit = 1 << number
        failed = [
            bits if keeps(one) else bits | bit for one, bits in zip(held, failed, strict=True)
        ]
    return Sieved(tuple(conditions), held, failed)


def words_of(text: str) -> list[str]:
    """Return the words that are looked for, without signs that a pattern would read."""
    return [word for word in re.split(r"[\W_]+", text[:LONGEST_TEXT]) if word][:MOST_WORDS]


WORD_SQL = (
    "unaccent(lower(concat_ws(' ', o.title_fr, o.title_en, o.title_de, c.name, p.name)))"
    " LIKE unaccent(lower(%s))"
)


@remembered(most=4, by_language=False)
def offers_named(words: tuple[str, ...]) -> frozenset[int]:
    """Return the ids of the offers with all these words in a title, their host or commune."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT o.id FROM booking_offer o JOIN members_provider p ON p.id = o.provider_id"  # noqa: S608 - constants
            " JOIN destination_commune c ON c.id = o.commune_id"
            f" WHERE o.state = 'published' AND {' AND '.join([WORD_SQL] * len(words))}",
            [f"%{word}%" for word in words],
        )
        return frozenset(row[0] for row in cursor.fetchall())


# Where a pin stands: the offer's own place, else its commune's (booking/spots.py).
WITHIN_SQL = """
SELECT o.id FROM booking_offer o JOIN destination_commune c ON c.id = o.commune_id
WHERE o.state = 'published'
  AND CASE WHEN o.latitude IS NULL OR o.longitude IS NULL
      THEN c.latitude BETWEEN %(south)s AND %(north)s AND c.longitude BETWEEN %(west)s AND %(east)s
      ELSE o.latitude BETWEEN %(south)s AND %(north)s AND o.longitude BETWEEN %(west)s AND %(east)s
      END
"""


@remembered(most=4, by_language=False)
def offers_within(zone: Zone) -> frozenset[int]:
    """Return the ids of the offers whose pin stands in a part of the map."""
    with connection.cursor() as cursor:
        cursor.execute(WITHIN_SQL, zone._asdict())
        return frozenset(row[0] for row in cursor.fetchall())


# What `valid_on` finds of one offer, written out.
LABELS_OF = """
SELECT {columns} FROM booking_offerlabel it
WHERE offer_id = %(offer)s AND valid_until >= %(day)s ORDER BY code
"""


@remembered(most=256)
def labels_of(offer_id: int, *, day: date) -> tuple[OfferLabel, ...]:
    """Return the labels of an offer that hold on `day`, for its page."""
    return tuple(read_rows(LABELS_OF, OfferLabel, {"offer": offer_id, "day": day}))
