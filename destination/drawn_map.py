"""The drawn map of the brand (`static/img/carte.svg`) as a map: where a position stands on it.

It is drawn in plain degrees: one scale from south to north, shrunk from west to east as at 45.1°
north. Towns stand within some hundred metres of where they are, rivers and roads within two
kilometres: enough to look at the whole destination, not to find a house.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

# Of the drawing, in its own units; the latitudes of its upper and lower edge; its middle meridian.
WIDTH, HEIGHT = 900, 1100
NORTH, SOUTH = 45.42, 44.76
MERIDIAN = 3.95
SHRUNK = math.cos(math.radians(45.1))
SCALE = HEIGHT / (NORTH - SOUTH)
WEST = MERIDIAN - WIDTH / 2 / SHRUNK / SCALE
EAST = MERIDIAN + WIDTH / 2 / SHRUNK / SCALE
# Of the earth, along a meridian.
METRES_A_DEGREE = 111_195

# A position as GeoJSON writes it: longitude, latitude.
Position = tuple[float, float]


class Box(NamedTuple):
    """What is shown of the drawing, in its units."""

    x: float
    y: float
    width: float
    height: float

    def __str__(self) -> str:
        """Return it as the `viewBox` of an SVG."""
        return " ".join(f"{number:g}" for number in self)


WHOLE = Box(0, 0, WIDTH, HEIGHT)


def on_drawing(latitude: float, longitude: float) -> tuple[float, float]:
    """Return where a position stands on the drawing: units right and down from its corner."""
    x = (longitude - MERIDIAN) * SHRUNK * SCALE + WIDTH / 2
    return round(x, 1), round((NORTH - latitude) * SCALE, 1)


def path_of(rings: Iterable[Sequence[Position]], *, is_closed: bool = True) -> str:
    """Return lines of positions as the path of an SVG, in the units of the drawing."""
    end = "z" if is_closed else ""
    return "".join(
        "M" + "L".join("{:g} {:g}".format(*on_drawing(lat, lon)) for lon, lat in ring) + end
        for ring in rings
    )


def box_around(
    spots: Iterable[tuple[float, float]], *, margin: float, least: float, shape: float
) -> Box:
    """Return what shows these places of the drawing, at least `least` units wide.

    `shape` is its width by its height. They stand in its middle, unless it would then show what is
    beside the drawing while there is more of it on the other side.
    """
    known = list(spots)
    if not known:
        return WHOLE
    (left, right), (top, bottom) = ((min(one), max(one)) for one in zip(*known, strict=True))
    width = max(right - left + 2 * margin, (bottom - top + 2 * margin) * shape, least)
    height = width / shape
    x = _begun(left - margin, right + margin, width, WIDTH)
    y = _begun(top - margin, bottom + margin, height, HEIGHT)
    return Box(round(x, 1), round(y, 1), round(width, 1), round(height, 1))


def _begun(low: float, high: float, size: float, drawn: float) -> float:
    """Return where a side of that size begins that holds `low` to `high`, on the drawing if it can.

    The drawing reaches from 0 to `drawn`.
    """
    middle = (low + high - size) / 2
    on_it = min(max(middle, 0), drawn - size) if size <= drawn else (drawn - size) / 2
    return min(max(on_it, high - size), low) if high - low <= size else middle


def metres_between(first: Position, second: Position) -> float:
    """Return the distance of two near positions in metres."""
    shrunk = math.cos(math.radians((first[1] + second[1]) / 2))
    east = (second[0] - first[0]) * shrunk
    return math.hypot(east, second[1] - first[1]) * METRES_A_DEGREE


def length_of(line: Sequence[Position]) -> float:
    """Return how long a line is, in metres, without what it climbs."""
    return sum(metres_between(*pair) for pair in pairwise(line))


def simplified(line: Sequence[Position], *, metres: float) -> list[Position]:
    """Return a line without the points that stand within `metres` of it (Douglas and Peucker)."""
    if len(line) < 3:
        return list(line)
    kept = {0, len(line) - 1}
    parts = [(0, len(line) - 1)]
    while parts:
        first, last = parts.pop()
        distance, farthest = max(
            ((_aside(line[one], line[first], line[last]), one) for one in range(first + 1, last)),
            default=(0.0, first),
        )
        if distance > metres:
            kept.add(farthest)
            parts += [(first, farthest), (farthest, last)]
    return [line[one] for one in sorted(kept)]


def _aside(point: Position, first: Position, last: Position) -> float:
    """Return how far a point stands from the segment between two others, in metres."""
    shrunk = math.cos(math.radians(first[1]))
    east, north = (last[0] - first[0]) * shrunk, last[1] - first[1]
    to_east, to_north = (point[0] - first[0]) * shrunk, point[1] - first[1]
    length = east * east + north * north
    along = 0.0 if not length else (to_east * east + to_north * north) / length
    along = min(1.0, max(0.0, along))
    return math.hypot(to_east - along * east, to_north - along * north) * METRES_A_DEGREE
