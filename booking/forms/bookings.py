"""How a host finds its bookings again, and which day it looks at: read from addresses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from booking.forms.basket import DAY_FORMATS
from booking.models import Offer
from members.models import Provider
from oti.lib.dates import is_of_our_time


class NearDayField(forms.DateField):
    """A day that somebody can mean, as people type it or as a date field sends it."""

    def __init__(self, **options: Any) -> None:
        """Take the same ways of writing a day as the visitors' forms."""
        widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
        super().__init__(input_formats=DAY_FORMATS, widget=widget, required=False, **options)

    def validate(self, value: date | None) -> None:
        """Refuse a day that can't be reckoned with."""
        super().validate(value)
        if value is not None and not is_of_our_time(value):
            raise ValidationError(_("This day is too far away: enter one like 12/07/2027."))


class BookingsForm(forms.Form):
    """What a list of bookings is narrowed by; a field that can't be read narrows nothing."""

    q = forms.CharField(label=_("First name or reference"), required=False, max_length=60)
    offre = forms.ModelChoiceField(
        Offer.objects.none(),
        label=_("Offer"),
        required=False,
        to_field_name="slug",
        empty_label=_("All the offers"),
    )
    maison = forms.ModelChoiceField(
        Provider.objects.none(),
        label=_("House"),
        required=False,
        to_field_name="slug",
        empty_label=_("All the houses"),
    )
    du = NearDayField(label=pgettext_lazy("period", "From"))
    au = NearDayField(label=pgettext_lazy("period", "To"))

    def __init__(self, *args: Any, providers: Sequence[Provider], **options: Any) -> None:
        """Offer the choices of these providers alone."""
        super().__init__(*args, **options)
        keys = [one.pk for one in providers]
        offers: Any = self.fields["offre"]
        offers.queryset = Offer.objects.filter(provider__in=keys).order_by("title", "pk")
        offers.label_from_instance = lambda one: one.title
        if len(keys) > 1:
            houses: Any = self.fields["maison"]
            houses.queryset = Provider.objects.filter(pk__in=keys).order_by("name", "pk")
        else:
            del self.fields["maison"]

    def clean(self) -> dict[str, Any]:
        """Refuse a period that ends before it begins."""
        data = super().clean() or self.cleaned_data
        first, last = data.get("du"), data.get("au")
        if first and last and last < first:
            self.add_error("au", _("The last day comes before the first one: swap them."))
        return data

    @property
    def is_narrowed(self) -> bool:
        """Whether anything narrows the list."""
        return any(self.cleaned_data.values())

    def query(self, **others: object) -> str:
        """Return the address of this list, with others of its parameters."""
        kept = {name: self.data.get(name, "") for name in self.fields}
        return urlencode({name: value for name, value in {**kept, **others}.items() if value})


def read_day(text: str, *, today: date) -> date | None:
    """Return the day of an address: `today` where none is named, None for nonsense."""
    if not text.strip():
        return today
    for shape in DAY_FORMATS:
        try:
            found = datetime.strptime(text.strip(), shape).date()  # noqa: DTZ007 - a day, no moment
        except ValueError:
            continue
        return found if is_of_our_time(found) else None
    return None
