"""What every page says of the legal texts, read from the texts themselves."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from django import template
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language

from destination.models import LegalText
from destination.spoken import languages_to_try
from oti.lib.dates import today as day_of
from oti.lib.memo import remembered

register = template.Library()


class LegalLink(NamedTuple):
    """A legal text that is in force; `lang` where it isn't in the reader's language."""

    kind: str
    title: str
    url: str
    lang: str


@register.simple_tag
def accessibility_text() -> LegalText | None:
    """Return the declaration of accessibility in force, whose title says how far the site conforms.

    Every page has to name that state (loi 2005-102, article 47); the text alone knows it.
    """
    return _in_force(day_of(timezone.now()), get_language() or "fr").get(
        LegalText.Kind.ACCESSIBILITY
    )


@register.simple_tag
def legal_texts() -> list[LegalLink]:
    """Return every legal text in force, in the order of their kinds."""
    language = get_language() or "fr"
    found = _in_force(day_of(timezone.now()), language)
    return [
        LegalLink(
            kind=kind,
            title=found[kind].title,
            url=reverse("destination:legal", args=[kind]),
            lang="" if found[kind].language == language else found[kind].language,
        )
        for kind in LegalText.Kind.values
        if kind in found
    ]


@remembered(most=4)
def _in_force(day: date, language: str) -> dict[str, LegalText]:
    """Return the texts in force by kind, in the language or the nearest; one statement."""
    order = languages_to_try()
    texts = LegalText.objects.filter(language__in=order, valid_from__lte=day).defer("body")
    found: dict[str, LegalText] = {}
    # The last one written stays: the nearest language, and of it the newest.
    for text in sorted(
        texts,
        key=lambda one: (-order.index(one.language), one.valid_from, one.pk),
    ):
        found[text.kind] = text
    return found
