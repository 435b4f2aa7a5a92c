"""What a host's own program sends and is answered, shape by shape."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from booking.night_spans import MOST_SPANS
from booking.slots import MOST_UNITS
from oti.api.answers import Cents, Moment
from oti.api.fields import AskedNumber, Day, OneOf, Slug, Text, WholeNumber, YesNo
from oti.api.serializers import Shape

CLOSED, OPEN = "closed", "open"
MOST_PRICE_CENTS = 2_000_000
ISO_MOMENT = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})$"


# --- What is asked --------------------------------------------------------------------------------
class DaysQuery(Shape):
    """The first and the last night wished, both included."""

    def get_fields(self) -> Any:
        """Return `from`, a word of the language, and `to`."""
        return {
            "from": Day(required=False, help_text="Today without it."),
            "to": Day(required=False, help_text="A month later without it; 400 nights at most."),
        }


class Span(Shape):
    """Nights from `first` to `last`, both included, and what changes in them.

    What isn't named stays. A price is that of exactly these nights, whatever the season's.
    """

    first = Day()
    last = Day()
    weekdays = serializers.ListField(
        child=WholeNumber(min_value=1, max_value=7),
        required=False,
        default=list,
        max_length=7,
        help_text="Only these: 1 is Monday, 7 Sunday. Empty for every night.",
    )
    status = OneOf([OPEN, CLOSED], required=False)
    reason = Text(
        max_length=160,
        required=False,
        default="",
        allow_blank=True,
        help_text="Why it is closed, for the host's own calendar: the name of the key without it.",
    )
    price_cents = WholeNumber(min_value=1, max_value=MOST_PRICE_CENTS, required=False)
    min_stay = WholeNumber(
        min_value=1, max_value=365, required=False, help_text="Nights at least, from an arrival."
    )


class SpansGiven(Shape):
    """Spans in their order: a later one is laid over an earlier one. All are written, or none."""

    spans = serializers.ListField(child=Span(), min_length=1, max_length=MOST_SPANS)


class SlotsQuery(Shape):
    """The days wished, one offer if one is named."""

    def get_fields(self) -> Any:
        """Return `from`, a word of the language, and the others."""
        return {
            "from": Day(required=False, help_text="Today without it."),
            "to": Day(required=False, help_text="A month later without it; 400 days at most."),
            "offer": Slug(required=False, help_text="An offer's slug."),
            "cursor": Text(max_length=120, required=False, help_text="The `next` of a page."),
        }


class SlotGiven(Shape):
    """What changes of a date; what isn't named stays. Places that are sold stay."""

    capacity = WholeNumber(min_value=0, max_value=MOST_UNITS, required=False)
    closed = YesNo(required=False)
    reason = Text(max_length=160, required=False, default="", allow_blank=True)


class BookingsQuery(Shape):
    """What changed since a moment, page after page."""

    since = Text(
        max_length=40,
        required=False,
        help_text="An ISO moment with its zone: 2027-07-11T14:00:00+02:00. Everything without it.",
    )
    cursor = Text(max_length=120, required=False, help_text="The `next` of a page.")
    size = AskedNumber(min_value=1, max_value=100, required=False, default=50)


# --- What is answered -----------------------------------------------------------------------------
class OfferOfHouse(serializers.Serializer):
    """An offer of the house."""

    slug = serializers.CharField()
    title = serializers.CharField()


class UnitOfHouse(serializers.Serializer):
    """A lodging of the house."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    offer = OfferOfHouse()
    max_guests = serializers.IntegerField()
    shares_prices_with = serializers.ListField(
        child=serializers.IntegerField(),
        help_text="Units whose prices and shortest stays change with this one's.",
    )


class UnitsOfHouse(serializers.Serializer):
    """Every lodging of the house."""

    results = UnitOfHouse(many=True)


class NightOfUnit(serializers.Serializer):
    """The night that begins on a day; what the key may not read is null."""

    day = serializers.DateField()
    status = serializers.ChoiceField(
        choices=["open", "closed", "sold", "held", "blocked"],
        allow_null=True,
        help_text="held: being booked at this moment; blocked: taken on another platform.",
    )
    reason = serializers.CharField(help_text="Of a closure.")
    booking = serializers.CharField(allow_null=True, help_text="The reference of a sold night.")
    price_cents = Cents(allow_null=True)
    min_stay = serializers.IntegerField(allow_null=True)


class NightsOfUnit(serializers.Serializer):
    """The nights of a unit."""

    unit = serializers.IntegerField()
    days = NightOfUnit(many=True)


class BoundNights(serializers.Serializer):
    """Nights `[first, after)` that stay as they are: sold, or being booked."""

    first = serializers.DateField()
    after = serializers.DateField()
    status = serializers.ChoiceField(choices=["sold", "held"])


class SpansWritten(serializers.Serializer):
    """What came of it; twice the same changes nothing the second time."""

    unit = serializers.IntegerField()
    nights_changed = serializers.IntegerField(help_text="Of every unit that shares the prices.")
    units_changed = serializers.ListField(child=serializers.IntegerField())
    not_closed = BoundNights(many=True)


class SlotOfHouse(serializers.Serializer):
    """A date of the house."""

    id = serializers.IntegerField()
    offer = OfferOfHouse()
    starts_at = Moment()
    ends_at = Moment()
    capacity = serializers.IntegerField()
    sold = serializers.IntegerField()
    held = serializers.IntegerField(help_text="Being booked at this moment.")
    closed = serializers.BooleanField()
    reason = serializers.CharField()


class SlotsOfHouse(serializers.Serializer):
    """A page of dates, the next one under `next`."""

    results = SlotOfHouse(many=True)
    next = serializers.CharField(allow_null=True)


class GuestOfLine(serializers.Serializer):
    """Who comes: a first name, and an age where one was given."""

    first_name = serializers.CharField()
    age = serializers.IntegerField(allow_null=True)


class BookedLine(serializers.Serializer):
    """One line of a booking: this house's own part, what it takes to welcome."""

    id = serializers.IntegerField()
    reference = serializers.CharField()
    state = serializers.CharField()
    kind = serializers.CharField()
    offer = OfferOfHouse()
    unit = serializers.IntegerField(allow_null=True)
    unit_name = serializers.CharField()
    slot = serializers.IntegerField(allow_null=True)
    arrival = serializers.DateField(allow_null=True)
    departure = serializers.DateField(allow_null=True)
    starts_at = Moment()
    ends_at = Moment()
    quantity = serializers.IntegerField()
    booked_by = serializers.CharField(help_text="First name.")
    phone = serializers.CharField()
    arrival_time = serializers.CharField(allow_null=True)
    needs = serializers.CharField()
    guests = GuestOfLine(many=True)
    options = serializers.ListField(child=serializers.CharField())
    amount_cents = Cents()
    changed_at = Moment(allow_null=True)


class BookedLines(serializers.Serializer):
    """A page of lines in the order of their change, the next one under `next`."""

    results = BookedLine(many=True)
    next = serializers.CharField(allow_null=True)


class OneBooking(serializers.Serializer):
    """This house's lines of one booking."""

    reference = serializers.CharField()
    lines = BookedLine(many=True)
