"""What takes place, for the live blocks of pages: criteria in, rows and the same agenda out."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse

from destination.live import CHOICE_GONE, COMMUNE_GONE, Live, ground_of, where_of
from events import showings
from oti.lib.dates import paris
from oti.lib.dates import today as day_of
from oti.lib.memo import read_ahead, remembered

# An event with many dates takes one row of a short list.
LOOKED_AT = 12
MONTH = "month"


@remembered(most=64, ignoring=("now",))
def live_agenda(
    *, pole: str = "", commune: str = "", when: str = "", count: int = 4, now: datetime
) -> Live:
    """Return the next sessions in a pole, around a commune (INSEE code), one of each event first.

    `when` may be `month`: until the end of the present one. The address is that of the agenda in
    the month where they begin.
    """
    today = day_of(now)
    read_ahead(*ground_of(today))
    where = where_of(pole, commune)
    if where is None:
        return Live(why=COMMUNE_GONE)
    if when not in {"", MONTH}:
        return Live(why=CHOICE_GONE)
    last = showings.month_bounds(today.year, today.month)[1] if when == MONTH else None
    found = showings.list_showings(
        pole=where.pole, near=where.near, to_day=last, limit=count * LOOKED_AT, now=now
    )
    chosen = _varied(found, count)
    return Live(
        cards=[one.row for one in chosen],
        url=_agenda_url(chosen, where.query, now=now),
        why="" if chosen else where.why_nothing(today),
    )


def _varied(found: list[showings.Showing], count: int) -> list[showings.Showing]:
    """Return `count` sessions in their order, one of each event before a second one."""
    seen: set[int] = set()
    first: list[showings.Showing] = []
    again: list[showings.Showing] = []
    for one in found:
        (again if one.session.event_id in seen else first).append(one)
        seen.add(one.session.event_id)
    return sorted((first + again)[:count], key=lambda one: one.session.starts_at)


def _agenda_url(
    chosen: list[showings.Showing], query: list[tuple[str, str]], *, now: datetime
) -> str:
    today = day_of(now)
    first = paris(chosen[0].session.starts_at).date() if chosen else today
    address = reverse("events:agenda")
    if (first.year, first.month) > (today.year, today.month):
        address = reverse("events:agenda-month", args=[first.year, first.month])
    return f"{address}?{urlencode(query)}" if query else address
