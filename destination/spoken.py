"""In which language a text is shown, where it is not the reader's (features.md S03).

What is sold has a column per language; a missing text is shown in another one, and said to be:
`lang` for who listens to the page, one quiet sentence for who reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db.models import Model
from django.utils.translation import get_language
from modeltranslation.utils import resolution_order
from wagtail.models import Locale

from oti.lib.memo import Reading, remembered_reading


def languages_to_try() -> tuple[str, ...]:
    """Return the active language and those that stand in for it, the nearest first."""
    return tuple(resolution_order(get_language()))


@remembered_reading(most=8)
def active_locale() -> Reading[Locale | None]:
    """Return the language of the office's pages that is active, None where they have none of it."""
    code = get_language() or ""
    locales = Locale.objects.filter(language_code=code)
    return Reading(locales, lambda rows: rows[0] if rows else None)


def in_language(texts: Mapping[str, str]) -> str:
    """Return the text of the active language, or of the nearest that it is written in."""
    return next((texts[one] for one in languages_to_try() if texts.get(one)), "")


def language_of(row: Model, field: str) -> str:
    """Return the language of a translated field as shown; "" where it is the reader's or empty."""
    own, *others = languages_to_try()
    if getattr(row, f"{field}_{own}", ""):
        return ""
    return next((one for one in others if getattr(row, f"{field}_{one}", "")), "")


def language_of_texts(texts: Mapping[str, str]) -> str:
    """Return the language that `in_language` shows; "" where it is the reader's or nothing."""
    own, *others = languages_to_try()
    return "" if texts.get(own) else next((one for one in others if texts.get(one)), "")


def untranslated(row: Model, fields: Iterable[str]) -> str:
    """Return the first language that stands in for the reader's in these fields; "" for none."""
    return next(filter(None, (language_of(row, one) for one in fields)), "")
