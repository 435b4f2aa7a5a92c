"""Sites and stations as pins of a map."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from destination.map_box import Pin
from destination.models.places import Station, sites_known
from destination.models.territory import pole_by_commune
from destination.spoken import language_of
from oti.lib.memo import remembered

# A pin and the commune that it stands in.
Placed = tuple[Pin, int]


def pins_of_sites(pole: str, *, day: date) -> list[Pin]:
    """Return the sites of a pole of the perimeter in force on `day`; of everywhere for ""."""
    return _inside(_sites(), pole, day)


def pins_of_stations(pole: str, *, day: date) -> list[Pin]:
    """Return the railway stations of a pole on `day`; of everywhere for ""."""
    return _inside(_stations(), pole, day)


def _inside(placed: Iterable[Placed], pole: str, day: date) -> list[Pin]:
    if not pole:
        return [pin for pin, _commune in placed]
    poles = pole_by_commune(day)
    return [pin for pin, commune in placed if commune in poles and poles[commune].slug == pole]


@remembered(most=4)
def _sites() -> tuple[Placed, ...]:
    return tuple(
        (
            Pin(
                name=site.name,
                place=site.commune.name,
                latitude=site.latitude,
                longitude=site.longitude,
                layer="sites",
                anchor=f"site-{site.pk}",
                # What was measured in kilometres is said to be about there.
                is_exact="km" not in site.precision,
                lang=language_of(site, "name"),
            ),
            site.commune_id,
        )
        for site in sites_known()
    )


@remembered(most=4)
def _stations() -> tuple[Placed, ...]:
    return tuple(
        (
            Pin(
                name=station.name,
                place=station.commune.name,
                latitude=station.latitude,
                longitude=station.longitude,
                layer="stations",
                anchor=f"station-{station.pk}",
            ),
            station.commune_id,
        )
        for station in Station.objects.select_related("commune")
    )
