"""What the office writes beside each part of what it reads, and under it all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

REMARK = "remark_"


def word_to_host(help_text: Any = "") -> forms.CharField:
    """Return the field of a word to the host, under everything."""
    return forms.CharField(
        label=gettext_lazy("Word to the host"),
        help_text=help_text,
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class RemarksForm(forms.Form):
    """A remark for each of some parts, by their codes."""

    def __init__(self, *args: Any, codes: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.codes = tuple(codes)
        for code in self.codes:
            self.fields[f"{REMARK}{code}"] = forms.CharField(
                label=gettext_lazy("Remark"),
                max_length=1000,
                required=False,
                widget=forms.Textarea(attrs={"rows": 2}),
            )

    @property
    def remarks(self) -> dict[str, str]:
        """Return the remark of each part, from a valid form."""
        return {code: self.cleaned_data[f"{REMARK}{code}"] for code in self.codes}
