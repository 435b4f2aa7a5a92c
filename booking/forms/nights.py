"""A host's calendar: what is looked at, and the nights that are to change."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404, QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from booking.forms.basket import DAY_FORMATS
from booking.models import Unit
from booking.models.offers import Weekday
from booking.night_changes import CLOSE, EVERY_NIGHT, EXCEPTION, OPEN, SEASON, NightsChange
from booking.refusals import MESSAGES, Refusal
from booking.rules.stay import MIN_STAY_ARRIVAL, MIN_STAY_THROUGH
from oti.lib.dates import ONE_DAY, is_of_our_time

MONTH_SHAPE = re.compile(r"(\d{4})-(\d{2})")
NIGHT_SHAPE = re.compile(r"(\d{1,18}):(\d{4}-\d{2}-\d{2})(?::(\d{4}-\d{2}-\d{2}))?")
SPANS = (1, 3)
NO_DAY = "none"
WEEKDAYS = [(str(day.value), day.label) for day in Weekday if day.value >= 0]


@dataclass(frozen=True)
class Picked:
    """Nights of one unit chosen in the grid, both included; `is_open`: the last one may follow."""

    unit: int
    first: date
    last: date
    is_open: bool


@dataclass(frozen=True)
class CalendarQuery:
    """What a host looks at: the first month, how many, one unit for a phone, nights picked."""

    first: date
    months: int
    unit: int | None
    picked: Picked | None

    @property
    def ends_on(self) -> date:
        """The day after the last one shown."""
        return month_after(self.first, self.months)


def month_after(first: date, count: int) -> date:
    """Return the first day of the month `count` months later, or earlier when it is negative."""
    months = first.year * 12 + first.month - 1 + count
    return date(months // 12, months % 12 + 1, 1)


def read_calendar(data: QueryDict, *, today: date) -> CalendarQuery:
    """Read an address of the calendar; what can't be read is as if it weren't there.

    `nuit` is a night of a unit that was pressed, or both ends of closed nights; `du` the night
    pressed before it, from which the second press makes a period.
    """
    picked = _picked(data.get("nuit", ""), data.get("du", ""))
    asked = MONTH_SHAPE.fullmatch(data.get("mois", ""))
    first = today.replace(day=1)
    if asked and 1 <= int(asked[2]) <= 12 and int(asked[1]):
        found = date(int(asked[1]), int(asked[2]), 1)
        first = found if is_of_our_time(found) and found.year < 2199 else first
    months = 3 if data.get("vue") == "3" else 1
    unit = data.get("lieu", "")
    chosen = int(unit) if unit.isdecimal() and len(unit) < 19 else None
    return CalendarQuery(first, months, picked.unit if picked else chosen, picked)


def _picked(night: str, start: str) -> Picked | None:
    found = NIGHT_SHAPE.fullmatch(night)
    if found is None:
        return None
    try:
        first = date.fromisoformat(found[2])
        last = date.fromisoformat(found[3] or found[2])
    except ValueError:
        return None
    if not (is_of_our_time(first) and first <= last and is_of_our_time(last)):
        return None
    unit = int(found[1])
    before = _picked(start, "") if start else None
    if found[3] is None and before and before.unit == unit and before.first <= first:
        return Picked(unit, before.first, last, is_open=False)
    return Picked(unit, first, last, is_open=found[3] is None)


class PriceField(forms.DecimalField):
    """A sum as people type it: "140", "140,50", "1 200 €"."""

    def to_python(self, value: Any) -> Decimal | None:
        """Read it without its spaces and its sign."""
        if isinstance(value, str):
            value = re.sub(r"[\s\u00a0\u202f€]", "", value).replace(",", ".")
        return super().to_python(value)  # type: ignore[no-any-return]


class DayField(forms.DateField):
    """A day by the browser's own field, or typed."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            input_formats=list(DAY_FORMATS),
            error_messages={
                "required": _("Choose this day."),
                "invalid": MESSAGES["date_unreadable"],
            },
            **kwargs,
        )

    def clean(self, value: Any) -> date | None:
        """Refuse a day that nobody can mean: a calendar ends in 9999."""
        day: date | None = super().clean(value)
        if day is not None and not is_of_our_time(day):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return day


def weekday_field(**kwargs: Any) -> forms.TypedMultipleChoiceField:
    """Return a choice of weekdays, Monday being 0."""
    return forms.TypedMultipleChoiceField(
        choices=kwargs.pop("choices", WEEKDAYS),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        coerce=kwargs.pop("coerce", int),
        **kwargs,
    )


def unit_label(unit: Unit) -> str:
    """Name a unit with its lodging, once where they have the same name."""
    return unit.name if unit.name == unit.offer.title else f"{unit.offer.title}, {unit.name}"


