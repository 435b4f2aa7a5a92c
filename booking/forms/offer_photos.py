"""Photographs that a host sends: looked at to their end, with their author and their rights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from booking.forms.nights import DayField
from booking.forms.offers import OfferForm
from booking.offer_content import LANGUAGES, Photo
from booking.offer_photos import Rights
from destination.forms import PhotographField
from destination.models import Picture

MOST_AT_ONCE = 10
RIGHTS = (
    (Picture.Rights.LENT.value, gettext_lazy("I took it, or its author lets me show it here")),
    (Picture.Rights.BOUGHT.value, gettext_lazy("I bought the right to show it")),
    (Picture.Rights.FREE.value, gettext_lazy("It is under a free licence")),
)


class SeveralFiles(forms.ClearableFileInput):
    """The browser's own choice of several files."""

    allow_multiple_selected = True


class PhotographsField(forms.Field):
    """Several photographs, each looked at by its content; a refusal names the file."""

    widget = SeveralFiles

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            widget=SeveralFiles(attrs={"accept": "image/jpeg,image/png,image/webp"}), **kwargs
        )

    def clean(self, value: Any) -> list[UploadedFile]:
        """Return the files that were sent; raises ValidationError with one line for each fault."""
        sent: Sequence[UploadedFile] = [one for one in value or [] if one]
        if not sent:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        if len(sent) > MOST_AT_ONCE:
            raise forms.ValidationError(
                _("%(most)s photographs at most at once: send the others afterwards.")
                % {"most": MOST_AT_ONCE}
            )
        faults: list[forms.ValidationError] = []
        for one in sent:
            look = PhotographField()
            try:
                look.clean(one)
            except forms.ValidationError as error:
                name = " ".join(str(one.name).split())[:60]
                faults += [
                    forms.ValidationError(f"{name} : {message}") for message in error.messages
                ]
        if faults:
            raise forms.ValidationError(faults)
        return list(sent)


class PhotosForm(OfferForm):
    """What is sent at once, of one author."""

    files = PhotographsField(
        label=gettext_lazy("Photographs"),
        help_text=gettext_lazy(
            "Landscape format, 1200 pixels wide at least; several at once, 15 MB at most each"
        ),
        error_messages={"required": gettext_lazy("Choose one photograph at least.")},
    )
    author = forms.CharField(
        label=gettext_lazy("Who took them?"),
        max_length=160,
        error_messages={"required": gettext_lazy("Say whose photographs they are.")},
    )
    rights = forms.ChoiceField(
        label=gettext_lazy("May we show them?"),
        choices=RIGHTS,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Say by what right they may be shown.")},
    )
    until = DayField(
        label=gettext_lazy("May be shown until"),
        required=False,
        help_text=gettext_lazy("Its last day; empty: without limit"),
    )
    why: ClassVar[dict[str, Promise]] = {
        "files": gettext_lazy("Five good photographs show the place better than a page of text."),
        "author": gettext_lazy("The law gives each author the right to be named."),
        "rights": gettext_lazy("Without it nobody may publish them, neither you nor we."),
        "until": gettext_lazy("Bought photographs often end: they leave the page by themselves."),
    }

    @property
    def given(self) -> Rights:
        """Return whose they are, from a valid form."""
        data = self.cleaned_data
        return Rights(data["author"], data["rights"], data["until"])


class AltsForm(forms.Form):
    """What each photograph shows, in each language."""

    def __init__(self, *args: Any, photos: Sequence[Photo], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.images = [one.image for one in photos]
        labels = {
            "fr": _("What it shows"),
            "en": _("What it shows (English)"),
            "de": _("What it shows (Deutsch)"),
        }
        for number, one in enumerate(photos, start=1):
            for code in LANGUAGES:
                self.fields[f"alt_{one.image}_{code}"] = forms.CharField(
                    label=f"{labels[code]}, {number}",
                    max_length=160,
                    required=False,
                    initial=one.alts.get(code, ""),
                    widget=forms.TextInput(attrs={"lang": code}),
                )

    @property
    def alts(self) -> dict[int, dict[str, str]]:
        """Return what was typed, by the library's key and the language, from a valid form."""
        return {
            image: {code: self.cleaned_data[f"alt_{image}_{code}"] for code in LANGUAGES}
            for image in self.images
        }
