"""The list of orders at the desk: what is looked for, and each order's state in one word."""

from __future__ import annotations

import re

from django.db.models import Exists, F, Func, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext as _

from booking.models import Order, OrderLine, Participant
from booking.rules import states
from booking.settlement import TAKEN_BACK
from destination.desk import ReadOnlyIndexView
from members.models import Entry

# What separates the digits of one phone number.
WITHIN_A_NUMBER = re.compile(r"(?<=\d)[\s.\-/()]+(?=\d)")
A_NUMBER = re.compile(r"\+?\d{2,}")
# How a French number begins, at home and from abroad.
PREFIX = re.compile(r"^(?:\+|00)?33(?=\d{9}$)|^0(?=\d{9}$)")


def searched(orders: QuerySet[Order], text: str) -> QuerySet[Order]:
    """Return the orders in which every word of `text` is found, each wherever it is.

    Looked at: reference, visitor, participants, mail, what was bought and from whom; of a phone,
    its digits, however they were typed.
    """
    orders = orders.annotate(phone_digits=_digits_of("phone"))
    for word in WITHIN_A_NUMBER.sub("", text).split():
        orders = orders.filter(_has(word))
    return orders


def _has(word: str) -> Q:
    own = ("reference", "last_name", "first_name", "email")
    found = Q()
    for name in own:
        found |= Q(**{f"{name}__icontains": word})
    people = Participant.objects.filter(order=OuterRef("pk"))
    found |= Q(Exists(people.filter(Q(first_name__icontains=word) | Q(last_name__icontains=word))))
    lines = OrderLine.objects.filter(order=OuterRef("pk")).filter(
        Q(titles__fr__icontains=word)
        | Q(titles__en__icontains=word)
        | Q(sub_order__provider__name__icontains=word)
    )
    found |= Q(Exists(lines))
    if A_NUMBER.fullmatch(word):
        found |= Q(phone_digits__contains=re.sub(r"\D", "", PREFIX.sub("", word)))
    return found


def _digits_of(field: str) -> Func:
    return Func(
        F(field),
        Value(r"\D"),
        Value(""),
        Value("g"),
        function="regexp_replace",
        output_field=TextField(),
    )


def with_taken_back(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Add `is_taken_back`: whether the visitor took the order back to change the stay."""
    of_order = Entry.objects.filter(
        subject=Concat(Value("order:"), OuterRef("reference")), verb=TAKEN_BACK
    )
    return orders.annotate(is_taken_back=Exists(of_order))


def state_words(order: Order) -> str:
    """Write the state of an order read by `with_taken_back`.

    One that its visitor took back didn't run out of time.
    """
    if order.state == states.EXPIRED and getattr(order, "is_taken_back", False):
        return _("taken back by the visitor")
    return str(order.get_state_display())


class OrderIndexView(ReadOnlyIndexView):
    """The orders; one is found by every word of it."""

    def get_base_queryset(self) -> QuerySet[Order]:
        """Tell which were taken back, in the same statement."""
        return with_taken_back(Order.objects.all())

    def search_queryset(self, queryset: QuerySet[Order]) -> QuerySet[Order]:
        """Keep the orders in which every word is found."""
        return searched(queryset, self.search_query) if self.is_searching else queryset
