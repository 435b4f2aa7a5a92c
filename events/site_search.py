"""Events to come, found by their words."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

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
from events.models import Event
from oti.lib.memo import remembered


def search_events(
    what: Asked, *, is_some: bool, size: int = A_VIEW, offset: int = 0, now: datetime
) -> Found:
    """Return the published events with a date to come that have every word; two statements.

    With `is_some`, those that have some of the words, most of them first.
    """
    if not what.words:
        return Found([], 0)
    title, summary = (shown_sql(f"e.{one}", what.language) for one in ("title", "summary"))
    vector = (
        f"(setweight(to_tsvector(%s::regconfig, {title}), 'A') ||"
        f" setweight(to_tsvector(%s::regconfig, {summary}), 'B') ||"
        " setweight(to_tsvector(%s::regconfig, c.name), 'C'))"
    )
    query, given = what.tsquery(is_some=is_some)
    groups = [what.word_query(group) for group in what.words]
    conditions = [f"(e.words @@ {word})" for word, _given in groups]
    parameters = [one for _word, given in groups for one in given]
    tell, most = (told(conditions), f"{counted(conditions)} DESC,") if is_some else ("true", "")
    statement = f"""
        WITH e AS MATERIALIZED (
            SELECT e.id, {summary} AS summary, {vector} AS words
            FROM events_event e JOIN destination_commune c ON c.id = e.commune_id
            WHERE e.state = 'published' AND EXISTS (
                SELECT 1 FROM events_session s WHERE s.event_id = e.id AND s.ends_at > %s
            )
        )
        SELECT e.id, count(*) OVER (), ts_headline(%s::regconfig, e.summary, q, %s), {tell}
        FROM e CROSS JOIN (SELECT {query} AS q) asked
        WHERE {what.wanted(conditions, is_some=is_some)}
        ORDER BY {most} ts_rank(e.words, q) DESC, e.id LIMIT %s OFFSET %s
    """  # noqa: S608 - constants; what was typed is a parameter
    several = parameters if is_some else []
    found = rows(
        statement,
        [
            *[what.configuration] * 3,
            now,
            *(what.configuration, HEADLINE),
            *several,
            *given,
            *parameters,
            *several,
            *(size, offset),
        ],
    )
    ids = [row[0] for row in found]
    events = {one.pk: one for one in Event.objects.filter(pk__in=ids).select_related("commune")}
    hits = [
        Hit(
            title=events[pk].title,
            url=reverse("events:event", args=[events[pk].slug]),
            text=marked(text),
            place=events[pk].commune.name,
            kind=_("Event"),
        )
        for pk, _total, text, *_known in found
        if pk in events
    ]
    return Found(hits, found[0][1] if found else 0, tuple(found[0][3:]) if found else ())


@remembered()
def event_words(language: str) -> list[str]:
    """Return every word of the titles of published events; one statement."""
    titles = rows(
        f"SELECT {shown_sql('e.title', language)} FROM events_event e"  # noqa: S608 - constants
        " WHERE e.state = 'published'",
        [],
    )
    return sorted({word for (title,) in titles for word in split(title)})
