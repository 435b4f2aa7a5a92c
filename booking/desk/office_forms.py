"""Forms of the office's own work: cancelling, policies, tariffs of the tourist tax."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from booking.desk.rows import rows_of
from booking.models import OrderLine, kind_choices
from destination.desk import DeskForm
from destination.templatetags.velay import jour
from oti.lib.dates import paris


class LinesField(forms.ModelMultipleChoiceField):
    """Lines of an order, named by what was sold and when: one thing may be there twice."""

    def label_from_instance(self, obj: OrderLine) -> str:
        """Name what was sold, and its day."""
        return f"{obj.titles.get('fr', '')}, {jour(paris(obj.starts_at))}"


class CancelForm(forms.Form):
    """Which lines are cancelled, who is the cause, and why."""

    POLICY, FULL = "policy", "full"

    # Nothing is ticked beforehand: what isn't undone is never the proposal.
    lines = LinesField(
        queryset=OrderLine.objects.none(),
        required=False,
        label=gettext_lazy("Lines to cancel"),
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Tick what is cancelled, or the whole order below."),
    )
    is_whole = forms.BooleanField(
        required=False,
        label=gettext_lazy("Tick everything: the whole order"),
        help_text=gettext_lazy("Every line that is still sold, whatever is ticked above."),
    )
    basis = forms.ChoiceField(
        label=gettext_lazy("Who is the cause"),
        choices=(
            (POLICY, gettext_lazy("The visitor: refund by the policy accepted when booking")),
            (FULL, gettext_lazy("The provider or the office: everything is given back")),
        ),
        widget=forms.RadioSelect,
        help_text=gettext_lazy("It decides how much is given back: see the table above."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=200,
        help_text=gettext_lazy(
            "Kept in the journal and told to the visitor; "
            "to the providers only if all is given back."
        ),
    )
    # What the preview said: other lines or another sum at the moment of cancelling are shown first.
    shown_total = forms.DecimalField(required=False, widget=forms.HiddenInput)
    shown_lines = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, lines: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["lines"].queryset = lines
        # Whoever has the page open in two places sees what went meanwhile, not its number.
        self.fields["lines"].error_messages["invalid_choice"] = _(
            "A line that was ticked is cancelled already: look again at what is left."
        )

    def clean(self) -> dict[str, Any]:
        """Read the whole order as all its lines; refuse a cancellation of nothing."""
        data = super().clean() or self.cleaned_data
        if data.get("is_whole"):
            data["lines"] = self.fields["lines"].queryset.all()
        elif not data.get("lines") and "lines" not in self.errors:
            self.add_error("lines", _("Choose at least one line, or the whole order."))
        return data


class StepRow(DeskForm):
    """A rung of the ladder."""


class PolicyForm(DeskForm):
    """A cancellation policy: the earlier the cancellation, the more comes back."""

    french = ("name", "summary")
    kinds = forms.MultipleChoiceField(
        choices=kind_choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        label=gettext_lazy("Proposed to hosts for"),
    )

    def clean(self) -> dict[str, Any]:
        """Refuse a ladder that gives back more when cancelled later."""
        data = super().clean() or self.cleaned_data
        rows = [
            row
            for row in rows_of(self, "steps")
            if not row.errors and row.cleaned_data.get("hours_before") is not None
        ]
        rows.sort(key=lambda row: -row.cleaned_data["hours_before"])
        for earlier, later in pairwise(rows):
            if later.cleaned_data["percent"] > earlier.cleaned_data["percent"]:
                later.add_error(
                    "percent", _("It can't give back more than a step that is earlier.")
                )
        return data


class TaxTariffForm(DeskForm):
    """A line of a council's tariff of the tourist tax."""

    def clean(self) -> dict[str, Any]:
        """Refuse figures that no council can vote (domain.md §1)."""
        data = super().clean() or self.cleaned_data
        kind, value, cap = data.get("kind"), data.get("value"), data.get("cap")
        if value is not None and value <= 0:
            self.add_error("value", _("More than zero."))
        elif kind == "percent" and value is not None and not 1 <= value <= 5:
            self.add_error("value", _("A percentage is from 1 to 5."))
        elif kind == "fixed" and value is not None and value > 10:
            self.add_error("value", _("No council may ask more than 10 € per person and night."))
        if kind == "percent" and cap is None and "cap" not in self.errors:
            self.add_error("cap", _("A percentage has a cap in euros per person and night."))
        if cap is not None and cap <= 0:
            self.add_error("cap", _("More than zero."))
        start, end = data.get("valid_from"), data.get("valid_to")
        if start and end and end < start:
            self.add_error("valid_to", _("The last day must not come before the first one."))
        rate = data.get("additional_rate")
        if rate is not None and not 0 <= rate < 1:
            self.add_error("additional_rate", _("A fraction: 0.10 for 10 %."))
        return data
