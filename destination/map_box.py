"""A map as a page shows it: drawn by the server with its pins, live where a browser opens it.

The drawing is complete without script: each pin is a link to its line in the list beside it. What
a browser needs to draw the same live stands in one attribute, so that both say the same.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.urls import reverse

from destination.drawn_map import (
    EAST,
    NORTH,
    SOUTH,
    WEST,
    WHOLE,
    Box,
    Position,
    box_around,
    on_drawing,
    path_of,
    simplified,
)
from destination.map_signs import FOOT, TOP, Rect, Spot, outline_of_sign, place_signs
from destination.outlines import Ring, commune_paths, pole_shapes, walks

# What pins measure, in units of the drawing when all of it is shown.
SIGN, ROOM = 17, 6.2
# Places alone are not brought nearer than that: the drawing is no map of villages.
NEAREST = 380
# In the address of a search of what is seen: the browser puts its four edges there.
ZONE_TOKEN = "__zone__"  # noqa: S105 - a mark in an address
# Around pins, which are wide; around outlines.
MARGIN, EDGE = 110, 20
# Width by height: beside a list; in the middle of a page; from side to side of one.
TALL, FLAT, WIDE = 9 / 11, 4 / 3, 16 / 9
# How far a drawn way may stand from the loaded one, in metres.
WAY_METRES = 60


@dataclass(frozen=True)
class Pin:
    """Something on a map. `anchor` is the id of its line in the list, "" where it has none;
    `label` the sum that it shows, "" for none; `layer` one of the names of the map's page.

    Not `is_exact`: somewhere in the commune, and drawn so. `lang` is the language of its name
    where that isn't the reader's.
    """

    name: str
    place: str
    latitude: float
    longitude: float
    layer: str
    anchor: str = ""
    url: str = ""
    label: str = ""
    is_exact: bool = True
    lang: str = ""

    def as_point(self) -> dict[str, Any]:
        """Return it as the browser reads it."""
        return {
            "id": self.anchor,
            "name": self.name,
            "lang": self.lang,
            "place": self.place,
            "at": [self.latitude, self.longitude],
            "exact": self.is_exact,
            "label": self.label,
            "url": self.url,
            "layer": self.layer,
        }


def map_box(
    pins: Sequence[Pin],
    *,
    day: date,
    opens: str,
    pole: str = "",
    area: Sequence[Ring] = (),
    way: Sequence[Ring] = (),
    around: Sequence[Ring] = (),
    nearest: float = NEAREST,
    shape: float = TALL,
    is_detailed: bool = True,
    with_walks: bool = False,
    zone_url: str = "",
) -> dict[str, Any]:
    """Return what `components/map.html` shows.

    `opens` says when a browser makes it live: `now`, `wide` (in view on a wide screen, else when
    asked), `ask`. `pole` is the slug of one that stands out, `area` an outline that does, `way`
    the lines of an itinerary. What is seen at first lies around `around`, else around the pins, at
    least `nearest` units wide. `is_detailed` draws the communes whose outline was loaded.
    `zone_url`, with ZONE_TOKEN in it, is where the same is searched in what a moved map shows.
    """
    spots = [on_drawing(pin.latitude, pin.longitude) for pin in pins]
    seen = [on_drawing(lat, lon) for ring in around for lon, lat in ring]
    box = box_around(seen or spots, margin=EDGE if seen else MARGIN, least=nearest, shape=shape)
    scale = round(box.width / WHOLE.width, 3)
    parts = [*(["communes"] if is_detailed else []), *(["walks"] if with_walks else [])]
    return {
        "box": str(box),
        "shapes": _drawn_shapes(day, pole, area, is_detailed=is_detailed),
        "walks": [walk.path for walk in walks()] if with_walks else [],
        "way": path_of(drawn_way(way), is_closed=False) if way else "",
        "beads": _beads(list(zip(pins, spots, strict=True)), scale, box),
        "scale": scale,
        "opens": opens,
        "points": json.dumps([pin.as_point() for pin in pins], ensure_ascii=False),
        "area": json.dumps(area) if area else "",
        "line": json.dumps(way, separators=(",", ":")) if way else "",
        "around": json.dumps(around) if around else "",
        "ground": _ground(parts),
        "corners": json.dumps([[SOUTH, round(WEST, 5)], [NORTH, round(EAST, 5)]]),
        "pole": pole,
        "zone_url": zone_url,
        "tiles": settings.MAP_TILES_URL,
        "tiles_attribution": settings.MAP_TILES_ATTRIBUTION,
    }


def _is_cut(spot: tuple[float, float], box: Box, half: float) -> bool:
    """Tell whether a sign, `half` as wide as it is, stands across an edge."""
    x, y = spot[0] - box.x, spot[1] - box.y
    near = -half < x < box.width + half and -half < y < box.height + half
    inside = half <= x <= box.width - half and half <= y <= box.height - half
    return near and not inside


def drawn_way(way: Sequence[Ring]) -> list[list[Position]]:
    """Return a way as a drawing shows it, with far fewer points."""
    return [simplified(line, metres=WAY_METRES) for line in way]


def _ground(parts: Sequence[str]) -> str:
    query = "&".join(f"with={one}" for one in parts)
    return reverse("destination:map-ground") + (f"?{query}" if query else "")


def _drawn_shapes(
    day: date, pole: str, area: Sequence[Ring], *, is_detailed: bool
) -> list[tuple[str, str]]:
    """Return what is drawn below the pins as (path, class)."""
    drawn = [
        (one.path, f"map-pole map-pole--{one.colour}{' map-pole--on' if one.code == pole else ''}")
        for one in pole_shapes(day)
    ]
    if is_detailed:
        drawn += [(path, "map-commune") for path in commune_paths(day)]
    if area:
        drawn.append((path_of(area), "map-area"))
    return drawn


def _beads(
    known: Sequence[tuple[Pin, tuple[float, float]]], scale: float, box: Box
) -> list[dict[str, Any]]:
    """Return the pins as they are drawn: none touches another, those without room are one bead.

    A bead leads to the line of its first pin; pins stand in the order of the list. A pin that the
    edge would cut in two is in the list alone.
    """
    placed = [one for one in known if not _is_cut(one[1], box, SIGN * scale)]
    spots = tuple(
        Spot(x, y, SIGN + ROOM * len(pin.label) if pin.label else 0) for pin, (x, y) in placed
    )
    frame = Rect(box.x, box.y, box.x + box.width, box.y + box.height)
    beads = []
    for sign in place_signs(spots, scale=scale, frame=frame):
        pins = [placed[number][0] for number in sign.members]
        half = spots[sign.members[0]].half if len(pins) == 1 else 0
        beads.append(
            {
                "x": sign.x,
                "y": sign.y,
                "pin": pins[0],
                "count": len(pins),
                "names": ", ".join(pin.name for pin in pins[:3]),
                "sign": outline_of_sign(half, sign.shift, sign.side) if half else "",
                "text_at": (sign.shift, 8 - sign.side * (FOOT + TOP) / 2),
            }
        )
    # Those in the south stand before those in the north.
    return sorted(beads, key=lambda one: one["y"])
