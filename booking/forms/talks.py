"""A message between a guest and a host, and the words that a host may begin with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from booking.models import Order
from booking.rules.talks import LONGEST

ARRIVAL, WAY, THANKS = "arrivee", "chemin", "merci"


class MessageForm(forms.Form):
    """A few words."""

    text = forms.CharField(
        label=gettext_lazy("Your message"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={
            "required": gettext_lazy("Write a few words first."),
            "max_length": gettext_lazy("Shorten it to 2000 signs."),
        },
    )


@dataclass(frozen=True)
class Draft:
    """Words to begin with: their name for the host, themselves in the guest's language."""

    code: str
    label: str
    text: str


def drafts_for(order: Order, *, host: str, place: str) -> Sequence[Draft]:
    """Return the words that a host may begin with, in the language of the guest."""
    labels = {ARRIVAL: _("Arrival"), WAY: _("The way"), THANKS: _("Thanks")}
    values = {"name": order.first_name, "host": host, "place": place}
    with override(order.language):
        texts = {
            ARRIVAL: _(
                "Good day %(name)s,\n\nwe look forward to welcoming you. At what time do you think "
                "of arriving? If it becomes later than planned, a word here is enough.\n\n"
                "See you soon,\n%(host)s"
            ),
            WAY: _(
                "Good day %(name)s,\n\nyou find us here: %(place)s. If you lose your way, write to "
                "us here.\n\nHave a good journey,\n%(host)s"
            ),
            THANKS: _(
                "Good day %(name)s,\n\nthank you for coming, it was a pleasure to have you here. "
                "If you have forgotten something or want to tell us something, answer here.\n\n"
                "See you again one day,\n%(host)s"
            ),
        }
        return [Draft(code, labels[code], str(texts[code]) % values) for code in labels]
