"""Where a gift goes, and the code that is shown at a counter."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from booking.models import Gift
from booking.relations.gift_claims import Address
from destination.office import lazy_with_phone

# Where a parcel of ours goes: neighbours first.
COUNTRIES = (
    ("FR", _("France")),
    ("BE", _("Belgium")),
    ("CH", _("Switzerland")),
    ("LU", _("Luxembourg")),
    ("DE", _("Germany")),
    ("NL", _("Netherlands")),
    ("GB", _("United Kingdom")),
    ("IT", _("Italy")),
    ("ES", _("Spain")),
)
FRENCH_POSTCODE = 5


def _line(label: Any, name: str, error: Any = "", **options: Any) -> forms.CharField:
    """Return one line of an address, with blanks put in order."""
    most = Gift._meta.get_field(name).max_length
    errors = {"max_length": _("Shorten it to %(limit_value)s signs."), "required": error}
    return forms.CharField(label=label, max_length=most, error_messages=errors, **options)


class AddressForm(forms.Form):
    """A postal address; the second line alone may be left empty."""

    recipient = _line(_("Name on the parcel"), "recipient", _("Write whose name is on the box."))
    street = _line(_("Number and street"), "street", _("Write the number and the street."))
    extra = _line(
        _("Flat, floor, second line"),
        "extra",
        required=False,
        help_text=_("Where several households live in one house."),
    )
    postal_code = _line(_("Postcode"), "postal_code", _("Write the postcode."))
    city = _line(_("Town"), "city", _("Write the town."))
    country = forms.ChoiceField(
        label=_("Country"),
        choices=COUNTRIES,
        error_messages={
            "invalid_choice": lazy_with_phone(
                _("Choose a country of the list, or call us on %(phone)s.")
            )
        },
    )

    def clean(self) -> dict[str, Any]:
        """A postcode of France is five figures."""
        data = super().clean() or {}
        for name in ("recipient", "street", "extra", "postal_code", "city"):
            if name in data:
                data[name] = " ".join(data[name].split())
        code = data.get("postal_code", "").replace(" ", "")
        is_french = data.get("country") == "FR"
        if (
            code
            and is_french
            and not (code.isascii() and code.isdigit() and len(code) == FRENCH_POSTCODE)
        ):
            self.add_error("postal_code", _("A postcode of France has five figures."))
        return data

    @property
    def address(self) -> Address:
        """Return what was typed, from a valid form."""
        return Address(**{name: self.cleaned_data[name] for name in self.fields})


class CodeForm(forms.Form):
    """The code of a gift, as somebody reads it aloud."""

    code = forms.CharField(
        label=_("Code of the gift"),
        max_length=24,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
        error_messages={
            "required": _("Write the code that stands on the voucher."),
            "max_length": _("A code has ten signs."),
        },
    )
