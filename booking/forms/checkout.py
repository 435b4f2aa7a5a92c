"""Who buys and who comes: the form of checkout, and the one that finds an order again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from booking.models import Order
from booking.packages import Standing
from booking.people import Contact, Person, PersonName
from booking.referral_claims import ambassador_of, tidy_code
from booking.refusals import MESSAGES
from booking.showing import people_words
from destination.models import LegalText

NAME_LENGTH = 80
DIGITS = re.compile(r"\d")
HOURS = ["%H:%M", "%H:%M:%S", "%Hh%M", "%H h %M", "%H.%M", "%Hh", "%H h", "%I:%M %p", "%I %p"]
CONTACT = ("first_name", "last_name", "email", "phone")
EMAIL_ERROR = _("Write an address such as firstname@example.com.")


class NameField(forms.CharField):
    """A name as it is written, blanks put in order."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=NAME_LENGTH, **options)
        self.error_messages["max_length"] = _("Shorten it to 80 letters.")

    def to_python(self, value: Any) -> str:
        """Return the name with single blanks."""
        return " ".join(str(super().to_python(value) or "").split())


class CheckoutForm(forms.Form):
    """Contact, one name for each person of the stay, what hosts should know, the texts accepted.

    `people` are those who take part in something; the first adult may be the buyer. What was
    accepted is the version that was shown: another one in force has to be read first.
    """

    first_name = NameField(
        label=_("First name"), error_messages={"required": _("Give your first name.")}
    )
    last_name = NameField(
        label=_("Family name"), error_messages={"required": _("Give your family name.")}
    )
    email = forms.EmailField(
        label=_("E-mail"),
        help_text=_("Your confirmation and your tickets are sent there"),
        max_length=254,
        error_messages=dict.fromkeys(("required", "invalid", "max_length"), EMAIL_ERROR),
    )
    phone = forms.CharField(
        label=_("Phone"),
        help_text=_("Given to your hosts only, for the day you arrive"),
        max_length=40,
        widget=forms.TextInput(attrs={"type": "tel"}),
        error_messages={
            "required": _("Give a number at which your host can reach you."),
            "max_length": _("Shorten it to 40 signs."),
        },
    )
    buyer_comes = forms.BooleanField(
        label=_("I am one of the adults"), required=False, initial=True
    )
    arrival_time = forms.TimeField(
        label=_("When do you think you will arrive?"),
        help_text=_("So that somebody is there to welcome you"),
        required=False,
        input_formats=HOURS,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={"invalid": _("Write an hour such as 17:30.")},
    )
    needs = forms.CharField(
        label=_("A special need?"),
        help_text=_("Allergy, mobility, late hour: your hosts prepare before you come"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"max_length": _("Shorten it to 1000 signs.")},
    )
    # An objection, so that an empty box is what silence means (CPCE L34-5).
    no_letters = forms.BooleanField(
        label=_("I would rather not be written to about other stays"), required=False
    )
    friend_code = forms.CharField(
        label=_("Code of a friend"),
        help_text=_("On their card, or at the end of their link"),
        required=False,
        max_length=40,
        error_messages={"max_length": MESSAGES["friend_code_unknown"]},
    )
    # Never ticked beforehand: a friend learns nothing otherwise.
    tells_friend = forms.BooleanField(
        label=_("Tell this friend my first name, and nothing else"), required=False
    )
    # Asked for a package only (domain.md §2.6): never ticked beforehand, apart from the terms.
    package_form = forms.BooleanField(
        label=_("I have received the information form"),
        error_messages={"required": MESSAGES["package_form_missing"]},
    )
    package_form_version = forms.CharField(required=False, widget=forms.HiddenInput)
    terms = forms.BooleanField(
        label=_("I accept the conditions of sale"),
        error_messages={"required": _("Accept the conditions of sale to continue.")},
    )
    terms_version = forms.CharField(required=False, widget=forms.HiddenInput)
    shown_total = forms.DecimalField(
        max_digits=12,
        decimal_places=2,
        widget=forms.HiddenInput,
        error_messages=dict.fromkeys(
            ("required", "invalid", "max_digits", "max_decimal_places", "max_whole_digits"),
            _("The total could not be read. Check it, then confirm again."),
        ),
    )

    def __init__(
        self,
        data: Any = None,
        *,
        people: Sequence[Person],
        terms: LegalText | None,
        has_lodging: bool,
        needs_readers: Sequence[str] = (),
        package: Standing | None = None,
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=initial)
        self.people = list(people)
        self.terms_in_force = terms
        self.form_in_force = package.form if package and package.is_package else None
        if self.form_in_force is None:
            del self.fields["package_form"]
            del self.fields["package_form_version"]
        self.buyer = next((person for person in self.people if person.is_adult), None)
        if not has_lodging:
            del self.fields["arrival_time"]
        if not needs_readers:
            # Nobody has a use for them: they aren't asked for.
            del self.fields["needs"]
        if self.buyer is None:
            del self.fields["buyer_comes"]
        words = people_words(self.people)
        for person in self.people:
            self._ask_name(person, words[person.key])
        names = [name for name in self.fields if name.endswith(("_first", "_last"))]
        self.order_fields([*CONTACT, "buyer_comes", *names])

    def _ask_name(self, person: Person, words: str) -> None:
        is_asked = person is not self.buyer
        self.fields[f"{person.key}_first"] = NameField(
            label=_("First name"),
            required=is_asked,
            error_messages={"required": _("%(person)s: give the first name.") % {"person": words}},
        )
        if person.is_adult:
            self.fields[f"{person.key}_last"] = NameField(
                label=_("Family name"),
                required=is_asked,
                error_messages={
                    "required": _("%(person)s: give the family name.") % {"person": words}
                },
            )

    @property
    def persons(self) -> list[dict[str, Any]]:
        """Return each person with its words and its bound fields, for the page."""
        words = people_words(self.people)
        return [
            {
                "words": words[person.key],
                "is_adult": person.is_adult,
                "is_buyer": person is self.buyer,
                "first": self[f"{person.key}_first"],
                "last": self._bound(f"{person.key}_last"),
            }
            for person in self.people
        ]

    def _bound(self, name: str) -> BoundField | None:
        return self[name] if name in self.fields else None

    def clean_friend_code(self) -> str:
        """Say beside the field that nobody invites with this code; an empty one is fine.

        So is the one that came with the stay, when who invited has stopped since.
        """
        code = str(self.cleaned_data["friend_code"])
        if tidy_code(code) and tidy_code(code) == self.initial.get("friend_code"):
            return code
        if code.strip() and ambassador_of(code) is None:
            raise forms.ValidationError(MESSAGES["friend_code_unknown"])
        return code

    def clean_phone(self) -> str:
        """Accept any writing of a number, refuse what holds none."""
        phone = str(self.cleaned_data["phone"])
        if len(DIGITS.findall(phone)) < 6:
            raise forms.ValidationError(_("Give a number at which your host can reach you."))
        return phone

    def clean(self) -> dict[str, Any]:
        """Ask for the first adult's name where it isn't the buyer; check the version accepted."""
        data = super().clean() or self.cleaned_data
        if self.buyer is not None and not data.get("buyer_comes"):
            for name, message in (
                (
                    f"{self.buyer.key}_first",
                    _("Give the first name of the first adult, or say that it is you."),
                ),
                (
                    f"{self.buyer.key}_last",
                    _("Give the family name of the first adult, or say that it is you."),
                ),
            ):
                if not data.get(name) and name not in self.errors:
                    self.add_error(name, message)
        current = self.terms_in_force.version if self.terms_in_force else ""
        if data.get("terms") and data.get("terms_version") != current:
            self.add_error("terms", _("The conditions changed meanwhile: read them again."))
        asked = self.form_in_force
        if asked and data.get("package_form") and data["package_form_version"] != asked.version:
            self.add_error("package_form", _("The form changed meanwhile: read it again."))
        return data

    @property
    def contact(self) -> Contact:
        """Return who buys, from a valid form."""
        data = self.cleaned_data
        return Contact(data["first_name"], data["last_name"], data["email"], data["phone"])

    @property
    def letters(self) -> str:
        """Return what the page said of letters, and what was answered; from a valid form."""
        said_no = self.cleaned_data.get("no_letters", False)
        return Order.Letters.REFUSED if said_no else Order.Letters.TOLD

    @property
    def special_needs(self) -> str:
        """Return the special needs, from a valid form; none where nobody reads them."""
        return str(self.cleaned_data.get("needs", ""))

    @property
    def names(self) -> dict[str, PersonName]:
        """Return the name of each person, from a valid form."""
        data = self.cleaned_data
        names = {
            person.key: PersonName(
                data.get(f"{person.key}_first", ""), data.get(f"{person.key}_last", "")
            )
            for person in self.people
        }
        if self.buyer is not None and data.get("buyer_comes"):
            names[self.buyer.key] = PersonName(data["first_name"], data["last_name"])
        return names

    @property
    def typed(self) -> dict[str, Any]:
        """Return what was typed, to be offered again; consent is never remembered."""
        forgotten = {"terms", "terms_version", "shown_total"}
        forgotten |= {"package_form", "package_form_version"}
        typed = {name: self.data.get(name, "") for name in self.fields if name not in forgotten}
        if "buyer_comes" in self.fields:
            typed["buyer_comes"] = bool(self.data.get("buyer_comes"))
        typed["tells_friend"] = bool(self.data.get("tells_friend"))
        return typed


class FindOrderForm(forms.Form):
    """The mail and the reference of an order."""

    email = forms.EmailField(
        label=_("E-mail"),
        help_text=_("The one you gave when you booked"),
        max_length=254,
        error_messages=dict.fromkeys(("required", "invalid", "max_length"), EMAIL_ERROR),
    )
    reference = forms.CharField(
        label=_("Reference"),
        help_text=_("Eight letters and figures, in your confirmation"),
        max_length=20,
        error_messages=dict.fromkeys(
            ("required", "max_length"), _("Give the reference of your booking.")
        ),
    )

    def clean_reference(self) -> str:
        """Return the reference as it is stored, however it was typed."""
        return "".join(sign for sign in self.cleaned_data["reference"].upper() if sign.isalnum())
