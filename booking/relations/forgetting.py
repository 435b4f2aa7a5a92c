"""Who gave no sign of life for years is forgotten: each night some, a person a transaction.

Domain.md §8.1: accounts that nobody used are warned, then emptied; guests that a host's file told
of, and who never came back nor said yes, are deleted; notes of the office have their time. How
long each is kept is in the settings (`..._KEPT_YEARS`).
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.models import Group
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Upper

from booking import locks
from booking.messages import write_message
from booking.models import BookingRequest, GuestImport, Meeting, Order, PastStay, Referral
from booking.refusals import Refusal
from booking.relations import guest_imports
from booking.relations.erasing import erase
from booking.relations.merging import records_of
from booking.relations.personal_data import Subject
from booking.rules import referrals as rules
from members.journal import SYSTEM, record
from members.models import (
    AccountWarning,
    Customer,
    CustomerAddress,
    CustomerIdentity,
    CustomerMerge,
    CustomerNote,
    Entry,
    Greeter,
    HouseholdMember,
    LetterAddress,
    ProviderRole,
    User,
)

logger = logging.getLogger(__name__)
# A call's, six of them a night: a file of years ago has tens of thousands whose time ends together.
BATCH = 500
YEAR = timedelta(days=365)


def forget_guests(*, now: datetime) -> dict[str, int]:
    """Let go whose time is over; returns how many of each."""
    return {
        "warned": warn_accounts(now=now),
        "emptied": empty_accounts(now=now),
        "imported": forget_imported(now=now),
        "notes": forget_notes(now=now),
        "rows": guest_imports.forget_import_rows(now=now, days=settings.IMPORT_ROWS_KEPT_DAYS),
    }


def warn_accounts(*, now: datetime) -> int:
    """Tell accounts unused for ACCOUNT_KEPT_YEARS that they will be emptied; returns how many."""
    warned = 0
    for user in unused_accounts(now).filter(inactivity_warning=None).order_by("pk")[:BATCH]:
        with locks.write_transaction():
            _warning, is_new = AccountWarning.objects.get_or_create(
                user=user, defaults={"warned_at": now}
            )
            if not is_new:
                continue
            write_message(
                "account_unused",
                key=f"account_unused:{user.pk}:{now.date().isoformat()}",
                recipient=user.email,
                language=_language(user),
                data={"days": settings.ACCOUNT_WARNED_DAYS},
                now=now,
            )
        warned += 1
    return warned


def empty_accounts(*, now: datetime) -> int:
    """Empty accounts that were warned ACCOUNT_WARNED_DAYS ago and not used since.

    Who used it meanwhile is no longer warned; what hinders an erasure waits (`erasing`). Returns
    how many were emptied.
    """
    before = now - timedelta(days=settings.ACCOUNT_WARNED_DAYS)
    unused = unused_accounts(now).values("pk")
    AccountWarning.objects.exclude(user__in=unused).delete()
    emptied = 0
    due = User.objects.filter(inactivity_warning__warned_at__lte=before).order_by("pk")
    for user in due[:BATCH]:
        try:
            erase(Subject.of_account(user), actor=SYSTEM, now=now)
        except Refusal as refusal:
            # One person must not hide the others.
            logger.warning("account %s not emptied: %s", user.pk, refusal)
        else:
            emptied += 1
    return emptied


def forget_imported(*, now: datetime) -> int:
    """Delete persons of a host's file who never bought nor said yes, GUEST_KEPT_YEARS after.

    Counted from their last stay, the file, or what the office last wrote down of them. Returns how
    many. Locks each with their family and addresses.
    """
    gone = 0
    for person in _silent(now).order_by("pk")[:BATCH]:
        try:
            gone += _delete(person, now=now)
        except Refusal as refusal:
            # One person must not hide the others.
            logger.warning("guest %s not forgotten: %s", person.pk, refusal)
    return gone


def _silent(now: datetime) -> QuerySet[Customer]:
    before = now - YEAR * settings.GUEST_KEPT_YEARS
    recent = PastStay.objects.filter(identity__customer=OuterRef("pk"), last_day__gt=before.date())
    bought = Order.objects.filter(identity__customer=OuterRef("pk"))
    told = PastStay.objects.filter(
        identity__customer=OuterRef("pk"), guest_import__basis__in=GuestImport.Basis.values
    )
    alive = LetterAddress.objects.filter(
        email=OuterRef("identities__address__email"), active_at__gt=before
    )
    # What was said to them lately, or waits for an answer, whichever of their records it is on.
    noted = CustomerNote.objects.filter(
        Q(customer=OuterRef("pk")) | Q(customer__merged_into=OuterRef("pk"))
    ).filter(Q(written_at__gt=before) | Q(due_on__isnull=False, done_at=None))
    return (
        Customer.objects.filter(created_at__lte=before, merged_into=None)
        .filter(Exists(told))
        .exclude(Exists(recent) | Exists(bought) | Exists(alive) | Exists(noted))
        .filter(family__household=None)
        .distinct()
    )


def forget_notes(*, now: datetime) -> int:
    """Delete notes written NOTES_KEPT_YEARS ago on which nothing waits; returns how many."""
    before = now - YEAR * settings.NOTES_KEPT_YEARS
    waits = Q(due_on__isnull=False, done_at=None)
    with locks.write_transaction():
        old = CustomerNote.objects.filter(written_at__lt=before).exclude(waits).order_by("pk")
        found = [one.pk for one in locks.lock_free_rows(old)[:BATCH]]
        CustomerNote.objects.filter(pk__in=found).delete()
        if found:
            record("old notes deleted", "notes:old", actor=SYSTEM, at=now, count=len(found))
    return len(found)


def unused_accounts(now: datetime) -> QuerySet[User]:
    """Return the accounts of nobody who works here, unused for long, with nothing under way.

    Who books without signing in is here too: emptying would take those bookings' names as well.
    """
    before = now - YEAR * settings.ACCOUNT_KEPT_YEARS
    used = Q(last_login__gt=before) | Q(date_joined__gt=before) | Q(is_staff=True)
    mine = {"user": OuterRef("pk")}
    owed = Q(state=rules.PENDING) | Q(state=rules.EARNED, earned_at__gt=before)
    addresses = EmailAddress.objects.filter(user=OuterRef(OuterRef("pk")), verified=True)
    proved = addresses.annotate(mail=Upper("email")).values("mail")
    of_address = Order.objects.annotate(mail=Upper("email")).filter(placed_at__gt=before)
    return (
        User.objects.filter(is_active=True, is_superuser=False)
        .exclude(used)
        .exclude(Exists(ProviderRole.objects.filter(**mine)))
        .exclude(Exists(Group.objects.filter(user=OuterRef("pk"))))
        .exclude(Exists(Greeter.objects.filter(**mine)))
        .exclude(Exists(Order.objects.filter(**mine, placed_at__gt=before)))
        .exclude(Exists(of_address.filter(mail__in=proved)))
        .exclude(Exists(BookingRequest.objects.filter(**mine, placed_at__gt=before)))
        .exclude(Exists(Meeting.objects.filter(**mine, placed_at__gt=before)))
        # A thanks that is to come, or to be handed over, would be nobody's any more.
        .exclude(Exists(Referral.objects.filter(owed, ambassador__user=OuterRef("pk"))))
    )


def _language(user: User) -> str:
    member = HouseholdMember.objects.filter(user=user).first()
    if member is not None:
        return member.language
    last = Order.objects.filter(user=user).order_by("-placed_at").first()
    return last.language if last else settings.LANGUAGE_CODE


def _delete(person: Customer, *, now: datetime) -> int:
    """Delete a person and the records merged into them, with addresses that nobody else has."""
    with locks.write_transaction():
        locks.lock_families([person.family_id])
        people = locks.lock_customers([person.pk])
        if not people or Order.objects.filter(identity__customer=person).exists():
            return 0
        mine = CustomerIdentity.objects.filter(customer=person)
        addresses = CustomerAddress.objects.filter(identities__in=mine)
        kept = addresses.filter(identities__in=CustomerIdentity.objects.exclude(customer=person))
        gone = sorted(set(addresses.values_list("email")) - set(kept.values_list("email")))
        for (email,) in gone:
            locks.lock_customer_address(email)
        # A file may have told of them meanwhile, or they may have said yes.
        if not _silent(now).filter(pk=person.pk).exists():
            return 0
        PastStay.objects.filter(identity__in=mine, order=None).delete()
        ids = records_of(person)
        CustomerMerge.objects.filter(Q(kept__in=ids) | Q(gone__in=ids)).delete()
        # Why records were merged may name them.
        Entry.objects.filter(subject__in=[f"customer:{pk}" for pk in ids]).update(data={})
        CustomerIdentity.objects.filter(customer__in=ids).delete()
        CustomerAddress.objects.filter(email__in=[one for (one,) in gone]).delete()
        Customer.objects.filter(pk__in=ids).update(merged_into=None)
        Customer.objects.filter(pk__in=ids).delete()
        record("guest forgotten", "guests:silent", actor=SYSTEM, at=now)
    return 1
