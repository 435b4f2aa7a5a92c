"""What a visitor looks for in words: with or without accents, in another word for the same thing.

PostgreSQL reads the words (configurations `fr_u`, `en_u` and `de_u`: stems without accents); the
other words for a thing are ours, in `destination/synonyms.toml`. Every text reaches SQL as a
parameter.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from django.db import connection
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from modeltranslation.settings import AVAILABLE_LANGUAGES
from modeltranslation.utils import resolution_order

LONGEST = 120
MOST_WORDS = 6
A_VIEW = 12
# Words that say nothing of what is looked for; PostgreSQL's French list lacks « les ».
NOT_WORDS = frozenset(
    [
        *("le", "la", "les", "un", "une", "de", "du", "des", "l", "d", "s", "a", "à", "au", "aux"),
        *("en", "et", "ou", "pour", "dans", "sur", "avec", "par", "chez", "the", "of", "in", "to"),
        *("and", "or", "for", "on", "with", "at", "an", "by", "near", "der", "die", "das", "den"),
        *("dem", "ein", "eine", "und", "oder", "im", "am", "zu", "mit", "für", "bei", "von"),
    ]
)
CONFIGURATIONS = {"fr": "fr_u", "en": "en_u", "de": "de_u"}
# How alike a word and a part of a title are, from 0 to 1, before one stands for the other.
ALIKE = 0.45
HERE, THERE = "\x02", "\x03"
SYNONYMS = Path(__file__).parent / "synonyms.toml"


class Hit(NamedTuple):
    """Something found: `text` is safe HTML in which the words are marked."""

    title: str
    url: str
    text: SafeString
    place: str
    kind: str


class Found(NamedTuple):
    """A view of what is found, and how much there is in all."""

    hits: list[Hit]
    total: int


@dataclass(frozen=True)
class Asked:
    """The words asked for, each with the other words that mean the same."""

    text: str
    language: str
    words: tuple[tuple[str, ...], ...]

    @property
    def configuration(self) -> str:
        """Return the name of PostgreSQL's configuration for the language."""
        return CONFIGURATIONS.get(self.language, "fr_u")

    def tsquery(self) -> tuple[str, list[Any]]:
        """Return an SQL expression that wants every word, and its parameters."""
        parts, parameters = [], []
        for group in self.words:
            one, given = self.word_query(group)
            parts.append(one)
            parameters += given
        return f"({' && '.join(parts)})", parameters

    def word_query(self, group: Sequence[str]) -> tuple[str, list[Any]]:
        """Return an SQL expression that wants one word or another of the same meaning."""
        one = "plainto_tsquery(%s::regconfig, %s)"
        parameters = [given for word in group for given in (self.configuration, word)]
        return f"({' || '.join([one] * len(group))})", parameters

    def alike(self, title: str) -> tuple[str, list[Any]]:
        """Return an SQL condition on a title in which every word has one that looks like it."""
        one = f"word_similarity(unaccent(%s), unaccent(lower({title}))) >= {ALIKE}"
        parameters = [group[0] for group in self.words]
        return " AND ".join([one] * len(parameters)), parameters


def asked(text: str, language: str) -> Asked:
    """Read what was typed: at most six words of it, signs left out, small letters."""
    found = re.split(r"[\W_]+", text[:LONGEST].lower())
    words = [one for one in found if one and one not in NOT_WORDS][:MOST_WORDS]
    return Asked(
        text=text[:LONGEST].strip(),
        language=language,
        words=tuple((one, *_others(one, language)) for one in words),
    )


def _others(word: str, language: str) -> tuple[str, ...]:
    """Return the other words for a thing; without its accents a word may mean two things."""
    groups = [group for group in _synonyms().get(language, ()) if word in group]
    groups = groups or [
        group for group in _synonyms().get(language, ()) if word in map(_plain, group)
    ]
    return tuple(dict.fromkeys(other for group in groups for other in group if other != word))


@lru_cache(maxsize=1)
def _synonyms() -> dict[str, list[list[str]]]:
    groups: dict[str, list[list[str]]] = tomllib.loads(SYNONYMS.read_text())
    return groups


_ACCENTS = str.maketrans("àâäçéèêëîïôöùûüÿ", "aaaceeeeiioouuuy")


def _plain(word: str) -> str:
    return word.lower().translate(_ACCENTS)


def marked(text: str) -> SafeString:
    """Return a headline of PostgreSQL as safe HTML, its words between <mark>."""
    safe = escape(text).replace(HERE, "<mark>").replace(THERE, "</mark>")
    return mark_safe(safe)


HEADLINE = (
    f"StartSel={HERE}, StopSel={THERE}, MaxFragments=1, MaxWords=32, MinWords=16,"
    " HighlightAll=false"
)


def shown_sql(column: str, language: str) -> str:
    """Return the SQL of a translated column as pages show it: the nearest language that has it."""
    # A language may have pages before what is sold has columns of it.
    order = [one for one in resolution_order(language) if one in AVAILABLE_LANGUAGES]
    own = [f"nullif({column}_{one}, '')" for one in order]
    return f"coalesce({', '.join(own)}, '')"


def rows(statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return what a statement finds."""
    with connection.cursor() as cursor:
        cursor.execute(statement, list(parameters))
        return list(cursor.fetchall())
