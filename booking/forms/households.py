"""What a household of a second home types: who it is, whom it invites, when it is here."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from booking.forms.bookings import NearDayField
from booking.forms.communes import CommuneField
from booking.forms.documents import DocumentField
from booking.households import HouseholdFacts, Newcomer
from booking.papers import Document
from booking.refusals import trouble
from destination.office import lazy_with_phone
from members.models.households import MOST_CHILDREN
from members.rules.households import can_be_a_birthday, is_old_enough

# A name stands in mails that invite people.
NOT_IN_NAMES = ("://", "www.", "<", ">", "@")


class NameField(forms.CharField):
    """A name that stands in pages and mails of others."""

    def clean(self, value: Any) -> str:
        """Refuse what is no name."""
        name = " ".join(str(super().clean(value) or "").split())
        if any(one in name.lower() for one in NOT_IN_NAMES):
            raise forms.ValidationError(_("Write the name alone, without an address of a site."))
        return name


class NewcomerForm(forms.Form):
    """Who joins: a first name, and the day of birth that isn't kept."""

    first_name = NameField(
        label=_("Your first name"),
        max_length=40,
        error_messages={"required": _("Give your first name.")},
    )
    born_on = forms.DateField(
        label=_("Your day of birth"),
        help_text=_("An account is for those of 15 and more. We look at it and don’t keep it."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": _("Give your day of birth."),
            "invalid": _("This date doesn’t exist. Write it as 31/12/1980."),
        },
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_born_on(self) -> date:
        """Say beside the field what the use case would refuse."""
        day: date = self.cleaned_data["born_on"]
        if not can_be_a_birthday(day, self.today):
            raise forms.ValidationError(trouble("birthday_odd").message)
        if not is_old_enough(day, self.today):
            raise forms.ValidationError(trouble("too_young").message)
        return day

    @property
    def newcomer(self) -> Newcomer:
        """Return who it is, from a valid form."""
        data = self.cleaned_data
        return Newcomer(data["first_name"], data["born_on"], (get_language() or "fr")[:2])


class WithPaper(forms.Form):
    """A paper that names the house, if there is one at hand."""

    document = DocumentField(
        required=False,
        label=_("A paper that names your house"),
        help_text=lazy_with_phone(
            _(
                "Tax notice or invoice: PDF, JPEG or PNG, 8 MB at most. The office reads it, then "
                "it is deleted. You may also call the office on %(phone)s instead."
            )
        ),
    )

    @property
    def paper(self) -> Document | None:
        """Return the paper, from a valid form."""
        found = self.cleaned_data.get("document")
        return found if isinstance(found, Document) else None


class HouseholdForm(NewcomerForm, WithPaper):
    """A household as it begins."""

    field_order = ("name", "commune", "first_name", "born_on", "children", "document")

    name = NameField(
        label=_("Name of your household"),
        help_text=_("As your family says it: « Les Martin »"),
        max_length=80,
        error_messages={"required": _("Give it a name.")},
    )
    commune = CommuneField(required_words=_("Choose the commune of your house."))
    children = forms.IntegerField(
        label=_("Children under 15"),
        initial=0,
        min_value=0,
        max_value=MOST_CHILDREN,
        error_messages={
            "required": _("Write 0 if there is none."),
            "invalid": _("A whole number, 0 if there is none."),
            "min_value": _("A whole number, 0 if there is none."),
            "max_value": _("%(limit_value)s at most."),
        },
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, today=today, **kwargs)
        self.fields["commune"].propose(today)  # type: ignore[attr-defined]

    @property
    def facts(self) -> HouseholdFacts:
        """Return what was said of the household, from a valid form."""
        data = self.cleaned_data
        return HouseholdFacts(data["name"], data["commune"].pk, data["children"])


class ProofForm(forms.Form):
    """The paper that was not given at first, or another one."""

    document = DocumentField(
        label=_("A paper that names your house"),
        error_messages={"required": _("Choose a file first.")},
    )


class MoveForm(WithPaper):
    """Where the house is now, and what names it."""

    field_order = ("commune", "document")
    commune = CommuneField(required_words=_("Choose the commune of your house."))

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["commune"].propose(today)  # type: ignore[attr-defined]


class MemberForm(forms.Form):
    """Who is asked to join."""

    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        error_messages={
            "required": _("Give the e-mail of the person."),
            "invalid": _("This isn’t an e-mail address: write it as name@example.org."),
        },
    )


class PresenceForm(forms.Form):
    """One stay: the day on which they come, the day on which they leave."""

    arrival = NearDayField(label=_("We arrive on"))
    departure = NearDayField(label=_("We leave on"))

    def clean(self) -> dict[str, Any]:
        """Ask for both days."""
        data = super().clean() or self.cleaned_data
        for name in ("arrival", "departure"):
            if not data.get(name) and name not in self.errors:
                self.add_error(name, _("Give this day."))
        return data
