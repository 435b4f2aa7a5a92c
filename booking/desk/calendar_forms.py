"""Forms of dated things: slots one by one or in series, closures."""

from __future__ import annotations

from datetime import date, time
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from booking.forms.slots import SidesForm, read_days, read_hours
from booking.models import Offer, Unit
from booking.models.offers import Weekday
from destination.desk import DayInput, HourInput


class OfferField(forms.ModelChoiceField):
    """An offer sold by dates, named with its provider."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", gettext_lazy("Offer"))
        super().__init__(
            queryset=Offer.objects.exclude(kind=Offer.Kind.LODGING)
            .exclude(state=Offer.State.ARCHIVED)
            .select_related("provider"),
            **kwargs,
        )

    def label_from_instance(self, obj: Offer) -> str:
        """Name the offer and who offers it."""
        return f"{obj.title} — {obj.provider}"


class UnitField(forms.ModelChoiceField):
    """A unit of a lodging, named with its offer."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", gettext_lazy("Unit"))
        super().__init__(
            queryset=Unit.objects.exclude(offer__state=Offer.State.ARCHIVED).select_related(
                "offer"
            ),
            **kwargs,
        )

    def label_from_instance(self, obj: Unit) -> str:
        """Name the lodging and the unit."""
        return f"{obj.offer.title} — {obj.name}"


class SlotForm(SidesForm):
    """One date of an offer."""

    offer = OfferField(help_text=gettext_lazy("What is sold on this date."))
    day = forms.DateField(
        label=gettext_lazy("Day"),
        widget=DayInput,
        help_text=gettext_lazy("Today or later."),
    )
    start_time = forms.TimeField(
        label=gettext_lazy("Begins at"),
        widget=HourInput,
        help_text=gettext_lazy("Local time. The end follows from the offer's duration."),
    )
    capacity = forms.IntegerField(
        label=gettext_lazy("Places"),
        min_value=1,
        max_value=5000,
        help_text=gettext_lazy("Places, carers, items or baskets, that can be sold on this date."),
    )


class SlotSeriesForm(SidesForm):
    """Many dates at once: "every Tuesday at 14:00 from … to …, except …"."""

    offer = OfferField(help_text=gettext_lazy("What is sold on these dates."))
    first_day = forms.DateField(
        label=gettext_lazy("From"),
        widget=DayInput,
        help_text=gettext_lazy("First day of the period."),
    )
    last_day = forms.DateField(
        label=gettext_lazy("To, included"),
        widget=DayInput,
        help_text=gettext_lazy("Two years at most in one go."),
    )
    weekdays = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Days of the week"),
        choices=[choice for choice in Weekday.choices if choice[0] >= 0],
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("One or several."),
        error_messages={"required": gettext_lazy("Choose at least one day of the week.")},
    )
    start_times = forms.CharField(
        label=gettext_lazy("Times"),
        help_text=gettext_lazy("One or several, apart by commas: 10:00, 14:30."),
    )
    capacity = forms.IntegerField(
        label=gettext_lazy("Places on each date"),
        min_value=1,
        max_value=5000,
        help_text=gettext_lazy("Places, carers, items or baskets, that can be sold on each date."),
    )
    skip_days = forms.CharField(
        label=gettext_lazy("Except on"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Days without it, one a line: 14/07/2027."),
    )

    def clean_start_times(self) -> list[time]:
        """Return the times read."""
        return read_hours(self.cleaned_data["start_times"])

    def clean_skip_days(self) -> list[date]:
        """Return the days read."""
        return read_days(self.cleaned_data["skip_days"])


class SlotChangeForm(SidesForm):
    """What can still change on a date: its places, and whether it is open."""

    def __init__(self, *args: Any, offer: Offer | None = None, **kwargs: Any) -> None:
        super().__init__(*args, offer=offer, **kwargs)
        if offer is None or not offer.kind_rules.has_steps:
            del self.fields["plan_b_reason"]

    capacity = forms.IntegerField(
        label=gettext_lazy("Places"),
        min_value=1,
        max_value=5000,
        help_text=gettext_lazy("Never below what is sold or being booked."),
    )
    is_closed = forms.BooleanField(
        label=gettext_lazy("Closed"),
        required=False,
        help_text=gettext_lazy(
            "Nobody can book it any more. What is sold stays sold: “Call this date off”, below, "
            "cancels it too."
        ),
    )
    closed_reason = forms.CharField(
        label=gettext_lazy("Why it is closed"),
        required=False,
        max_length=160,
        help_text=gettext_lazy("Needed when places are sold. Kept in the journal."),
    )
    plan_b_reason = forms.CharField(
        label=gettext_lazy("Why plan B applies"),
        required=False,
        max_length=160,
        help_text=gettext_lazy(
            "Filled in, the plan B of each step takes place and whoever booked is told: "
            "« No mushrooms after the drought »."
        ),
    )


class ClosureForm(forms.Form):
    """Nights taken off sale."""

    unit = UnitField(help_text=gettext_lazy("The unit that is closed."))
    first_night = forms.DateField(
        label=gettext_lazy("First closed night"),
        widget=DayInput,
        help_text=gettext_lazy("The first night that can't be booked."),
    )
    reopening = forms.DateField(
        label=gettext_lazy("Opens again on"),
        widget=DayInput,
        help_text=gettext_lazy("One can arrive on that day again."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=160,
        help_text=gettext_lazy("For the office only: works, the family comes, winter…"),
    )


class ClosureChangeForm(ClosureForm):
    """Other nights or another reason for the same unit."""

    unit = None  # type: ignore[assignment]
