"""Records that may be one person, suggested to the office: `members.rules.duplicates` says why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from django.db.models import Count, Q

from booking.models import Order
from members.models import Customer, CustomerIdentity
from members.rules.duplicates import Facts, Sign, signs

MOST = 12
# Records of one name that are compared; a name of more is too common to say anything.
MOST_OF_A_NAME = 60
# Names that one page looks at: many that are there twice belong to two persons.
NAMES_AT_ONCE = 60


@dataclass(frozen=True)
class Suggestion:
    """Two records and what they have in common beside a name."""

    one: Customer
    other: Customer
    signs: tuple[Sign, ...]


def duplicates_of(person: Customer) -> list[Suggestion]:
    """Return the records that may be the same person as this one, the likeliest first (5 SQL)."""
    mine = person.identities.values_list("name_key", "address")
    names = {name for name, _address in mine if name}
    same = Q(name_key__in=names) | Q(address__in={address for _name, address in mine})
    rows = CustomerIdentity.objects.filter(same).exclude(customer=person)
    ids = list(rows.values_list("customer", flat=True).distinct()[:MOST_OF_A_NAME])
    facts = _facts([person.pk, *ids])
    found = [
        Suggestion(person, other, tuple(shared))
        for other in _living(ids)
        if (shared := signs(facts[person.pk], facts[other.pk]))
    ]
    return sorted(found, key=lambda one: (-len(one.signs), one.other.pk))[:MOST]


@dataclass(frozen=True)
class Likely:
    """Some pairs, and how many names have been looked at with them; None once all have."""

    pairs: list[Suggestion]
    following: int | None


def likely_duplicates(skip: int = 0) -> Likely:
    """Return pairs of records that may be one person, name by name after the first `skip` (6 SQL).

    Stops after NAMES_AT_ONCE names, or once a dozen pairs are found: `following` goes on there.
    """
    twice = (
        CustomerIdentity.objects.exclude(name_key="")
        .filter(customer__erased_at=None)
        .values("name_key")
        .annotate(people=Count("customer", distinct=True))
        .filter(people__gt=1, people__lte=MOST_OF_A_NAME)
        .order_by("name_key")
    )
    names = list(twice.values_list("name_key", flat=True)[skip : skip + NAMES_AT_ONCE + 1])
    people = _people_of(names[:NAMES_AT_ONCE])
    facts = _facts([one.pk for those in people.values() for one in those])
    found: dict[tuple[int, int], Suggestion] = {}
    looked = 0
    for name in names[:NAMES_AT_ONCE]:
        if len(found) >= MOST:
            break
        looked += 1
        for one, other in combinations(people.get(name, []), 2):
            shared = signs(facts[one.pk], facts[other.pk])
            if shared:
                found.setdefault((one.pk, other.pk), Suggestion(one, other, tuple(shared)))
    return Likely(list(found.values()), skip + looked if looked < len(names) else None)


def _people_of(names: list[str]) -> dict[str, list[Customer]]:
    """Return who lives under each name, in the order of their records (2 SQL)."""
    rows = CustomerIdentity.objects.filter(name_key__in=names).values_list("name_key", "customer")
    ids: dict[str, set[int]] = {}
    for name, pk in rows:
        ids.setdefault(name, set()).add(pk)
    living = _living(set().union(*ids.values()))
    return {name: [one for one in living if one.pk in those] for name, those in ids.items()}


def _living(ids: Iterable[int]) -> list[Customer]:
    return list(
        Customer.objects.filter(pk__in=ids, merged_into=None, erased_at=None).order_by("pk")
    )


def _facts(ids: list[int]) -> dict[int, Facts]:
    """Return what is known of some persons: what their record says, and their bookings (3 SQL)."""
    names: dict[int, set[str]] = {pk: set() for pk in ids}
    addresses: dict[int, set[str]] = {pk: set() for pk in ids}
    phones: dict[int, set[str]] = {pk: set() for pk in ids}
    rows = CustomerIdentity.objects.filter(customer__in=ids)
    for pk, name, email in rows.values_list("customer", "name_key", "address__email"):
        names[pk].add(name)
        addresses[pk].add(email)
    orders = Order.objects.filter(identity__customer__in=ids).exclude(phone="")
    for pk, phone in orders.values_list("identity__customer", "phone"):
        phones[pk].add(phone)
    return {
        one.pk: Facts(
            names=names[one.pk],
            phones={*phones[one.pk], one.phone},
            addresses=addresses[one.pk],
            family=one.family_id,
            postcode=one.postal_code,
        )
        for one in Customer.objects.filter(pk__in=ids)
    }
