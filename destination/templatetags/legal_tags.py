"""What every page says of the legal texts, read from the texts themselves."""

from __future__ import annotations

from datetime import date

from django import template
from django.utils import timezone
from django.utils.translation import get_language

from destination.models import LegalText
from oti.lib.dates import today as day_of
from oti.lib.memo import remembered

register = template.Library()


@register.simple_tag
def accessibility_text() -> LegalText | None:
    """Return the declaration of accessibility in force, whose title says how far the site conforms.

    Every page has to name that state (loi 2005-102, article 47); the text alone knows it.
    """
    return _declaration_on(day_of(timezone.now()), get_language() or "fr")


@remembered(most=4)
def _declaration_on(day: date, language: str) -> LegalText | None:
    texts = LegalText.objects.filter(language__in={language, "fr"}, valid_from__lte=day)
    found = (
        texts.filter(kind=LegalText.Kind.ACCESSIBILITY).defer("body").order_by("-valid_from", "-pk")
    )
    by_language: dict[str, LegalText] = {}
    for text in found:
        by_language.setdefault(text.language, text)
    return by_language.get(language) or by_language.get("fr")
