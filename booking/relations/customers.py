"""Who the people of bookings are: one record per person, one family per address or second home.

An order names an address and a name; that identity belongs to one person, and merging persons moves
identities (`members.models.customers`). It is looked for after the sale, never while one pays.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from django.db.models import QuerySet

from booking import locks
from booking.models import Order
from booking.refusals import WrongState, trouble
from members.journal import Actor, record
from members.models import (
    Customer,
    CustomerAddress,
    CustomerIdentity,
    Family,
    Household,
    HouseholdMember,
)
from members.rules.customers import address_key, name_key

BATCH = 200


def identify_orders(*, now: datetime, limit: int = 5_000) -> int:
    """Say of orders that were paid whose they are; returns how many. Nobody's twice.

    Locks: orders that nobody works on, then their addresses in alphabetic order.
    """
    done = 0
    while done < limit:
        with locks.write_transaction():
            rows = locks.lock_free_rows(_unknown().order_by("pk"))[:BATCH]
            orders = sorted(rows, key=lambda one: address_key(one.email))
            for order in orders:
                order.identity = identity_of(
                    order.email,
                    first_name=order.first_name,
                    last_name=order.last_name,
                    phone=order.phone,
                    language=order.language,
                    is_demo=order.is_demo,
                    now=now,
                )
                order.save(update_fields=["identity"])
        done += len(orders)
        if len(orders) < BATCH:
            break
    return done


def identity_of(
    email: str,
    *,
    first_name: str,
    last_name: str,
    phone: str = "",
    language: str = "fr",
    is_demo: bool = False,
    now: datetime,
) -> CustomerIdentity:
    """Return the identity of an address and a name, with its person and family: made if new.

    In the present transaction; locks the address. What is known of a person isn't overwritten.
    """
    address = locks.lock_customer_address(address_key(email))
    key = name_key(first_name, last_name)
    known = address.identities.select_related("customer").filter(name_key=key).first()
    if known is not None:
        return known
    person = Customer.objects.create(
        family=_family(address, now=now),
        first_name=first_name,
        last_name=last_name,
        phone=phone,
        language=language,
        created_at=now,
        is_demo=is_demo,
    )
    return CustomerIdentity.objects.create(address=address, name_key=key, customer=person)


@dataclass(frozen=True)
class PersonFacts:
    """What the office may put right of a person; a country in two letters."""

    first_name: str
    last_name: str
    phone: str = ""
    postal_code: str = ""
    country: str = ""
    language: str = "fr"


def change_customer(person: Customer, facts: PersonFacts, *, actor: Actor, now: datetime) -> None:
    """Put right what is known of a person. Their bookings, and who they are, don't change by it.

    Locks the person. Raises WrongState `merge_erased`, `merge_gone`; Busy.
    """
    with locks.write_transaction():
        [fresh] = locks.lock_customers([person.pk])
        if fresh.erased_at is not None:
            raise WrongState(trouble("merge_erased"))
        if fresh.merged_into_id is not None:
            raise WrongState(trouble("merge_gone"))
        changed = [name for name, value in asdict(facts).items() if getattr(fresh, name) != value]
        for name in changed:
            setattr(fresh, name, getattr(facts, name))
        if changed:
            fresh.save(update_fields=changed)
            # The names of what changed, never what it was: the journal outlives an erasure.
            record("guest changed", f"customer:{fresh.pk}", actor=actor, at=now, fields=changed)


def household_of(email: str) -> Household | None:
    """Return the second home of whose people an address is; None for everybody else."""
    member = HouseholdMember.objects.filter(
        user__email=address_key(email), household__ended_at__isnull=True
    )
    found = member.select_related("household").first()
    return found.household if found else None


def _unknown() -> QuerySet[Order]:
    return Order.objects.filter(identity__isnull=True, confirmed_at__isnull=False).exclude(email="")


def _family(address: CustomerAddress, *, now: datetime) -> Family:
    """Return the family of an address under its lock: that of its second home, or one of its own.

    Who shares an address shares a family.
    """
    if address.family is not None:
        return address.family
    household = household_of(address.email)
    if household is not None:
        address.family, _is_new = Family.objects.get_or_create(
            household=household, defaults={"created_at": now}
        )
    else:
        address.family = Family.objects.create(created_at=now)
    address.save(update_fields=["family"])
    return address.family
