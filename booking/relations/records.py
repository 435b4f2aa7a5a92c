"""All that the office may read of one person, over all stays (features.md L01), on one page.

What guests tell parents' carers or in sealed sheets is no part of it, nor when a family with a
second home is here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal

from django.db.models import Exists, F, Func, OuterRef, Prefetch, Q, QuerySet, TextField, Value
from django.db.models.functions import Lower

from booking.models import Complaint, Order, OrderLine, OutboxMessage, PastStay, Survey, Talk
from booking.relations import consent
from booking.relations.conversation import notes_of
from booking.relations.duplicates import Suggestion, duplicates_of
from booking.rules import states
from members.models import Customer, CustomerAddress, CustomerMerge, CustomerNote, LetterAddress
from members.rules import consent as rules
from members.rules.duplicates import PHONE_FIGURES
from oti.lib.dates import at_paris
from oti.lib.dates import today as day_of
from oti.lib.money import ZERO

# The newest of each that a page shows.
MOST = 50
# What separates the figures of one phone number.
WITHIN_A_NUMBER = re.compile(r"(?<=\d)[\s.\-/()]+(?=\d)")


@dataclass(frozen=True)
class Moment:
    """One line of the thread: a mail that was sent, a message, a note; one of them is given."""

    at: datetime
    mail: OutboxMessage | None = None
    talk: Talk | None = None
    note: CustomerNote | None = None
    text: str = ""
    is_guest: bool = False


@dataclass(frozen=True)
class Record:
    """One person, their family, stays and words."""

    person: Customer
    family: Sequence[Customer]
    addresses: Sequence[CustomerAddress]
    to_come: Sequence[Order]
    past: Sequence[PastStay]
    spent: Decimal
    surveys: Sequence[Survey]
    complaints: Sequence[Complaint]
    letters: Mapping[str, Mapping[str, rules.Standing]]
    merges: Sequence[CustomerMerge]
    duplicates: Sequence[Suggestion]


def record_of(person: Customer, *, now: datetime) -> Record:
    """Return everything of a person, those merged into it included."""
    addresses = list(CustomerAddress.objects.filter(identities__customer=person).distinct())
    orders = Order.objects.filter(identity__customer=person)
    past = list(
        PastStay.objects.filter(identity__customer=person).select_related("order", "guest_import")
    )
    return Record(
        person=person,
        family=list(_family(person)),
        addresses=addresses,
        to_come=list(_to_come(orders, now)),
        past=past,
        spent=sum((one.amount for one in past), ZERO),
        surveys=list(
            Survey.objects.filter(order__in=orders, answered_at__isnull=False).select_related(
                "order"
            )[:MOST]
        ),
        complaints=list(Complaint.objects.filter(order__in=orders).select_related("order")[:MOST]),
        letters={one.email: standings_of(one.email, now=now) for one in addresses},
        merges=list(
            CustomerMerge.objects.filter(kept=person, undone_at=None).select_related("gone")
        ),
        duplicates=duplicates_of(person),
    )


def standings_of(email: str, *, now: datetime) -> Mapping[str, rules.Standing]:
    """Return for each purpose whether an address may be written to and why, known or not."""
    known = LetterAddress.objects.filter(email=email).first()
    # A row that nobody has written has said nothing.
    return consent.standings(known or LetterAddress(email=email), now=now)


def thread_of(person: Customer, *, may_read_orders: bool) -> list[Moment]:
    """Return what was said and written between a person and us, the newest first.

    Mails and messages with hosts only for who may read orders, as at an order's own page.
    """
    found = [Moment(_noon(one), note=one) for one in notes_of(person)[:MOST]]
    if may_read_orders:
        found += _written(person)
    return sorted(found, key=lambda one: one.at, reverse=True)[:MOST]


def searched(text: str) -> QuerySet[Customer]:
    """Return the persons in whom every word is found: name, address, phone, or an order of theirs.

    Those merged into others are found as who they have become; erased ones by nothing.
    """
    people = Customer.objects.filter(erased_at=None, merged_into=None)
    people = people.annotate(figures=_figures("phone"))
    for word in WITHIN_A_NUMBER.sub("", text).split():
        people = people.filter(_has(word))
    return people


def _has(word: str) -> Q:
    orders = Order.objects.filter(identity__customer=OuterRef("pk"))
    own = Q(first_name__icontains=word) | Q(last_name__icontains=word)
    address = Exists(
        CustomerAddress.objects.filter(
            identities__customer=OuterRef("pk"), email__icontains=word.lower()
        )
    )
    booked = Q(reference__iexact=word) | Q(last_name__icontains=word) | Q(first_name__iexact=word)
    # However it was typed, and whatever stands before it: 0, +33, 0033.
    number = "".join(one for one in word if one.isdigit())[-PHONE_FIGURES:]
    if len(number) > 3:
        own |= Q(figures__contains=number)
        booked |= Q(figures__contains=number)
        orders = orders.annotate(figures=_figures("phone"))
    return own | Q(address) | Q(Exists(orders.filter(booked)))


def _figures(field: str) -> Func:
    parts = (F(field), Value(r"\D"), Value(""), Value("g"))
    return Func(*parts, function="regexp_replace", output_field=TextField())


def _family(person: Customer) -> QuerySet[Customer]:
    rows = Customer.objects.filter(family=person.family_id, merged_into=None, erased_at=None)
    return rows.exclude(pk=person.pk)


def _to_come(orders: QuerySet[Order], now: datetime) -> QuerySet[Order]:
    lines = OrderLine.objects.filter(state=states.SOLD, ends_at__gt=now)
    is_to_come = Exists(lines.filter(order=OuterRef("pk")))
    return orders.filter(is_to_come, state=states.CONFIRMED).prefetch_related(
        Prefetch("lines", lines.order_by("starts_at"), to_attr="coming")
    )


def _written(person: Customer) -> list[Moment]:
    orders = list(Order.objects.filter(identity__customer=person).values_list("pk", flat=True))
    emails = list(person.identities.values_list("address__email", flat=True).distinct())
    # Lists, no subqueries: each side of « or » has its index, of addresses and of orders.
    mails = OutboxMessage.objects.annotate(address=Lower("recipient")).filter(
        Q(address__in=emails) | Q(order__in=orders, recipient=""),
        state=OutboxMessage.State.SENT,
    )
    found = [Moment(one.sent_at or one.created_at, mail=one) for one in mails[:MOST]]
    talks = Talk.objects.filter(order__in=orders).select_related("provider", "order")
    for talk in talks.prefetch_related("messages"):
        found += [
            Moment(one.at, talk=talk, text=one.text, is_guest=one.author == one.Author.GUEST)
            for one in talk.messages.all()
        ]
    return found


def _noon(note: CustomerNote) -> datetime:
    """Return where a note stands in the thread: on its day; written the same day, at its hour."""
    if day_of(note.written_at) == note.happened_on:
        return note.written_at
    return at_paris(note.happened_on, time(12))
