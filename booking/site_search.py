"""Offers found by their words, by what they are and have, by their host's and commune's names."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from booking.models import Offer
from booking.showing import offer_url
from destination.words import (
    A_VIEW,
    HEADLINE,
    Asked,
    Found,
    Hit,
    counted,
    marked,
    rows,
    shown_sql,
    split,
    told,
)
from oti.lib.dates import today as day_of
from oti.lib.memo import remembered

LANGUAGES = {"fr": "fr_u", "en": "en_u", "de": "de_u"}
# What an offer is called beside its own text: kind, kind of lodging, what it has, whom it takes.
SAID = Path(__file__).parent / "data" / "search_words.toml"
# To be what is asked for counts as much as to have the word between title and summary.
WEIGHT_OF_BEING = 0.4
MEANT = {
    "commune": "o.commune_id = ANY(%s::bigint[])",
    "provider": "o.provider_id = ANY(%s::bigint[])",
    "kind": "o.kind = ANY(%s)",
    "lodging_type": "o.lodging_type = ANY(%s)",
    "feature": "o.features ?| %s::text[]",
}
# It takes children: it has a price for those of twelve or younger that isn't everybody's.
TAKES_CHILDREN = """EXISTS (
    SELECT 1 FROM booking_ageband b
    WHERE b.offer_id = o.id AND b.max_age < 18 AND coalesce(b.min_age, 0) <= 12
)"""


def _indexed(column: str, language: str) -> str:
    """Return a text as the index of its language has it: English stands in for German."""
    if language == "de":
        return f"coalesce(nullif({column}_de, ''), {column}_en, '')"
    return f"coalesce({column}_{language}, '')"


def vector_sql(language: str, table: str = "o.") -> str:
    """Return the expression that migrations 0011 and 0013 index: title, summary, description."""
    configuration = LANGUAGES[language]
    parts = (("title", "A"), ("summary", "B"), ("description", "C"))
    return " || ".join(
        f"setweight(to_tsvector('{configuration}'::regconfig,"
        f" {_indexed(table + column, language)}), '{weight}')"
        for column, weight in parts
    )


@dataclass
class Being:
    """What a word means beside texts: communes and providers of that name, what offers are."""

    keys: dict[str, list[str]] = field(default_factory=dict)

    def add(self, sort: str, key: str) -> None:
        """Let the word mean one thing more."""
        self.keys.setdefault(sort, []).append(key)

    def sql(self) -> tuple[str, list[Any]]:
        """Return the condition that an offer is so, and its parameters."""
        parts, parameters = [], []
        for sort, condition in MEANT.items():
            if sort in self.keys:
                parts.append(condition)
                parameters.append(self.keys[sort])
        if "party" in self.keys:
            parts.append(TAKES_CHILDREN)
        return f"({' OR '.join(parts) or 'false'})", parameters


def search_offers(
    what: Asked, *, is_some: bool, size: int = A_VIEW, offset: int = 0, now: datetime
) -> Found:
    """Return what is on sale and has every word: in its text or its names, or by being so.

    Two statements, and at most two that are remembered. With `is_some`, those that have some of the
    words, most of them first. Equals take turns from day to day.
    """
    if not what.words:
        return Found([], 0)
    language = what.language if what.language in LANGUAGES else "fr"
    vector = f"({vector_sql(language)})"
    query, given = what.tsquery(is_some=is_some)
    conditions, parameters, beings, of_beings = [], [], [], []
    for group, being in zip(what.words, _beings(what, language), strict=True):
        word, its_own = what.word_query(group)
        is_so, of_being = being.sql()
        conditions.append(
            f"({vector} @@ {word} OR {is_so})" if being.keys else f"({vector} @@ {word})"
        )
        parameters += [*its_own, *of_being]
        beings.append(is_so)
        of_beings += of_being
    on_sale = Offer.objects.on_sale(day_of(now)).exclude(kind=Offer.Kind.EVENT_TICKET)
    inside, inside_parameters = on_sale.order_by().values("pk").query.sql_with_params()
    tell, most = (told(conditions), f"{counted(conditions)} DESC,") if is_some else ("true", "")
    statement = f"""
        SELECT o.id, count(*) OVER (),
               ts_headline(%s::regconfig, {shown_sql("o.summary", language)}, q, %s), {tell}
        FROM booking_offer o CROSS JOIN (SELECT {query} AS q) asked
        WHERE {what.wanted(conditions, is_some=is_some)} AND o.id IN ({inside})
        ORDER BY {most}
                 ts_rank({vector}, q) + {WEIGHT_OF_BEING} * ({counted(beings)}) DESC,
                 md5(o.id::text || %s) LIMIT %s OFFSET %s
    """  # noqa: S608 - constants; what was typed is a parameter
    several = parameters if is_some else []
    found = rows(
        statement,
        [
            *(what.configuration, HEADLINE),
            *several,
            *given,
            *parameters,
            *inside_parameters,
            *several,
            *of_beings,
            *(day_of(now).isoformat(), size, offset),
        ],
    )
    ids = [row[0] for row in found]
    offers = {one.pk: one for one in Offer.objects.filter(pk__in=ids).select_related("commune")}
    hits = [
        Hit(
            title=offers[pk].title,
            url=offer_url(offers[pk]),
            text=marked(text),
            place=offers[pk].commune.name,
            kind=str(
                offers[pk].get_lodging_type_display()
                if offers[pk].is_lodging
                else offers[pk].get_kind_display()
            ),
        )
        for pk, _total, text, *_known in found
        if pk in offers
    ]
    return Found(hits, found[0][1] if found else 0, tuple(found[0][3:]) if found else ())


def _beings(what: Asked, language: str) -> list[Being]:
    """Return what each word means beside texts; at most one statement, and those of the names."""
    named = _named(language)
    found = []
    for texts in what.stems():
        being = Being()
        for sort, key, has in named:
            if any(wanted <= has for wanted in texts):
                being.add(sort, key)
        found.append(being)
    return found


NAMED = """
SELECT sort, key, tsvector_to_array(to_tsvector(%s::regconfig, words)) FROM (
    SELECT 'commune' AS sort, id::text AS key, name AS words FROM destination_commune
    UNION ALL SELECT 'provider', id::text, name FROM members_provider
    UNION ALL SELECT split_part(code, '.', 1), split_part(code, '.', 2), words
    FROM unnest(%s::text[], %s::text[]) AS said (code, words)
) named
"""


@remembered()
def _named(language: str) -> list[tuple[str, str, frozenset[str]]]:
    """Return what offers can be by a word: which sort, which one, its stems; one statement."""
    said = _said(language)
    return [
        (sort, key, frozenset(has))
        for sort, key, has in rows(NAMED, [LANGUAGES[language], list(said), list(said.values())])
    ]


@lru_cache(maxsize=8)
def _said(language: str) -> dict[str, str]:
    """Return the words for what offers are in one language, by « feature.pets »."""
    known: dict[str, dict[str, str]] = tomllib.loads(SAID.read_text()).get(language, {})
    return {f"{sort}.{code}": text for sort, codes in known.items() for code, text in codes.items()}


@remembered()
def offer_words(language: str) -> list[str]:
    """Return every word of the titles on sale and of what offers are; one statement."""
    shown = language if language in LANGUAGES else "fr"
    titles = rows(
        f"SELECT {shown_sql('o.title', shown)} FROM booking_offer o"  # noqa: S608 - constants
        " WHERE o.state = %s",
        [Offer.State.PUBLISHED],
    )
    texts = [*_said(shown).values(), *(title for (title,) in titles)]
    return sorted({word for text in texts for word in split(text)})
