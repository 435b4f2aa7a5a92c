"""The persons of a stay: known once, taken again by each line that they take part in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from booking.rules.people import ADULT_AGE, Guest


@dataclass(frozen=True)
class Person:
    """One person of a basket; an adult may give no age."""

    key: str
    age: int | None = None

    @property
    def guest(self) -> Guest:
        """Return what the rules need to know."""
        return Guest(self.age)

    @property
    def is_adult(self) -> bool:
        """Whether the law counts an adult."""
        return self.age is None or self.age >= ADULT_AGE

    def to_json(self) -> dict[str, Any]:
        """Return what the basket stores."""
        return {"key": self.key, "age": self.age}


def people_from(rows: Iterable[dict[str, Any]]) -> list[Person]:
    """Read the people of a basket."""
    return [Person(key=row["key"], age=row["age"]) for row in rows]


def guests_of(people: Iterable[Person], keys: Collection[str]) -> list[Guest]:
    """Return the guests behind keys, in the order of the basket."""
    return [person.guest for person in people if person.key in keys]


def match_people(
    people: Sequence[Person], ages: Iterable[int | None], *, busy: Collection[str] = ()
) -> tuple[list[Person], list[str]]:
    """Find persons of these ages among `people`, none of `busy`; new ones are added where missing.

    Returns the people of the basket, old and new, and the keys that were found. An adult without
    age is any adult; a child is one of exactly that age.
    """
    known = list(people)
    found: list[str] = []
    for age in ages:
        wanted = Person(key="", age=age)
        match = next(
            (
                person
                for person in known
                if person.key not in found
                and person.key not in busy
                and (
                    person.age == age
                    or (person.is_adult and wanted.is_adult and None in (age, person.age))
                )
            ),
            None,
        )
        if match is None:
            number = 1 + max((int(person.key[1:]) for person in known), default=0)
            match = Person(key=f"p{number}", age=age)
            known.append(match)
        found.append(match.key)
    return known, found


@dataclass(frozen=True)
class Contact:
    """Who buys, and where the confirmation goes."""

    first_name: str
    last_name: str
    email: str
    phone: str = ""


@dataclass(frozen=True)
class PersonName:
    """The name of one participant; a minor needs no family name."""

    first_name: str
    last_name: str = ""
