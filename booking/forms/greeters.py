"""What an inhabitant types to become a greeter: a profile, a portrait, an absence, a signature."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from booking.forms.communes import CommuneField
from booking.forms.enrolment import NOT_IN_NAMES, PhoneField, mail_language
from booking.forms.nights import DayField, weekday_field
from booking.meeting_words import INTEREST_WORDS, LANGUAGE_WORDS
from booking.relations.greeters import ProfileInput, content_of
from booking.rules.meetings import gives_contact
from booking.rules.talks import plain_text
from destination.forms import PhotographField
from members.models import Greeter
from members.rules import enrolment
from members.rules.greeters import MOST_A_MONTH, MOST_PEOPLE

MOST_ABOUT, MOST_PLACES = 1200, 800
NO_CONTACT = _("Leave out phones and addresses: you write to each other through this site.")


class WordsField(forms.CharField):
    """Some sentences that visitors read: plain text, without a way around the platform."""

    def __init__(self, *, rows: int = 5, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": rows}), **kwargs)

    def clean(self, value: Any) -> str:
        """Return the text; refuse phones and addresses in it."""
        text = plain_text(str(super().clean(value) or ""))
        if gives_contact(text):
            raise forms.ValidationError(NO_CONTACT)
        return text


class ProfileForm(forms.Form):
    """Who a greeter is. What the office reads before it is shown comes first."""

    first_name = forms.CharField(
        label=_("First name"),
        help_text=_("Visitors read it, and nothing else of your name"),
        max_length=40,
        error_messages={"required": _("Give your first name.")},
    )
    commune = CommuneField(required_words=_("Choose the commune that you show."))
    about_fr = WordsField(
        label=_("Who you are"),
        help_text=_("A few sentences, as you would say them: your life here, what you love"),
        max_length=MOST_ABOUT,
        required=False,
    )
    places_fr = WordsField(
        label=_("Places that you like"),
        help_text=_("A bench, a lane, a view: where you would go first"),
        max_length=MOST_PLACES,
        required=False,
        rows=4,
    )
    about_en = WordsField(
        label=_("Who you are (English)"), max_length=MOST_ABOUT, required=False, rows=3
    )
    places_en = WordsField(
        label=_("Places that you like (English)"), max_length=MOST_PLACES, required=False, rows=3
    )
    about_de = WordsField(
        label=_("Who you are (Deutsch)"), max_length=MOST_ABOUT, required=False, rows=3
    )
    places_de = WordsField(
        label=_("Places that you like (Deutsch)"), max_length=MOST_PLACES, required=False, rows=3
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages that you speak"),
        choices=list(LANGUAGE_WORDS.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Tick one at least.")},
    )
    interests = forms.MultipleChoiceField(
        label=_("What you like to show"),
        choices=[(code, capfirst(word)) for code, word in INTEREST_WORDS.items()],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    weekdays = weekday_field(
        label=_("Days on which you can"), help_text=_("You say yes or no to each request anyway")
    )
    most_people = forms.TypedChoiceField(
        label=_("Persons at most"),
        help_text=_("Six at most, babies counted"),
        choices=[(n, str(n)) for n in range(1, MOST_PEOPLE + 1)],
        coerce=int,
        initial=MOST_PEOPLE,
    )
    monthly_most = forms.TypedChoiceField(
        label=_("Meetings a month at most"),
        choices=[(n, str(n)) for n in range(1, MOST_A_MONTH + 1)],
        coerce=int,
        initial=2,
    )
    is_step_free = forms.BooleanField(
        label=_("I know a walk without steps, for wheelchairs and pushchairs"), required=False
    )
    phone = PhoneField(
        label=_("Phone"), help_text=_("Shown to your visitors alone, 48 hours before you meet")
    )
    born_on = forms.DateField(
        label=_("Day of birth"),
        help_text=_("Greeters are adults: it is looked at once and not kept"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": _("Give your day of birth: it is looked at and not kept."),
            "invalid": _("This date doesn’t exist. Write it as 31/12/1980."),
        },
    )

    def __init__(self, *args: Any, today: date, greeter: Greeter | None, **kwargs: Any) -> None:
        super().__init__(*args, initial=_initial(greeter), **kwargs)
        known = greeter.commune_id if greeter else None
        self.fields["commune"].propose(today, known=known)  # type: ignore[attr-defined]
        if greeter is not None:
            del self.fields["born_on"]
            if greeter.state == enrolment.APPROVED:
                self.fields["commune"].disabled = True

    def clean_first_name(self) -> str:
        """Refuse what is no name: it stands in mails."""
        name = " ".join(plain_text(self.cleaned_data["first_name"]).split())
        if not name or NOT_IN_NAMES.search(name) or gives_contact(name):
            raise forms.ValidationError(_("Write your first name alone."))
        return name

    @property
    def given(self) -> ProfileInput:
        """Return what was written, from a valid form."""
        data = self.cleaned_data
        return ProfileInput(
            first_name=data["first_name"],
            commune_id=data["commune"].pk,
            phone=data["phone"],
            languages=tuple(data["languages"]),
            interests=tuple(data["interests"]),
            weekdays=tuple(data["weekdays"]),
            most_people=data["most_people"],
            monthly_most=data["monthly_most"],
            is_step_free=data["is_step_free"],
            language=mail_language(),
            texts={
                f"{name}_{code}": data[f"{name}_{code}"]
                for name in ("about", "places")
                for code, _label in settings.LANGUAGES
            },
            born_on=data.get("born_on"),
        )


def _initial(greeter: Greeter | None) -> dict[str, Any]:
    if greeter is None:
        return {"languages": ["fr"]}
    shown = content_of(greeter)
    return {
        **{name: value for name, value in shown.items() if name != "photo"},
        "commune": greeter.commune_id,
        "languages": greeter.languages,
        "interests": greeter.interests,
        "weekdays": greeter.weekdays,
        "most_people": greeter.most_people,
        "monthly_most": greeter.monthly_most,
        "is_step_free": greeter.is_step_free,
        "phone": greeter.phone,
    }


class PortraitField(PhotographField):
    """A photograph with a hint of our own: Wagtail's names formats and a weight in MiB."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.help_text = kwargs.get("help_text", "")


class PortraitForm(forms.Form):
    """One photograph of oneself, looked at to its end."""

    photo = PortraitField(
        label=_("A photograph of you"),
        help_text=_("Outside, in daylight, alone on it; 15 MB at most"),
        widget=forms.ClearableFileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
        error_messages={"required": _("Choose a photograph.")},
    )
    is_mine = forms.BooleanField(
        label=_("It shows me, and I may let it be shown here"),
        error_messages={"required": _("Tick it: nobody may show it without.")},
    )


class AbsenceForm(forms.Form):
    """A pause, or days on which one is away."""

    is_paused = forms.BooleanField(
        label=_("I pause: I am not shown and nobody asks me"), required=False
    )
    away_from = DayField(label=_("Away from"), required=False)
    away_until = DayField(label=_("Away until"), required=False)


class CharterForm(forms.Form):
    """A typed signature under the charter that is shown."""

    signed_name = forms.CharField(
        label=_("Your first and last name, as a signature"),
        max_length=120,
        error_messages={"required": _("Type your first and last name to sign.")},
    )
    agreed = forms.BooleanField(
        label=_("I have read this charter and I keep to it."),
        error_messages={"required": _("Tick that you have read and accept it.")},
    )
    sha256 = forms.CharField(max_length=64, widget=forms.HiddenInput)
