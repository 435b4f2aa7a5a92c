"""What an ambassador says of a mission that is done."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from members.rules.missions import LONGEST, MOST_WORDS

HALF_AN_HOUR = 30


class DoneForm(forms.Form):
    """A line of text, and how long it took."""

    words = forms.CharField(
        label=_("What you did"),
        help_text=_("A line for the office: where, how many, what people said"),
        max_length=MOST_WORDS,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say in a line what you did.")},
    )
    minutes = forms.TypedChoiceField(
        label=_("How long did it take?"),
        choices=[
            (n, f"{n // 60} h {n % 60:02d}") for n in range(HALF_AN_HOUR, LONGEST + 1, HALF_AN_HOUR)
        ],
        coerce=int,
        initial=60,
        error_messages={"required": _("Say how long it took.")},
    )
