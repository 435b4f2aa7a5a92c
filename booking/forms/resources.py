"""What a host's offers share, as the host types it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from booking.models import Offer
from booking.models.resources import MOST_MINUTES, MOST_OF_ONE
from booking.refusals import Refusal

FIGURES = _("Write a number in figures: 1 for instance.")


class Told(forms.Form):
    """A form that says what a use case refused, beside the field that would mend it."""

    def tell(self, refusal: Refusal) -> None:
        """Put each trouble of a refusal beside its field, or above them all."""
        for one in refusal.troubles:
            self.add_error(one.field if one.field in self.fields else None, one.message)


def _number(label: Any, least: int, most: int, **options: Any) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        min_value=least,
        max_value=most,
        widget=forms.TextInput,
        error_messages={"required": FIGURES, "invalid": FIGURES},
        **options,
    )


class ResourceForm(Told):
    """A guide, a room, a vehicle: its name, and how many there are."""

    name = forms.CharField(
        label=_("Name"),
        max_length=60,
        help_text=_("As you call it: « Marie », « minibus », « the barn ». Visitors don’t see it."),
        error_messages={
            "required": _("Give it a name: « Marie », « minibus », « the barn »."),
            "max_length": _("Shorten it to 60 signs."),
        },
    )
    quantity = _number(
        _("How many there are"),
        1,
        MOST_OF_ONE,
        initial=1,
        help_text=_("1 for a person or a room; 2 if you have two minibuses that are alike"),
    )


class NeedForm(Told):
    """What each date of an offer needs of it."""

    offer = forms.ModelChoiceField(
        queryset=Offer.objects.none(),
        label=_("Offer"),
        empty_label=None,
        error_messages={
            "required": _("Choose which offer needs it."),
            "invalid_choice": _("Choose which offer needs it."),
        },
    )
    quantity = _number(_("How many a date needs"), 1, MOST_OF_ONE, initial=1)
    minutes_before = _number(
        _("Minutes needed before"),
        0,
        MOST_MINUTES,
        initial=0,
        help_text=_("To get ready, to get there"),
    )
    minutes_after = _number(
        _("Minutes needed after"),
        0,
        MOST_MINUTES,
        initial=0,
        help_text=_("To tidy up, to come back"),
    )

    def __init__(self, *args: Any, offers: QuerySet[Offer], **kwargs: Any) -> None:
        # Its names are those of the other form of the page.
        super().__init__(*args, auto_id="need_%s", **kwargs)
        field = self.fields["offer"]
        field.queryset = offers  # type: ignore[attr-defined]
        field.label_from_instance = lambda one: one.title  # type: ignore[attr-defined]

    @property
    def need(self) -> dict[str, int]:
        """Return what `booking.resources.Need` takes, of a form that was read well."""
        return {
            name: self.cleaned_data[name]
            for name in ("quantity", "minutes_before", "minutes_after")
        }
