"""Models of the destination."""

from destination.models.legal import LegalText
from destination.models.outlines import CommuneOutline, ItineraryRenewal, Trail
from destination.models.outside_links import OutsideLink
from destination.models.pages import (
    ArticlePage,
    CommunePage,
    HomePage,
    ItineraryPage,
    PersonaPage,
    PlacePage,
    PolePage,
    PracticalPage,
    SectionPage,
    ThemePage,
)
from destination.models.pictures import Picture, Rendition
from destination.models.places import Site, Station
from destination.models.review import OfficeReview
from destination.models.territory import (
    Commune,
    Epci,
    Perimeter,
    PerimeterActivation,
    Pole,
    PoleMembership,
)

__all__ = [
    "ArticlePage",
    "Commune",
    "CommuneOutline",
    "CommunePage",
    "Epci",
    "HomePage",
    "ItineraryPage",
    "ItineraryRenewal",
    "LegalText",
    "OfficeReview",
    "OutsideLink",
    "Perimeter",
    "PerimeterActivation",
    "PersonaPage",
    "Picture",
    "PlacePage",
    "Pole",
    "PoleMembership",
    "PolePage",
    "PracticalPage",
    "Rendition",
    "SectionPage",
    "Site",
    "Station",
    "ThemePage",
    "Trail",
]
