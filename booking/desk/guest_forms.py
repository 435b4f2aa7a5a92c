"""What the office types about guests: notes, corrections, and why two records are one."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from booking.rules.talks import LONGEST
from destination.desk import DayInput
from members.models import CustomerNote


class NoteForm(forms.Form):
    """What was said, and what remains to be done."""

    channel = forms.ChoiceField(label=_("How"), choices=CustomerNote.Channel.choices)
    happened_on = forms.DateField(label=_("Day"), widget=DayInput)
    text = forms.CharField(
        label=_("What was said"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_(
            "Facts that help the next one who answers. Nothing on health, opinions or money "
            "troubles: the guest may ask for what is written here."
        ),
    )
    is_question = forms.BooleanField(label=_("The guest waits for an answer"), required=False)
    next_step = forms.CharField(label=_("Next step"), max_length=200, required=False)
    due_on = forms.DateField(
        label=_("To be done by"),
        required=False,
        widget=DayInput,
        help_text=_("An answer has its day by itself."),
    )


class OutcomeForm(forms.Form):
    """What was answered or done."""

    outcome = forms.CharField(
        label=_("What was answered or done"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class PersonForm(forms.Form):
    """What is known of a person."""

    first_name = forms.CharField(label=_("First name"), max_length=80, required=False)
    last_name = forms.CharField(label=_("Last name"), max_length=80)
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)
    postal_code = forms.CharField(label=_("Postcode"), max_length=12, required=False)
    country = forms.CharField(
        label=_("Country, in two letters"),
        max_length=2,
        required=False,
        validators=[RegexValidator(r"^[A-Za-z]{2}$", _("Two letters: FR, BE, DE…"))],
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)

    def clean_country(self) -> str:
        """Return it in capitals."""
        return str(self.cleaned_data["country"]).upper()


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        label=_("Why"),
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Kept in the journal, without anything private."),
    )


class MergeForm(ReasonForm):
    """Which of two records stays, and why they are one person."""

    field_order = ("keep", "reason")
    keep = forms.TypedChoiceField(
        label=pgettext_lazy("merge", "Name and phone that stay"),
        coerce=int,
        widget=forms.RadioSelect,
    )
