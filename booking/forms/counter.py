"""What a host sells on the phone: what and for whom, then who it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from booking.counter import ONCE, CounterGuest, is_sellable
from booking.forms.bookings import NearDayField
from booking.forms.nights import unit_label
from booking.models import Slot, Unit
from booking.refusals import MESSAGES
from booking.showing import moment_words
from booking.wishes import LineRequest
from destination.office import lazy_with_phone, with_phone
from members.models import Provider
from oti.lib.dates import paris

MOST_DATES = 60
AGES = re.compile(r"[\s,;]+")
OLDEST_CHILD = 17
LONGEST_AHEAD = timedelta(days=400)


class WhatForm(forms.Form):
    """What is sold and to how many; read from the address, so that a calendar can lead here."""

    quoi = forms.ChoiceField(
        label=gettext_lazy("What"),
        error_messages={
            "required": gettext_lazy("Choose what you sell."),
            "invalid_choice": gettext_lazy("Choose one of your own places or dates to come."),
        },
    )
    arrivee = NearDayField(label=gettext_lazy("Arrival"))
    depart = NearDayField(label=gettext_lazy("Departure"))
    adultes = forms.IntegerField(
        label=gettext_lazy("Adults"),
        min_value=1,
        max_value=settings.MAX_PARTY,
        initial=2,
        error_messages={
            "required": gettext_lazy("Say how many adults come."),
            "invalid": gettext_lazy("Write a number of adults."),
            "min_value": gettext_lazy("One adult at least."),
            "max_value": lazy_with_phone(
                gettext_lazy("That is too many at once: call the office on %(phone)s.")
            ),
        },
    )
    ages = forms.CharField(
        label=gettext_lazy("Ages of the children"),
        help_text=gettext_lazy("With commas: 5, 10"),
        required=False,
        max_length=60,
    )

    def __init__(
        self, data: Any, *, house: Provider, units: Sequence[Unit], now: datetime, **kwargs: Any
    ) -> None:
        """Offer what this house sells: its places, its dates to come."""
        super().__init__(data, **kwargs)
        self.house = house
        self.units = {f"u{one.pk}": one for one in units}
        dates = (
            Slot.objects.to_come(now)
            .filter(offer__provider=house, starts_at__lt=now + LONGEST_AHEAD)
            .select_related("offer")
            .order_by("starts_at", "pk")
        )
        kept = [one for one in dates[: 4 * MOST_DATES] if is_sellable(one.offer)]
        self.slots = {f"d{one.pk}": one for one in kept[:MOST_DATES]}
        field: Any = self.fields["quoi"]
        groups: list[tuple[str, list[tuple[str, str]]]] = []
        if units:
            beds = [(code, unit_label(one)) for code, one in self.units.items()]
            groups.append((_("Nights"), beds))
        if self.slots:
            groups.append(
                (
                    _("Dates to come"),
                    [
                        (code, f"{one.offer.title}, {moment_words(paris(one.starts_at))}")
                        for code, one in self.slots.items()
                    ],
                )
            )
        field.choices = groups

    @property
    def is_empty(self) -> bool:
        """Whether this house has nothing that could be sold so."""
        return not (self.units or self.slots)

    def clean_ages(self) -> tuple[int, ...]:
        """Read the ages of the children."""
        parts = [one for one in AGES.split(self.cleaned_data["ages"].strip()) if one]
        if not all(one.isascii() and one.isdecimal() and int(one) <= OLDEST_CHILD for one in parts):
            raise forms.ValidationError(_("Write the ages like this: 5, 10 (17 at most)."))
        if len(parts) > settings.MAX_PARTY:
            raise forms.ValidationError(
                with_phone(_("That is too many at once: call the office on %(phone)s."))
            )
        return tuple(int(one) for one in parts)

    def clean(self) -> dict[str, Any]:
        """Ask for both days of nights."""
        data = super().clean() or self.cleaned_data
        if data.get("quoi") in self.units:
            for name in ("arrivee", "depart"):
                if name not in self.errors and data.get(name) is None:
                    self.add_error(name, MESSAGES["dates_missing"])
        return data

    def request(self, **more: Any) -> LineRequest:
        """Return the wish; the form is valid."""
        data = self.cleaned_data
        ages = (*(None for _adult in range(data["adultes"])), *data["ages"])
        if data["quoi"] in self.units:
            unit = self.units[data["quoi"]]
            days: dict[str, date] = {"arrival": data["arrivee"], "departure": data["depart"]}
            return LineRequest(offer_id=unit.offer_id, unit_id=unit.pk, ages=ages, **days, **more)
        slot = self.slots[data["quoi"]]
        return LineRequest(offer_id=slot.offer_id, slot_id=slot.pk, ages=ages, **more)


class WhoForm(forms.Form):
    """Who comes, and how to reach them."""

    first_name = forms.CharField(
        label=gettext_lazy("First name"),
        max_length=80,
        error_messages={"required": MESSAGES["counter_guest"]},
    )
    last_name = forms.CharField(label=gettext_lazy("Last name"), max_length=80, required=False)
    phone = forms.CharField(
        label=gettext_lazy("Phone"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel"}),
    )
    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        help_text=gettext_lazy("With an address they get a mail with all of it."),
        required=False,
        error_messages={"invalid": gettext_lazy("This address isn’t complete.")},
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language of the mail"), choices=settings.LANGUAGES, initial="fr"
    )
    shown_amount = forms.DecimalField(max_digits=9, decimal_places=2, widget=forms.HiddenInput)
    once = forms.RegexField(regex=ONCE, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        """Ask for one way to reach them."""
        data = super().clean() or self.cleaned_data
        if not data.get("phone") and not data.get("email") and "email" not in self.errors:
            self.add_error("phone", MESSAGES["counter_reach"])
        return data

    @property
    def guest(self) -> CounterGuest:
        """Return who comes; the form is valid."""
        names = ("first_name", "last_name", "phone", "email", "language")
        return CounterGuest(**{name: self.cleaned_data[name] for name in names})


class CancelCounterForm(forms.Form):
    """Why what was sold on the phone is cancelled."""

    reason = forms.CharField(
        label=gettext_lazy("Why"),
        help_text=gettext_lazy("Your guest reads it in the mail, if they left an address."),
        max_length=200,
        error_messages={
            "required": gettext_lazy("Say why: your guest and the office read it."),
            "max_length": gettext_lazy("Shorten it to 200 signs."),
        },
    )
