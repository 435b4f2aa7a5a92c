"""What every page says of the legal texts, read from the texts themselves."""

from __future__ import annotations

from typing import NamedTuple

from django import template
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language

from destination.models import LegalText
from destination.models.legal import TextInForce, texts_in_force
from oti.lib.dates import today as day_of

register = template.Library()


class LegalLink(NamedTuple):
    """A legal text that is in force; `lang` where it isn't in the reader's language."""

    kind: str
    title: str
    url: str
    lang: str


@register.simple_tag
def accessibility_text() -> TextInForce | None:
    """Return the declaration of accessibility in force, whose title says how far the site conforms.

    Every page has to name that state (loi 2005-102, article 47); the text alone knows it.
    """
    return texts_in_force(day_of(timezone.now())).get(LegalText.Kind.ACCESSIBILITY)


@register.simple_tag
def legal_texts() -> list[LegalLink]:
    """Return every legal text in force, in the order of their kinds.

    That of the ranking is on the page that explains it, which every list of pages names itself.
    """
    language = get_language() or "fr"
    found = texts_in_force(day_of(timezone.now()))
    return [
        LegalLink(
            kind=kind,
            title=found[kind].title,
            url=reverse("destination:legal", args=[kind]),
            lang="" if found[kind].language == language else found[kind].language,
        )
        for kind in LegalText.Kind.values
        if kind in found and kind != LegalText.Kind.RANKING
    ]
