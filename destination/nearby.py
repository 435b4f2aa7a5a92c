"""Which communes are near another one, as the crow flies."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt
from typing import NamedTuple

from destination.models.territory import Commune
from oti.lib.memo import Reading, remembered, remembered_reading

NEAR_KM = 20
EARTH_KM = 6371.0

# Latitude and longitude in degrees.
Position = tuple[float, float]


class Spot(NamedTuple):
    """Where a commune is."""

    id: int
    insee: str
    position: Position


def distance_km(one: Position, other: Position) -> float:
    """Return the great-circle distance of two positions."""
    north, east = radians(one[0]), radians(one[1])
    to_north, to_east = radians(other[0]), radians(other[1])
    chord = (
        sin((to_north - north) / 2) ** 2
        + cos(north) * cos(to_north) * sin((to_east - east) / 2) ** 2
    )
    return 2 * EARTH_KM * asin(min(1.0, sqrt(chord)))


@remembered_reading(most=1, by_language=False)
def spots() -> Reading[dict[str, Spot]]:
    """Return every commune by its slug."""
    return Reading(
        Commune.objects.values_list("slug", "pk", "insee", "latitude", "longitude"),
        lambda rows: {
            slug: Spot(pk, insee, (north, east)) for slug, pk, insee, north, east in rows
        },
    )


@remembered(most=64, by_language=False)
def communes_near(slug: str) -> dict[int, str]:
    """Return the communes within twenty kilometres of one, itself too: id and slug.

    Nothing is near a commune that isn't in the list. One statement.
    """
    known = spots()
    centre = known.get(slug)
    if centre is None:
        return {}
    return {
        one.id: name
        for name, one in known.items()
        if distance_km(centre.position, one.position) <= NEAR_KM
    }


def slug_of_commune(insee: str) -> str:
    """Return the slug of a commune by its INSEE code, "" for one that isn't in the list."""
    return next((slug for slug, one in spots().items() if one.insee == insee), "")
