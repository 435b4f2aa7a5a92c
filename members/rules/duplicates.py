"""When two records of guests may be one person: a name and something else, never a name alone.

Only ever suggested; somebody of the office decides (features.md L01).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

# Figures of a number that tell two of them apart, whatever stands before them (0, +33, 0033).
PHONE_FIGURES = 9


class Sign(StrEnum):
    """What two records have in common beside their name."""

    PHONE = "phone"
    ADDRESS = "address"
    FAMILY = "family"
    POSTCODE = "postcode"


@dataclass(frozen=True)
class Facts:
    """What is known of one record: names as `rules.customers.name_key` writes them."""

    names: Collection[str]
    phones: Collection[str] = ()
    addresses: Collection[str] = ()
    family: int = 0
    postcode: str = ""


def phone_key(phone: str) -> str:
    """Return the last figures of a number; "" where it has too few to be one."""
    figures = "".join(one for one in phone if one.isdigit())
    return figures[-PHONE_FIGURES:] if len(figures) >= PHONE_FIGURES else ""


def signs(one: Facts, other: Facts) -> list[Sign]:
    """Return why two records may be one person; none where nothing but a name says so.

    The name is the same, or where they share an address one of two holds the other's words (« A.
    Dupont » and « Anne Dupont » are no match; « Dupont » and « Anne Dupont » are).
    """
    same_name = bool(_known(one.names) & _known(other.names))
    shared = bool(set(one.addresses) & set(other.addresses))
    if not same_name:
        return [Sign.ADDRESS] if shared and _within(one.names, other.names) else []
    phones = {phone_key(each) for each in one.phones} & {phone_key(each) for each in other.phones}
    found = {
        Sign.PHONE: bool(phones - {""}),
        Sign.ADDRESS: shared,
        Sign.FAMILY: one.family == other.family != 0,
        Sign.POSTCODE: one.postcode == other.postcode != "",
    }
    return [sign for sign, is_so in found.items() if is_so]


def _known(names: Collection[str]) -> set[str]:
    return {name for name in names if name}


def _within(names: Collection[str], others: Collection[str]) -> bool:
    pairs = ((set(one.split()), set(two.split())) for one in names for two in others)
    return any(one and two and (one <= two or two <= one) for one, two in pairs)
