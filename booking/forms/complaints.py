"""A complaint as it is typed, by its guest or by the office that was called."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from booking.models import Order
from booking.rules.talks import LONGEST

ERRORS = {
    "required": _("Write a few words first."),
    "max_length": _("Shorten it to 2000 signs."),
}


class ComplaintForm(forms.Form):
    """What went wrong, and what would put it right."""

    text = forms.CharField(
        label=_("What went wrong, and what would put it right?"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages=ERRORS,
    )


class PhoneComplaintForm(ComplaintForm):
    """What a guest said on the phone, about which order."""

    field_order = ("reference", "text")
    reference = forms.CharField(label=_("Reference of the order"), max_length=12)

    def clean_reference(self) -> Any:
        """Return the order itself."""
        written = self.cleaned_data["reference"].strip().upper()
        order = Order.objects.filter(reference=written).first()
        if order is None:
            raise forms.ValidationError(_("No order has this reference: look it up under Orders."))
        return order
