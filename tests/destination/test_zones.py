"""A part of the map in an address: what is read is what was written, nonsense is nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination.zones import Zone, read_zone


@given(text=st.text(max_size=80) | st.from_regex(r"[-0-9.,einfa+ _]{0,60}", fullmatch=True))
def test_whatever_is_typed_is_a_zone_of_the_earth_or_nothing(text: str):
    zone = read_zone(text)

    if zone is not None:
        assert -90 <= zone.south < zone.north <= 90
        assert -180 <= zone.west < zone.east <= 180
        assert read_zone(str(zone)) == zone


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "abc",
            "1,2,3",
            "1,2,3,4,5",
            "nan,3,45,4",
            "44,-inf,45,inf",
            "44,3,91,4",
            "44,3,45,181",
        ),
        # The wrong way round; without an inside.
        *("45,3,44,4", "44,4,45,3", "44.9,3.9,44.9,4.1", "44.9001,3.9,44.9002,4.1"),
    ],
)
def test_nonsense_is_nothing(text: str):
    assert read_zone(text) is None


def test_a_zone_holds_its_edges():
    zone = read_zone("44.800,3.900,45.100,4.200")

    assert zone == Zone(44.8, 3.9, 45.1, 4.2)
    assert zone.holds(44.8, 4.2)
    assert not zone.holds(44.799, 4.0)
    assert zone.ring[0] == (3.9, 44.8)
