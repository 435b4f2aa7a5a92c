"""The letter: asking for it, and choosing what one is written to about."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from booking.forms.checkout import EMAIL_ERROR
from members.models import LetterAddress, LetterChoice

RHYTHM_ERROR = _("Choose how often.")


def _rhythm(**options: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("How often"),
        choices=LetterAddress.Rhythm.choices,
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(("required", "invalid_choice"), RHYTHM_ERROR),
        **options,
    )


class LetterForm(forms.Form):
    """Who wants the letter, and how often; nothing is ticked for them."""

    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        error_messages=dict.fromkeys(("required", "invalid", "max_length"), EMAIL_ERROR),
    )
    rhythm = _rhythm()


class ChoicesForm(forms.Form):
    """Yes or no to each purpose; how often the letter comes."""

    news = forms.BooleanField(
        label=LetterChoice.Purpose.NEWS.label,
        help_text=_("What opens, what is on, who welcomes you: one season after the other."),
        required=False,
    )
    rhythm = _rhythm(required=False)
    offers = forms.BooleanField(
        label=LetterChoice.Purpose.OFFERS.label,
        help_text=_("A few times a year, when hosts have room: stays like those you liked."),
        required=False,
    )
    survey = forms.BooleanField(
        label=LetterChoice.Purpose.SURVEY.label,
        help_text=_("One short page after a stay, read by your hosts and by the office."),
        required=False,
    )

    def answers(self) -> dict[str, bool]:
        """Return yes or no for each purpose, from a valid form."""
        return {purpose: bool(self.cleaned_data[purpose]) for purpose in LetterChoice.Purpose}
