"""Where the signs of pins stand on a drawn map, so that none touches another.

A sum may stand above its pin or below it, and to either side; where no room is left it and what
is in its way stand as one bead. Pure: it knows spots and sizes, not what stands there.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

# In units of a sign: points of its hexagon, its lower and upper edge, half the width of its foot.
SLOPE, FOOT, TOP, HEEL = 12, 24, 64, 10
# Half the width and the height of a bead with a number, of a pin without a sum, of a pin's spot.
BEAD, DOT, SPOT = (27, 24), (15, 13), (8, 8)
# Between two of them, lines included.
AIR = 3
# What a sign may be looked for in, at once: about its own size.
CELL = 160


class Rect(NamedTuple):
    """A part of the drawing, in its units."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Rect) -> bool:
        """Tell whether they have something in common."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


class Spot(NamedTuple):
    """Where a pin stands on the drawing; `half` is half the width of its sum's sign, 0 for none."""

    x: float
    y: float
    half: float = 0


class Sign(NamedTuple):
    """What is drawn for the pins of these numbers, one or several.

    `shift` says how far right of its spot the sign of a sum stands, in units of the sign; `side`
    is 1 above it, -1 below.
    """

    members: tuple[int, ...]
    x: float
    y: float
    shift: float = 0
    side: int = 1

    def rects(self, half: float, scale: float) -> list[Rect]:
        """Return what it covers: the sum and its foot, a bead, or a pin alone."""
        if len(self.members) > 1 or not half:
            return [self._around(*(BEAD if len(self.members) > 1 else DOT), scale)]
        return [
            self._body(self.shift - half, self.shift + half, FOOT, TOP, scale),
            self._body(-HEEL, HEEL, 0, FOOT, scale),
        ]

    def spot(self, scale: float) -> Rect:
        """Return the place that no other sign covers."""
        return self._around(*SPOT, scale)

    def _around(self, wide: float, high: float, scale: float) -> Rect:
        wide, high = (wide + AIR) * scale, (high + AIR) * scale
        return Rect(self.x - wide, self.y - high, self.x + wide, self.y + high)

    def _body(self, left: float, right: float, near: float, far: float, scale: float) -> Rect:
        low, high = sorted((-self.side * near, -self.side * far))
        return Rect(
            self.x + (left - AIR) * scale,
            self.y + (low - AIR) * scale,
            self.x + (right + AIR) * scale,
            self.y + (high + AIR) * scale,
        )


class _Taken:
    """What is covered already, and by whom."""

    def __init__(self, size: float) -> None:
        self._size = size
        self._cells: dict[tuple[int, int], list[tuple[Rect, int]]] = defaultdict(list)

    def _of(self, rect: Rect) -> Iterable[tuple[int, int]]:
        left, top, right, bottom = (math.floor(edge / self._size) for edge in rect)
        return ((x, y) for x in range(left, right + 1) for y in range(top, bottom + 1))

    def add(self, rect: Rect, owner: int) -> None:
        for cell in self._of(rect):
            self._cells[cell].append((rect, owner))

    def who_meets(self, rects: Iterable[Rect], owner: int) -> int | None:
        """Return who covers some of it, None where nobody but its owner does."""
        for rect in rects:
            for cell in self._of(rect):
                for other, who in self._cells.get(cell, ()):
                    if who != owner and rect.meets(other):
                        return who
        return None


# The same page of a list is drawn many times.
@lru_cache(maxsize=64)
def place_signs(spots: tuple[Spot, ...], *, scale: float, frame: Rect) -> tuple[Sign, ...]:
    """Return what is drawn for these pins; the first ones keep their sum where room lacks.

    `scale` is that of a sign on the drawing; signs stand inside `frame` where they can.
    """
    groups: list[tuple[int, ...]] = [(number,) for number in range(len(spots))]
    while True:
        signs, met = _one_try(groups, spots, scale, frame)
        if not met:
            return tuple(signs)
        # Fewer each time: it ends.
        groups = _united(groups, met)


def _one_try(
    groups: Sequence[tuple[int, ...]], spots: Sequence[Spot], scale: float, frame: Rect
) -> tuple[list[Sign], list[tuple[int, int]]]:
    """Return the signs of these groups, and which of them would touch each other."""
    taken = _Taken(CELL * scale)
    signs = [_sign_of(members, spots) for members in groups]
    halves = [spots[one.members[0]].half if len(one.members) == 1 else 0 for one in signs]
    met = []
    for owner, sign in enumerate(signs):
        rects = [sign.spot(scale)] if halves[owner] else sign.rects(0, scale)
        other = taken.who_meets(rects, owner)
        if other is not None:
            met.append((other, owner))
        for rect in rects:
            taken.add(rect, owner)
    for owner, half in enumerate(halves):
        if not half:
            continue
        in_the_way = []
        for sign in _choices(signs[owner], half, scale, frame):
            rects = sign.rects(half, scale)
            who = taken.who_meets(rects, owner)
            if who is None:
                signs[owner] = sign
                for rect in rects:
                    taken.add(rect, owner)
                break
            in_the_way.append(who)
        else:
            met.append((in_the_way[0], owner))
    return signs, met


def _sign_of(members: tuple[int, ...], spots: Sequence[Spot]) -> Sign:
    x = sum(spots[one].x for one in members) / len(members)
    y = sum(spots[one].y for one in members) / len(members)
    return Sign(members, round(x, 1), round(y, 1))


def _choices(sign: Sign, half: float, scale: float, frame: Rect) -> list[Sign]:
    """Return where the sign of a sum may stand, the best first: inside, above, in the middle."""
    aside = round(half - SLOPE - HEEL - 2, 1)
    found = [
        sign._replace(shift=shift, side=side) for side in (1, -1) for shift in (0, aside, -aside)
    ]

    def is_cut(one: Sign) -> bool:
        body, _foot = one.rects(half, scale)
        return (
            body.left < frame.left
            or body.right > frame.right
            or body.top < frame.top
            or body.bottom > frame.bottom
        )

    return sorted(found, key=is_cut)


def _united(
    groups: Sequence[tuple[int, ...]], met: Iterable[tuple[int, int]]
) -> list[tuple[int, ...]]:
    """Return the groups, those that met as one, in the order of their first pins.

    Each with one other only: the next try tells whether the rest has room now.
    """
    into: dict[int, int] = {}
    for first, second in met:
        if first not in into and second not in into:
            into[first], into[second] = second, first
    united = [
        tuple(sorted((*members, *groups[into[number]]))) if number in into else members
        for number, members in enumerate(groups)
        if number <= into.get(number, number)
    ]
    return sorted(united)


def outline_of_sign(half: float, shift: float, side: int) -> str:
    """Return the sign of a sum as a path: a flat hexagon on a point (mock-up 02)."""
    left, right = shift - half, shift + half
    foot, middle, top = (-side * one for one in (FOOT, (FOOT + TOP) / 2, TOP))
    return (
        f"M{left:g} {middle:g}L{left + SLOPE:g} {top:g}H{right - SLOPE:g}L{right:g} {middle:g}"
        f"L{right - SLOPE:g} {foot:g}H{HEEL}L0 0L-{HEEL} {foot:g}H{left + SLOPE:g}z"
    )
