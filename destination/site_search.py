"""Pages of the office found by their words."""

from __future__ import annotations

from typing import Any

from wagtail.models import Page

from destination.words import A_VIEW, HEADLINE, Asked, Found, Hit, marked, rows

VECTOR = (
    "(setweight(to_tsvector(%s::regconfig, p.title), 'A') ||"
    " setweight(to_tsvector(%s::regconfig, p.search_description), 'B'))"
)


def search_pages(what: Asked, *, is_alike: bool, size: int = A_VIEW, offset: int = 0) -> Found:
    """Return the published pages of the language that have every word; two statements.

    With `is_alike`, those whose title has words that look like them.
    """
    if not what.words:
        return Found([], 0)
    query, given = what.tsquery()
    configurations = [what.configuration] * 2
    if is_alike:
        condition, parameters = what.alike("p.title")
    else:
        condition, parameters = f"{VECTOR} @@ q", configurations
    statement = f"""
        SELECT p.id, count(*) OVER (),
               ts_headline(%s::regconfig, p.search_description, q, %s)
        FROM wagtailcore_page p
        JOIN wagtailcore_locale l ON l.id = p.locale_id
        CROSS JOIN (SELECT {query} AS q) asked
        WHERE p.live AND p.depth > 2 AND l.language_code = %s AND {condition}
        ORDER BY ts_rank({VECTOR}, q) DESC, p.id LIMIT %s OFFSET %s
    """  # noqa: S608 - constants; what was typed is a parameter
    found = rows(
        statement,
        [
            *(what.configuration, HEADLINE),
            *given,
            what.language,
            *parameters,
            *configurations,
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
        for pk, _total, text in found
        if pk in pages
    ]
    return Found(hits, found[0][1] if found else 0)
