"""What is sold, for the live blocks of pages: criteria in, cards and the same list's address out.

Cards are the same for everybody: they carry no form, so that a page may be kept for all. What is
found may be some seconds old, as lists are; whoever adds or sells asks again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from booking import browsing, cards, pictures
from booking.availability import StaySearch, search_stays
from booking.catalogue import catalogue
from booking.experience_search import ExperienceResult
from booking.filters import Filters
from booking.places import may_join
from booking.quoting import tax_terms
from booking.refusals import BadInput
from booking.rules.kinds import DATED, PROPOSED
from booking.rules.people import Guest
from booking.rules.soon import SPANS, TIMES, time_to_come
from destination.live import CHOICE_GONE, COMMUNE_GONE, NOTHING, Live, Where, ground_of, where_of
from oti.lib.dates import today as day_of
from oti.lib.memo import read_ahead, remembered

# « With children of eight ».
CHILD = Guest(8)
# « These weeks »: what is proposed without being asked for.
SOON_DAYS = 35
USUAL_ADULTS = 2

Query = list[tuple[str, str]]


@remembered(most=64, ignoring=("now",))
def live_lodgings(
    *,
    pole: str = "",
    commune: str = "",
    when: str = "",
    adults: int = USUAL_ADULTS,
    count: int = 4,
    now: datetime,
) -> Live:
    """Return lodgings of a pole, around a commune (INSEE code), for so many adults.

    With a time (`rules.soon.TIMES`) those that are free then at their full price, and how many
    there are: what the list shows for the same address. Without one, those on sale with their
    lowest night, whoever comes.
    """
    today = day_of(now)
    read_ahead(catalogue.of(today), tax_terms.of(), *ground_of(today))
    where = where_of(pole, commune)
    if where is None:
        return Live(why=COMMUNE_GONE)
    if not when:
        return _on_the_shelf(where, adults, count, now=now)
    if when not in TIMES:
        return Live(why=CHOICE_GONE)
    return _free(where, time_to_come(when, today), adults, count, now=now)


def _free(where: Where, time: tuple[date, date], adults: int, count: int, *, now: datetime) -> Live:
    arrival, departure = time
    asked = StaySearch(arrival, departure, adults, pole=where.pole, near=where.near)
    try:
        found = search_stays(asked, now=now)
    except BadInput:
        # More people than a party may be, or a time beyond the horizon.
        return Live(why=NOTHING)
    shown = found.results[:count]
    photos = pictures.covers(one.offer for one in shown)
    party: Query = [
        ("arrival", arrival.isoformat()),
        ("departure", departure.isoformat()),
        ("adults", str(adults)),
    ]
    rows = [
        cards.lodging_card(
            one,
            guests=asked.guests,
            arrival=arrival,
            departure=departure,
            query=urlencode(party),
            back="",
            picture=photos.get(one.offer.pk),
        )
        for one in shown
    ]
    return _live(
        rows,
        "booking:stays",
        where.query + party,
        count=found.count,
        see=_("See"),
        why=where.why_nothing(day_of(now)) if not rows else "",
    )


def _on_the_shelf(where: Where, adults: int, count: int, *, now: datetime) -> Live:
    filters = Filters(pole=where.pole, near=where.near)
    shelf = browsing.browse_lodgings(filters=filters, size=count, now=now)
    photos = pictures.covers(one.offer for one in shelf.results)
    party: Query = [("adults", str(adults))] if adults != USUAL_ADULTS else []
    rows = [
        cards.shelf_card(one, query=urlencode(party), picture=photos.get(one.offer.pk))
        for one in shelf.results
    ]
    return _live(
        rows,
        "booking:stays",
        where.query + party,
        count=shelf.count,
        see=_("Choose dates"),
        why=where.why_nothing(day_of(now)) if not rows else "",
    )


@remembered(most=64, ignoring=("now",))
def live_experiences(
    *,
    pole: str = "",
    commune: str = "",
    kind: str = "",
    days: int = SOON_DAYS,
    for_children: bool = False,
    count: int = 4,
    now: datetime,
) -> Live:
    """Return things to live in the coming days, different drawings before the same one again.

    `for_children` keeps what a child of eight may join; without a kind, what is proposed to
    everybody.
    """
    today = day_of(now)
    read_ahead(catalogue.of(today), tax_terms.of(), *ground_of(today))
    where = where_of(pole, commune)
    if where is None:
        return Live(why=COMMUNE_GONE)
    if days not in SPANS or (kind and kind not in {one.code for one in DATED}):
        return Live(why=CHOICE_GONE)
    results = browsing.listed_experiences(
        kinds=(kind,) if kind else PROPOSED,
        filters=Filters(pole=where.pole, near=where.near, age=CHILD.age if for_children else None),
        from_day=today,
        to_day=today + timedelta(days=days),
        now=now,
    ).results
    if for_children:
        results = [one for one in results if may_join(one.offer, CHILD)]
    chosen = _varied(results, count)
    photos = pictures.covers(one.offer for one in chosen)
    query = [*where.query, *([("kind", kind)] if kind else []), ("days", str(days))]
    query += [("age", str(CHILD.age))] if for_children else []
    rows = [cards.experience_card(one, back="", picture=photos.get(one.offer.pk)) for one in chosen]
    return _live(
        rows,
        "booking:experiences",
        query,
        see=_("See dates"),
        why=where.why_nothing(today) if not rows else "",
    )


def _varied(found: Sequence[ExperienceResult], count: int) -> list[ExperienceResult]:
    """Return `count` results, different pictures before the same ones again, in their order."""
    seen: set[str] = set()
    first: list[ExperienceResult] = []
    again: list[ExperienceResult] = []
    for one in found:
        (again if one.offer.illustration in seen else first).append(one)
        seen.add(one.offer.illustration)
    return (first + again)[:count]


def _live(
    rows: list[dict[str, Any]],
    name: str,
    query: Query,
    *,
    count: int | None = None,
    see: str,
    why: str,
) -> Live:
    """Return what is found as cards without any form: their link says what it leads to."""
    address = reverse(name)
    return Live(
        cards=[{**card, "add": None, "see": see} for card in rows],
        url=f"{address}?{urlencode(query)}" if query else address,
        count=count,
        why=why,
    )
