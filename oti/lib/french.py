"""French as it is said: « d’Anne », « qu’Élodie », « au Puy-en-Velay », « des Estables ».

A translation knows its own words, not the name that comes into it. Where one stands right behind
« de », « à » or « que », the two are joined when they meet, whatever shows the sentence: a page, a
letter, the API.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# A word that changes before what comes in; tags may stand between the two.
_JOINTS = re.compile(
    r"\b(?P<word>[Dd]e|[Àà]|[Qq]ue|[Ll]orsque|[Pp]uisque)"
    r"[ \xa0](?P<tags>(?:<[^<>]+>)*)%\((?P<name>\w+)\)s"
)
# How a word begins before which another loses its vowel: a vowel, « Yssingeaux » but not « Yann »,
# and first names whose « h » is mute. « Onze » and « oui » are said as if they had a consonant.
_OPEN = re.compile(
    r"(?!onz|oui\b)(?:[aàâäæeéèêëiîïoôöœuùûü]|y[^aeéiouy\W]"
    r"|h(?:ector|[ée]l[èeoï]|enri|ermin|erv[ée]|ilaire|ippolyte|onor|ortense|ubert|yacinthe))",
    re.IGNORECASE,
)
# « La réservation de Le Goff »: here an article is a part of somebody’s name.
_OF_PEOPLE = frozenset({"first_name", "guest", "inviter", "name"})
_WITH_ARTICLE = {
    ("de", "Le "): "du ",
    ("de", "Les "): "des ",
    ("à", "Le "): "au ",
    ("à", "Les "): "aux ",
}


class Sentence(str):
    """A French text that joins its words to the names that are put in by `%`."""

    __slots__ = ()

    def __str__(self) -> str:
        """Return itself: a plain copy would forget what it is."""
        return self

    def __mod__(self, values: Any) -> str:
        """Return the sentence with these in their places."""
        text = str.__str__(self)
        if isinstance(values, Mapping):
            text = _JOINTS.sub(lambda joint: _joined(joint, values), text)
        return str.__mod__(text, values)


def as_said(text: str) -> str:
    """Return a French translation that joins its words to names, the same text if none needs it."""
    return Sentence(text) if _JOINTS.search(text) else text


def _joined(joint: re.Match[str], values: Mapping[str, Any]) -> str:
    """Return a word and the place for a name behind it, as the two are said."""
    word, tags, name = joint["word"], joint["tags"], joint["name"]
    value = str(values[name])
    if name not in _OF_PEOPLE:
        for article in ("Le ", "Les "):
            said = _WITH_ARTICLE.get((word.lower(), article))
            if said and value.startswith(article):
                said = said.capitalize() if word[0].isupper() else said
                return said + tags + value.removeprefix(article).replace("%", "%%")
    if word.lower() != "à" and _OPEN.match(value):
        return f"{word[:-1]}’{tags}%({name})s"
    return joint[0]
