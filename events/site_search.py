"""Events to come, found by their words."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from destination.words import A_VIEW, HEADLINE, Asked, Found, Hit, marked, rows, shown_sql
from events.models import Event


def search_events(
    what: Asked, *, is_alike: bool, size: int = A_VIEW, offset: int = 0, now: datetime
) -> Found:
    """Return the published events with a date to come that have every word; two statements.

    With `is_alike`, those whose title has words that look like them.
    """
    if not what.words:
        return Found([], 0)
    title, summary = (shown_sql(f"e.{one}", what.language) for one in ("title", "summary"))
    vector = (
        f"(setweight(to_tsvector(%s::regconfig, {title}), 'A') ||"
        f" setweight(to_tsvector(%s::regconfig, {summary}), 'B') ||"
        " setweight(to_tsvector(%s::regconfig, c.name), 'C'))"
    )
    query, given = what.tsquery()
    configurations = [what.configuration] * 3
    if is_alike:
        condition, parameters = what.alike(title)
    else:
        condition, parameters = f"{vector} @@ q", configurations
    statement = f"""
        SELECT e.id, count(*) OVER (), ts_headline(%s::regconfig, {summary}, q, %s)
        FROM events_event e
        JOIN destination_commune c ON c.id = e.commune_id
        CROSS JOIN (SELECT {query} AS q) asked
        WHERE e.state = 'published' AND {condition} AND EXISTS (
            SELECT 1 FROM events_session s WHERE s.event_id = e.id AND s.ends_at > %s
        )
        ORDER BY ts_rank({vector}, q) DESC, e.id LIMIT %s OFFSET %s
    """  # noqa: S608 - constants; what was typed is a parameter
    found = rows(
        statement,
        [
            *(what.configuration, HEADLINE),
            *given,
            *parameters,
            now,
            *configurations,
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
        for pk, _total, text in found
        if pk in events
    ]
    return Found(hits, found[0][1] if found else 0)
