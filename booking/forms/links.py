"""What a host pastes and says of calendars of other platforms."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from booking.models import ChannelIncident
from oti.lib.public_hosts import LONGEST_URL


class FeedForm(forms.Form):
    """The address of a calendar, and the name that its host gives it."""

    address = forms.CharField(
        label=_("Address of the calendar"),
        help_text=_("It ends in .ics: the platform calls it “export” or “iCal”."),
        max_length=LONGEST_URL,
        widget=forms.URLInput(),
        error_messages={
            "required": _("Paste the address that the other platform gives."),
            "max_length": _("This isn’t an address: copy it again from the other platform."),
        },
    )
    name = forms.CharField(
        label=_("Name"),
        help_text=_("As you call it: « Airbnb », « Booking.com », « family diary »"),
        required=False,
        max_length=40,
        error_messages={"max_length": _("Shorten it to 40 signs.")},
    )


class RemoveFeedForm(forms.Form):
    """What becomes of the nights that a calendar closed."""

    nights = forms.ChoiceField(
        label=_("The nights that it closed"),
        choices=[
            ("open", _("Put them on sale again")),
            ("keep", _("Keep them closed: they become closures of your own")),
        ],
        widget=forms.RadioSelect(),
        error_messages={
            "required": _("Choose what becomes of its nights."),
            "invalid_choice": _("Choose what becomes of its nights."),
        },
    )


class SettleForm(forms.Form):
    """How a double booking ended."""

    outcome = forms.ChoiceField(
        label=_("What was done"),
        choices=ChannelIncident.Outcome.choices,
        widget=forms.RadioSelect(),
        error_messages={
            "required": _("Choose what was done."),
            "invalid_choice": _("Choose what was done."),
        },
    )
    note = forms.CharField(
        label=_("In a few words"),
        help_text=_("Whom you called, what was agreed; the office reads it."),
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "required": _("Say why: it is kept in the journal."),
            "max_length": _("Shorten it to 400 signs."),
        },
    )
