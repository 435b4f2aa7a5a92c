"""What the maps draw of the territory: its poles, and communes and walks that were loaded.

Outlines of poles come with the project, simplified to about 600 m. This module reads;
`importers.outlines` writes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import get_language
from wagtail.models import Page

from destination.drawn_map import Position, path_of, simplified
from destination.importers.territory import DATA
from destination.models.outlines import CommuneOutline, Trail
from destination.models.territory import memberships_on, poles_on
from oti.lib.memo import remembered

Ring = Sequence[Position]
# Two pixels, where the whole destination is seen.
DRAWN_METRES = 220


@dataclass(frozen=True)
class Shape:
    """A part of the territory: `kind` is pole or commune, `colour` that of its pole."""

    kind: str
    code: str
    name: str
    colour: str
    rings: tuple[Ring, ...]

    @property
    def path(self) -> str:
        """Return the shape as the path of an SVG, in the units of the drawn map."""
        return path_of(self.rings)


@dataclass(frozen=True)
class Walk:
    """A marked walk, its length in metres."""

    slug: str
    name: str
    length_metres: int
    lines: tuple[Ring, ...]
    itinerary: UUID | None = None

    @property
    def path(self) -> str:
        """Return the walk as the path of an SVG, in the units of the drawn map."""
        return path_of(self.lines, is_closed=False)

    @property
    def start(self) -> Position:
        """Return where it begins."""
        return self.lines[0][0]


@dataclass(frozen=True)
class Way:
    """Where an itinerary goes, its length, and its climb in metres where it is known."""

    lines: tuple[Ring, ...]
    kilometres: float
    climb: int | None


@remembered(most=2)
def pole_shapes(day: date) -> tuple[Shape, ...]:
    """Return the poles of the perimeter in force on `day` that have an outline, in their order."""
    drawn = _poles_of_file()
    return tuple(
        Shape("pole", pole.slug, pole.name, pole.colour, drawn[pole.slug])
        for pole in poles_on(day)
        if pole.slug in drawn
    )


@cache
def _poles_of_file() -> dict[str, tuple[Ring, ...]]:
    content = json.loads((DATA / "poles.geojson").read_text(encoding="utf-8"))
    return {
        one["properties"]["pole"]: tuple(
            tuple((lon, lat) for lon, lat in ring)
            for polygon in one["geometry"]["coordinates"]
            for ring in polygon
        )
        for one in content["features"]
    }


@remembered(most=2, by_language=False)
def commune_shapes(day: date) -> tuple[Shape, ...]:
    """Return the communes of the destination on `day` whose outline was loaded, by name."""
    inside = memberships_on(day).filter(is_neighbour=False).select_related("pole")
    colours = {row.commune_id: row.pole.colour for row in inside if row.pole is not None}
    outlines = CommuneOutline.objects.filter(commune__in=colours).select_related("commune")
    return tuple(
        Shape("commune", one.commune.insee, one.commune.name, colours[one.commune_id], one.rings)
        for one in outlines.order_by("commune__name")
    )


@remembered(most=2, by_language=False)
def commune_paths(day: date) -> tuple[str, ...]:
    """Return the same communes as paths for a drawing of the whole: with far fewer points."""
    return tuple(
        path_of([simplified(ring, metres=DRAWN_METRES) for ring in one.rings])
        for one in commune_shapes(day)
    )


@remembered(most=256, by_language=False)
def outline_of(commune_id: int) -> tuple[Ring, ...]:
    """Return the outline of a commune, nothing where none was loaded."""
    rings = CommuneOutline.objects.filter(commune=commune_id).values_list("rings", flat=True)
    return tuple(rings[0]) if rings else ()


@remembered(most=1, by_language=False)
def walks() -> tuple[Walk, ...]:
    """Return the walks that were loaded, by name; of an itinerary once it is published."""
    return tuple(
        Walk(one.slug, one.name, one.length_metres, tuple(one.lines), one.itinerary)
        for one in Trail.objects.filter(
            Q(itinerary=None) | Q(itinerary__in=Page.objects.live().values("translation_key"))
        ).order_by("name")
    )


@remembered(most=8)
def pages_of_walks() -> dict[UUID, tuple[str, str]]:
    """Return title and address of the itineraries that are walks, in the active language, by key.

    Those without a published page in it are left out: the walk has its French name then.
    """
    keys = [one.itinerary for one in walks() if one.itinerary is not None]
    pages = Page.objects.live().filter(
        translation_key__in=keys, locale__language_code=get_language() or ""
    )
    return {one.translation_key: (one.title, one.url or "") for one in pages} if keys else {}


@remembered(most=64, by_language=False)
def way_of(itinerary: UUID) -> Way | None:
    """Return the way of an itinerary, by the key that its page shares with its translations."""
    found = Trail.objects.filter(itinerary=itinerary).first()
    if found is None or not found.lines:
        return None
    return Way(tuple(found.lines), found.length_metres / 1000, found.climb_metres)


def as_geojson(shapes: Sequence[Shape], lines: Sequence[Walk]) -> dict[str, Any]:
    """Return what an interactive map draws below its markers, as GeoJSON."""
    features: list[dict[str, Any]] = [
        _feature(
            "MultiPolygon",
            [[ring] for ring in one.rings],
            {"kind": one.kind, "name": one.name, "colour": one.colour},
        )
        for one in shapes
    ]
    features += [
        _feature("MultiLineString", list(one.lines), {"kind": "walk", "name": one.name})
        for one in lines
    ]
    return {"type": "FeatureCollection", "features": features}


def _feature(kind: str, coordinates: list[Any], properties: dict[str, str]) -> dict[str, Any]:
    geometry = {"type": kind, "coordinates": coordinates}
    return {"type": "Feature", "properties": properties, "geometry": geometry}
