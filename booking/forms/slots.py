"""Dates in series and one by one, as the office and the hosts type them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from booking.forms.nights import WEEKDAYS, DayField
from booking.models import Offer
from booking.refusals import MESSAGES, Refusal
from booking.rules.kinds import DATED, Kind

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


def side_fields(
    offer: Offer | None = None, kinds: Iterable[Kind] = DATED
) -> dict[str, forms.IntegerField]:
    """Return a field for each capacity that stands beside the places, of one offer or of any.

    Where the offer is only chosen in the form, each says for which kinds it is.
    """
    kinds_of: dict[str, list[Kind]] = {}
    for kind in [offer.kind_rules] if offer else kinds:
        for side in kind.sides:
            kinds_of.setdefault(side.resource, []).append(kind)
    fields = {}
    for resource, having in kinds_of.items():
        side = next(one for one in having[0].sides if one.resource == resource)
        where = ", ".join(_(kind.plural) for kind in having)
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


class SidesForm(forms.Form):
    """A form that asks for the capacities beside the places too."""

    def __init__(
        self,
        *args: Any,
        offer: Offer | None = None,
        kinds: Iterable[Kind] = DATED,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields.update(side_fields(offer, kinds))
        if offer is not None and "capacity" in self.fields:
            self.fields["capacity"].label = _(offer.kind_rules.capacity_label)

    def tell(self, refusal: Refusal) -> None:
        """Put each trouble of a refusal beside its field, or above them all."""
        for one in refusal.troubles:
            # A single date has a time, a series has several: here it is always the second field.
            field = "start_times" if one.field == "start_time" else one.field
            self.add_error(field if field in self.fields else None, one.message)


class OwnSeriesForm(SidesForm):
    """Dates of one of a host's offers: "every Tuesday at 14:00 from … to …, except …".

    What is counted beside the places is asked for `offer` alone, the one that is chosen.
    """

    offer = forms.ModelChoiceField(
        queryset=Offer.objects.none(),
        label=gettext_lazy("Offer"),
        empty_label=None,
        error_messages={"required": gettext_lazy("Choose what takes place.")},
    )
    first_day = DayField(label=gettext_lazy("From"))
    last_day = DayField(label=gettext_lazy("To, included"))
    weekdays = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Days of the week"),
        choices=WEEKDAYS,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    start_times = forms.CharField(
        label=gettext_lazy("Times"),
        max_length=200,
        help_text=gettext_lazy("One or several, apart by commas: 10:00, 14:30"),
        error_messages={"required": gettext_lazy("Give at least one time.")},
    )
    capacity = forms.IntegerField(
        label=gettext_lazy("Places on each date"),
        min_value=1,
        max_value=5000,
        widget=forms.TextInput,
        error_messages={
            "required": gettext_lazy("Write how many places there are."),
            "invalid": gettext_lazy("Write a number in figures: 8 for instance."),
        },
    )
    skip_days = forms.CharField(
        label=gettext_lazy("Except on"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Days without it, one a line: 14/07/2027"),
    )

    def __init__(self, *args: Any, offers: QuerySet[Offer], offer: Offer, **kwargs: Any) -> None:
        super().__init__(*args, kinds=(), **kwargs)
        self.fields.update(side_fields(offer))
        field = self.fields["offer"]
        field.queryset = offers  # type: ignore[attr-defined]
        # One's own: the title is enough.
        field.label_from_instance = lambda one: one.title  # type: ignore[attr-defined]

    def clean_weekdays(self) -> list[int]:
        """Return the days chosen; a single date says its own."""
        chosen: list[int] = self.cleaned_data["weekdays"]
        first, last = (self.cleaned_data.get(name) for name in ("first_day", "last_day"))
        if not chosen and first is not None and first == last:
            return [first.weekday()]
        if not chosen:
            raise forms.ValidationError(_("Choose at least one day of the week."))
        return chosen

    def clean_start_times(self) -> list[time]:
        """Return the times read."""
        return read_hours(self.cleaned_data["start_times"])

    def clean_skip_days(self) -> list[date]:
        """Return the days read."""
        return read_days(self.cleaned_data["skip_days"])

    def series(self) -> dict[str, Any]:
        """Return what `booking.slots.add_slots` takes, of a form that was read well."""
        data = self.cleaned_data
        return {
            "first_day": data["first_day"],
            "last_day": data["last_day"],
            "weekdays": frozenset(data["weekdays"]),
            "start_times": frozenset(data["start_times"]),
            "capacity": data["capacity"],
            "sides": sides_of(data),
            "skip_days": frozenset(data["skip_days"]),
        }


class CallOffForm(forms.Form):
    """Why a date doesn't take place: whoever booked it reads it as it is typed."""

    reason = forms.CharField(
        label=gettext_lazy("Why it doesn’t take place"),
        max_length=160,
        help_text=gettext_lazy(
            "Read by whoever booked, as you write it: a storm is forecast, the guide is ill…"
        ),
        error_messages={
            "required": MESSAGES["call_off_reason_missing"],
            "max_length": gettext_lazy("Shorten it to 160 signs."),
        },
    )

    def tell(self, refusal: Refusal) -> None:
        """Put each trouble of a refusal beside its field, or above them all."""
        for one in refusal.troubles:
            self.add_error(one.field if one.field in self.fields else None, one.message)


class OwnSlotForm(SidesForm):
    """What a host may still change on a date: its places, and whether it is open."""

    capacity = forms.IntegerField(
        label=gettext_lazy("Places"),
        min_value=1,
        max_value=5000,
        widget=forms.TextInput,
        help_text=gettext_lazy("Never below what is sold or being booked"),
        error_messages={
            "required": gettext_lazy("Write how many places there are."),
            "invalid": gettext_lazy("Write a number in figures: 8 for instance."),
        },
    )
    is_closed = forms.BooleanField(
        label=gettext_lazy("Closed: nobody can book it any more"), required=False
    )
    closed_reason = forms.CharField(
        label=gettext_lazy("Why closed"),
        required=False,
        max_length=160,
        help_text=gettext_lazy("For you and the office only: works, the family comes, winter…"),
    )
