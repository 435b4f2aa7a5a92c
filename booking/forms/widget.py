"""Where a house puts its widget, and how it wants it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.text import capfirst
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

from booking.refusals import Refusal
from booking.rules.origins import MOST_TYPED

SIZES = {"small": 560, "medium": 820, "large": 1200}


class WidgetSiteForm(forms.Form):
    """The address of a site of one's own."""

    site = forms.CharField(
        label=_("Address of your site"),
        help_text=_("As visitors type it: www.gite-des-narces.fr"),
        max_length=MOST_TYPED,
        error_messages={
            "required": _("Write the address of your site."),
            "max_length": _(
                "This isn’t the address of a site: write it like www.gite-des-narces.fr"
            ),
        },
    )

    def tell(self, refusal: Refusal) -> None:
        """Put each trouble beside its field."""
        for one in refusal.troubles:
            self.add_error(one.field if one.field in self.fields else None, one.message)


class WidgetLookForm(forms.Form):
    """In which language and how high; what can't be read is the usual."""

    langue = forms.ChoiceField(label=_("Language"), required=False)
    taille = forms.ChoiceField(
        label=_("Height"),
        required=False,
        choices=[("small", _("low")), ("medium", _("middle")), ("large", _("high"))],
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        """Offer the languages of the site."""
        super().__init__(*args, **options)
        languages: Any = self.fields["langue"]
        languages.choices = [
            (code, capfirst(get_language_info(code)["name_local"]))
            for code, _name in settings.LANGUAGES
        ]

    @property
    def chosen(self) -> tuple[str, int]:
        """Return the language and the height in pixels."""
        self.is_valid()
        language = self.cleaned_data.get("langue") or settings.LANGUAGE_CODE
        return language, SIZES[self.cleaned_data.get("taille") or "medium"]
