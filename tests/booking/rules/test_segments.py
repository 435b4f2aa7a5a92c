"""What a segment means: seasons, parties, distances, bounds that cross (L03)."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules import segments as rules
from booking.rules.departments import PREFECTURES
from booking.rules.periods import ORDER
from booking.rules.segments import Segment, is_contrary, party_of, place_of, segment_from

days = st.dates(date(2015, 1, 1), date(2035, 1, 1)) | st.none()
counts = st.integers(0, rules.MOST_STAYS) | st.none()


def some(known) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(list(known)), unique=True, max_size=3).map(tuple)


segments = st.builds(
    Segment,
    seasons=some(ORDER),
    parties=some(rules.PARTIES),
    poles=some(["le-puy", "mezenc"]),
    kinds=some(["lodging", "meal"]),
    places=some(rules.PLACES),
    languages=some(["fr", "en", "de"]),
    last_since=days,
    last_until=days,
    stays_least=counts,
    stays_most=counts,
    second_homes=st.sampled_from(["", "with", "without"]),
)


@given(segments)
def test_what_is_kept_is_read_back(segment: Segment):
    kept = json.loads(json.dumps(segment.as_json()))
    assert segment_from(kept, poles=["le-puy", "mezenc"]) == segment


@pytest.mark.parametrize(
    "told",
    [
        {"seasons": ["monsoon"]},
        {"parties": ["army"]},
        {"places": ["moon"]},
        {"poles": ["paris"]},
        {"second_homes": "maybe"},
        {"stays_least": -1},
        {"stays_most": 10**6},
        {"last_since": "soon"},
        {"age": ["30"]},
    ],
)
def test_what_can_be_none_is_refused(told):
    with pytest.raises(ValueError, match=r"\w"):
        segment_from(told, poles=["mezenc"])


def test_seasons_are_months():
    assert Segment(seasons=("hiver",)).months == (1, 2, 3, 12)
    assert Segment(seasons=("ete", "printemps")).months == (4, 5, 6, 7, 8)
    assert Segment().months == ()


@pytest.mark.parametrize(
    ("adults", "children", "is_group", "party"),
    [
        (1, 0, False, "solo"),
        (2, 0, False, "couple"),
        (3, 0, False, "friends"),
        (2, 1, False, "family"),
        (1, 2, False, "family"),
        (8, 4, True, "group"),
        (0, 0, False, ""),
    ],
)
def test_parties(adults, children, is_group, party):
    assert party_of(adults, children, is_group=is_group) == party


@pytest.mark.parametrize(
    ("postal_code", "country", "place"),
    [
        ("43000", "", "near"),
        ("43 000", "FR", "near"),
        ("69003", "FR", "near"),
        ("63000", "FR", "near"),
        ("34000", "FR", "region"),
        ("44000", "FR", "farther"),
        ("75011", "FR", "far"),
        ("20200", "FR", "farther"),
        ("29200", "FR", "farther"),
        ("97400", "FR", "farther"),
        ("1050", "BE", "abroad"),
        ("", "DE", "abroad"),
        ("", "", ""),
        ("", "FR", ""),
        ("99999", "FR", ""),
        ("4300", "FR", ""),
        ("４３０００", "FR", ""),
        ("<b>", "", ""),
    ],
)
def test_how_far_people_live(postal_code, country, place):
    assert place_of(postal_code, country) == place


def test_distances_are_those_of_a_map():
    for code, km in (("69", 111), ("63", 103), ("75", 439), ("13", 229), ("67", 490)):
        found = rules.distance_km(rules.LE_PUY, PREFECTURES[code])
        assert abs(found - km) < 15, (code, found)


def test_every_department_is_in_one_band():
    by_band = [set(rules.departments_in([one])) for one in rules.BANDS]
    assert sum(map(len, by_band)) == len(PREFECTURES) + 2
    assert set.union(*by_band) >= set(PREFECTURES)
    assert len(PREFECTURES) == 95


def test_bounds_that_cross_are_nobody():
    assert is_contrary(Segment(stays_least=3, stays_most=2))
    assert is_contrary(Segment(last_since=date(2027, 2, 1), last_until=date(2027, 1, 1)))
    assert not is_contrary(Segment(stays_least=2, stays_most=2))
    assert not is_contrary(Segment())


def test_only_guests_are_meant_by_what_guests_did():
    assert not Segment().asks_of_guests
    assert not Segment(languages=("fr",), second_homes="without").asks_of_guests
    for one in (
        Segment(seasons=("ete",)),
        Segment(stays_most=0),
        Segment(places=("near",)),
        Segment(second_homes="with"),
        Segment(last_since=date(2027, 1, 1)),
    ):
        assert one.asks_of_guests
