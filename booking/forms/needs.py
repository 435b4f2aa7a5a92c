"""What a host wants to fill, as it ticks and types it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from booking.capacity_needs import MOST_QUANTITY, EmptyWeek, NeedInput
from booking.forms.bookings import NearDayField
from booking.forms.nights import PriceField
from booking.models import CapacityNeed, Offer
from booking.refusals import Refusal
from destination.templatetags.velay import date_range
from oti.lib.dates import ONE_DAY, is_of_our_time


class NeedForm(forms.Form):
    """Weeks that are proposed and dates of one's own, how much, at least for how much, for whom."""

    weeks = forms.MultipleChoiceField(
        label=_("Empty weeks of the next season"),
        required=False,
        widget=forms.CheckboxSelectMultiple(),
        error_messages={
            "invalid_choice": _("One of these weeks isn’t empty any more: choose again.")
        },
    )
    since = NearDayField(label=_("First night"))
    until = NearDayField(label=_("Last night"))
    quantity = forms.IntegerField(
        label=_("How many nights"),
        min_value=1,
        max_value=MOST_QUANTITY,
        error_messages={
            "required": _("Say how many."),
            "invalid": _("A whole number, of 1 at least."),
            "min_value": _("A whole number, of 1 at least."),
            "max_value": _("%(limit_value)s at most."),
        },
    )
    floor = PriceField(
        label=_("Never below, a night, in euros"),
        help_text=_("The office may propose a lower price than yours, never below this one."),
        max_digits=9,
        decimal_places=2,
        error_messages={
            "required": _("Say from which price on you agree."),
            "invalid": _("A price in euros, like 65 or 65,50."),
            "max_digits": _("A price in euros, like 65 or 65,50."),
            "max_whole_digits": _("A price in euros, like 65 or 65,50."),
            "max_decimal_places": _("A price in euros, like 65 or 65,50."),
        },
    )
    audience = forms.ChoiceField(
        label=pgettext_lazy("audience", "For whom"),
        choices=CapacityNeed.Audience.choices,
        initial=CapacityNeed.Audience.EVERYBODY,
        widget=forms.RadioSelect(),
        error_messages={"required": _("Say for whom."), "invalid_choice": _("Say for whom.")},
    )
    most = forms.IntegerField(
        label=_("Bookings at most"),
        help_text=_("Empty: as many as there is room for"),
        required=False,
        min_value=1,
        max_value=MOST_QUANTITY,
        error_messages={
            "invalid": _("A whole number, of 1 at least."),
            "min_value": _("A whole number, of 1 at least."),
            "max_value": _("%(limit_value)s at most."),
        },
    )
    last_day = NearDayField(
        label=_("Propose it until"), help_text=_("Empty: up to the last of these dates")
    )
    is_floor_meant = forms.BooleanField(
        label=_("Yes, I mean a price above today’s"), required=False
    )

    def __init__(
        self, *args: Any, offer: Offer, weeks: Sequence[EmptyWeek], **options: Any
    ) -> None:
        """Propose the empty weeks of an offer; count what it is counted in."""
        super().__init__(*args, **options)
        self.asks_floor = False
        choices: Any = self.fields["weeks"]
        choices.choices = [(_code(one), _words(one)) for one in weeks]
        if not weeks:
            del self.fields["weeks"]
        if not offer.is_lodging:
            self.fields["since"].label = _("First day")
            self.fields["until"].label = _("Last day")
            self.fields["quantity"].label = _("How many places")
            self.fields["floor"].label = _("Never below, a place, in euros")

    def clean(self) -> dict[str, Any]:
        """Ask for both of one's own dates, or for none."""
        data = super().clean() or self.cleaned_data
        for name, other in (("since", "until"), ("until", "since")):
            if data.get(other) and not data.get(name) and name not in self.errors:
                self.add_error(name, _("Give both days."))
        return data

    @property
    def given(self) -> NeedInput:
        """Return what was asked for; only of a valid form."""
        data = self.cleaned_data
        periods = [tuple(map(date.fromisoformat, one.split(":"))) for one in data.get("weeks", ())]
        if data["since"] and data["until"]:
            last = data["until"]
            periods.append((data["since"], last + ONE_DAY if is_of_our_time(last) else last))
        return NeedInput(
            periods=tuple((first, after) for first, after in _joined(periods)),
            quantity=data["quantity"],
            floor=data["floor"],
            audience=data["audience"],
            most=data["most"],
            last_day=data["last_day"],
            is_floor_meant=data["is_floor_meant"],
        )

    def tell(self, refusal: Refusal) -> None:
        """Put each trouble beside its field; one of the price may be passed over."""
        for one in refusal.troubles:
            name = one.field if one.field in self.fields else None
            if one.code == "floor_above_price":
                self.asks_floor = True
            if name == "weeks" or (one.field == "weeks" and name is None):
                name = "weeks" if "weeks" in self.fields else "since"
            self.add_error(name, one.message)


def _code(week: EmptyWeek) -> str:
    return f"{week.first.isoformat()}:{week.after.isoformat()}"


def _words(week: EmptyWeek) -> str:
    return date_range(week.first, week.after - ONE_DAY)


def _joined(periods: Sequence[tuple[date, ...]]) -> list[tuple[date, date]]:
    """Return weeks that follow each other as one period; what overlaps stays, to be refused."""
    found: list[tuple[date, date]] = []
    for first, after in sorted((one[0], one[1]) for one in periods):
        if found and found[-1][1] == first:
            found[-1] = (found[-1][0], after)
        else:
            found.append((first, after))
    return found
