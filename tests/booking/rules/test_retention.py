"""The rate of return: known tables, and what holds for whatever stays there were."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules.retention import (
    ALL,
    COUPLE,
    FAMILY,
    FEWEST,
    GROUP,
    KINDS,
    LANGUAGE,
    MISSED,
    OPEN,
    OTHER_PARTY,
    PARTY,
    POLE,
    REACHED,
    SECOND_HOME,
    WITH_CHILDREN,
    Cell,
    CountedStay,
    Rate,
    party_of,
    rates,
    tally,
    wilson,
)

stays = st.lists(
    st.builds(
        CountedStay,
        household=st.none() | st.integers(1, 12),
        year=st.integers(2023, 2027),
        kind=st.sampled_from(KINDS),
        poles=st.sets(st.sampled_from(["puy", "mezenc", "loire"])).map(tuple),
        language=st.sampled_from(["", "fr", "en"]),
        adults=st.integers(0, 4),
        children=st.integers(0, 2),
    ),
    max_size=60,
)


def of(rows: list[CountedStay], until: int = 2027) -> dict[Cell, Rate]:
    return rates(tally(rows), until=until)


def test_a_table_that_is_known():
    """Twenty families in 2026, fifteen of whom came in 2027: three quarters, not one more."""
    rows = [CountedStay(one, 2026, FAMILY) for one in range(20)]
    rows += [CountedStay(one, 2027, FAMILY) for one in range(15)]
    # New ones, and a second stay of the same year, change nothing.
    rows += [CountedStay(one, 2027, FAMILY) for one in (*range(100, 130), 3)]
    rate = of(rows)[Cell(2027, FAMILY)]
    assert (rate.back, rate.households, rate.share) == (15, 20, Fraction(3, 4))
    assert (rate.percent, rate.low, rate.high) == (75, 53, 89)
    assert rate.coverage == 100
    assert Cell(2026, FAMILY) not in of(rows)


def test_a_year_left_out_is_no_return():
    rows = [CountedStay(one, year, FAMILY) for one in range(6) for year in (2024, 2026)]
    assert of(rows)[Cell(2025, FAMILY)].back == 0
    assert of(rows)[Cell(2027, FAMILY)].back == 0
    assert Cell(2026, FAMILY) not in of(rows)


def test_second_homes_and_groups_are_apart_and_come_back_whatever_for():
    rows = [CountedStay(one, 2026, FAMILY) for one in range(6)]
    rows += [CountedStay(one, 2026, SECOND_HOME) for one in range(10, 16)]
    rows += [CountedStay(one, 2026, GROUP) for one in range(20, 26)]
    # A family that comes back as a group has come back; it isn't a group of the year before.
    rows += [CountedStay(0, 2027, GROUP), CountedStay(10, 2027, SECOND_HOME)]
    found = of(rows)
    assert [found[Cell(2027, kind)].back for kind in KINDS] == [1, 1, 0]
    assert [found[Cell(2027, kind)].households for kind in KINDS] == [6, 6, 6]


def test_unknown_households_are_in_coverage_alone():
    rows = [CountedStay(one, 2026, FAMILY) for one in range(6)]
    rows += [CountedStay(None, 2026, FAMILY)] * 3 + [CountedStay(None, 2027, FAMILY)] * 3
    rate = of(rows)[Cell(2027, FAMILY)]
    assert (rate.households, rate.back) == (6, 0)
    assert (rate.known, rate.stays, rate.coverage) == (6, 12, 50)


def test_two_poles_count_in_both_and_the_other_one_is_a_return():
    rows = [CountedStay(one, 2026, FAMILY, poles=("puy", "mezenc")) for one in range(6)]
    rows += [CountedStay(one, 2027, FAMILY, poles=("puy",)) for one in range(3)]
    found = of(rows)
    for pole in ("puy", "mezenc"):
        rate = found[Cell(2027, FAMILY, POLE, pole)]
        assert (rate.households, rate.back) == (6, 3)


def test_few_households_are_no_rate():
    rows = [CountedStay(one, 2026, FAMILY) for one in range(FEWEST - 1)]
    rate = of(rows)[Cell(2027, FAMILY)]
    assert rate.is_few
    assert (rate.share, rate.percent, rate.low, rate.high) == (None, None, None, None)
    assert rate.standing(75) is None


@pytest.mark.parametrize(
    ("adults", "children", "party"),
    [
        (2, 2, WITH_CHILDREN),
        (1, 1, WITH_CHILDREN),
        (2, 0, COUPLE),
        (1, 0, OTHER_PARTY),
        (5, 0, OTHER_PARTY),
        (0, 0, ""),
    ],
)
def test_parties(adults: int, children: int, party: str):
    assert party_of(adults, children) == party


# R. G. Newcombe, « Two-sided confidence intervals for the single proportion », Statistics in
# Medicine 17 (1998), table I, third method.
@pytest.mark.parametrize(
    ("successes", "count", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_intervals_of_the_literature(successes: int, count: int, low: float, high: float):
    found = wilson(successes, count)
    assert found == pytest.approx((low, high), abs=5e-5)
    mirrored = wilson(count - successes, count)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=5e-5)


@pytest.mark.parametrize(
    ("back", "households", "standing"),
    [(95, 100, REACHED), (75, 100, OPEN), (60, 100, MISSED), (6, 6, OPEN), (0, 6, MISSED)],
)
def test_a_target_is_reached_when_the_interval_says_so(back: int, households: int, standing: str):
    assert Rate(households, back, households, households).standing(75) == standing


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_its_share(pair: tuple[int, int]):
    back, count = pair
    low, high = wilson(back, count)
    assert 0 <= low <= back / count <= high <= 1
    assert low < high


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_ten_times_as_many_are_surer(pair: tuple[int, int]):
    back, count = pair
    low, high = wilson(back, count)
    sure_low, sure_high = wilson(10 * back, 10 * count)
    assert sure_high - sure_low < high - low


@given(stays)
def test_what_holds_of_every_rate(rows: list[CountedStay]):
    for cell, rate in of(rows).items():
        assert 0 <= rate.back <= rate.households <= rate.known <= rate.stays, cell
        whole = of(rows)[Cell(cell.year, cell.kind)]
        assert rate.households <= whole.households
        assert rate.back <= whole.back


@given(stays)
def test_the_formula_said_in_sets(rows: list[CountedStay]):
    found = of(rows)
    for year in range(2024, 2028):
        for kind in KINDS:
            before = {
                one.household
                for one in rows
                if one.year == year - 1 and one.kind == kind and one.household is not None
            }
            both = before & {one.household for one in rows if one.year == year}
            rate = found.get(Cell(year, kind), Rate(0, 0, 0, 0))
            assert (rate.households, rate.back) == (len(before), len(both))


@given(stays, st.randoms())
def test_order_and_repetition_of_stays_change_no_rate(rows: list[CountedStay], random):
    shuffled = [*rows, *rows]
    random.shuffle(shuffled)
    again = of(shuffled)
    for cell, rate in of(rows).items():
        assert (again[cell].households, again[cell].back) == (rate.households, rate.back)
        assert again[cell].coverage == rate.coverage


@given(stays)
def test_every_stay_is_in_one_kind_and_in_all(rows: list[CountedStay]):
    counted = tally(rows)
    assert sum(one.stays for cell, one in counted.items() if cell.dimension == ALL) == len(rows)
    for dimension in (LANGUAGE, PARTY):
        told = sum(one.stays for cell, one in counted.items() if cell.dimension == dimension)
        assert told <= len(rows)
