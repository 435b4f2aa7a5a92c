"""What a host types to enrol: its house, its papers, its signature, its colleagues."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from django import forms
from django.utils.text import format_lazy
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from booking.forms.communes import CommuneField
from booking.forms.documents import DocumentField
from booking.paper_words import ACTIVITY_WORDS, NUMBER_WORDS
from booking.papers import SELLER, Document, HouseFacts, PaperInput
from booking.rules.registration import clean_registration, registration_commune
from booking.rules.sellers import FRANCE, OWN_NAME
from booking.seller_words import COUNTRIES
from destination.models import Commune
from members.models import Provider, ProviderRole
from members.rules import numbers, papers
from oti.lib.dates import is_of_our_time

DIGITS = re.compile(r"\d")
STATUS = (
    ("private", _("A private person, who lets its own home or rooms")),
    ("professional", _("A professional: company, self-employed, farm, association")),
)


# As long as the column is.
MOST_SIGNS = 200
REGISTERED_AS = (
    ("company", _("A company, an association, a public body")),
    (OWN_NAME, _("In your own name: self-employed, micro-enterprise, farm")),
)
IN_OWN_NAME = _("in your own name only")
FOREIGN_NUMBER = re.compile(r"[0-9A-Z/]{4,24}", re.ASCII)
NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f]|://|www\\.", re.IGNORECASE)


class PhoneField(forms.CharField):
    """Any writing of a number at which somebody answers."""

    default_error_messages: ClassVar = {"required": _("Give a number at which visitors reach you.")}

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"type": "tel"})
        super().__init__(max_length=30, widget=widget, **kwargs)

    def clean(self, value: Any) -> str:
        """Refuse what holds no number."""
        phone = str(super().clean(value))
        if phone and len(DIGITS.findall(phone)) < 6:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return phone


class HouseForm(forms.Form):
    """A house as it begins: nothing that can wait is asked here."""

    name = forms.CharField(
        label=_("Name of your house or activity"),
        help_text=_("As visitors will read it"),
        max_length=120,
        error_messages={"required": _("Give it a name: it can be changed until it is approved.")},
    )
    commune = CommuneField(required_words=_("Choose the commune where you welcome visitors."))
    activities = forms.MultipleChoiceField(
        label=_("What you offer"),
        help_text=_("Tick everything: what the law asks depends on it."),
        choices=[(code, ACTIVITY_WORDS[code]) for code in papers.ACTIVITIES],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Tick at least one.")},
    )
    status = forms.ChoiceField(
        label=_("You are"),
        choices=STATUS,
        widget=forms.RadioSelect,
        error_messages={"required": _("Say which: visitors are told, as the law asks.")},
    )
    phone = PhoneField(label=_("Phone"))

    def __init__(self, *args: Any, today: date, known: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["commune"].propose(today, known=known)  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        """Refuse what is no name: it stands in mails that invite people."""
        name: str = self.cleaned_data["name"]
        if NOT_IN_NAMES.search(name):
            raise forms.ValidationError(_("Write the name alone, without an address of a site."))
        return " ".join(name.split())

    @property
    def is_professional(self) -> bool:
        """Whether a professional filled it in, from a valid form."""
        return bool(self.cleaned_data["status"] == "professional")


class HouseFactsForm(HouseForm):
    """Who the house is, whole: what an approved house may not change by itself is shown only."""

    address = forms.CharField(
        label=_("Address"),
        help_text=_("Street and number; shown to those who have paid"),
        max_length=200,
        error_messages={"required": _("Give the address where visitors arrive.")},
    )
    email = forms.ChoiceField(
        label=_("Where its mails go"),
        help_text=_("Bookings and cancellations; an address that somebody of the team has proved"),
        error_messages={
            "required": _("Choose one of the addresses."),
            "invalid_choice": _("Choose one of the addresses."),
        },
    )

    def __init__(self, *args: Any, house: Provider, **kwargs: Any) -> None:
        super().__init__(
            *args,
            initial={
                "name": house.name,
                "commune": house.commune_id,
                "activities": house.activities,
                "status": "professional" if house.is_professional else "private",
                "phone": house.phone,
                "address": house.address,
                "email": house.email,
            },
            known=house.commune_id,
            **kwargs,
        )
        proved = EmailAddress.objects.filter(user__roles__provider=house, verified=True)
        addresses = {house.email, *proved.values_list("email", flat=True)}
        self.fields["email"].choices = [(one, one) for one in sorted(addresses)]  # type: ignore[attr-defined]
        if house.enrolment not in {"draft", "submitted", "to_fix"}:
            for name in ("name", "commune", "activities", "status"):
                self.fields[name].disabled = True
                self.fields[name].required = False
            self.fields["name"].help_text = _(
                "Your house sells already: the office changes its name, its commune and what it "
                "offers. Call it."
            )
            self.fields["activities"].help_text = ""

    @property
    def facts(self) -> HouseFacts:
        """Return what was typed, from a valid form."""
        data = self.cleaned_data
        return HouseFacts(
            name=data["name"],
            commune_id=data["commune"].pk,
            activities=tuple(data["activities"]),
            is_professional=self.is_professional,
            address=data["address"],
            phone=data["phone"],
            email=data["email"],
        )


class SiretForm(forms.Form):
    """The number of a professional, and the name under which it is registered."""

    legal_name = forms.CharField(
        label=_("Legal name"),
        help_text=_("The company, or your own first and last name"),
        max_length=160,
        error_messages={"required": _("Give the name under which you are registered.")},
    )
    siret = forms.CharField(
        label=_("SIRET"),
        help_text=_("14 digits, on your INSEE notice; spaces don’t matter."),
        max_length=30,
        error_messages={"required": _("Give the SIRET: it is on your INSEE notice.")},
    )

    def __init__(self, *args: Any, is_fixed: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_fixed:
            for field in self.fields.values():
                field.disabled = True
            self.fields["siret"].help_text = _(
                "Your house sells already: the office changes it. Call it."
            )

    def clean_siret(self) -> str:
        """Return 14 digits whose key is right."""
        number = numbers.bare(self.cleaned_data["siret"])
        if not re.fullmatch(r"[0-9]{14}", number):
            raise forms.ValidationError(_("A SIRET has 14 digits: count them again."))
        if not numbers.is_siret(number):
            raise forms.ValidationError(_("A digit of this SIRET is wrong: check it."))
        return number


class PaperForm(forms.Form):
    """One paper: its number, its end, its document, as far as it has them."""

    number = forms.CharField(max_length=MOST_SIGNS, required=False)
    valid_until = forms.DateField(
        label=_("Valid until"),
        help_text=_("Its last day; we remind you before."),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("This date doesn’t exist. Write it as 31/12/2027.")},
    )
    document = DocumentField(required=False)

    def __init__(self, *args: Any, paper: papers.Paper, has_document: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.paper = paper
        for name in (papers.NUMBER, papers.UNTIL, papers.DOCUMENT):
            if name not in paper.fields:
                del self.fields[name]
        if papers.NUMBER in self.fields:
            self.fields["number"].label, self.fields["number"].help_text = NUMBER_WORDS[paper.code]
        if has_document and papers.DOCUMENT in self.fields:
            self.fields["document"].label = _("Another document, in its place")

    def clean_number(self) -> str:
        """Return the number as it is kept; a registration's form is advised on, never refused."""
        number = " ".join(str(self.cleaned_data["number"]).split())
        if self.paper.code == "registration":
            number = ", ".join(clean_registration(one) for one in number.split(",") if one.strip())
            if len(number) > MOST_SIGNS:
                raise forms.ValidationError(_("Too many numbers: write those of this house."))
        return number

    def clean_valid_until(self) -> date | None:
        """Refuse a day that nobody can mean."""
        day: date | None = self.cleaned_data["valid_until"]
        if day is not None and not is_of_our_time(day):
            raise forms.ValidationError(_("Check the year of this date."))
        return day

    @property
    def given(self) -> PaperInput:
        """Return what was given, from a valid form."""
        data = self.cleaned_data
        return PaperInput(
            number=data.get("number", ""),
            valid_until=data.get("valid_until"),
            document=data.get("document"),
        )

    @property
    def good_document(self) -> Document | None:
        """Return the document of a form that has other faults: it needn't be sent twice."""
        found = getattr(self, "cleaned_data", {}).get("document")
        return found if isinstance(found, Document) else None


