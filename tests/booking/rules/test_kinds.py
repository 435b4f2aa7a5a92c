"""What each kind of offer uses up and refuses, on plain values."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules.kinds import BY_CODE, KINDS, PLACES, Asked, Facts, Permit
from booking.rules.kinds.childcare import (
    CHILDCARE,
    CHILDREN,
    FORTIETH,
    UNITS_OF_CARER,
    children_by_default,
    is_stricter,
    ratio_of,
    units_of,
    weigh,
)
from booking.rules.kinds.composite import COMPOSITE
from booking.rules.kinds.registration import REGISTRATION
from booking.rules.kinds.rental import RENTAL
from booking.rules.kinds.shuttle import SHUTTLE
from booking.rules.people import Guest

DAY = date(2027, 7, 12)
TODAY = date(2027, 4, 6)
PERMIT = Permit("ACM-43-1", date(2027, 7, 31))
CARE = Facts(min_age=2, max_age=12, permit=PERMIT)


def guests(*ages: int | None) -> tuple[Guest, ...]:
    return tuple(Guest(age) for age in ages)


def codes(problems: list) -> list[str]:
    return [one.code for one in problems]


def test_codes_are_known_once() -> None:
    assert len(BY_CODE) == len(KINDS)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_every_kind_says_where_it_stands_in_the_law_and_what_the_office_counts(kind) -> None:
    assert kind.travel_type in {"A", "B", "C", "D", ""}
    assert kind.units_per_entry >= 1
    assert kind.label
    assert kind.plural
    assert kind.icon
    assert kind.capacity_label


# --- Childcare (core.md 5, features.md N05) -----------------------------------------------------
@pytest.mark.parametrize(
    ("ages", "units"),
    [((5,), 8), ((6,), 5), ((0,), 8), ((5, 10), 13), ((5,) * 5, 40), ((6,) * 8, 40), ((), 0)],
)
def test_a_child_takes_units_by_its_age(ages, units) -> None:
    assert CHILDCARE.needs(Asked(guests=guests(*ages))) == {PLACES: units * FORTIETH}


@pytest.mark.parametrize(
    ("free", "ages", "left"),
    [(40, (5,), 5), (40, (6,), 8), (7, (5,), 0), (7, (6,), 1), (13, (5, 10), 1), (-3, (6,), 0)],
)
def test_what_is_left_is_counted_in_children_of_the_youngest_age(free, ages, left) -> None:
    assert CHILDCARE.places_left(free * FORTIETH, guests(*ages)) == left


@given(st.lists(st.integers(2, 12), max_size=12))
def test_five_small_or_eight_big_ones_fit_one_carer(ages) -> None:
    needs = CHILDCARE.needs(Asked(guests=guests(*ages)))[PLACES]
    small = sum(age < 6 for age in ages)
    assert (needs <= UNITS_OF_CARER) == (small / 5 + (len(ages) - small) / 8 <= 1)
    assert needs == sum(units_of(Guest(age)) for age in ages)


@pytest.mark.parametrize(
    ("ages", "expected"),
    [
        ((5, 10), []),
        ((None,), ["only_children"]),
        ((10, 40), ["only_children"]),
        ((1,), ["age_mismatch"]),
        ((13,), ["age_mismatch"]),
        ((), ["nobody"]),
    ],
)
def test_childcare_is_for_the_children_that_it_covers(ages, expected) -> None:
    assert codes(CHILDCARE.check_party(CARE, Asked(guests=guests(*ages)))) == expected


@pytest.mark.parametrize(
    ("day", "facts", "expected"),
    [
        (date(2027, 7, 31), CARE, []),
        (date(2027, 8, 1), CARE, ["permit_expired"]),
        (DAY, replace(CARE, permit=None), ["permit_expired"]),
    ],
)
def test_nothing_is_sold_past_the_authorisation(day, facts, expected) -> None:
    assert codes(CHILDCARE.check_day(facts, day)) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (CARE, []),
        (replace(CARE, permit=None), ["permit_missing"]),
        (replace(CARE, permit=Permit("", DAY)), ["permit_missing"]),
        (replace(CARE, permit=Permit("x", date(2027, 4, 5))), ["permit_expired"]),
        (replace(CARE, max_age=None), ["ages_of_care_missing"]),
    ],
)
def test_childcare_lacks_before_publication(facts, expected) -> None:
    assert codes(CHILDCARE.check_offer(facts, TODAY)) == expected


@pytest.mark.parametrize(("minutes", "expected"), [(300, []), (301, ["care_too_long"])])
def test_five_hours_at_most_at_a_stretch(minutes, expected) -> None:
    assert codes(CHILDCARE.check_slot(CARE, DAY, minutes)) == expected


def test_how_long_is_for_the_office_to_say() -> None:
    assert codes(CHILDCARE.check_slot(replace(CARE, longest_hours=3), DAY, 181)) == [
        "care_too_long"
    ]


@given(
    st.sampled_from(CHILDREN),
    st.sampled_from(CHILDREN),
    st.lists(st.integers(2, 12), max_size=40),
    st.integers(1, 4),
)
def test_own_ratio_is_kept_to_the_child_in_any_mixture(below, from_six, ages, carers) -> None:
    own = CHILDCARE.with_children(below, from_six)
    needs = own.needs(Asked(guests=guests(*ages)))[PLACES]
    small = sum(age < 6 for age in ages)
    share = Fraction(small, below) + Fraction(len(ages) - small, from_six)
    assert (needs <= carers * UNITS_OF_CARER) == (share <= carers)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 5))
def test_no_weight_ever_allows_more_than_its_ratio(below, from_six, carers) -> None:
    ratio = ratio_of(below, from_six)
    assert carers * UNITS_OF_CARER // ratio.below_six <= carers * below
    assert carers * UNITS_OF_CARER // ratio.from_six <= carers * from_six


def test_one_own_number_leaves_the_other_as_everywhere() -> None:
    assert children_by_default() == (5, 8)
    own = CHILDCARE.with_children(None, 12)
    assert own.places_left(UNITS_OF_CARER, guests(5)) == 5
    assert own.places_left(UNITS_OF_CARER, guests(6)) == 12
    assert own.places_left(UNITS_OF_CARER, ()) == 5
    # Bigger children may be fewer: nobody asked for is counted as those who take most.
    assert CHILDCARE.with_children(8, 3).places_left(UNITS_OF_CARER, ()) == 3
    assert CHILDCARE.with_children(None, None) is CHILDCARE


def test_fewer_of_either_age_is_stricter() -> None:
    usual = ratio_of(None, None)
    assert not is_stricter(ratio_of(5, 8), usual)
    assert not is_stricter(ratio_of(6, 12), usual)
    assert is_stricter(ratio_of(4, 12), usual)
    assert is_stricter(ratio_of(6, 7), usual)


@pytest.fixture
def _usual_ratio():
    yield
    weigh(8, 5)


@pytest.mark.usefixtures("_usual_ratio")
def test_the_ratio_is_for_the_office_to_say() -> None:
    weigh(10, 8)
    assert CHILDCARE.needs(Asked(guests=guests(5, 10))) == {PLACES: 18 * FORTIETH}
    assert CHILDCARE.places_left(UNITS_OF_CARER, guests(5)) == 4

    for wrong in ((0, 5), (8, 41), (-1, 5)):
        with pytest.raises(ValueError, match="units of a carer"):
            weigh(*wrong)
    assert CHILDCARE.needs(Asked(guests=guests(5))) == {PLACES: 10 * FORTIETH}


# --- Shuttle (features.md N04) --------------------------------------------------------------------
def test_everybody_has_a_seat_and_bicycles_and_bags_are_counted_apart() -> None:
    asked = Asked(guests=guests(None, 0, 5), extras={"bike": 1, "luggage": 2, "meal": 3})
    assert SHUTTLE.needs(asked) == {PLACES: 3, "bike": 1, "luggage": 2}


@pytest.mark.parametrize(
    ("extras", "expected"),
    [
        ({"bike": 1}, []),
        ({"bike": 2}, ["too_many_bikes"]),
        ({"luggage": 2}, []),
        ({"luggage": 3}, ["too_many_bags"]),
        ({"bike": 2, "luggage": 3}, ["too_many_bikes", "too_many_bags"]),
    ],
)
def test_one_bicycle_and_two_bags_each(extras, expected) -> None:
    asked = Asked(guests=guests(None), extras=extras)
    assert codes(SHUTTLE.check_party(Facts(), asked)) == expected


# --- Workshop in steps (features.md N21) --------------------------------------------------------
def test_places_of_children_are_counted_beside() -> None:
    assert COMPOSITE.needs(Asked(guests=guests(None, 10, 17))) == {PLACES: 3, "child": 2}
    assert COMPOSITE.needs(Asked(guests=guests(None))) == {PLACES: 1}


@pytest.mark.parametrize(("month", "is_in"), [(9, True), (11, True), (8, False), (12, False)])
def test_a_workshop_in_steps_has_its_season(month, is_in) -> None:
    facts = Facts(season_months=frozenset({9, 10, 11}))
    assert (COMPOSITE.check_day(facts, date(2027, month, 5)) == []) is is_in


@pytest.mark.parametrize(
    ("minutes", "plans", "expected"),
    [
        ((90, 60), (True, False), []),
        ((90,), (True,), ["steps_missing"]),
        ((90, 60), (False, False), ["plan_b_missing"]),
        ((), (), ["steps_missing", "plan_b_missing"]),
    ],
)
def test_steps_and_a_plan_b_are_decided_beforehand(minutes, plans, expected) -> None:
    facts = Facts(step_minutes=minutes, step_plans=plans)
    assert codes(COMPOSITE.check_offer(facts, TODAY)) == expected


# --- What the rest of the site asks a kind ---
def test_flags_are_of_the_kinds_that_have_them() -> None:
    def having(name: str) -> list[str]:
        return [kind.code for kind in KINDS if getattr(kind, name)]

    assert having("may_be_intrinsic") == ["meal"]
    assert having("minds_children") == ["childcare"]
    assert {kind.code: kind.bead for kind in KINDS if kind.bead != "do"} == {
        "lodging": "stay",
        "event_ticket": "event",
    }


# --- Rental, registration ------------------------------------------------------------------------
def test_a_rental_names_its_deposit_were_it_none() -> None:
    assert codes(RENTAL.check_offer(Facts(), TODAY)) == ["deposit_missing"]
    assert RENTAL.check_offer(Facts(has_deposit=True), TODAY) == []


def test_a_free_activity_has_no_price() -> None:
    assert codes(REGISTRATION.check_offer(Facts(band_cents=(0, 100)), TODAY)) == ["must_be_free"]
    assert REGISTRATION.check_offer(Facts(band_cents=(0, 0)), TODAY) == []
