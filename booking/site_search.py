"""Offers found by their words, the names of their host and of their commune."""

from __future__ import annotations

from datetime import datetime

from booking.models import Offer
from booking.showing import offer_url
from destination.words import A_VIEW, HEADLINE, Asked, Found, Hit, marked, rows, shown_sql
from oti.lib.dates import today as day_of

LANGUAGES = {"fr": "fr_u", "en": "en_u", "de": "de_u"}


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


def search_offers(
    what: Asked, *, is_alike: bool, size: int = A_VIEW, offset: int = 0, now: datetime
) -> Found:
    """Return what is on sale and has every word, in its text, its host's name or its commune's.

    Three statements. With `is_alike`, those whose title has words that look like them.
    """
    if not what.words:
        return Found([], 0)
    language = what.language if what.language in LANGUAGES else "fr"
    vector = f"({vector_sql(language)})"
    query, given = what.tsquery()
    parameters: list[object] = []
    if is_alike:
        condition, parameters = what.alike(shown_sql("o.title", language))
    else:
        conditions = []
        for group, (communes, providers) in zip(what.words, _names(what), strict=True):
            word, its_own = what.word_query(group)
            conditions.append(
                f"({vector} @@ {word} OR o.commune_id = ANY(%s) OR o.provider_id = ANY(%s))"
            )
            parameters += [*its_own, communes, providers]
        condition = " AND ".join(conditions)
    on_sale = Offer.objects.on_sale(day_of(now)).exclude(kind=Offer.Kind.EVENT_TICKET)
    inside, inside_parameters = on_sale.order_by().values("pk").query.sql_with_params()
    statement = f"""
        SELECT o.id, count(*) OVER (),
               ts_headline(%s::regconfig, {shown_sql("o.summary", language)}, q, %s)
        FROM booking_offer o CROSS JOIN (SELECT {query} AS q) asked
        WHERE {condition} AND o.id IN ({inside})
        ORDER BY ts_rank({vector}, q) DESC, o.id LIMIT %s OFFSET %s
    """  # noqa: S608 - constants; what was typed is a parameter
    found = rows(
        statement,
        [
            *(what.configuration, HEADLINE),
            *given,
            *parameters,
            *inside_parameters,
            *(size, offset),
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
        for pk, _total, text in found
        if pk in offers
    ]
    return Found(hits, found[0][1] if found else 0)


def _names(what: Asked) -> list[tuple[list[int], list[int]]]:
    """Return, for each word, the communes and the providers whose name has it; one statement."""
    parts, parameters = [], []
    for number, group in enumerate(what.words):
        for sort, table in ((0, "destination_commune"), (1, "members_provider")):
            word, given = what.word_query(group)
            parts.append(
                f"SELECT {number}, {sort}, id FROM {table}"  # noqa: S608 - constants
                f" WHERE to_tsvector(%s::regconfig, name) @@ {word}"
            )
            parameters += [what.configuration, *given]
    found: list[tuple[list[int], list[int]]] = [([], []) for _group in what.words]
    for number, sort, pk in rows(" UNION ALL ".join(parts), parameters):
        found[number][sort].append(pk)
    return found
