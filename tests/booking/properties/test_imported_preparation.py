"""After what is booked elsewhere a unit is prepared, whatever its calendars say and unsay.

The oracle knows nights alone: kept free is what lies within so many nights after a booking and is
no night of anybody. What the search then shows is what a basket gets.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from booking import search_table
from booking.availability import StaySearch, search_stays, stay_choices
from booking.channels.blocks import write_blocks
from booking.models import Closure, FeedEvent, Stay, Unit
from tests import factories
from tests.booking.properties.test_free_means_sellable import FIRST, Nights, can_add, spans
from tests.cast import NOW, TODAY

pytestmark = pytest.mark.django_db
KINDS = ("reserved", "blocked", "unclear")
events = st.lists(st.tuples(spans, st.sampled_from(KINDS)), max_size=5)


def nights_of(span: Nights) -> set[int]:
    return set(range(span.start, span.start + span.length))


def tell(unit: Unit, told: list[tuple[Nights, str]]) -> None:
    """Make a calendar say so, and nothing else."""
    feed = unit.feeds.get()
    feed.events.all().delete()
    FeedEvent.objects.bulk_create(
        FeedEvent(feed=feed, uid=f"{n}", dates=span.dates, kind=kind, first_seen_at=NOW)
        for n, (span, kind) in enumerate(told)
    )
    write_blocks(unit.pk, today=TODAY)


def kept_free(unit: Unit) -> set[int]:
    rows = Stay.objects.filter(unit=unit, state="blocked").values_list("dates", "preparation")
    begins = [((dates.upper - FIRST).days, after) for dates, after in rows]
    return {first + n for first, after in begins for n in range(after)}


def expected(told: list[tuple[Nights, str]], closed: list[Nights], number: int) -> set[int]:
    taken = {night for span, _kind in told for night in nights_of(span)}
    shut = {night for span in closed for night in nights_of(span)}
    wanted: set[int] = set()
    for span, kind in told:
        if kind == "reserved" or (kind == "unclear" and not nights_of(span) <= shut):
            end = span.start + span.length
            for night in range(end, end + number):
                wanted.add(night)
    return wanted - taken


@settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    rounds=st.lists(events, min_size=1, max_size=3),
    closed=st.lists(spans, max_size=1),
    number=st.integers(0, 3),
    asked=st.lists(spans, min_size=2, max_size=3, unique=True),
)
def test_what_follows_a_booking_elsewhere_is_kept_free(settings, rounds, closed, number, asked):
    settings.SEARCH_HORIZON_DAYS = 45
    point = transaction.savepoint()
    try:
        offer = factories.a_lodging(min_stay=1)
        unit = offer.units.get()
        unit.preparation_nights = number
        unit.save()
        factories.a_feed(unit)
        Closure.objects.bulk_create(
            Closure(unit=unit, dates=one.dates, reason="x") for one in closed
        )
        search_table.rebuild_units([unit.pk], today=TODAY)
        for told in rounds:
            tell(unit, told)
            assert kept_free(unit) == expected(told, closed, number)
            assert search_table.find_drift(today=TODAY) == []
        for first in [one.dates[0] for one in asked] + [
            span.dates[1] + timedelta(days=number) for span, _kind in rounds[-1]
        ]:
            dates = first, first + timedelta(days=2)
            criteria = StaySearch(*dates, adults=2)
            nights = {"arrival": dates[0], "departure": dates[1]}
            [choice] = stay_choices(offer, **nights, guests=criteria.guests, now=NOW)
            told_free = bool(search_stays(criteria, now=NOW).results), choice.is_free
            assert told_free == (can_add(offer, unit, *dates),) * 2
    finally:
        transaction.savepoint_rollback(point)
