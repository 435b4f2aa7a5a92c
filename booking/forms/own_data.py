"""One's own data: which address, and whether one really wants to be forgotten."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from booking.forms.checkout import EMAIL_ERROR


class AskDataForm(forms.Form):
    """The address that one booked with."""

    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        error_messages=dict.fromkeys(("required", "invalid", "max_length"), EMAIL_ERROR),
    )


class EraseForm(forms.Form):
    """A box that nobody ticks by mistake."""

    is_sure = forms.BooleanField(
        label=_("I have read what goes and what is kept, and I want my data to be erased."),
        error_messages={"required": _("Tick the box first: this can’t be undone.")},
    )


class CloseForm(EraseForm):
    """The same before an account is closed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["is_sure"].label = _(
            "I have read what goes and what is kept, and I want my account to be closed."
        )
