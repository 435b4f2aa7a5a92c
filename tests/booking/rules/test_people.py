"""Who fits in a unit and who may come to an activity (features.md A02, D03)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules.people import Guest, Occupancy, Problem, check_ages, check_occupancy
from tests.booking.rules.strategies import bounded, guests, party

GITE = Occupancy(max_adults=4, max_children=2, max_guests=5, max_infants=1)


@pytest.mark.parametrize(("age", "is_adult"), [(None, True), (18, True), (17, False), (0, False)])
def test_guest_is_adult_from_eighteen(age: int | None, is_adult: bool) -> None:
    assert Guest(age).is_adult is is_adult


@pytest.mark.parametrize(
    ("adults", "ages", "problems"),
    [
        (2, (5, 10), []),
        (4, (5,), []),
        (2, (5, 10, 1), []),
        (1, (17, 12), []),
        (0, (5,), [("no_adult", 4, 0)]),
        (0, (), [("no_adult", 4, 0)]),
        (5, (), [("too_many_adults", 4, 5)]),
        (1, (5, 6, 7), [("too_many_children", 2, 3)]),
        (4, (5, 10), [("too_many_guests", 5, 6)]),
        (2, (5, 1, 1), []),
        (2, (5, 10, 2), [("too_many_children", 2, 3)]),
        (2, (5, 1, 1, 0), [("too_many_children", 2, 3)]),
        (
            5,
            (3, 4, 5),
            [("too_many_adults", 4, 5), ("too_many_children", 2, 3), ("too_many_guests", 5, 8)],
        ),
        (
            0,
            (3,) * 99,
            [("no_adult", 4, 0), ("too_many_children", 2, 99), ("too_many_guests", 5, 99)],
        ),
    ],
)
def test_check_occupancy_names_every_limit_passed(
    adults: int, ages: tuple[int, ...], problems: list[tuple[str, int, int]]
) -> None:
    found = check_occupancy(GITE, party(adults, ages))

    assert found == [Problem(code, {"max": most, "asked": asked}) for code, most, asked in problems]


def test_infants_without_a_cot_take_a_guest_place() -> None:
    no_cot = Occupancy(max_adults=2, max_children=1, max_guests=2, max_infants=0)

    assert [problem.code for problem in check_occupancy(no_cot, party(2, (1,)))] == [
        "too_many_guests"
    ]


@pytest.mark.parametrize(
    ("min_age", "max_age", "ages", "refused"),
    [
        (None, None, [None, 0, 99], []),
        (8, 12, [8, 12], []),
        (8, 12, [5, 7, 8, 12, 13], [5, 7, 13]),
        (8, 12, [None, 10], [None]),
        (None, 17, [None, 17, 18], [None, 18]),
        (None, 18, [None, 18], []),
        (18, None, [None, 17, 18], [17]),
        (21, None, [None, 20, 21], [None, 20]),
        (60, 99, [59, 60, 99, 100], [59, 100]),
    ],
)
def test_check_ages_lists_each_age_outside(
    min_age: int | None, max_age: int | None, ages: list[int | None], refused: list[int | None]
) -> None:
    expected = [Problem("age_mismatch", {"ages": refused, "min": min_age, "max": max_age})]

    assert check_ages(min_age, max_age, map(Guest, ages)) == (expected if refused else [])


@bounded
@given(guests, st.integers(0, 4), st.integers(0, 4), st.integers(0, 6), st.integers(0, 3))
def test_a_party_that_fits_still_fits_with_more_room(
    party: list[Guest], adults: int, children: int, total: int, cots: int
) -> None:
    small = Occupancy(adults, children, total, cots)
    larger = Occupancy(adults + 1, children + 1, total + 2, cots + 1)

    before = {problem.code for problem in check_occupancy(small, party)}
    after = {problem.code for problem in check_occupancy(larger, party)}

    assert after <= before
    assert ("no_adult" in after) == (not any(guest.is_adult for guest in party))
