"""The signs of a drawn map: whatever stands there, none touches another and none is lost."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from destination.map_signs import BEAD, TOP, Rect, Sign, Spot, outline_of_sign, place_signs

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
