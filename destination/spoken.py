"""In which language a text is shown, where it is not the reader's (features.md S03).

What is sold has a column per language; a missing text is shown in another one, and said to be:
`lang` for who listens to the page, one quiet sentence for who reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from django.conf import settings
from django.db.models import BooleanField, ExpressionWrapper, Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import get_language
from modeltranslation.settings import AVAILABLE_LANGUAGES
from modeltranslation.utils import resolution_order
from wagtail.models import Locale

from oti.lib.memo import Reading, remembered_reading


def languages_to_try() -> tuple[str, ...]:
    """Return the active language and those that stand in for it, the nearest first."""
    return tuple(resolution_order(get_language()))


Row = TypeVar("Row", bound=Model)


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


# What the page of a thing consists of: without these in a language it isn't a page of it.
MAIN_TEXTS = ("title", "summary", "description")


def languages_of(row: Model) -> tuple[str, ...]:
    """Return the languages in which a page of this row is one: none of its texts stands in."""
    found = []
    for code, _name in settings.LANGUAGES:
        own, *others = resolution_order(code)
        if all(
            getattr(row, f"{field}_{own}", "")
            or not any(getattr(row, f"{field}_{one}", "") for one in others)
            for field in MAIN_TEXTS
        ):
            found.append(code)
    return tuple(found)


def with_languages(rows: QuerySet[Row]) -> QuerySet[Row]:
    """Tell of each row what `languages_of` does, as `is_spoken_fr`, `is_spoken_en`…"""
    told = {}
    for code, _name in settings.LANGUAGES:
        own, *others = resolution_order(code)
        # Where no other language stands in, the page is always one of it.
        is_spoken = Q(pk__isnull=False)
        for field in MAIN_TEXTS if others else ():
            is_nowhere = Q(*(_is_empty(field, one) for one in others))
            is_spoken &= ~_is_empty(field, own) | is_nowhere
        told[f"is_spoken_{code}"] = ExpressionWrapper(is_spoken, output_field=BooleanField())
    annotated: QuerySet[Row] = rows.annotate(**told)
    return annotated


def _is_empty(field: str, code: str) -> Q:
    """Return the condition that a text is missing: a language may have no column for it yet."""
    if code not in AVAILABLE_LANGUAGES:
        return Q(pk__isnull=False)
    return Q(**{f"{field}_{code}": ""}) | Q(**{f"{field}_{code}__isnull": True})


def say_languages(request: HttpRequest, row: Model) -> None:
    """Tell the frame in which languages the page of a row is one: it names no other (S04)."""
    request.spoken_in = frozenset(languages_of(row))  # type: ignore[attr-defined]


def untranslated(row: Model, fields: Iterable[str]) -> str:
    """Return the first language that stands in for the reader's in these fields; "" for none."""
    return next(filter(None, (language_of(row, one) for one in fields)), "")
