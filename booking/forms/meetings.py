"""What a visitor types to meet a greeter, what the greeter answers, what both say afterwards."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, time
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from booking.forms.enrolment import NOT_IN_NAMES, PhoneField
from booking.forms.greeters import WordsField
from booking.forms.nights import DayField
from booking.meeting_words import INTEREST_WORDS, LANGUAGE_WORDS
from booking.models import Meeting
from booking.relations.asking import MeetingInput
from booking.rules.talks import plain_text
from oti.lib.html import format_day_long

AGE = re.compile(r"\d+")
OLDEST_CHILD = 17
# More than the six, so that who types seven is told why, and not that seven is no number.
MOST_TYPED = 40


class AgesField(forms.CharField):
    """Ages of children as they are typed: « 5, 10 », « 0 » for a baby."""

    def clean(self, value: Any) -> tuple[int, ...]:
        """Return the ages; refuse words, and whoever is an adult."""
        text = str(super().clean(value) or "")
        if not re.fullmatch(r"[\d\s,;.&+/-]*", text):
            raise forms.ValidationError(_("Write ages as numbers: 5, 10. Write 0 for a baby."))
        ages = tuple(int(one) for one in AGE.findall(text)[:MOST_TYPED])
        if any(age > OLDEST_CHILD for age in ages):
            raise forms.ValidationError(_("From 18 years on, count them among the adults."))
        return ages


class MeetingForm(forms.Form):
    """When, who, which languages, what one likes."""

    first_day = DayField(label=_("From"))
    last_day = DayField(label=pgettext_lazy("day", "To"))
    part = forms.ChoiceField(
        label=_("Time of the day"),
        choices=[(code, capfirst(word)) for code, word in Meeting.Part.choices],
        initial=Meeting.Part.ANY.value,
        widget=forms.RadioSelect,
    )
    adults = forms.IntegerField(
        label=_("Adults"),
        min_value=0,
        max_value=MOST_TYPED,
        initial=2,
        error_messages={
            "required": _("Say how many adults come."),
            "invalid": _("Write a number, 2 for example."),
            "max_value": _("Six persons at most come along, babies counted."),
        },
    )
    ages = AgesField(
        label=_("Ages of the children"),
        help_text=_("5, 10; 0 for a baby. Six persons at most, babies counted"),
        max_length=60,
        required=False,
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages that you speak"),
        choices=list(LANGUAGE_WORDS.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one language that you speak.")},
    )
    interests = forms.MultipleChoiceField(
        label=_("What you like"),
        choices=[(code, capfirst(word)) for code, word in INTEREST_WORDS.items()],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    needs_step_free = forms.BooleanField(
        label=_("We need a walk without steps (wheelchair, pushchair)"), required=False
    )
    words = WordsField(
        label=_("A few words about you"),
        help_text=_("Who you are, what you would like to see or talk about"),
        max_length=1000,
        required=False,
        rows=4,
    )
    first_name = forms.CharField(
        label=_("First name"),
        max_length=80,
        error_messages={"required": _("Give your first name: it is all that a greeter is told.")},
    )
    email = forms.EmailField(
        label=_("E-mail"),
        help_text=_("For the answer; greeters never see it"),
        max_length=254,
        error_messages={
            "required": _("Give an e-mail: the answer goes there."),
            "invalid": _("This isn’t an e-mail address: write it as name@example.org."),
        },
    )
    phone = PhoneField(
        label=_("Phone"),
        help_text=_("Shown to your greeter alone, 48 hours before you meet"),
        error_messages={"required": _("Give a number at which your greeter reaches you.")},
    )
    is_of_age = forms.BooleanField(
        label=_("I am 15 or older; somebody of age comes along."),
        error_messages={
            "required": _(
                "Say that you are 15 or older. Younger than that? Have a parent ask for you all."
            )
        },
    )
    press = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    def clean_first_name(self) -> str:
        """Refuse what is no name: it stands in mails to people who don't know you."""
        name = " ".join(plain_text(self.cleaned_data["first_name"]).split())
        if not name or NOT_IN_NAMES.search(name):
            raise forms.ValidationError(_("Write your first name alone."))
        return name

    def given(self, *, pole: str) -> MeetingInput:
        """Return what was asked, from a valid form."""
        data = self.cleaned_data
        return MeetingInput(
            first_name=data["first_name"],
            email=data["email"],
            phone=data["phone"],
            language=(get_language() or "fr")[:2],
            first_day=data["first_day"],
            last_day=data["last_day"],
            adults=data["adults"],
            ages=data["ages"],
            languages=tuple(data["languages"]),
            interests=tuple(data["interests"]),
            part=data["part"],
            words=data["words"],
            needs_step_free=data["needs_step_free"],
            pole=pole,
            is_of_age=data["is_of_age"],
            press=data["press"],
        )


class AnswerForm(forms.Form):
    """A greeter's yes: on which day, at what hour, where."""

    day = forms.TypedChoiceField(
        label=_("Day"),
        widget=forms.RadioSelect,
        coerce=date.fromisoformat,
        error_messages={"required": _("Choose the day.")},
    )
    hour = forms.TimeField(
        label=_("Hour"),
        initial=time(10),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={
            "required": _("Choose the hour."),
            "invalid": _("Write the hour as 10:30."),
        },
    )
    place = forms.CharField(
        label=_("Public meeting place"),
        help_text=_("A square, a church, a café: never a home"),
        max_length=200,
        error_messages={"required": _("Say where you meet: a square, a church, a café.")},
    )

    def __init__(self, *args: Any, days: Sequence[date], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language = get_language() or "fr"
        self.fields["day"].choices = [  # type: ignore[attr-defined]
            (day.isoformat(), format_day_long(day, language, has_year=False)) for day in days
        ]

    def clean_place(self) -> str:
        """Return one plain line."""
        return " ".join(plain_text(self.cleaned_data["place"]).split())


class FeltForm(forms.Form):
    """How it was, in a choice and some words."""

    felt = forms.ChoiceField(
        label=_("How was it?"),
        choices=Meeting.Felt.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how it was.")},
    )
    words = forms.CharField(
        label=_("Some words"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class CountForm(FeltForm):
    """The same for the greeter, with the time that was given."""

    minutes = forms.TypedChoiceField(
        label=_("How long did it take?"),
        choices=[(n, f"{n // 60} h {n % 60:02d}") for n in range(30, 361, 30)],
        coerce=int,
        initial=120,
    )

    field_order = ("felt", "minutes", "words")