def odd_registrations(number: str, commune: Commune) -> list[str]:
    """Return the registration numbers that don't look like one of this commune (advisory)."""
    given = [one.strip() for one in number.split(",") if one.strip()]
    return [one for one in given if registration_commune(one) != commune.insee]


class SellerForm(forms.Form):
    """What the tax office is told of who sells (DAC7).

    A professional who works in its own name is a person too: it says what a person says.
    """

    registered_as = forms.ChoiceField(
        label=_("You are registered as"),
        choices=REGISTERED_AS,
        widget=forms.RadioSelect,
        error_messages={"required": _("Say which: the tax office asks other things of each.")},
    )
    home_address = forms.CharField(
        label=_("Your own address, or that of the head office"),
        max_length=200,
        error_messages={"required": _("Give the address where letters reach you.")},
    )
    born_on = forms.DateField(
        label=_("Day of birth"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": _("Give your day of birth."),
            "invalid": _("This date doesn’t exist. Write it as 31/12/1980."),
        },
    )
    legal_name = forms.CharField(
        label=_("First and last name"),
        max_length=160,
        error_messages={"required": _("Give your first and last name.")},
    )
    tax_country = forms.ChoiceField(
        label=_("Country where you pay your taxes"),
        choices=COUNTRIES,
        initial=FRANCE,
        required=False,
        error_messages={"invalid_choice": _("Choose one of the countries.")},
    )
    tax_number = forms.CharField(
        label=_("Tax number"),
        help_text=_("In France 13 digits, at the top of your income tax notice"),
        max_length=30,
        required=False,
    )
    born_at = forms.CharField(
        label=_("Place of birth"),
        help_text=_("Town and country; only where your country gives you no tax number"),
        max_length=120,
        required=False,
    )
    vat_number = forms.CharField(
        label=_("VAT number"),
        help_text=_("Leave it empty if you have none."),
        max_length=20,
        required=False,
    )

    def __init__(self, *args: Any, house: Provider, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        others = ("legal_name",) if house.is_professional else ("vat_number", "registered_as")
        for name in others:
            del self.fields[name]
        if house.is_professional:
            self.fields["born_on"].required = False
            for name in ("born_on", "tax_number"):
                self.fields[name].label = format_lazy(
                    "{label} ({when})", label=self.fields[name].label, when=IN_OWN_NAME
                )

    @property
    def _is_person(self) -> bool:
        return self.cleaned_data.get("registered_as", OWN_NAME) == OWN_NAME

    def clean_born_on(self) -> date | None:
        """Refuse a day on which no adult who sells was born; a company was born on none."""
        day: date | None = self.cleaned_data["born_on"]
        if not self._is_person:
            return None
        if day is None:
            raise forms.ValidationError(_("Give your day of birth."), code="required")
        age = (
            self.today.year - day.year - ((self.today.month, self.today.day) < (day.month, day.day))
        )
        if not 16 <= age <= 120:
            raise forms.ValidationError(_("Check the year of your birth."))
        return day

    def clean_tax_country(self) -> str:
        """Return France where nothing was chosen."""
        return self.cleaned_data["tax_country"] or FRANCE

    def clean_tax_number(self) -> str:
        """Return 13 digits in France, elsewhere what the country gives; "" for a company."""
        if not self._is_person:
            return ""
        number = numbers.bare(self.cleaned_data["tax_number"])
        if self.cleaned_data.get("tax_country") != FRANCE:
            if number and not FOREIGN_NUMBER.fullmatch(number):
                raise forms.ValidationError(_("Write the number alone: letters and digits."))
            return number
        if not number:
            raise forms.ValidationError(
                _("Give your tax number: it is on your income tax notice."), code="required"
            )
        if not numbers.is_tax_number(number):
            raise forms.ValidationError(
                _("A tax number has 13 digits and begins with 0, 1, 2 or 3: count them again.")
            )
        return number

    def clean(self) -> dict[str, Any]:
        """Ask who has no tax number for the place of birth."""
        data = super().clean() or {}
        is_foreign = self._is_person and data.get("tax_country", FRANCE) != FRANCE
        has_none = "tax_number" in data and not data["tax_number"]
        if is_foreign and has_none and not data.get("born_at"):
            self.add_error("born_at", _("Give your tax number, or where you were born."))
        return data

    @property
    def given(self) -> PaperInput:
        """Return what is sealed, from a valid form."""
        told = {name: str(value) for name, value in self.cleaned_data.items() if value}
        return PaperInput(sealed=told)


class SignForm(forms.Form):
    """A typed signature under what is shown."""

    signed_name = forms.CharField(
        label=_("Your first and last name, as a signature"),
        max_length=120,
        error_messages={"required": _("Type your first and last name to sign.")},
    )
    agreed = forms.BooleanField(
        label=_(
            "I have read this contract and accept it; what I offer here complies with the law."
        ),
        error_messages={"required": _("Tick that you have read and accept it.")},
    )
    sha256 = forms.CharField(max_length=64, widget=forms.HiddenInput)
    commission = forms.DecimalField(max_digits=5, decimal_places=2, widget=forms.HiddenInput)


ROLES = (
    (ProviderRole.Role.STAFF.value, _("Staff: bookings and calendar")),
    (ProviderRole.Role.OWNER.value, _("Owner: papers, money and team as well")),
)


class InviteForm(forms.Form):
    """Who is asked to work for a house."""

    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        error_messages={
            "required": _("Give the e-mail of the person."),
            "invalid": _("This isn’t an e-mail address: write it as name@example.org."),
        },
    )
    role = forms.ChoiceField(
        label=_("What this person may do"),
        choices=ROLES,
        initial=ProviderRole.Role.STAFF.value,
        widget=forms.RadioSelect,
    )


class RoleForm(forms.Form):
    """A new role of somebody."""

    role = forms.ChoiceField(choices=ProviderRole.Role.choices)


def mail_language() -> str:
    """Return the language of the letters to whoever reads this page: French or English."""
    return "fr" if (get_language() or "fr").startswith("fr") else "en"


__all__ = [
    "SELLER",
    "HouseFactsForm",
    "HouseForm",
    "InviteForm",
    "PaperForm",
    "RoleForm",
    "SellerForm",
    "SignForm",
    "SiretForm",
    "mail_language",
    "odd_registrations",
]
