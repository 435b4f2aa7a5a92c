"""What a host says when it can't welcome somebody."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from booking.models import BookingRequest
from booking.refusals import MESSAGES

# A date is called off as a whole, on its own page.
ANSWERS = [
    one for one in BookingRequest.Reason.choices if one[0] != BookingRequest.Reason.CALLED_OFF
]


class DeclineForm(forms.Form):
    """A reason out of a short list, and words for the guest if there are any."""

    reason = forms.ChoiceField(
        label=_("Why can’t you welcome them?"),
        choices=ANSWERS,
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), MESSAGES["answer_reason_missing"]
        ),
    )
    words = forms.CharField(
        label=_("A word for your guest"),
        help_text=_("Sent as it is: another date perhaps?"),
        required=False,
        max_length=600,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"max_length": _("Shorten it to 600 signs.")},
    )
