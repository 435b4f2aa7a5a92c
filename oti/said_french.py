"""French translations as they are said, wherever Django puts a name into them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import trans_real

from oti.lib.french import as_said

# Its own parts, of which no types are published.
_DJANGO: Any = trans_real
_TAKE_TEXTS = _DJANGO.DjangoTranslation._add_local_translations


def speak_french() -> None:
    """Let French translations join their words to names (`oti.lib.french`) from now on.

    Those that were read before are forgotten.
    """
    _DJANGO.DjangoTranslation._add_local_translations = _take_texts
    _DJANGO._translations, _DJANGO._default = {}, None


def _take_texts(translation: Any) -> None:
    """Take the project's own texts as Django does; those in French as they are said."""
    _TAKE_TEXTS(translation)
    if translation.language().partition("-")[0] == "fr":
        for catalog in translation._catalog._catalogs:
            catalog.update({key: as_said(text) for key, text in catalog.items()})
