"""What a host types of beds, prices and durations."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from booking.forms.nights import DayField, PriceField
from booking.forms.offers import LineForm, OfferForm
from booking.models import Offer
from booking.offer_prices import MOST_PRICE
from booking.offer_terms import MOST_UNITS

OLDEST = 120


def count_field(label: Any, low: int, high: int, **kwargs: Any) -> forms.IntegerField:
    """Return a whole number typed in figures."""
    return forms.IntegerField(
        label=label,
        min_value=low,
        max_value=high,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={
            "required": gettext_lazy("Write a number in figures."),
            "invalid": gettext_lazy("Write a number in figures: 4 for instance."),
        },
        **kwargs,
    )


def money_field(label: Any, low: str, **kwargs: Any) -> PriceField:
    """Return a sum in euros, from `low` on."""
    return PriceField(
        label=label,
        min_value=Decimal(low),
        max_value=MOST_PRICE,
        max_digits=9,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        error_messages={
            "required": gettext_lazy("Write a sum in figures: 90 for instance."),
            "invalid": gettext_lazy("Write a sum in figures: 90 for instance."),
            "min_value": gettext_lazy("A price is above 0, in euros and cents.")
            if low != "0"
            else gettext_lazy("A sum is 0 or more."),
        },
        **kwargs,
    )


class UnitForm(OfferForm):
    """One unit: a whole gîte, or one of the equal rooms of a house."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("As visitors read it: « The gîte », « The blue room »"),
        max_length=80,
        error_messages={"required": gettext_lazy("Give it a name.")},
    )
    max_guests = count_field(gettext_lazy("Persons at most"), 1, 200)
    max_adults = count_field(
        gettext_lazy("Adults at most"),
        1,
        200,
        required=False,
        help_text=gettext_lazy("Empty: as many as persons"),
    )
    max_infants = count_field(gettext_lazy("Cots for babies"), 0, 20, required=False)
    bedrooms = count_field(gettext_lazy("Bedrooms in all"), 0, 200)
    count = count_field(gettext_lazy("How many equal ones?"), 1, MOST_UNITS, required=False)
    why = {
        "name": gettext_lazy("Who books several rooms must tell them apart."),
        "max_guests": gettext_lazy("Nobody books a place too small for the party."),
        "max_adults": gettext_lazy("Where a bed is a child’s, it isn’t sold to a grown-up."),
        "max_infants": gettext_lazy("Families with a baby look for it."),
        "bedrooms": gettext_lazy("Visitors compare places by it."),
        "count": gettext_lazy("Ten equal rooms are ten units: each is booked by itself."),
    }

    def clean(self) -> dict[str, Any]:
        """Refuse more adults than persons."""
        data: dict[str, Any] = super().clean() or {}
        guests, adults = data.get("max_guests"), data.get("max_adults")
        if guests and adults and adults > guests:
            self.add_error("max_adults", _("Not more adults than persons."))
        return data


class PricesForm(OfferForm):
    """The usual price of a night, and what is asked beside it."""

    base_amount = money_field(gettext_lazy("Price of a night, in euros"), "0.01")
    base_occupancy = count_field(
        gettext_lazy("This price is for up to (persons)"),
        1,
        200,
        required=False,
        help_text=gettext_lazy("Empty: for everybody the place takes"),
    )
    extra_person_amount = money_field(
        gettext_lazy("Each further person and night, in euros"), "0", required=False
    )
    min_stay = count_field(
        gettext_lazy("Nights at least"),
        1,
        60,
        required=False,
        help_text=gettext_lazy("Empty: one night"),
    )
    cleaning = money_field(
        gettext_lazy("Cleaning, once a stay, in euros"),
        "0",
        required=False,
        help_text=gettext_lazy("Always part of the price that visitors see"),
    )
    linen = money_field(
        gettext_lazy("Linen, each person who asks for it, in euros"), "0", required=False
    )
    pet = money_field(gettext_lazy("A pet, once a stay, in euros"), "0", required=False)
    why = {
        "base_amount": gettext_lazy("It holds wherever no season says otherwise."),
        "base_occupancy": gettext_lazy("A couple needn’t pay the price of six."),
        "extra_person_amount": gettext_lazy("It is added for those beyond that number."),
        "min_stay": gettext_lazy("Shorter stays aren’t proposed."),
        "cleaning": gettext_lazy("The law wants every mandatory fee in the first price shown."),
        "linen": gettext_lazy("Who comes by train brings none."),
        "pet": gettext_lazy("Said before the booking, it is no quarrel afterwards."),
    }


