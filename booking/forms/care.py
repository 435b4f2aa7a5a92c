"""The sheet that parents fill in before their children are looked after."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from booking.care import Fetcher, Sheet
from booking.forms.checkout import NameField
from booking.models import Participant

DIGITS = re.compile(r"\d")
FEWEST_DIGITS = 6
HEALTH_LENGTH = 600
MOST_FETCHERS = 3
PHONE_ERROR = _("Give a number at which you can be reached during the childcare.")

CONSENT_ERROR = _("Without your agreement we may not keep health information: tick it.")


class CareSheetForm(forms.Form):
    """What to know of each child, who may fetch them, whom to call; consent is never pre-ticked."""

    emergency_phone = forms.CharField(
        label=_("Phone in an emergency"),
        help_text=_("Somebody answers it during the whole childcare"),
        max_length=40,
        widget=forms.TextInput(attrs={"type": "tel"}),
        error_messages={
            "required": PHONE_ERROR,
            "max_length": _("Shorten it to 40 signs."),
        },
    )
    # Asked for where there is health information, and for nothing else (GDPR art. 9(2)(a)).
    consent = forms.BooleanField(
        label=_("I agree that the carer reads this health information"), required=False
    )

    def __init__(
        self, data: Any = None, *, children: Sequence[Participant], sheet: Sheet | None, phone: str
    ) -> None:
        super().__init__(data, initial=_initial(sheet, phone))
        self.children = list(children)
        for child in self.children:
            self.fields[f"health_{child.key}"] = forms.CharField(
                label=child.first_name,
                help_text=_("Allergies, treatment, habits; leave it empty if there is nothing"),
                required=False,
                max_length=HEALTH_LENGTH,
                widget=forms.Textarea(attrs={"rows": 3}),
                error_messages={"max_length": _("Shorten it to 600 signs.")},
            )
        for number in range(1, MOST_FETCHERS + 1):
            self.fields[f"fetcher_{number}"] = NameField(label=_("Name"), required=False)
            self.fields[f"fetcher_{number}_phone"] = forms.CharField(
                label=_("Phone"),
                required=False,
                max_length=40,
                widget=forms.TextInput(attrs={"type": "tel"}),
                error_messages={"max_length": _("Shorten it to 40 signs.")},
            )

    @property
    def of_children(self) -> list[forms.BoundField]:
        """Return the field of each child, for the page."""
        return [self[f"health_{child.key}"] for child in self.children]

    @property
    def of_fetchers(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """Return name and phone of each person who may fetch the children, for the page."""
        return [
            (self[f"fetcher_{number}"], self[f"fetcher_{number}_phone"])
            for number in range(1, MOST_FETCHERS + 1)
        ]

    def clean_emergency_phone(self) -> str:
        """Accept any writing of a number, refuse what holds none."""
        phone = str(self.cleaned_data["emergency_phone"])
        if len(DIGITS.findall(phone)) < FEWEST_DIGITS:
            raise forms.ValidationError(PHONE_ERROR)
        return phone

    def clean(self) -> dict[str, Any]:
        """Ask for the agreement to health information, and the other half of a name or phone."""
        data = super().clean() or self.cleaned_data
        is_health_told = any(data.get(f"health_{child.key}") for child in self.children)
        if is_health_told and not data.get("consent"):
            self.add_error("consent", CONSENT_ERROR)
        for number in range(1, MOST_FETCHERS + 1):
            name, phone = f"fetcher_{number}", f"fetcher_{number}_phone"
            if name in self.errors or phone in self.errors:
                continue
            if data.get(name) and len(DIGITS.findall(data.get(phone, ""))) < FEWEST_DIGITS:
                self.add_error(phone, _("Give this person’s phone: the carer calls it first."))
            elif data.get(phone) and not data.get(name):
                self.add_error(name, _("Give this person’s name: the carer checks it at the door."))
        return data

    @property
    def sheet(self) -> Sheet:
        """Return what was told, from a valid form."""
        data = self.cleaned_data
        health = {child.key: data[f"health_{child.key}"] for child in self.children}
        fetchers = [
            Fetcher(data[f"fetcher_{number}"], data[f"fetcher_{number}_phone"])
            for number in range(1, MOST_FETCHERS + 1)
            if data[f"fetcher_{number}"]
        ]
        told = {key: words for key, words in health.items() if words}
        return Sheet(data["emergency_phone"], told, tuple(fetchers))


def _initial(sheet: Sheet | None, phone: str) -> dict[str, Any]:
    if sheet is None:
        return {"emergency_phone": phone}
    known: dict[str, Any] = {"emergency_phone": sheet.emergency_phone}
    known |= {f"health_{key}": words for key, words in sheet.health.items()}
    for number, one in enumerate(sheet.fetchers, 1):
        known |= {f"fetcher_{number}": one.name, f"fetcher_{number}_phone": one.phone}
    return known
