"""What a visitor looks for in words: with or without accents, in another word for the same thing.

PostgreSQL reads the words (configurations `fr_u`, `en_u` and `de_u`: stems without accents); the
other words for a thing are ours, in `destination/synonyms.toml`. A word that nothing has is read as
the known one that looks most like it. Every text reaches SQL as a parameter.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
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
# Words that say nothing of what is looked for, those that PostgreSQL leaves out too: a wish for
# every word would want what no index has.
SMALL_WORDS = """
    le la les un une de du des l d s a à au aux en et ou où pour dans sur avec sans par chez
    mon ma mes ton ta tes son sa ses notre nos votre vos leur leurs ce cet cette ces je j tu il
    elle on nous vous ils elles me m se y n ne pas que qu quoi qui quel quelle quels quelles
    comment est sont être avoir peut puis veux voudrais cherche près proche
    the of in to and or for on with without at an by near my our your their this that these i
    we you it is are be do does can could want what where when which how any some friendly
    der die das den dem des ein eine einen einem einer und oder im in am an zu zum zur mit ohne
    für bei von vom auf ich wir sie es ist sind mein meine meinen unser unsere kann können wo
    was wie wann welche gibt freundlich
"""
NOT_WORDS = frozenset(SMALL_WORDS.split())
CONFIGURATIONS = {"fr": "fr_u", "en": "en_u", "de": "de_u"}
# How alike a word that nothing has and a known one are, from 0 to 1, before it is read as that one;
# shorter words are taken as they stand. Of several, those that are as near as the nearest.
ALIKE, AS_NEAR, SHORTEST = 0.75, 0.05, 4
MOST_NEAR = 3
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
    """A view of what is found, how much there is in all, and which words something has.

    `known` is told by a search of some of the words only: one truth for each word.
    """

    hits: list[Hit]
    total: int
    known: tuple[bool, ...] = ()


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

    def tsquery(self, *, is_some: bool = False) -> tuple[str, list[Any]]:
        """Return an SQL expression that wants every word, or some of them, and its parameters."""
        parts, parameters = [], []
        for group in self.words:
            one, given = self.word_query(group)
            parts.append(one)
            parameters += given
        return f"({(' || ' if is_some else ' && ').join(parts)})", parameters

    def word_query(self, group: Sequence[str]) -> tuple[str, list[Any]]:
        """Return an SQL expression that wants one word or another of the same meaning."""
        one = "plainto_tsquery(%s::regconfig, %s)"
        parameters = [given for word in group for given in (self.configuration, word)]
        return f"({' || '.join([one] * len(group))})", parameters

    def stems(self, *, is_typed: bool = False) -> list[list[frozenset[str]]]:
        """Return, for each word, the stems of each text that means it; only the words typed.

        A text has the word if it has all stems of one of them; at most one statement.
        """
        groups = [group[:1] if is_typed else group for group in self.words]
        known = stems(self.configuration, (word for group in groups for word in group))
        # What is made of nothing but small words means nothing.
        return [[known[word] for word in group if known[word]] for group in groups]

    def wanted(self, conditions: Sequence[str], *, is_some: bool) -> str:
        """Return one condition of those of each word: all of them, or one at least."""
        return f"({(' OR ' if is_some else ' AND ').join(conditions)})"

    def nearer(self, unknown: Collection[int], vocabulary: Iterable[str]) -> Asked:
        """Return the same with the words of these ranks read as the known ones most like them."""
        known = {_plain(one): one for one in vocabulary}
        words = list(self.words)
        for rank in unknown:
            near = _most_like(_plain(self.words[rank][0]), known)
            if near:
                others = [two for one in near for two in _others(one, self.language)]
                words[rank] = tuple(dict.fromkeys([*near, *others]))
        return replace(self, words=tuple(words))


# What PostgreSQL makes of a word never changes: the words of the last visitors are kept.
_STEMS: dict[tuple[str, str], frozenset[str]] = {}
MOST_STEMS = 20_000

STEMS = """
SELECT word, tsvector_to_array(to_tsvector(%s::regconfig, word)) FROM unnest(%s::text[]) AS w (word)
"""


def stems(configuration: str, texts: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return the stems of each text, as PostgreSQL reads it; at most one statement."""
    wanted = set(texts)
    known = {one: _STEMS[configuration, one] for one in wanted if (configuration, one) in _STEMS}
    missing = sorted(wanted - known.keys())
    if missing:
        read = {word: frozenset(found) for word, found in rows(STEMS, [configuration, missing])}
        if len(_STEMS) + len(read) > MOST_STEMS:
            _STEMS.clear()
        _STEMS.update({(configuration, word): found for word, found in read.items()})
        known |= read
    return known


