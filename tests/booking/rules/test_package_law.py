"""Which services chosen together are a package (domain.md §2.2, vectors P1 to P12)."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules.kinds import kind_of
from booking.rules.package_law import (
    PackageLine,
    Trip,
    classify,
    is_package,
)

D = Decimal
WEEK = Trip(has_night=True, hours=D(160))


def a(value: str) -> PackageLine:
    return PackageLine("A", D(value))


def b(value: str = "300") -> PackageLine:
    return PackageLine("B", D(value))


def d(value: str, **fields: bool) -> PackageLine:
    return PackageLine("D", D(value), **fields)


VECTORS = {
    "P1 guided visit of a sixth": ([b(), d("60")], WEEK, False, "small_share"),
    "P2 a quarter exactly": ([b(), d("100")], WEEK, True, "share"),
    "P3 a cent less": ([b(), d("99.99")], WEEK, False, "small_share"),
    "P4 a coach ticket of five euros": ([b(), a("5")], WEEK, True, "two_types"),
    "P5 two activities": ([d("40"), d("60")], WEEK, False, "one_type"),
    "P6 breakfast and cleaning of the host": (
        [b(), d("40", intrinsic=True), d("60", intrinsic=True)],
        WEEK,
        False,
        "one_type",
    ),
    "P7 the festival is the reason": ([b(), d("60", essential=True)], WEEK, True, "essential"),
    "P8 a day out": ([a("10"), d("80")], Trip(False, D(9)), False, "short_trip"),
    "P9 two hosts": ([b(), b("280")], WEEK, False, "one_type"),
    "P9 two hosts and the luggage": ([b(), b("280"), a("12")], WEEK, True, "two_types"),
    "P10 electric bicycles": ([b(), d("120")], WEEK, True, "share"),
    "P11 bought after check-in": (
        [b(), d("150", bought_after_start=True)],
        WEEK,
        False,
        "one_type",
    ),
    "P12 childcare": ([b(), d("110")], WEEK, True, "share"),
}


@pytest.mark.parametrize("name", VECTORS)
def test_vector_of_the_law(name: str) -> None:
    lines, trip, expected, reason = VECTORS[name]

    verdict = classify(lines, trip)

    assert (verdict.is_package, verdict.reason) == (expected, reason)


def test_share_never_reads_as_the_quarter_that_is_not_reached() -> None:
    assert classify([b(), d("99.99")], WEEK).d_share == D("0.2499")
    assert classify([b(), d("100")], WEEK).d_share == D("0.2500")
    assert classify([], WEEK).d_share is None


@pytest.mark.parametrize(
    ("lines", "trip", "expected"),
    [
        ([b(), a("5")], Trip(True, D(100), b2b_framework=True), False),
        ([a("10"), d("80")], Trip(False, D("23.99")), False),
        ([a("10"), d("80")], Trip(False, D(24)), True),
        ([b("40"), d("60")], Trip(True, D(17)), True),
        ([d("40", sold_as_package=True)], WEEK, True),
        ([b(), PackageLine("", D(500))], WEEK, False),
        ([b(), d("60"), PackageLine("", D(500))], WEEK, False),
        ([b(), d("0")], WEEK, False),
        ([d("10", essential=True)], WEEK, False),
        ([], WEEK, False),
    ],
)
def test_borders_and_exclusions(lines: list[PackageLine], trip: Trip, *, expected: bool) -> None:
    assert is_package(lines, trip) is expected


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("lodging", "B"),
        ("shuttle", "A"),
        ("activity", "D"),
        ("workshop", "D"),
        ("event_ticket", "D"),
        ("meal", "D"),
        ("childcare", "D"),
        ("rental", "D"),
        ("composite", "D"),
        ("visit", "D"),
        ("registration", ""),
        ("produce", ""),
    ],
)
def test_each_kind_of_offer_has_its_type(kind: str, expected: str) -> None:
    assert kind_of(kind).travel_type == expected


cents = st.integers(0, 500_000).map(lambda amount: D(amount) / 100)
lines_of_any_kind = st.lists(
    st.builds(
        PackageLine,
        st.sampled_from(["A", "B", "C", "D", ""]),
        cents,
        intrinsic=st.booleans(),
        bought_after_start=st.booleans(),
        sold_as_package=st.sampled_from([False, False, False, True]),
        essential=st.sampled_from([False, False, True]),
    ),
    max_size=8,
)
trips = st.builds(Trip, st.booleans(), st.integers(0, 60).map(D), st.booleans())


@given(lines_of_any_kind, trips, st.randoms(use_true_random=False))
def test_order_of_lines_is_irrelevant(
    lines: list[PackageLine], trip: Trip, shuffler: random.Random
) -> None:
    shuffled = list(lines)
    shuffler.shuffle(shuffled)

    assert classify(shuffled, trip) == classify(lines, trip)


@given(st.integers(1, 200_000))
def test_threshold_is_exact_to_the_cent(other_cents: int) -> None:
    """The lodging worth three times the rest is the last that makes a package."""
    other = D(other_cents) / 100
    last = PackageLine("B", other * 3)
    dearer = PackageLine("B", other * 3 + D("0.01"))

    assert is_package([last, PackageLine("D", other)], WEEK)
    assert not is_package([dearer, PackageLine("D", other)], WEEK)


@given(lines_of_any_kind, trips)
def test_what_counts_for_nothing_changes_nothing(lines: list[PackageLine], trip: Trip) -> None:
    extra = [
        PackageLine("", D(900)),
        PackageLine("D", D(900), intrinsic=True),
        PackageLine("A", D(900), bought_after_start=True),
    ]

    assert classify([*lines, *extra], trip) == classify(lines, trip)


@given(lines_of_any_kind)
def test_excluded_trips_are_never_packages(lines: list[PackageLine]) -> None:
    assert not is_package(lines, Trip(has_night=False, hours=D("23.9")))
    assert not is_package(lines, Trip(has_night=True, hours=D(99), b2b_framework=True))


@given(lines_of_any_kind, trips)
def test_package_has_two_types_or_is_sold_as_one(lines: list[PackageLine], trip: Trip) -> None:
    verdict = classify(lines, trip)

    if verdict.is_package and verdict.reason != "sold_as_package":
        assert len(verdict.types) >= 2
        assert set(verdict.types) & {"A", "B", "C"}
    assert (verdict.reason in {"sold_as_package", "two_types", "share", "essential"}) is (
        verdict.is_package
    )
