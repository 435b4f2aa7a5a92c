"""Whatever calendars say, in whatever order: closed nights are their union beside what is sold."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from booking import search_table
from booking.channels.ical import Reading
from booking.channels.reading import Answer
from booking.channels.sync import apply
from booking.models import Closure, FeedEvent, Stay
from booking.rules.channels import OuterEvent
from tests import factories
from tests.cast import NOW, TODAY

pytestmark = pytest.mark.django_db
URL = "https://www.airbnb.fr/calendar/ical/{}.ics?s=x"
days = st.integers(-3, 40)
events = st.builds(
    lambda uid, first, nights: OuterEvent(
        uid, TODAY + timedelta(first), TODAY + timedelta(first + nights)
    ),
    st.sampled_from("abcd"),
    days,
    st.integers(1, 9),
)
readings = st.lists(st.tuples(st.integers(0, 1), st.lists(events, min_size=1)), max_size=5)


def nights(spans: list[DateRange]) -> set[date]:
    return {
        span.lower + timedelta(n) for span in spans for n in range((span.upper - span.lower).days)
    }


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(told=readings, again=st.randoms(use_true_random=False))
def test_closed_nights_are_the_union_of_what_calendars_say(settings, told, again):
    settings.SEARCH_HORIZON_DAYS = 60
    point = transaction.savepoint()
    try:
        unit = factories.a_lodging(now=NOW).units.get()
        feeds = [factories.a_feed(unit, URL.format(n)) for n in range(2)]
        closed = DateRange(TODAY + timedelta(20), TODAY + timedelta(22))
        Closure.objects.create(unit=unit, dates=closed, reason="x")
        search_table.refresh_runs([unit.pk], closed.lower, closed.upper)
        now = NOW
        for place, seen in told:
            now += timedelta(minutes=15)
            shuffled = [*seen, *seen]
            again.shuffle(shuffled)
            for few in (seen, shuffled):
                reading = Reading(tuple(few))
                apply(feeds[place].pk, Answer(reading=reading, content_hash="x"), now=now)

        known = list(FeedEvent.objects.values_list("dates", flat=True))
        rows = Stay.objects.filter(unit=unit, state=Stay.State.BLOCKED)
        blocked = nights(list(rows.values_list("dates", flat=True)))
        assert {day for day in blocked if day >= TODAY} == {
            day for day in nights(known) if day >= TODAY
        }
        # What is told now is closed now.
        for place in (0, 1):
            last = next((seen for at, seen in reversed(told) if at == place), [])
            spans = [DateRange(one.first_night, one.departure) for one in last]
            assert {day for day in nights(spans) if day >= TODAY} <= blocked
        assert search_table.find_drift(today=TODAY) == []
    finally:
        transaction.savepoint_rollback(point)
