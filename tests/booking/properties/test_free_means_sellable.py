"""What the search shows as free can be added, and what it hides can't, whatever the calendar.

Random calendars of one gîte: stays sold elsewhere, closures, holds that live or have lapsed, rules
of stay, holes that are filled or not. Table, list, calendar, count on the chips and basket must
say the same of any nights.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from booking import search_table
from booking.availability import StaySearch, search_stays, stay_choices
from booking.basket import add_to_basket
from booking.facets import Facets
from booking.models import Closure, Offer, Stay, Unit
from booking.refusals import Refusal
from booking.stay_calendar import stay_calendar
from booking.wishes import LineRequest
from tests import factories
from tests.cast import NOW, TODAY

pytestmark = pytest.mark.django_db
FIRST = date(2027, 4, 12)
SPAN = 24
KINDS = (
    "min_stay_arrival",
    "min_stay_through",
    "max_stay",
    "closed_to_arrival",
    "closed_to_departure",
)


@dataclass(frozen=True)
class Nights:
    """Some nights, as days from the first one."""

    start: int
    length: int

    @property
    def dates(self) -> tuple[date, date]:
        arrival = FIRST + timedelta(days=self.start)
        return arrival, arrival + timedelta(days=self.length)


spans = st.builds(Nights, st.integers(0, SPAN - 1), st.integers(1, 6))
restrictions = st.tuples(
    st.sampled_from(KINDS), spans, st.sampled_from([-1, -1, 5, 0]), st.integers(1, 6)
)


@dataclass(frozen=True)
class Calendar:
    """A random calendar of one gîte."""

    min_stay: int
    max_stay: int | None
    fills_gaps: bool
    blocked: list[Nights]
    closed: list[Nights]
    held: list[tuple[Nights, bool]]
    rules: list[tuple[str, Nights, int, int]]
    # What its unit asks after each stay; what was taken before may have had another number.
    preparation: int = 0


calendars = st.builds(
    Calendar,
    min_stay=st.integers(1, 5),
    max_stay=st.sampled_from([None, None, 6]),
    fills_gaps=st.booleans(),
    blocked=st.lists(spans, max_size=5),
    closed=st.lists(spans, max_size=2),
    held=st.lists(st.tuples(spans, st.booleans()), max_size=2),
    rules=st.lists(restrictions, max_size=3),
    preparation=st.sampled_from([0, 0, 1, 2, 3]),
)


def build(one: Calendar) -> Offer:
    """Write the calendar, each sale through the same upkeep of the table as in life."""
    offer = factories.a_lodging(min_stay=one.min_stay)
    tariff = offer.tariffs.get()
    tariff.max_stay, tariff.fills_gaps = one.max_stay, one.fills_gaps
    tariff.save()
    for kind, nights, weekday, value in one.rules:
        factories.a_restriction(offer, kind, *nights.dates, weekday=weekday, value=value)
    unit = offer.units.get()
    unit.preparation_nights = one.preparation
    unit.save()
    search_table.rebuild_units([unit.pk], today=TODAY)
    for nights in one.blocked:
        if take(unit, nights, state="blocked"):
            search_table.refresh_runs([unit.pk], *nights.dates)
    for nights in one.closed:
        Closure.objects.create(unit=unit, dates=nights.dates, reason="Travaux")
        search_table.refresh_runs([unit.pk], *nights.dates)
    for nights, lives in one.held:
        until = NOW + timedelta(minutes=5 if lives else -5)
        take(unit, nights, state="held", expires_at=until)
    return offer


def take(unit: Unit, nights: Nights, **fields: object) -> bool:
    """Take nights if nobody has them."""
    try:
        with transaction.atomic():
            had = (nights.start + nights.length) % 3 if unit.preparation_nights else 0
            Stay.objects.create(unit=unit, dates=nights.dates, preparation=had, **fields)
    except IntegrityError:
        return False
    return True


def can_add(offer: Offer, unit: Unit, arrival: date, departure: date) -> bool:
    """Try, and leave nothing."""
    point = transaction.savepoint()
    request = LineRequest(
        offer_id=offer.pk, unit_id=unit.pk, arrival=arrival, departure=departure, ages=(None, None)
    )
    try:
        add_to_basket(factories.a_basket(), request, now=NOW)
    except Refusal:
        return False
    finally:
        transaction.savepoint_rollback(point)
    return True


@settings(
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(one=calendars, asked=st.lists(spans, min_size=3, max_size=5, unique=True))
def test_what_is_shown_can_be_added_and_what_is_hidden_cannot(settings, one, asked):
    settings.SEARCH_HORIZON_DAYS = 45
    point = transaction.savepoint()
    try:
        offer = build(one)
        unit = offer.units.get()
        assert search_table.find_drift(today=TODAY) == []
        # The nights between any two occupations are asked for too.
        ends = sorted({nights.dates[1] for nights in [*one.blocked, *one.closed]})
        starts = sorted({nights.dates[0] for nights in [*one.blocked, *one.closed]})
        holes = [(end, start) for end in ends for start in starts if 0 < (start - end).days <= 6]
        for arrival, departure in [*(nights.dates for nights in asked), *holes[:4]]:
            criteria = StaySearch(arrival, departure, adults=2)
            found = search_stays(criteria, now=NOW)
            is_shown = bool(found.results)
            [choice] = stay_choices(
                offer, arrival=arrival, departure=departure, guests=criteria.guests, now=NOW
            )
            expected = can_add(offer, unit, arrival, departure)
            told = (is_shown, choice.is_free, Facets(found.sieved).total == 1)
            assert told == (expected,) * 3, (arrival, departure)
            if expected:
                month = stay_calendar(offer, year=arrival.year, month=arrival.month, now=NOW)
                days = {day.day: day for week in month.weeks for day in week if day}
                assert days[arrival].can_arrive
    finally:
        transaction.savepoint_rollback(point)
