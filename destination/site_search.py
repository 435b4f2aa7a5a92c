"""Pages of the office found by their words."""

from __future__ import annotations

from typing import Any

from wagtail.models import Page

from destination.words import (
    A_VIEW,
    HEADLINE,
    Asked,
    Found,
    Hit,
    counted,
    marked,
    rows,
    split,
    told,
)
from oti.lib.memo import remembered

VECTOR = (
    "(setweight(to_tsvector(%s::regconfig, p.title), 'A') ||"
    " setweight(to_tsvector(%s::regconfig, p.search_description), 'B'))"
)


def search_pages(what: Asked, *, is_some: bool, size: int = A_VIEW, offset: int = 0) -> Found:
    """Return the published pages of the language that have every word; two statements.

    With `is_some`, those that have some of the words, most of them first.
    """
    if not what.words:
        return Found([], 0)
    query, given = what.tsquery(is_some=is_some)
    groups = [what.word_query(group) for group in what.words]
    conditions = [f"(p.words @@ {word})" for word, _given in groups]
    parameters = [one for _word, given in groups for one in given]
    tell, most = (told(conditions), f"{counted(conditions)} DESC,") if is_some else ("true", "")
    statement = f"""
        WITH p AS MATERIALIZED (
            SELECT p.id, p.search_description, {VECTOR} AS words
            FROM wagtailcore_page p JOIN wagtailcore_locale l ON l.id = p.locale_id
            WHERE p.live AND p.depth > 2 AND l.language_code = %s
        )
        SELECT p.id, count(*) OVER (),
               ts_headline(%s::regconfig, p.search_description, q, %s), {tell}
        FROM p CROSS JOIN (SELECT {query} AS q) asked
        WHERE {what.wanted(conditions, is_some=is_some)}
        ORDER BY {most} ts_rank(p.words, q) DESC, p.id LIMIT %s OFFSET %s
    """  # noqa: S608 - constants; what was typed is a parameter
    several = parameters if is_some else []
    found = rows(
        statement,
        [
            *(what.configuration, what.configuration, what.language),
            *(what.configuration, HEADLINE),
            *several,
            *given,
            *parameters,
            *several,
            *(size, offset),
        ],
    )
    pages: dict[int, Any] = {
        one.pk: one for one in Page.objects.filter(pk__in=[row[0] for row in found])
    }
    hits = [
        Hit(
            title=pages[pk].title,
            url=pages[pk].url or "/",
            text=marked(text),
            place="",
            kind=str(pages[pk].cached_content_type.model_class()._meta.verbose_name),
        )
        for pk, _total, text, *_known in found
        if pk in pages
    ]
    return Found(hits, found[0][1] if found else 0, tuple(found[0][3:]) if found else ())


@remembered()
def page_words(language: str) -> list[str]:
    """Return every word of the titles of the published pages and of communes; one statement."""
    titles = rows(
        "SELECT p.title FROM wagtailcore_page p JOIN wagtailcore_locale l ON l.id = p.locale_id"
        " WHERE p.live AND p.depth > 2 AND l.language_code = %s"
        " UNION ALL SELECT name FROM destination_commune",
        [language],
    )
    return sorted({word for (title,) in titles for word in split(title)})
