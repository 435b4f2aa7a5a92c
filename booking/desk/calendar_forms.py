"""Forms of dated things: slots one by one or in series, closures."""

from __future__ import annotations

import re
from datetime import date, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from booking.models import Offer, Unit
from booking.models.offers import Weekday
from booking.rules.kinds import DATED, Kind
from destination.desk import DayInput, HourInput

DAY_SHAPE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})|(\d{4})-(\d{2})-(\d{2})")
HOUR_SHAPE = re.compile(r"(\d{1,2})\s*(?:[:hH]\s*(\d{2})?)?")


def read_days(text: str) -> list[date]:
    """Read days written "14/07/2027" or "2027-07-14", apart by commas or lines.

    Raises ValidationError naming what can't be read.
    """
    days = []
    for word in filter(None, re.split(r"[\s,;]+", text)):
        found = DAY_SHAPE.fullmatch(word)
        try:
            if found is None:
                raise ValueError(word)
            parts = [int(part) for part in found.groups() if part]
            days.append(date(*parts) if found[4] else date(parts[2], parts[1], parts[0]))
        except ValueError as error:
            message = _("« %(word)s » is no day: write it as 14/07/2027.")
            raise ValidationError(message % {"word": word}) from error
    return days


def read_hours(text: str) -> list[time]:
    """Read times written "14:00", "14h" or "9 h 30", apart by commas or lines.

    Raises ValidationError naming what can't be read.
    """
    hours = []
    for word in filter(None, (part.strip() for part in re.split(r"[,;\n]+", text))):
        found = HOUR_SHAPE.fullmatch(word)
        try:
            if found is None:
                raise ValueError(word)
            hours.append(time(int(found[1]), int(found[2] or 0)))
        except ValueError as error:
            message = _("« %(word)s » is no time: write it as 14:00.")
            raise ValidationError(message % {"word": word}) from error
    return hours


def side_fields(offer: Offer | None = None) -> dict[str, forms.IntegerField]:
    """Return a field for each capacity that stands beside the places, of one offer or of any.

    Where the offer is only chosen in the form, each says for which kinds it is.
    """
    kinds_of: dict[str, list[Kind]] = {}
    for kind in [offer.kind_rules] if offer else DATED:
        for side in kind.sides:
            kinds_of.setdefault(side.resource, []).append(kind)
    fields = {}
    for resource, kinds in kinds_of.items():
        side = next(one for one in kinds[0].sides if one.resource == resource)
        where = ", ".join(_(kind.plural) for kind in kinds)
        help_text = _("Counted apart. Empty: not counted.") if side.is_optional else ""
        fields[f"side_{resource}"] = forms.IntegerField(
            label=capfirst(_(side.label)),
            required=False,
            min_value=0,
            max_value=5000,
            help_text=" ".join(
                part
                for part in (
                    help_text or _("Counted apart. Empty: none is taken."),
                    "" if offer else _("Only for: %(kinds)s.") % {"kinds": where},
                )
                if part
            ),
        )
    return fields


def sides_of(data: dict[str, Any]) -> dict[str, int]:
    """Return the capacities beside the places that were given, by resource."""
    return {
        name.removeprefix("side_"): value
        for name, value in data.items()
        if name.startswith("side_") and value is not None
    }


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


class SidesForm(forms.Form):
    """A form that asks for the capacities beside the places too."""

    def __init__(self, *args: Any, offer: Offer | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.update(side_fields(offer))
        if offer is not None and "capacity" in self.fields:
            self.fields["capacity"].label = _(offer.kind_rules.capacity_label)


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
            "Nobody can book it any more. What is sold stays sold: cancel its orders if need be."
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
