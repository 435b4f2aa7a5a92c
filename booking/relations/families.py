"""Families of guests as the office knows them: persons joined, or taken out, by its word.

An address in common always makes one family (features.md N08): nobody leaves it while they share
one.
"""

from __future__ import annotations

from datetime import datetime

from booking import locks
from booking.refusals import BadInput, NotAllowed, trouble
from booking.relations.merging import (
    families_that_join,
    join_families,
    lock_people,
    reason_words,
    refuse_absent,
)
from members.journal import Actor, record
from members.models import Customer, CustomerAddress, Family


def link_family(
    person: Customer, other: Customer, reason: str, *, actor: Actor, now: datetime
) -> None:
    """Make one family of two persons' families. Locks both families, them, their addresses.

    Raises BadInput `reason_missing`, `same_family`; WrongState `merge_erased`, `merge_gone`;
    NotAllowed `merge_two_homes`; Busy.
    """
    words = reason_words(reason)
    with locks.write_transaction():
        one, two = lock_people(person, other)
        for each in (one, two):
            refuse_absent(each)
        if one.family_id == two.family_id:
            raise BadInput(trouble("same_family"))
        before, after = families_that_join(one.family, two.family)
        join_families(before, after)
        subject = f"customer:{one.pk}"
        record("families joined", subject, actor=actor, at=now, other=two.pk, reason=words)


def unlink_family(person: Customer, reason: str, *, actor: Actor, now: datetime) -> None:
    """Give a person a family of their own, with their addresses. Locks as joining does.

    Raises BadInput `reason_missing`, `alone_already`; WrongState `merge_erased`, `merge_gone`;
    NotAllowed `holds_merge`, `address_shared`; Busy.
    """
    words = reason_words(reason)
    with locks.write_transaction():
        one, _same = lock_people(person, person)
        refuse_absent(one)
        held = one.merges.filter(undone_at=None).select_related("gone").last()
        if held is not None:
            raise NotAllowed(trouble("holds_merge", gone=str(held.gone)))
        family = Customer.objects.filter(family=one.family, merged_into=None, erased_at=None)
        if not family.exclude(pk=one.pk).exists():
            raise BadInput(trouble("alone_already"))
        mine = CustomerAddress.objects.filter(identities__customer=one)
        shared = mine.filter(identities__customer__in=family.exclude(pk=one.pk)).first()
        if shared is not None:
            raise NotAllowed(trouble("address_shared", email=shared.email))
        own = Family.objects.create(created_at=now)
        # By their numbers: what joins them is no row that can be written through.
        CustomerAddress.objects.filter(pk__in=list(mine.values_list("pk", flat=True))).update(
            family=own
        )
        Customer.objects.filter(pk=one.pk).update(family=own)
        record("family left", f"customer:{one.pk}", actor=actor, at=now, reason=words)
