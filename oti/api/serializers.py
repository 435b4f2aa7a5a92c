"""What the API reads, shape by shape; the use cases decide whether it can be."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiSerializerExtension
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from booking.models import Offer
from booking.rules.kinds import BY_CODE
from oti.api.base import LANGUAGES, unknown_names
from oti.api.fields import (
    MAX_ID,
    OLDEST,
    Ages,
    AskedNumber,
    Day,
    Hour,
    OneOf,
    Slug,
    Text,
    WholeNumber,
    YesNo,
)
from oti.api.problems import NOTHING_AT

MOST_PEOPLE = 99
MOST_PAGES = 1000
# A code as somebody may write it, with its spaces and hyphens.
MOST_CODE = 40


class Shape(serializers.Serializer):
    """A JSON object of these names only; anything else is refused."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Refuse what isn't an object and names that aren't ours, in words that repeat no value.

        A name misspelt and passed over would sell something else than what was asked for.
        """
        if data is serializers.empty or (data is None and self.parent is not None):
            return super().run_validation(data)
        if not isinstance(data, dict):
            text = str(_("An object is expected here, with a name for each value."))
            raise serializers.ValidationError({NOTHING_AT: [ErrorDetail(text, "not_an_object")]})
        strange = unknown_names(data, self.fields)
        try:
            found = super().run_validation(data)
        except serializers.ValidationError as error:
            raise serializers.ValidationError({**strange, **error.detail}) from error
        if strange:
            raise serializers.ValidationError(strange)
        return found


class ShapeDescribed(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """Says in the description that a shape has no other name."""

    target_class = Shape
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        """Return what would be said, closed."""
        told: dict[str, Any] = auto_schema._map_serializer(
            self.target, direction, bypass_extensions=True
        )
        return {**told, "additionalProperties": False}


class Nothing(Shape):
    """No name at all: nothing is read, so nothing may be sent."""


# --- Addresses ----------------------------------------------------------------------------------
class StaysQuery(Shape):
    """Dates and party of a search."""

    arrival = Day()
    departure = Day()
    adults = AskedNumber(min_value=0, max_value=MOST_PEOPLE)
    ages = Ages(required=False, default=())
    pole = Slug(required=False, help_text="A pole's slug.")
    kind = OneOf(Offer.LodgingType.values, required=False, help_text="A kind of lodging.")
    page = AskedNumber(min_value=1, max_value=MOST_PAGES, required=False, default=1)


class OffersQuery(Shape):
    """Wishes of a list of offers."""

    kind = OneOf(list(BY_CODE), required=False)
    pole = Slug(required=False, help_text="A pole's slug.")
    q = Text(max_length=80, required=False, help_text="Words of the title or the place.")
    page = AskedNumber(min_value=1, max_value=MOST_PAGES, required=False, default=1)


class AvailabilityQuery(Shape):
    """The first and the last day wished, both included."""

    def get_fields(self) -> Any:
        """Return `from`, a word of the language, and `to`."""
        return {
            "from": Day(required=False, help_text="Today without it."),
            "to": Day(required=False, help_text="A month later without it; 92 days at most."),
        }


# --- Lines --------------------------------------------------------------------------------------
class Participant(Shape):
    """Who takes part: an age on the day of arrival; null for an adult who gives none."""

    age = WholeNumber(min_value=0, max_value=OLDEST, allow_null=True)


class OptionTaken(Shape):
    """An option by its code."""

    code = Slug(max_length=24)
    quantity = WholeNumber(min_value=1, max_value=99, required=False, default=1)


class NewLine(Shape):
    """Nights of a unit (`unit`, `arrival`, `departure`) or places in a slot (`slot`).

    Prices are computed here, whatever is sent.
    """

    offer = Slug(help_text="The offer's slug.")
    unit = WholeNumber(min_value=1, max_value=MAX_ID, required=False, allow_null=True)
    slot = WholeNumber(min_value=1, max_value=MAX_ID, required=False, allow_null=True)
    arrival = Day(required=False, allow_null=True)
    departure = Day(required=False, allow_null=True)
    participants = serializers.ListField(
        child=Participant(), max_length=MOST_PEOPLE, required=False, default=list
    )
    quantity = WholeNumber(
        min_value=1, max_value=99, required=False, default=1, help_text="Of pieces."
    )
    options = serializers.ListField(
        child=OptionTaken(), max_length=40, required=False, default=list
    )
    accept_overlap = YesNo(
        required=False, default=False, help_text="They leave one thing early for the other."
    )
    for_others = YesNo(
        required=False,
        default=False,
        help_text="A bed for others who come too, where everybody has one (`has_bed`).",
    )
    instead_of = serializers.ListField(
        child=WholeNumber(min_value=1, max_value=MAX_ID),
        max_length=40,
        required=False,
        default=list,
        help_text="Lines with a bed, taken out once this one is held.",
    )
    proposal = Text(
        required=False,
        default="",
        allow_blank=True,
        max_length=64,
        help_text="The code of a mail's link that promises a lower price: refused once it is over.",
    )


class FriendGiven(Shape):
    """The code of who invited; empty for nobody."""

    friend_code = Text(max_length=MOST_CODE, allow_blank=True)
    tells_name = YesNo(
        required=False,
        default=False,
        help_text="The ambassador may read the buyer's first name.",
    )


# --- Checkout -----------------------------------------------------------------------------------
class ContactGiven(Shape):
    """Who buys, and where the confirmation goes."""

    first_name = Text(max_length=80)
    last_name = Text(max_length=80)
    email = Text(max_length=254)
    phone = Text(max_length=40)


class PersonGiven(Shape):
    """The name of one of the basket's people; a minor needs no family name."""

    key = Slug(max_length=8)
    first_name = Text(max_length=80)
    last_name = Text(max_length=80, required=False, default="", allow_blank=True)


class CheckoutGiven(Shape):
    """Who buys, who comes, what was read and accepted, the total that was shown."""

    contact = ContactGiven()
    participants = serializers.ListField(
        child=PersonGiven(), max_length=MOST_PEOPLE, required=False, default=list
    )
    terms_version = Text(
        max_length=20, help_text="The version of the conditions of sale that the buyer accepted."
    )
    package_form_version = Text(
        max_length=20, required=False, allow_null=True, help_text="Where the stay is a package."
    )
    shown_total_cents = WholeNumber(min_value=0, max_value=10**9)
    language = OneOf(LANGUAGES)
    arrival_time = Hour(required=False, allow_null=True)
    needs = Text(
        max_length=1000,
        required=False,
        default="",
        allow_blank=True,
        help_text="Kept where a host of the stay prepares for them, read by them and the office.",
    )
