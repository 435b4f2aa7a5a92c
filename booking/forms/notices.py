"""How a house wants to be told."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from booking.models import NoticeChoice
from booking.refusals import MESSAGES


class NoticesForm(forms.Form):
    """By mail, by SMS or both, and at which number."""

    way = forms.ChoiceField(
        label=_("Tell me"),
        choices=NoticeChoice.Way.choices,
        widget=forms.RadioSelect(),
        error_messages={
            "required": MESSAGES["way_missing"],
            "invalid_choice": MESSAGES["way_missing"],
        },
    )
    phone = forms.CharField(
        label=_("Mobile number for SMS"),
        help_text=_("Like 06 12 34 56 78. Visitors never see it."),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel"}),
        error_messages={"max_length": MESSAGES["sms_phone"]},
    )
