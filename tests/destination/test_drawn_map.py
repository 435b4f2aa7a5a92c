"""The drawn map is a map: positions stand where it draws them, lines keep their shape."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from destination.drawn_map import (
    EAST,
    HEIGHT,
    NORTH,
    SOUTH,
    WEST,
    WHOLE,
    WIDTH,
    box_around,
    length_of,
    metres_between,
    on_drawing,
    path_of,
    simplified,
)

DRAWING = (Path(settings.BASE_DIR) / "static/img/carte.svg").read_text()
# Towns of the drawing and where they are (IGN, rounded to a hundred metres).
TOWNS = {
    "Le Puy-en-Velay": (45.043, 3.885),
    "La Chaise-Dieu": (45.321, 3.697),
    "Les Estables": (44.903, 4.157),
    "Yssingeaux": (45.143, 4.124),
    "Craponne": (45.331, 3.848),
    "Le Chambon": (45.061, 4.303),
    "Retournac": (45.204, 4.033),
    "Goudet": (44.889, 3.922),
}
positions = st.tuples(st.floats(3.5, 4.4), st.floats(44.7, 45.5))


def drawn(town: str) -> tuple[float, float]:
    """Return where the dot before the name of a town stands."""
    found = re.search(rf'<circle cx="([\d.]+)" cy="([\d.]+)"[^>]*/><text [^>]*>{town}<', DRAWING)
    assert found, town
    return float(found[1]), float(found[2])


@pytest.mark.parametrize("town", TOWNS)
def test_a_town_is_drawn_where_it_is(town: str):
    x, y = on_drawing(*TOWNS[town])
    dot = drawn(town)

    # Three units are some two hundred metres.
    assert abs(x - dot[0]) <= 3
    assert abs(y - dot[1]) <= 3


def test_the_corners_of_the_drawing_are_those_that_the_live_map_gives_it():
    assert on_drawing(NORTH, WEST) == (0, 0)
    assert on_drawing(SOUTH, EAST) == (WIDTH, HEIGHT)


def test_what_is_shown_lies_around_the_places_and_has_its_shape():
    box = box_around([(100, 100), (300, 200)], margin=50, least=100, shape=1.5)

    assert (box.width, box.height) == (300, 200)
    assert (box.x, box.y) == (50, 50)
    assert box_around([], margin=50, least=100, shape=1) == WHOLE
    assert box_around([(450, 550)], margin=10, least=380, shape=1).width == 380


@given(
    st.lists(st.tuples(st.floats(0, WIDTH), st.floats(0, HEIGHT)), min_size=1, max_size=6),
    st.sampled_from([9 / 11, 4 / 3]),
)
def test_it_shows_the_drawing_rather_than_what_is_beside_it(spots, shape):
    box = box_around(spots, margin=20, least=300, shape=shape)

    for x, y in spots:
        assert box.x + 19 <= x <= box.x + box.width - 19
        assert box.y + 19 <= y <= box.y + box.height - 19
    lefts, tops = zip(*spots, strict=True)
    for start, size, drawn, known in (
        (box.x, box.width, WIDTH, lefts),
        (box.y, box.height, HEIGHT, tops),
    ):
        if size <= drawn and min(known) >= 20 and max(known) <= drawn - 20:
            assert -0.2 <= start <= drawn - size + 0.2


def test_a_ring_is_closed_and_a_line_is_not():
    ring = [(3.95, 45.42), (3.95, 44.76)]

    assert path_of([ring]) == "M450 0L450 1100z"
    assert path_of([ring], is_closed=False) == "M450 0L450 1100"


@given(st.lists(positions, min_size=2, max_size=40), st.floats(1, 20_000))
def test_a_line_with_fewer_points_keeps_its_ends_and_stays_near(
    line: list[tuple[float, float]], metres: float
):
    kept = simplified(line, metres=metres)

    assert (kept[0], kept[-1]) == (line[0], line[-1])
    assert set(kept) <= set(line)
    assert length_of(kept) <= length_of(line) + 1
    assert simplified(line, metres=0) == line or len(simplified(line, metres=0)) < len(line)


def test_a_degree_of_latitude_is_a_hundred_and_eleven_kilometres():
    assert metres_between((4.0, 45.0), (4.0, 46.0)) == pytest.approx(111_195, rel=0.001)
    assert metres_between((4.0, 45.0), (5.0, 45.0)) == pytest.approx(78_626, rel=0.001)
