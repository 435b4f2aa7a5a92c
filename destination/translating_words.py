"""Words of the screen where a page is translated, which come from its library, in our own voice.

The library answers its words in the language of the browser, and has some of them in English only.
Here they are in the language of who reads the desk; what our catalogue says goes before its own.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.translation import gettext, gettext_noop
from django.views.i18n import JavaScriptCatalog
from wagtail.admin.localization import get_localized_response
from wagtail_localize import models as localize_models

WORDS = (
    gettext_noop("segments translated"),
    gettext_noop("Uses %s version"),
    gettext_noop("Revert to %s version"),
    gettext_noop("Stop Synced translation"),
    gettext_noop("Stopping Synced translation"),
    gettext_noop("Applying editor lock"),
    gettext_noop("Removing editor lock"),
    gettext_noop("Download PO file"),
    gettext_noop("Download PO file and input translations offline"),
    gettext_noop("Upload PO file"),
    gettext_noop("Upload translated PO file to submit translations"),
    gettext_noop("There are unsaved segments. Please save or cancel them before leaving."),
    gettext_noop("Choose a %s"),
    gettext_noop("Change %s"),
    gettext_noop("Edit this %s"),
    # Said by our own script, for what its program says in English only (static/js/translating.js).
    gettext_noop("From %(source)s to %(target)s"),
    gettext_noop("More actions"),
)


class WordsView(JavaScriptCatalog):  # type: ignore[misc]
    """The words of the screen, for its program."""

    def get_catalog(self) -> dict[str, Any]:
        """Put our words before the library's."""
        ours = {one: gettext(one) for one in WORDS}
        # Theirs lost its last space in French, and the language is written right after it.
        ours["Publish in "] = gettext("Publish in:") + " "
        return {**super().get_catalog(), **{key: said for key, said in ours.items() if said != key}}


_words = WordsView.as_view(packages=["wagtail_localize"])


def words(request: HttpRequest) -> HttpResponse:
    """Answer the words in the language that the reader of the desk has chosen."""
    answer: HttpResponse = get_localized_response(_words, request)
    return answer


def load_script() -> str:
    """Load what puts the rest of the screen into the reader's language."""
    return format_html('<script src="{}" defer></script>', static("js/translating.js"))


def write_days_in_figures() -> None:
    """Have the library say « 26/11/2026 » like the rest of the desk: its months are English."""
    localize_models.DATE_FORMAT = "%d/%m/%Y"