class SeasonForm(OfferForm):
    """Nights at a price of their own."""

    first_night = DayField(label=gettext_lazy("First night"))
    departure = DayField(label=gettext_lazy("Day of departure"))
    amount = money_field(gettext_lazy("Price of a night, in euros"), "0.01")
    why = {
        "first_night": gettext_lazy("From this evening on."),
        "departure": gettext_lazy("The night before it is the last one at this price."),
        "amount": gettext_lazy("It takes the place of the usual price on these nights."),
    }


class BandForm(LineForm):
    """A price for an age, of a list; an empty one is none."""

    name = forms.CharField(
        label=gettext_lazy("Who"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("« Adult », « Child »"),
    )
    min_age = count_field(gettext_lazy("From age"), 0, OLDEST, required=False)
    max_age = count_field(
        gettext_lazy("Up to age, included"),
        0,
        OLDEST,
        required=False,
        help_text=gettext_lazy("Empty: no limit"),
    )
    amount = money_field(gettext_lazy("Price, in euros"), "0", required=False)

    asked = {
        "name": gettext_lazy("Say who pays this price."),
        "amount": gettext_lazy("Write a sum in figures: 90 for instance."),
    }


class ItemPriceForm(LineForm):
    """The price of a thing: it is called something, and has no ages."""

    name = forms.CharField(
        label=gettext_lazy("What it is"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("“Basket”, “Bicycle”"),
    )
    amount = money_field(gettext_lazy("Price, in euros"), "0", required=False)

    asked = {
        "name": gettext_lazy("Say what this is the price of."),
        "amount": BandForm.asked["amount"],
    }


BandFormSet = forms.formset_factory(BandForm, extra=0, min_num=4, max_num=8, absolute_max=8)
ItemPriceFormSet = forms.formset_factory(
    ItemPriceForm, extra=0, min_num=4, max_num=8, absolute_max=8
)


class DurationForm(OfferForm):
    """How long it lasts and for whom it is, and a professional's VAT."""

    duration_minutes = count_field(
        gettext_lazy("Duration, in minutes"),
        1,
        1440,
        help_text=gettext_lazy("150 for 2 h 30"),
    )
    min_age = count_field(gettext_lazy("From age"), 0, OLDEST, required=False)
    max_age = count_field(gettext_lazy("Up to age"), 0, OLDEST, required=False)
    why = {
        "duration_minutes": gettext_lazy("Visitors plan their day by it; nothing overlaps."),
        "min_age": gettext_lazy("Nobody comes with a child too young for it."),
        "max_age": gettext_lazy("For children’s activities; leave it empty otherwise."),
    }

    def __init__(self, *args: Any, offer: Offer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if offer.is_sold_by_item:
            del self.fields["min_age"], self.fields["max_age"]
            self.fields["duration_minutes"].help_text = _(
                "How long it can be fetched, or is open, on a day: 480 for 8 hours"
            )
        if offer.kind_rules.needs_permit:
            for name in ("min_age", "max_age"):
                self.fields[name].required = True

    def clean(self) -> dict[str, Any]:
        """Refuse ages the wrong way round."""
        data: dict[str, Any] = super().clean() or {}
        low, high = data.get("min_age"), data.get("max_age")
        if low is not None and high is not None and low > high:
            self.add_error("max_age", _("The highest age must not be below the lowest one."))
        return data
