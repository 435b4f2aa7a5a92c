"""Models of the destination."""

from destination.models.legal import LegalText
from destination.models.places import Site, Station
from destination.models.territory import (
    Commune,
    Epci,
    Perimeter,
    PerimeterActivation,
    Pole,
    PoleMembership,
)

__all__ = [
    "Commune",
    "Epci",
    "LegalText",
    "Perimeter",
    "PerimeterActivation",
    "Pole",
    "PoleMembership",
    "Site",
    "Station",
]