def counted(conditions: Sequence[str]) -> str:
    """Return the SQL of how many of these conditions hold."""
    return " + ".join(f"{one}::int" for one in conditions)


def told(conditions: Sequence[str]) -> str:
    """Return the SQL columns that tell of each condition whether it holds anywhere."""
    return ", ".join(f"bool_or({one}) OVER ()" for one in conditions)


def _most_like(word: str, known: dict[str, str]) -> list[str]:
    """Return the known words that are most like one, the nearest first; none where none is."""
    if len(word) < SHORTEST:
        return []
    alike: list[tuple[float, str]] = []
    matcher = SequenceMatcher(b=word, autojunk=False)
    for plain in known:
        if plain.startswith(word):
            # What is typed in part is nearer than what is typed wrongly.
            alike.append((1.0, plain))
            continue
        matcher.set_seq1(plain)
        if matcher.real_quick_ratio() >= ALIKE and matcher.quick_ratio() >= ALIKE:
            ratio = matcher.ratio()
            if ratio >= ALIKE:
                alike.append((ratio, plain))
    alike.sort(key=lambda one: (-one[0], one[1]))
    return [known[plain] for ratio, plain in alike[:MOST_NEAR] if ratio >= alike[0][0] - AS_NEAR]


def split(text: str) -> list[str]:
    """Return the words of a text in small letters, signs left out."""
    return [one for one in re.split(r"[\W_]+", text.lower()) if one]


def known_words(language: str) -> list[str]:
    """Return every word that has other words for it in a language."""
    return [one for group in _synonyms().get(language, ()) for word in group for one in split(word)]


def asked(text: str, language: str) -> Asked:
    """Read what was typed: at most six words of it, signs left out, small letters."""
    words = [one for one in split(text[:LONGEST]) if one not in NOT_WORDS][:MOST_WORDS]
    return Asked(
        text=text[:LONGEST].strip(),
        language=language,
        words=tuple((one, *_others(one, language)) for one in words),
    )


def _others(word: str, language: str) -> tuple[str, ...]:
    """Return the other words for a thing, of one or of many of them.

    Without its accents a word may mean two things: what is written with them counts first.
    """
    rows = _synonyms().get(language, [])
    groups: list[list[str]] = []
    for form in (str, _single, lambda one: _single(_plain(one))):
        groups = [group for group in rows if form(word) in map(form, group)]
        if groups:
            break
    return tuple(dict.fromkeys(other for group in groups for other in group if other != word))


@lru_cache(maxsize=1)
def _synonyms() -> dict[str, list[list[str]]]:
    groups: dict[str, list[list[str]]] = tomllib.loads(SYNONYMS.read_text())
    return groups


_ACCENTS = str.maketrans("àâäçéèêëîïôöùûüÿ", "aaaceeeeiioouuuy")


def _plain(word: str) -> str:
    return word.lower().translate(_ACCENTS)


def _single(word: str) -> str:
    """Return a word without the sign of many: « gîtes » is looked up as « gîte »."""
    return word[:-1] if len(word) > SHORTEST and word[-1] in "sxn" else word


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
