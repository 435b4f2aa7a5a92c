"""What a provider grants to residents, as it types it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from booking.advantages import AdvantageInput
from booking.forms.bookings import NearDayField


class AdvantageForm(forms.Form):
    """A sentence, in English too if one likes, and its days."""

    text_fr = forms.CharField(
        label=_("What you grant them"),
        help_text=_("In French, in a few words: « Le café offert après le repas »"),
        max_length=160,
        error_messages={"required": _("Say what you grant them.")},
    )
    text_en = forms.CharField(label=_("The same in English"), max_length=160, required=False)
    first_day = NearDayField(label=_("From"))
    last_day = NearDayField(label=_("Until, that day included"))

    def clean(self) -> dict[str, Any]:
        """Ask for both days."""
        data = super().clean() or self.cleaned_data
        for name in ("first_day", "last_day"):
            if not data.get(name) and name not in self.errors:
                self.add_error(name, _("Give this day."))
        return data

    @property
    def given(self) -> AdvantageInput:
        """Return what was typed, from a valid form."""
        data = self.cleaned_data
        return AdvantageInput(
            text_fr=" ".join(data["text_fr"].split()),
            text_en=" ".join(data["text_en"].split()),
            first_day=data["first_day"],
            last_day=data["last_day"],
        )
