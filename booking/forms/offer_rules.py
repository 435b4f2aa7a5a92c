"""What a host types of hours, cancelling, papers and steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from booking.forms.nights import DayField
from booking.forms.offer_prices import count_field, money_field
from booking.forms.offers import LineForm, OfferForm
from booking.models import CancellationPolicy, Offer, OfferPermit
from booking.models.offers import CHILDREN_CHOICES
from booking.rules.kinds.childcare import children_by_default
from booking.rules.registration import clean_registration, registration_commune
from oti.lib.dates import is_of_our_time


class HourField(forms.TimeField):
    """An hour by the browser's own field."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            error_messages={
                "required": gettext_lazy("Give this hour."),
                "invalid": gettext_lazy("Write an hour as 15:00."),
            },
            **kwargs,
        )


class RulesForm(OfferForm):
    """What visitors accept when they book."""

    cancellation_policy = forms.ModelChoiceField(
        label=gettext_lazy("If visitors cancel"),
        queryset=CancellationPolicy.objects.none(),
        empty_label=None,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose what happens if they cancel.")},
    )
    check_in_from = HourField(label=gettext_lazy("Arrival from"))
    check_in_until = HourField(label=gettext_lazy("Arrival until"), required=False)
    check_out_until = HourField(label=gettext_lazy("Departure until"))
    min_advance_days = count_field(
        gettext_lazy("Booked at least so many days ahead"),
        0,
        365,
        required=False,
        help_text=gettext_lazy("Empty: until the last moment"),
    )
    deposit_amount = money_field(
        gettext_lazy("Deposit asked for on site, in euros"),
        "0",
        help_text=gettext_lazy("Shown, never charged online; 0 for none"),
    )
    season_from_month = count_field(
        gettext_lazy("Season from month"),
        1,
        12,
        required=False,
        help_text=gettext_lazy("9: September"),
    )
    season_to_month = count_field(
        gettext_lazy("Season up to month"),
        1,
        12,
        required=False,
        help_text=gettext_lazy("Included; empty: all year"),
    )
    why = {
        "cancellation_policy": gettext_lazy(
            "Read before paying and kept with each booking as it was on that day."
        ),
        "check_in_from": gettext_lazy("Guests plan their journey by it."),
        "check_in_until": gettext_lazy("For those who arrive by the last bus."),
        "check_out_until": gettext_lazy("So that you can prepare the next stay."),
        "min_advance_days": gettext_lazy("The time you need to get ready."),
        "deposit_amount": gettext_lazy("Nobody is surprised on the day."),
        "season_from_month": gettext_lazy("Mushrooms aren’t picked in May."),
        "season_to_month": gettext_lazy("Dates outside it can’t be added."),
    }

    def __init__(self, *args: Any, offer: Offer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        policy = self.fields["cancellation_policy"]
        known = CancellationPolicy.objects.filter(pk=offer.cancellation_policy_id)
        policy.queryset = (  # type: ignore[attr-defined]
            CancellationPolicy.objects.suiting(offer.kind) | known
        ).order_by("pk")
        policy.label_from_instance = lambda one: f"{one.name} : {one.summary}"  # type: ignore[attr-defined]
        left_out = []
        if not offer.is_lodging:
            left_out += ["check_in_from", "check_in_until", "check_out_until"]
        if not offer.kind_rules.has_deposit:
            left_out.append("deposit_amount")
        if not offer.kind_rules.has_steps:
            left_out += ["season_from_month", "season_to_month"]
        for name in left_out:
            del self.fields[name]

    def clean(self) -> dict[str, Any]:
        """Refuse an end before a beginning, and half a season."""
        data: dict[str, Any] = super().clean() or {}
        start, end = data.get("check_in_from"), data.get("check_in_until")
        if start and end and end < start:
            self.add_error("check_in_until", _("It can't be before « arrival from »."))
        first, last = data.get("season_from_month"), data.get("season_to_month")
        if (first is None) != (last is None):
            self.add_error(
                "season_to_month" if last is None else "season_from_month",
                _("Give both months, or none."),
            )
        return data

    @property
    def values(self) -> dict[str, Any]:
        """Return what was typed by column, from a valid form."""
        data = dict(self.cleaned_data)
        data["cancellation_policy_id"] = data.pop("cancellation_policy").pk
        data["min_advance_days"] = data["min_advance_days"] or 0
        return data


STARS = {
    Offer.LodgingType.CAMPING: ("unclassified", "camping_1_2_star", "camping_3_5_star"),
    Offer.LodgingType.GUEST_ROOM: ("1_star_or_chambre_dhotes",),
    Offer.LodgingType.HOSTEL: ("1_star_or_chambre_dhotes",),
    Offer.LodgingType.UNUSUAL: ("unclassified",),
}
ALL_STARS = (
    "unclassified",
    "1_star_or_chambre_dhotes",
    "2_star",
    "3_star",
    "4_star",
    "5_star",
)


class LodgingPapersForm(OfferForm):
    """What the tourist tax and the law ask of a lodging."""

    tax_category = forms.ChoiceField(
        label=gettext_lazy("Classification"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose the classification.")},
    )
    registration_number = forms.CharField(
        label=gettext_lazy("Registration number"),
        help_text=gettext_lazy("Thirteen signs, on the receipt of your declaration"),
        max_length=40,
        required=False,
    )
    why = {
        "tax_category": gettext_lazy(
            "The tourist tax depends on it. Stars that have ended count no more."
        ),
        "registration_number": gettext_lazy(
            "The law wants it on the page of every furnished lodging. While you wait for it, give "
            "the receipt in « My papers »."
        ),
    }

    def __init__(self, *args: Any, offer: Offer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer = offer
        kept = STARS.get(Offer.LodgingType(offer.lodging_type), ALL_STARS)
        names = dict(Offer.TaxCategory.choices)
        codes = dict.fromkeys([*kept, offer.tax_category])
        self.fields["tax_category"].choices = [(one, names[one]) for one in codes]  # type: ignore[attr-defined,index]
        if offer.lodging_type != Offer.LodgingType.GITE:
            del self.fields["registration_number"]

    def clean_registration_number(self) -> str:
        """Return thirteen signs, or nothing."""
        number = clean_registration(self.cleaned_data["registration_number"])
        if number and registration_commune(number) is None:
            raise forms.ValidationError(
                _("Thirteen signs: five for the commune, six digits, two for the key.")
            )
        return number


def children_field(label: Any) -> forms.TypedChoiceField:
    """Return a field for how many children one carer may mind; empty: as everywhere."""
    return forms.TypedChoiceField(
        label=label,
        choices=[("", ""), *CHILDREN_CHOICES],
        coerce=int,
        empty_value=None,
        required=False,
    )


def tell_defaults(fields: Mapping[str, forms.Field]) -> None:
    """Say in the empty choices of both numbers what counts without an own one."""
    names = ("children_below_six", "children_from_six")
    for name, number in zip(names, children_by_default(), strict=True):
        if name in fields:
            words = _("%(number)s, as everywhere") % {"number": number}
            choices = [("", words), *CHILDREN_CHOICES]
            fields[name].choices = choices  # type: ignore[attr-defined]


class PermitForm(OfferForm):
    """The authorisation without which no child is looked after."""

    regime = forms.ChoiceField(
        label=gettext_lazy("Regime"),
        choices=OfferPermit.Regime.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose the regime that you declared.")},
    )
    number = forms.CharField(
        label=gettext_lazy("Number"),
        max_length=60,
        error_messages={"required": gettext_lazy("Give the number that stands on the paper.")},
    )
    authority = forms.CharField(
        label=gettext_lazy("Given by"),
        max_length=120,
        error_messages={"required": gettext_lazy("Say who gave it: department, prefecture…")},
    )
    valid_until = DayField(label=gettext_lazy("Valid until (last day)"))
    children_below_six = children_field(gettext_lazy("Children under 6 for one carer"))
    children_from_six = children_field(gettext_lazy("Children from 6 on for one carer"))
    why = {
        "regime": gettext_lazy("Each regime covers other ages."),
        "number": gettext_lazy("The office checks it before the first booking."),
        "authority": gettext_lazy("Parents may ask for it."),
        "valid_until": gettext_lazy("Nothing is sold after that day: you are reminded before."),
        "children_below_six": gettext_lazy(
            "Places are counted by it: choose another number where your authorisation has one."
        ),
        "children_from_six": gettext_lazy(
            "Small and big ones share a carer by both numbers, in any mixture."
        ),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tell_defaults(self.fields)

    def clean_valid_until(self) -> Any:
        """Refuse a day that nobody can mean."""
        day = self.cleaned_data["valid_until"]
        if not is_of_our_time(day):
            raise forms.ValidationError(_("Check the year of this date."))
        return day


class StepForm(LineForm):
    """One step of a workshop, of a list; an empty one is none."""

    title = forms.CharField(label=gettext_lazy("What is done"), max_length=120, required=False)
    minutes = count_field(gettext_lazy("Minutes"), 1, 1440, required=False)
    plan_b = forms.CharField(
        label=gettext_lazy("If it can’t be done"),
        help_text=gettext_lazy("What takes its place; empty if it always can"),
        max_length=200,
        required=False,
    )

    asked = {
        "title": gettext_lazy("Say what is done in this step."),
        "minutes": gettext_lazy("Say how many minutes it takes."),
    }


StepFormSet = forms.formset_factory(StepForm, extra=0, min_num=4, max_num=10, absolute_max=10)
