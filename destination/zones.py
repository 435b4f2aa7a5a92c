"""A part of the map as an address carries it: `zone=south,west,north,east`, in degrees."""

from __future__ import annotations

import math
from typing import NamedTuple

# Of a degree: a hundred metres. Who moves the map by less sees the same.
DIGITS = 3
LONGEST = 60


class Zone(NamedTuple):
    """What lies between two parallels and two meridians, in degrees."""

    south: float
    west: float
    north: float
    east: float

    def __str__(self) -> str:
        """Return it as the address carries it."""
        return ",".join(f"{edge:.{DIGITS}f}" for edge in self)

    def holds(self, latitude: float, longitude: float) -> bool:
        """Tell whether a place lies in it, its edges included."""
        return self.south <= latitude <= self.north and self.west <= longitude <= self.east

    @property
    def ring(self) -> tuple[tuple[float, float], ...]:
        """Return its corners as GeoJSON writes an outline: longitude, latitude."""
        south, west, north, east = self
        return ((west, south), (east, south), (east, north), (west, north), (west, south))


def read_zone(text: str) -> Zone | None:
    """Return the zone that a text says, None for nonsense: other than four numbers, beyond the
    earth, the wrong way round or without an inside.
    """
    try:
        edges = [round(float(part), DIGITS) for part in text[:LONGEST].split(",")]
    except ValueError:
        return None
    if len(edges) != 4 or not all(map(math.isfinite, edges)):
        return None
    zone = Zone(*edges)
    is_on_earth = zone.south >= -90 and zone.north <= 90 and zone.west >= -180 and zone.east <= 180
    return zone if is_on_earth and zone.south < zone.north and zone.west < zone.east else None
