"""Sections and help of the site as answers of its search: their words are in a file beside this."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from destination.words import Asked, Found, Hit, marked, split, stems
from oti.lib.html import format_phone

SECTIONS = Path(__file__).parent / "search_sections.toml"
# Of some of the words only the sections that have most of them: they stand before all else.
MOST = 3
# The one that is no page: how the office is reached.
OFFICE = "office"


@dataclass(frozen=True)
class Section:
    """A part of the site in one language; `at` names its address, `taking` what that takes."""

    at: str
    taking: tuple[str, ...]
    title: str
    text: str
    words: str


def search_sections(what: Asked, *, is_some: bool) -> Found:
    """Return the sections that have every word, or some of them, as people say it; no statement.

    The words are those typed, not others that mean the same: a section names its own.
    """
    if not what.words:
        return Found([], 0)
    wanted = what.stems(is_typed=True)
    known = [False] * len(wanted)
    found = []
    for rank, (section, has) in enumerate(_stemmed(what.language, what.configuration)):
        holds = [any(one <= has for one in texts) for texts in wanted]
        known = [one or other for one, other in zip(known, holds, strict=True)]
        if any(holds) if is_some else all(holds):
            found.append((-sum(holds), rank, section))
    hits = [
        _hit(section, what.language)
        for _count, _rank, section in sorted(found, key=lambda one: one[:2])[:MOST]
    ]
    return Found(hits, len(hits), tuple(known))


@lru_cache(maxsize=8)
def _stemmed(language: str, configuration: str) -> list[tuple[Section, frozenset[str]]]:
    sections = sections_of(language)
    read = stems(configuration, (one.words for one in sections))
    return [(one, read[one.words]) for one in sections]


def _hit(section: Section, language: str) -> Hit:
    if section.at == OFFICE:
        office = settings.OFFICE
        phone = format_phone(office["phone"], language)
        text = f"{office['name']}, {office['address']} · {phone} · {office['email']}"
        url = f"mailto:{office['email']}"
    else:
        text, url = section.text, reverse(section.at, args=section.taking)
    return Hit(section.title, url, marked(text), "", _("part of this site"))


@lru_cache(maxsize=8)
def sections_of(language: str) -> list[Section]:
    """Return the sections that have words in a language, in their order."""
    found = []
    for one in tomllib.loads(SECTIONS.read_text())["section"]:
        if language in one:
            taking = (one["with"],) if "with" in one else ()
            said = one[language]
            text = said.get("text", "")
            words = f"{said['title']} {said['words']}"
            found.append(Section(one["at"], taking, said["title"], text, words))
    return found


def section_words(language: str) -> list[str]:
    """Return every word by which a section is found."""
    return [word for one in sections_of(language) for word in split(one.words)]
