"""The survey of a stay as it is typed: two questions about all of it, one for each line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from booking.models import OrderLine
from booking.relations.surveys import Answers, LineSays
from booking.rules.satisfaction import MOST_RECOMMEND
from booking.rules.talks import LONGEST

TOO_LONG = {"max_length": _("Shorten it to 2000 signs.")}
# What a score means, for who doesn't see the scale.
SCORES = (
    (1, _("1, disappointing")),
    (2, _("2, not quite right")),
    (3, _("3, all right")),
    (4, _("4, good")),
    (5, _("5, wonderful")),
)


class SurveyForm(forms.Form):
    """How it was: nothing is ticked before, and only the first question must be answered."""

    recommend = forms.TypedChoiceField(
        label=_("Would you recommend a stay in the Velay to a friend?"),
        choices=[(one, str(one)) for one in range(MOST_RECOMMEND + 1)],
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose a number from 0 to 10."),
            "invalid_choice": _("Choose a number from 0 to 10."),
        },
    )
    words = forms.CharField(
        label=_("What should we know?"),
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages=TOO_LONG,
    )
    may_publish = forms.BooleanField(
        label=_("What I say of each host may be published, with my first name"), required=False
    )

    def __init__(self, *args: Any, lines: Sequence[OrderLine], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines = lines
        for line in lines:
            self.fields[f"score_{line.pk}"] = forms.TypedChoiceField(
                label=_("Your score"),
                choices=SCORES,
                coerce=int,
                empty_value=None,
                required=False,
                widget=forms.RadioSelect,
                error_messages={"invalid_choice": _("Choose a number from 1 to 5.")},
            )
            self.fields[f"words_{line.pk}"] = forms.CharField(
                label=_("A word for your host"),
                required=False,
                max_length=LONGEST,
                widget=forms.Textarea(attrs={"rows": 2}),
                error_messages=TOO_LONG,
            )

    def fields_of(self, line: OrderLine) -> tuple[BoundField, BoundField]:
        """Return the score and the words of one line."""
        return self[f"score_{line.pk}"], self[f"words_{line.pk}"]

    @property
    def answers(self) -> Answers:
        """Return what was typed, of a form that is valid."""
        data = self.cleaned_data
        return Answers(
            recommend=data["recommend"],
            words=data["words"],
            may_publish=data["may_publish"],
            lines={
                line.pk: LineSays(data[f"score_{line.pk}"], data[f"words_{line.pk}"])
                for line in self.lines
            },
        )
