"""What a host types about its own programs: a key, an address that is told."""

from __future__ import annotations

from datetime import date, timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from booking.models import Webhook
from members.models import HouseKey
from oti.lib.public_hosts import LONGEST_URL


class KeyForm(forms.Form):
    """A key: what it is called, what it may do, how long."""

    name = forms.CharField(
        label=_("Which program is it for?"),
        help_text=_("As you call it: « hotel software », « my website »"),
        max_length=60,
        error_messages={
            "required": _("Give it a name, so that you know it again."),
            "max_length": _("Shorten it to 60 signs."),
        },
    )
    scopes = forms.MultipleChoiceField(
        label=_("What may it do?"),
        help_text=_("Tick only what the program needs."),
        choices=HouseKey.Scope.choices,
        widget=forms.CheckboxSelectMultiple(),
        error_messages={
            "required": _("Tick at least one thing that it may do."),
            "invalid_choice": _("Tick at least one thing that it may do."),
        },
    )
    days = forms.TypedChoiceField(
        label=_("How long?"),
        choices=[(90, _("Three months")), (365, _("One year")), (730, _("Two years"))],
        coerce=int,
        initial=365,
        widget=forms.RadioSelect(),
        error_messages={
            "required": _("Choose until when it counts: two years at most."),
            "invalid_choice": _("Choose until when it counts: two years at most."),
        },
    )

    def last_day(self, today: date) -> date:
        """Return the last day on which the key counts."""
        return today + timedelta(days=int(self.cleaned_data["days"]))


class WebhookForm(forms.Form):
    """An address, and what it is told of."""

    address = forms.CharField(
        label=_("Address of your program"),
        help_text=_("It begins with https:// and answers to POST."),
        max_length=LONGEST_URL,
        widget=forms.URLInput(),
        error_messages={
            "required": _("Give the whole address of your program, from https:// on."),
            "max_length": _("Give the whole address of your program, from https:// on."),
        },
    )
    topics = forms.MultipleChoiceField(
        label=_("What is it told of?"),
        choices=Webhook.Topic.choices,
        widget=forms.CheckboxSelectMultiple(),
        error_messages={
            "required": _("Tick at least one thing that it is told of."),
            "invalid_choice": _("Tick at least one thing that it is told of."),
        },
    )


class TopicsForm(forms.Form):
    """What an address is told of from now on."""

    topics = WebhookForm.base_fields["topics"]
