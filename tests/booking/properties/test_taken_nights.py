"""A sale shortens the runs of free nights: the table then says what a whole reading would."""

from __future__ import annotations

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from booking import search_table
from tests.booking.properties.test_free_means_sellable import (
    Calendar,
    Nights,
    build,
    calendars,
    spans,
    take,
)
from tests.cast import TODAY

pytestmark = pytest.mark.django_db


@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(one=calendars, sales=st.lists(spans, min_size=1, max_size=4, unique=True))
def test_table_after_sales_is_the_truth(settings, one, sales):
    settings.SEARCH_HORIZON_DAYS = 45
    point = transaction.savepoint()
    try:
        unit = build(one).units.get()
        for nights in sales:
            if take(unit, nights, state="blocked"):
                search_table.take_nights(unit.pk, *nights.dates)
        assert search_table.find_drift(today=TODAY) == []
    finally:
        transaction.savepoint_rollback(point)


def test_longest_run_ends_at_the_sale(settings):
    settings.SEARCH_HORIZON_DAYS, settings.LONGEST_STAY_NIGHTS = 45, 5
    unit = build(Calendar(1, None, False, [], [], [], [])).units.get()
    nights = Nights(20, 2)
    assert take(unit, nights, state="blocked")

    search_table.take_nights(unit.pk, *nights.dates)

    assert search_table.find_drift(today=TODAY) == []
