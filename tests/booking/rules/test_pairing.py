"""Whether a moment fits into hours of childcare, with the way there and back (features.md N05)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules.composing import BUFFER_MINUTES, minutes_between
from booking.rules.pairing import Fit, Hours, are_together, fit_of, way_between
from oti.lib.dates import PARIS
from tests.booking.rules.strategies import bounded

LES_ESTABLES = (44.902, 4.157)
LE_PUY = (45.043, 3.885)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 7, 11, hour, minute, tzinfo=PARIS)


CARE = Hours(at(19), at(22, 30), LES_ESTABLES)


def test_a_dinner_beside_the_carer_is_within_its_hours() -> None:
    dinner = Hours(at(19, 30), at(22), LES_ESTABLES)

    assert fit_of(CARE, dinner) == Fit(0, 0, 0)


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "before", "after"),
    [
        (at(19), at(22, 30), 0, 0),
        (at(18, 45), at(22), 15, 0),
        (at(20), at(22, 31), 0, 1),
        (at(18), at(23), 60, 30),
    ],
)
def test_in_one_place_every_minute_of_the_carer_counts(starts_at, ends_at, before, after) -> None:
    fit = fit_of(CARE, Hours(starts_at, ends_at, LES_ESTABLES))

    assert (fit.lacking_before, fit.lacking_after) == (before, after)
    assert fit.is_enough is (not before and not after)


def test_what_lacks_of_the_way_is_told_on_both_sides() -> None:
    way = minutes_between(LES_ESTABLES, LE_PUY) + BUFFER_MINUTES
    dinner = Hours(at(19, 30), at(22), LE_PUY)

    assert fit_of(CARE, dinner) == Fit(way, way - 30, way - 30)


def test_a_place_that_nobody_knows_asks_for_no_way() -> None:
    assert way_between(CARE, Hours(at(20), at(21))) == 0


def test_the_hour_that_the_clock_repeats_passes_twice() -> None:
    care = Hours(
        datetime(2026, 10, 25, 1, tzinfo=PARIS), datetime(2026, 10, 25, 4, tzinfo=PARIS), None
    )
    # 02:30 for the second time: two hours and a half after one o'clock.
    late = datetime(2026, 10, 25, 2, 30, tzinfo=PARIS, fold=1)

    assert fit_of(care, Hours(late, late + timedelta(minutes=90))).is_enough
    assert fit_of(care, Hours(late, late.astimezone(UTC) + timedelta(minutes=91))) == Fit(0, 0, 1)


def test_hours_without_a_zone_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="time zone"):
        fit_of(CARE, Hours(at(19).replace(tzinfo=None), at(22)))


minutes = st.integers(0, 600)
places = st.sampled_from((None, LES_ESTABLES, LE_PUY, (45.341, 3.7)))


@st.composite
def hours(draw: st.DrawFn) -> Hours:
    starts_at = datetime(2026, 10, 24, 20, tzinfo=UTC) + timedelta(minutes=draw(minutes))
    length = timedelta(minutes=draw(st.integers(1, 300)))
    return Hours(starts_at.astimezone(PARIS), (starts_at + length).astimezone(PARIS), draw(places))


@bounded
@given(hours(), hours())
def test_enough_is_a_carer_who_is_there_from_the_drop_off_to_the_pick_up(care, moment) -> None:
    fit = fit_of(care, moment)
    way = timedelta(minutes=fit.minutes)
    leaves, comes_back = (
        moment.starts_at.astimezone(UTC) - way,
        moment.ends_at.astimezone(UTC) + way,
    )

    assert fit.is_enough == (
        care.starts_at.astimezone(UTC) <= leaves and comes_back <= care.ends_at.astimezone(UTC)
    )
    # What lacks is exactly what lacks: with it, it is enough.
    longer = Hours(
        care.starts_at.astimezone(UTC) - timedelta(minutes=fit.lacking_before),
        care.ends_at.astimezone(UTC) + timedelta(minutes=fit.lacking_after),
        care.position,
    )
    assert fit_of(longer, moment).is_enough
    assert fit.minutes == way_between(moment, care)


@bounded
@given(hours(), hours())
def test_what_is_enough_is_at_the_same_time(care, moment) -> None:
    assert are_together(care, moment) == are_together(moment, care)
    if fit_of(care, moment).is_enough:
        assert are_together(care, moment)
