"""The list of orders at the desk: what is looked for, and each order's state in one word."""

from __future__ import annotations

import re
from typing import Any

import django_filters
from django.db.models import Exists, F, Func, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Concat
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet

from booking.models import CalledOff, Order, OrderLine, Participant, Refund
from booking.permits import uncovered_lines
from booking.rules import states
from booking.settlement import TAKEN_BACK
from destination.desk import ReadOnlyIndexView
from members.models import Entry, Provider
from oti.lib.dates import paris
from oti.lib.dates import today as day_of

# What the first page of the desk leads to.
REFUND_FAILED, CARE_UNCOVERED, CALLED_OFF = "refund", "care", "date"

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


def called_off_lines() -> QuerySet[OrderLine]:
    """Return what is still sold of dates that are called off, or out of the programme.

    It goes by itself as each order is given back; what stays here waits for somebody.
    """
    # Read from the dates: of every line ever sold it would be asked one by one.
    booked = CalledOff.objects.filter(
        slot__is_closed=True,
        slot__takes__line__state=states.SOLD,
        slot__takes__line__starts_at__gt=F("at"),
    )
    is_off = Q(slot__session__is_cancelled=True) | Q(
        slot__is_closed=True, offer__event__state="cancelled"
    )
    is_off |= Q(pk__in=booked.values("slot__takes__line"))
    return OrderLine.objects.filter(is_off, state=states.SOLD)


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


class OrderFilters(WagtailFilterSet):
    """Narrows the list of orders; the first page of the desk leads here with these words."""

    placed_at = django_filters.DateFromToRangeFilter(
        label=gettext_lazy("Placed"), widget=DateRangePickerWidget
    )
    arrival = django_filters.DateFromToRangeFilter(
        label=gettext_lazy("Arrival"), widget=DateRangePickerWidget, method="arriving"
    )
    provider = django_filters.ModelChoiceFilter(
        queryset=Provider.objects.all(),
        field_name="sub_orders__provider",
        label=gettext_lazy("Provider"),
    )
    trouble = django_filters.ChoiceFilter(
        label=gettext_lazy("To look into"),
        choices=(
            (REFUND_FAILED, gettext_lazy("a refund failed")),
            (CARE_UNCOVERED, gettext_lazy("childcare that no authorisation reaches")),
            (CALLED_OFF, gettext_lazy("tickets of a date that is cancelled")),
        ),
        method="troubled",
    )

    class Meta:
        model = Order
        fields = ("state", "placed_at", "arrival", "provider", "trouble")

    def arriving(self, orders: QuerySet[Order], name: str, value: slice) -> QuerySet[Order]:
        """Keep orders of which something that is still sold begins between two days."""
        lines = OrderLine.objects.filter(order=OuterRef("pk"), state=states.SOLD)
        if value.start:
            lines = lines.filter(arrival__gte=paris(value.start).date())
        if value.stop:
            lines = lines.filter(arrival__lte=paris(value.stop).date())
        return orders.filter(Exists(lines))

    def troubled(self, orders: QuerySet[Order], name: str, value: str) -> QuerySet[Order]:
        """Keep orders that wait for somebody of the office."""
        rows: QuerySet[Any] = Refund.objects.filter(
            payment__order=OuterRef("pk"), state=states.FAILED
        )
        if value == CARE_UNCOVERED:
            rows = uncovered_lines(day_of(timezone.now())).filter(order=OuterRef("pk"))
        if value == CALLED_OFF:
            rows = called_off_lines().filter(order=OuterRef("pk"))
        return orders.filter(Exists(rows))


class OrderIndexView(ReadOnlyIndexView):
    """The orders; one is found by every word of it."""

    def get_base_queryset(self) -> QuerySet[Order]:
        """Tell which were taken back, in the same statement."""
        return with_taken_back(Order.objects.all())

    def search_queryset(self, queryset: QuerySet[Order]) -> QuerySet[Order]:
        """Keep the orders in which every word is found."""
        return searched(queryset, self.search_query) if self.is_searching else queryset
