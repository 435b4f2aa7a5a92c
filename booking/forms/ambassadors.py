"""What an ambassador types: to become one, for the page of their friends, for the cards."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from booking.forms.greeters import CharterForm, WordsField
from booking.forms.households import NameField, NewcomerForm
from booking.relations.ambassadors import Joining
from members.rules.ambassadors import MOST_NOTE, MOST_WORDS, tells_where

MOST_ADDRESS = 500
NO_HOUSE = _("Leave out streets and postcodes: nobody needs to know where your house is.")


class FriendsWordsField(WordsField):
    """Words for friends: without a way around the site, without where one lives."""

    def clean(self, value: Any) -> str:
        """Return the text; refuse an address of a house in it."""
        text = super().clean(value)
        if tells_where(text):
            raise forms.ValidationError(NO_HOUSE)
        return text


class JoinForm(NewcomerForm, CharterForm):
    """Who becomes an ambassador, and their signature."""

    field_order = ("first_name", "born_on", "signed_name", "agreed", "sha256")

    @property
    def given(self) -> Joining:
        """Return what was given, from a valid form."""
        data = self.cleaned_data
        return Joining(
            first_name=data["first_name"],
            born_on=data["born_on"],
            signed_name=data["signed_name"],
            shown_sha256=data["sha256"],
            language=(get_language() or "fr")[:2],
        )


class FriendsPageForm(forms.Form):
    """Whose page it is, and a word of welcome."""

    name = NameField(
        label=_("Who invites"),
        help_text=_("As your friends know you: « Claire », « The Martins »"),
        max_length=60,
        error_messages={"required": _("Say who invites.")},
    )
    words = FriendsWordsField(
        label=_("A word to your friends"),
        help_text=_("Why you love being here, in two or three sentences"),
        max_length=MOST_WORDS,
        required=False,
        rows=4,
    )

    def clean_name(self) -> str:
        """Refuse a name that tells where the house is."""
        name = str(self.cleaned_data["name"])
        if tells_where(name):
            raise forms.ValidationError(NO_HOUSE)
        return name


class PlaceForm(forms.Form):
    """One place more, by the address of its page."""

    address = forms.CharField(
        label=_("Address of its page on this site"),
        help_text=_("Open the page of a place that you love and copy its address"),
        max_length=MOST_ADDRESS,
        error_messages={"required": _("Paste the address of a page of this site.")},
    )
    words = FriendsWordsField(
        label=_("Why you love it"),
        help_text=_("One or two sentences, as you would say them to a friend"),
        max_length=MOST_NOTE,
        rows=2,
        error_messages={"required": _("Say why: it is your word that counts.")},
    )


class FriendCodeForm(forms.Form):
    """The code of a friend, as checkout asks for it."""

    friend_code = forms.CharField(required=False, max_length=40)
    tells_friend = forms.BooleanField(required=False)
