"""What a host fills in about one of its lines after the sale."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from booking.forms.nights import PriceField
from booking.refusals import trouble


class HostRefundForm(forms.Form):
    """How much is given back, and what the guest is told."""

    WHOLE, PART = "whole", "part"
    how = forms.ChoiceField(
        label=_("How much do you give back?"),
        choices=[(WHOLE, _("All that is left")), (PART, _("A part of it"))],
        widget=forms.RadioSelect(),
        error_messages={
            "required": _("Choose how much you give back."),
            "invalid_choice": _("Choose how much you give back."),
        },
    )
    amount = PriceField(
        label=_("Amount in euros"),
        help_text=_("For a part only: 20 or 12,50"),
        max_digits=9,
        decimal_places=2,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        error_messages={
            "invalid": _("Write a sum in euros, like 20 or 12,50."),
            "max_digits": _("Write a sum in euros, like 20 or 12,50."),
            "max_whole_digits": _("Write a sum in euros, like 20 or 12,50."),
            "max_decimal_places": _("Write a sum with two decimals at most, like 12,50."),
        },
    )
    reason = forms.CharField(
        label=_("A word for your guest"),
        help_text=_("They read it in the mail that tells of the refund."),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={
            "required": _("Say why: your guest and the office read it."),
            "max_length": _("Shorten it to 200 signs."),
        },
    )
    shown_left = forms.DecimalField(
        max_digits=9, decimal_places=2, required=False, widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, left: Decimal, **kwargs: Any) -> None:
        """Take what can be given back, in euros."""
        super().__init__(*args, **kwargs)
        self.left = left

    def clean(self) -> dict[str, Any]:
        """Refuse a part that is missing, nothing, or more than what is left."""
        data = super().clean() or self.cleaned_data
        if data.get("how") == self.WHOLE:
            self.errors.pop("amount", None)
            data["amount"] = self.left
        elif data.get("how") == self.PART and "amount" not in self.errors:
            amount = data.get("amount")
            if amount is None:
                self.add_error("amount", _("Write a sum in euros, like 20 or 12,50."))
            elif not 0 < amount <= self.left:
                self.add_error("amount", trouble("refund_out_of_range", most=self.left).message)
        return data
