"""What a guest writes to cancel what it bought."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

LONGEST_REASON = 200
SUM = re.compile(r"[0-9]{1,7}([.][0-9]{1,2})?")
NEVER_SHOWN = Decimal(-1)


class OwnCancelForm(forms.Form):
    """The code that came by mail, a word if one likes, the sum that was shown.

    No code is asked for once the session has shown one.
    """

    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        strip=True,
        widget=forms.TextInput(
            attrs={
                "inputmode": "text",
                "autocomplete": "one-time-code",
                "autocapitalize": "characters",
                "spellcheck": "false",
            }
        ),
        error_messages={
            "required": _("Write the code first."),
            "max_length": _("It isn’t this one, or its time is over."),
        },
    )
    reason = forms.CharField(
        label=_("A word on why"),
        help_text=_("The office reads it, nobody else."),
        max_length=LONGEST_REASON,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"max_length": _("Shorten it to 200 signs.")},
    )
    agreed = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, asks_code: bool, **kwargs: Any) -> None:
        """Ask for the code, or not."""
        super().__init__(*args, **kwargs)
        if not asks_code:
            del self.fields["code"]

    def clean_agreed(self) -> Decimal:
        """Return the sum in euros; what is none is a sum that was never shown."""
        written = self.cleaned_data["agreed"]
        return Decimal(written) if SUM.fullmatch(written) else NEVER_SHOWN