class NightsForm(forms.Form):
    """Which nights, and what changes about them: what is left empty stays as it is."""

    units = forms.TypedMultipleChoiceField(
        label=_("Which places"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        error_messages={"invalid_choice": _("One of these places isn’t yours: choose again.")},
    )
    every_unit = forms.BooleanField(label=_("All my places"), required=False)
    first_night = DayField(label=_("First night"))
    last_night = DayField(label=_("Last night"))
    weekdays = weekday_field(
        label=_("Only these nights of the week"), help_text=_("Nothing ticked: every night")
    )
    sale = forms.ChoiceField(
        label=_("On sale"),
        choices=[
            ("", _("As it is")),
            (OPEN, pgettext_lazy("nights", "Open")),
            (CLOSE, pgettext_lazy("nights", "Closed")),
        ],
        widget=forms.RadioSelect,
        required=False,
    )
    reason = forms.CharField(
        label=_("Why closed"),
        required=False,
        max_length=160,
        help_text=_("For you and the office only: works, the family comes, winter…"),
    )
    price = PriceField(
        label=_("Price of a night"),
        required=False,
        widget=forms.TextInput,
        error_messages={"invalid": _("Write a sum in figures: 140 for instance.")},
    )
    price_as = forms.ChoiceField(
        label=_("This price is"),
        choices=[
            (SEASON, _("the season’s: weekends and exceptions keep theirs")),
            (EVERY_NIGHT, _("for every one of these nights")),
            (EXCEPTION, _("an exception, which stays when the season changes")),
        ],
        widget=forms.RadioSelect,
        required=False,
        initial=SEASON,
    )
    min_stay = forms.IntegerField(
        label=_("Nights at least"),
        required=False,
        widget=forms.TextInput,
        error_messages={"invalid": _("Write a number of nights in figures: 3 for instance.")},
    )
    min_stay_kind = forms.ChoiceField(
        label=_("This least number is asked"),
        choices=[
            (MIN_STAY_ARRIVAL, _("of who arrives on these days")),
            (MIN_STAY_THROUGH, _("of who sleeps there on one of these nights")),
        ],
        widget=forms.RadioSelect,
        required=False,
        initial=MIN_STAY_ARRIVAL,
    )
    arrival_days = weekday_field(
        label=_("Arrival possible"),
        help_text=_("Nothing ticked: as it is"),
        choices=[*WEEKDAYS, (NO_DAY, _("No day"))],
        coerce=str,
    )
    departure_days = weekday_field(
        label=_("Departure possible"),
        help_text=_("Nothing ticked: as it is"),
        choices=[*WEEKDAYS, (NO_DAY, _("No day"))],
        coerce=str,
    )

    def __init__(self, *args: Any, units: Sequence[Unit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = {one.pk: one for one in units}
        self.fields["units"].choices = [(one.pk, unit_label(one)) for one in units]  # type: ignore[attr-defined]

    def check_owner(self) -> None:
        """Raise Http404 for a unit that isn't one of the host's: it isn't known to exist."""
        known = {str(pk) for pk in self.known}
        if not known.issuperset(self.data.getlist("units")):  # type: ignore[attr-defined]
            raise Http404

    def clean_arrival_days(self) -> frozenset[int] | None:
        """Return the weekdays, an empty set for none, None for « as it is »."""
        return self._days_of("arrival_days")

    def clean_departure_days(self) -> frozenset[int] | None:
        """Return the weekdays, an empty set for none, None for « as it is »."""
        return self._days_of("departure_days")

    def _days_of(self, name: str) -> frozenset[int] | None:
        given = set(self.cleaned_data[name])
        if not given:
            return None
        if NO_DAY in given and len(given) > 1:
            raise ValidationError(_("Choose days, or « no day »: not both."))
        return frozenset(int(one) for one in given - {NO_DAY})

    def clean(self) -> dict[str, Any]:
        """Ask for at least one unit; a single one needn't be ticked."""
        data: dict[str, Any] = super().clean() or {}
        chosen = data.get("units") or []
        if data.get("every_unit") or (not chosen and len(self.known) == 1):
            data["units"] = list(self.known)
        elif not chosen and "units" not in self.errors:
            self.add_error("units", _("Choose at least one place."))
        return data

    def change(self) -> NightsChange:
        """Return what is asked, of a form that was read well."""
        data = self.cleaned_data
        weekdays = frozenset(data["weekdays"])
        return NightsChange(
            unit_ids=tuple(sorted(data["units"])),
            first_night=data["first_night"],
            ends_on=data["last_night"] + ONE_DAY,
            # Every day of the week is no choice among them.
            weekdays=frozenset() if len(weekdays) == len(WEEKDAYS) else weekdays,
            sale=data["sale"],
            reason=data["reason"].strip() if data["sale"] == CLOSE else "",
            price=data["price"],
            price_as=data["price_as"] or SEASON,
            min_stay=data["min_stay"],
            min_stay_kind=data["min_stay_kind"] or MIN_STAY_ARRIVAL,
            arrival_days=data["arrival_days"],
            departure_days=data["departure_days"],
        )

    def tell(self, refusal: Refusal) -> None:
        """Put each trouble of a refusal beside its field, or above them all."""
        for one in refusal.troubles:
            self.add_error(one.field if one.field in self.fields else None, one.message)

    @property
    def opens_rules(self) -> bool:
        """Whether something stands in the folded part: it is unfolded then."""
        names = ("weekdays", "price_as", "min_stay_kind", "departure_days")
        if not self.is_bound:
            return False
        usual = {"price_as": {"", SEASON}, "min_stay_kind": {"", MIN_STAY_ARRIVAL}}
        return any(
            name in self.errors or set(self.data.getlist(name)) - usual.get(name, {""})  # type: ignore[attr-defined]
            for name in names
        )
