"""The signs of a drawn map: whatever stands there, none touches another and none is lost."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination.map_box import SIGN, Pin, map_box
from destination.map_signs import BEAD, TOP, Rect, Sign, Spot, outline_of_sign, place_signs
from tests.cast import TODAY

FRAME = Rect(0, 0, 900, 1100)
SPOTS = st.lists(
    st.builds(
        Spot,
        x=st.floats(0, 900).map(lambda one: round(one, 1)),
        y=st.floats(0, 1100).map(lambda one: round(one, 1)),
        half=st.sampled_from([0, 42, 60, 79]),
    ),
    max_size=40,
)


def half_of(sign: Sign, spots: list[Spot]) -> float:
    return spots[sign.members[0]].half if len(sign.members) == 1 else 0


@given(spots=SPOTS, scale=st.sampled_from([0.4, 0.7, 1.0]))
def test_no_sign_touches_another_and_each_pin_is_in_one(spots: list[Spot], scale: float):
    signs = place_signs(tuple(spots), scale=scale, frame=FRAME)

    assert sorted(number for one in signs for number in one.members) == list(range(len(spots)))
    covered = [one.rects(half_of(one, spots), scale) for one in signs]
    for first, second in combinations(covered, 2):
        assert not any(one.meets(other) for one in first for other in second)


def test_sums_side_by_side_are_both_shown():
    signs = place_signs((Spot(400, 500, 79), Spot(440, 500, 79)), scale=1, frame=FRAME)

    assert [one.members for one in signs] == [(0,), (1,)]
    assert [(one.shift, one.side) for one in signs] == [(0, 1), (0, -1)]


def test_what_stands_on_the_same_spot_is_one_bead_of_the_first():
    signs = place_signs((Spot(10, 10, 79), Spot(300, 300), Spot(10, 10)), scale=1, frame=FRAME)

    assert [one.members for one in signs] == [(0, 2), (1,)]
    assert signs[0].rects(0, 1)[0].right > 10 + BEAD[0]


def test_a_sum_at_the_edge_stands_inside():
    at_the_top, at_the_side = place_signs(
        (Spot(450, 20, 60), Spot(40, 600, 60)), scale=1, frame=FRAME
    )

    assert at_the_top.side == -1
    assert at_the_side.shift > 0


def test_a_sign_below_its_spot_is_the_one_above_turned_over():
    above, below = outline_of_sign(60, 0, 1), outline_of_sign(60, 0, -1)

    assert f"-{TOP}" in above
    assert below == above.replace(" -", " ")


@pytest.mark.django_db
@given(st.lists(st.tuples(st.floats(44.6, 45.6), st.floats(3.3, 4.6)), max_size=12))
def test_no_sign_stands_across_an_edge_of_what_is_shown(places: list[tuple[float, float]]):
    ring = [(3.7, 45.0), (4.1, 45.0), (4.1, 45.2), (3.7, 45.2), (3.7, 45.0)]
    pins = [
        Pin("Gare", "", lat, lon, "stations", anchor=str(at))
        for at, (lat, lon) in enumerate(places)
    ]

    shown = map_box(pins, day=TODAY, opens="ask", around=[ring], is_detailed=False)

    x, y, width, height = (float(one) for one in shown["box"].split())
    half = SIGN * shown["scale"] - 0.5
    for bead in shown["beads"]:
        left, top = bead["x"] - x, bead["y"] - y
        edges = (left, top, width - left, height - top)
        assert all(one >= half for one in edges) or any(one <= -half for one in edges)
