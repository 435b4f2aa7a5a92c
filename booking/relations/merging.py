"""Two records that are one person become one, and two again: identities move, bookings don't.

Features.md L01. Undone, everything that the merge moved goes back, and a person who came since goes
with the address that it came by; what the office decided meanwhile (a family joined or left) stays.
Merges that lean on a later one are undone after it. Letters are a matter of addresses: a merge
neither gives nor takes anybody's word.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q
from django.utils import formats

from booking import locks
from booking.refusals import BadInput, Busy, NotAllowed, Trouble, WrongState, trouble
from booking.rules.talks import plain_text
from members.journal import Actor, record
from members.models import Customer, CustomerAddress, CustomerIdentity, CustomerMerge, Family

LONGEST_REASON = 400


def merge_customers(
    keep: Customer, other: Customer, reason: str, *, actor: Actor, now: datetime
) -> CustomerMerge:
    """Make one person of two: what `other` booked is `keep`'s; their families are one.

    Locks their families, them, and their addresses. Raises BadInput `reason_missing`,
    `merge_oneself`; WrongState `merge_erased`, `merge_gone`; NotAllowed `merge_two_homes`; Busy.
    """
    words = reason_words(reason)
    if keep.pk == other.pk:
        raise BadInput(trouble("merge_oneself"))
    with locks.write_transaction():
        kept, gone = lock_people(keep, other)
        for one in (kept, gone):
            refuse_absent(one)
        before, after = families_that_join(kept.family, gone.family)
        identities = list(gone.identities.order_by("pk").values_list("pk", flat=True))
        merge = CustomerMerge(
            kept=kept,
            gone=gone,
            identity_ids=identities,
            family_before=before,
            family_after=after,
            reason=words,
            merged_at=now,
            merged_by_id=actor.user_id,
        )
        if before != after:
            merge.customer_ids, merge.address_ids = join_families(before, after)
        CustomerIdentity.objects.filter(pk__in=identities).update(customer=kept)
        Customer.objects.filter(pk=gone.pk).update(merged_into=kept)
        merge.save()
        record(
            "guests merged", f"customer:{kept.pk}", actor=actor, at=now, gone=gone.pk, reason=words
        )
    return merge


def unmerge(merge: CustomerMerge, *, actor: Actor, now: datetime) -> None:
    """Make two persons of one again, as they were before the merge.

    Locks their families, them, and their addresses. Raises WrongState `merge_undone`,
    `merge_erased`, `merge_later` (which names the merge to undo first); Busy.
    """
    with locks.write_transaction():
        families = [merge.family_before_id, merge.family_after_id]
        kept, gone = lock_people(merge.kept, merge.gone, families)
        fresh = CustomerMerge.objects.get(pk=merge.pk)
        if fresh.undone_at is not None:
            raise WrongState(trouble("merge_undone"))
        if kept.erased_at is not None or gone.erased_at is not None:
            raise WrongState(trouble("merge_erased"))
        later = _later_than(fresh)
        if later is not None:
            raise WrongState(_undo_first(later))
        CustomerIdentity.objects.filter(pk__in=fresh.identity_ids, customer=kept).update(
            customer=gone
        )
        if fresh.family_before_id != fresh.family_after_id:
            _part_families(fresh)
        Customer.objects.filter(pk=gone.pk).update(merged_into=None)
        fresh.undone_at = now
        fresh.save(update_fields=["undone_at"])
        record("merge undone", f"customer:{kept.pk}", actor=actor, at=now, gone=gone.pk)


def reason_words(reason: str) -> str:
    """Return why something is done, in plain words; raises BadInput `reason_missing`."""
    words = plain_text(reason)[:LONGEST_REASON]
    if not words:
        raise BadInput(trouble("reason_missing", field="reason"))
    return words


def refuse_absent(person: Customer) -> None:
    """Refuse a record that is nobody's any more: WrongState `merge_erased`, `merge_gone`."""
    if person.erased_at is not None:
        raise WrongState(trouble("merge_erased"))
    if person.merged_into_id is not None:
        raise WrongState(trouble("merge_gone"))


def lock_people(
    one: Customer, other: Customer, families: Iterable[int] = ()
) -> tuple[Customer, Customer]:
    """Lock two persons, their families and every address of these; returns them as they stand.

    Raises Busy where somebody has moved them to other families meanwhile.
    """
    ids = [one.pk, other.pk]
    found = Customer.objects.filter(pk__in=ids).values_list("family_id", flat=True)
    known = locks.lock_families({*found, *families})
    people = {person.pk: person for person in locks.lock_customers(ids)}
    if any(person.family_id not in known for person in people.values()):
        raise Busy(trouble("busy"))
    locks.lock_addresses_of_families(known)
    return people[one.pk], people[other.pk]


def join_families(before: Family, after: Family) -> tuple[list[int], list[int]]:
    """Move everybody and every address of a locked family; returns their numbers."""
    people = list(before.customers.order_by("pk").values_list("pk", flat=True))
    addresses = list(before.addresses.order_by("pk").values_list("pk", flat=True))
    Customer.objects.filter(pk__in=people).update(family=after)
    CustomerAddress.objects.filter(pk__in=addresses).update(family=after)
    return people, addresses


def families_that_join(one: Family, other: Family) -> tuple[Family, Family]:
    """Return the family that is emptied and the one that stays: that of a second home, or `one`.

    Raises NotAllowed `merge_two_homes`.
    """
    if one == other:
        return one, other
    if one.household_id and other.household_id:
        raise NotAllowed(trouble("merge_two_homes"))
    return (one, other) if other.household_id else (other, one)


def _part_families(merge: CustomerMerge) -> None:
    """Give a family back its people and addresses, as far as nobody has moved them since."""
    after, before = merge.family_after, merge.family_before
    addresses = CustomerAddress.objects.filter(pk__in=merge.address_ids, family=after)
    moved = list(addresses.values_list("pk", flat=True))
    came_since = (
        Customer.objects.filter(family=after, created_at__gte=merge.merged_at)
        .filter(identities__address__in=moved)
        .exclude(identities__in=CustomerIdentity.objects.exclude(address__in=moved))
        .exclude(pk__in=merge.customer_ids)
    )
    back = [*merge.customer_ids, *came_since.values_list("pk", flat=True)]
    Customer.objects.filter(pk__in=back, family=after).update(family=before)
    CustomerAddress.objects.filter(pk__in=moved).update(family=before)


def _later_than(merge: CustomerMerge) -> CustomerMerge | None:
    """Return the newest merge that leans on this one: of the same persons, or their families."""
    people = [merge.kept_id, merge.gone_id]
    families = [merge.family_before_id, merge.family_after_id]
    touches = (
        Q(kept__in=people)
        | Q(gone__in=people)
        | Q(family_before__in=families)
        | Q(family_after__in=families)
    )
    rows = CustomerMerge.objects.filter(touches, undone_at=None, pk__gt=merge.pk)
    return rows.select_related("kept", "gone").order_by("pk").last()


def _undo_first(later: CustomerMerge) -> Trouble:
    day = formats.date_format(later.merged_at, "SHORT_DATE_FORMAT")
    return trouble("merge_later", kept=str(later.kept), gone=str(later.gone), day=day)


def records_of(person: Customer) -> list[int]:
    """Return the numbers of a person's record and of those merged into it, whatever their depth."""
    found = [person.pk]
    newest = found
    while newest:
        rows = Customer.objects.filter(merged_into__in=newest)
        newest = list(rows.values_list("pk", flat=True))
        found += newest
    return found
