"""Whatever calendars say, in whatever order: closed are the nights that they told lately enough.

The oracle knows no events, only nights: for each calendar, when it last told a night and how many
good readings in a row have been without it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import pytest
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from booking import search_table
from booking.channels.ical import Reading
from booking.channels.reading import Answer
from booking.channels.sync import apply
from booking.models import Closure, Stay
from booking.rules.channels import BLOCKED, OuterEvent
from oti.lib.dates import today as day_of
from tests import factories
from tests.cast import NOW, TODAY

pytestmark = pytest.mark.django_db
URL = "https://www.airbnb.fr/calendar/ical/{}.ics?s=x"
WINDOW = 12


@dataclass
class Told:
    """What one calendar says of nights: told now, or since when and how often it hasn't been."""

    missing: dict[date, tuple[datetime | None, int]] = field(default_factory=dict)

    def reads(self, told: set[date], *, now: datetime) -> None:
        today = day_of(now)
        told = {night for night in told if night >= today}
        self.missing = {night: gap for night, gap in self.missing.items() if night >= today}
        if not told:
            # A calendar without anything tells nothing, and the count begins again.
            self.missing = dict.fromkeys(self.missing, (None, 0))
            return
        for night, (since, count) in list(self.missing.items()):
            begun = since or now
            if count + 1 >= 3 and now - begun >= timedelta(hours=1):
                del self.missing[night]
            else:
                self.missing[night] = (begun, count + 1)
        self.missing |= dict.fromkeys(told, (None, 0))

    def fails(self) -> None:
        self.missing = dict.fromkeys(self.missing, (None, 0))

    def closed(self, today: date) -> set[date]:
        return {night for night in self.missing if night >= today}


events = st.builds(
    lambda uid, first, nights: (uid, first, nights),
    st.sampled_from("abcd"),
    st.integers(-3, 20),
    st.integers(1, 9),
)
# A window that moves on with the day, as platforms close what is too near, has an event from today.
tables = st.tuples(st.lists(events, max_size=4), st.booleans())
gaps = st.sampled_from([timedelta(minutes=n) for n in (15, 20, 30, 60)] + [timedelta(days=1)])
steps = st.lists(
    st.tuples(st.integers(0, 1), tables, gaps, st.integers(1, 5), st.booleans()), max_size=6
)


def events_of(table: tuple[list[tuple[str, int, int]], bool], now: datetime) -> list[OuterEvent]:
    few, is_rolling = table
    found = [
        OuterEvent(uid, TODAY + timedelta(first), TODAY + timedelta(first + nights), BLOCKED)
        for uid, first, nights in few
    ]
    if is_rolling:
        today = day_of(now)
        found.append(OuterEvent("rolling", today, today + timedelta(WINDOW), BLOCKED))
    return [one for one in found if one.departure > day_of(now)]


def nights(spans: list[DateRange] | list[OuterEvent]) -> set[date]:
    pairs = [
        (one.first_night, one.departure) if isinstance(one, OuterEvent) else (one.lower, one.upper)
        for one in spans
    ]
    return {first + timedelta(n) for first, after in pairs for n in range((after - first).days)}


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(told=steps, again=st.randoms(use_true_random=False))
def test_closed_are_the_nights_that_calendars_told_lately(settings, told, again):
    settings.SEARCH_HORIZON_DAYS = 60
    point = transaction.savepoint()
    try:
        unit = factories.a_lodging(now=NOW).units.get()
        feeds = [factories.a_feed(unit, URL.format(n)) for n in range(2)]
        closure = DateRange(TODAY + timedelta(20), TODAY + timedelta(22))
        Closure.objects.create(unit=unit, dates=closure, reason="x")
        search_table.refresh_runs([unit.pk], closure.lower, closure.upper)
        now, oracle = NOW, (Told(), Told())
        for place, table, gap, times, is_broken in told:
            for _time in range(times):
                now += gap
                seen = events_of(table, now)
                # The order in the file means nothing, nor does saying it twice.
                shuffled = [*seen, *seen]
                again.shuffle(shuffled)
                apply(feeds[place].pk, Answer(reading=Reading(tuple(shuffled))), now=now)
                oracle[place].reads(nights(seen), now=now)
            if is_broken:
                apply(feeds[place].pk, Answer(problem="cut_short"), now=now)
                oracle[place].fails()

            rows = Stay.objects.filter(unit=unit, state=Stay.State.BLOCKED)
            blocked = nights(list(rows.values_list("dates", flat=True)))
            today = day_of(now)
            assert {night for night in blocked if night >= today} == (
                oracle[0].closed(today) | oracle[1].closed(today)
            )
        assert search_table.find_drift(today=TODAY) == []
    finally:
        transaction.savepoint_rollback(point)
