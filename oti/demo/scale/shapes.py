"""What the invented destination is made of: sorts of lodgings, their prices, things to do, words."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from booking.models import Offer

Lodging = Offer.LodgingType
Tax = Offer.TaxCategory


@dataclass(frozen=True)
class Sort:
    """A sort of lodging: how many units, who sleeps there, for how much a night in euros."""

    type: str
    tax: str
    drawing: str
    title_fr: str
    title_en: str
    units: int
    sleeps: tuple[int, int, int, int]
    night: int
    extra: int
    min_stay: int
    is_by_week: bool
    cleaning: int


# Every twenty units are fourteen lodgings in these proportions.
SORTS = [
    Sort(Lodging.GITE, Tax.THREE_STAR, "gite", "Le Gîte", "Gîte", 1, (4, 4, 6, 1), 92, 0, 2, True, 60),
    Sort(Lodging.GITE, Tax.THREE_STAR, "gite", "La Maison", "House", 1, (6, 4, 8, 1), 128, 0, 2, True, 80),
    Sort(Lodging.GITE, Tax.FOUR_STAR, "gite", "La Grange", "Barn", 1, (8, 6, 12, 2), 190, 0, 2, True, 110),
    Sort(Lodging.GITE, Tax.TWO_STAR, "gite", "Le Cabanon", "Cottage", 1, (2, 2, 4, 1), 64, 0, 2, False, 40),
    Sort(Lodging.GITE, Tax.UNCLASSIFIED, "gite", "La Chaumière", "Thatched house", 1, (4, 3, 5, 1), 78, 0, 2, False, 50),
    Sort(Lodging.GITE, Tax.THREE_STAR, "gite", "L’Appartement", "Apartment", 1, (4, 2, 4, 1), 71, 0, 1, False, 45),
    Sort(Lodging.GUEST_ROOM, Tax.ONE_STAR, "hotes", "La Chambre", "Guest room", 1, (2, 1, 3, 1), 76, 18, 1, False, 0),
    Sort(Lodging.GUEST_ROOM, Tax.ONE_STAR, "chambre", "La Suite", "Suite", 1, (3, 2, 4, 1), 98, 20, 1, False, 0),
    Sort(Lodging.CAMPING, Tax.CAMPING_HIGH, "camping", "L’Emplacement", "Pitch", 1, (4, 4, 6, 2), 24, 6, 1, False, 0),
    Sort(Lodging.UNUSUAL, Tax.UNCLASSIFIED, "yourte", "La Yourte", "Yurt", 1, (4, 3, 5, 1), 88, 0, 1, False, 30),
    Sort(Lodging.UNUSUAL, Tax.UNCLASSIFIED, "yourte", "La Cabane", "Cabin", 1, (2, 2, 4, 1), 84, 0, 1, False, 25),
    Sort(Lodging.HOSTEL, Tax.ONE_STAR, "rando", "Le Refuge", "Hostel", 1, (10, 10, 14, 0), 150, 12, 1, False, 40),
    Sort(Lodging.GUEST_ROOM, Tax.ONE_STAR, "hotes", "La Maison d’hôtes", "Guest house", 3, (2, 2, 4, 1), 82, 20, 1, False, 0),
    Sort(Lodging.HOTEL, Tax.THREE_STAR, "chambre", "L’Hôtel", "Hotel", 5, (2, 2, 3, 1), 95, 16, 1, False, 0),
]  # fmt: skip
UNITS_OF_ROUND = sum(sort.units for sort in SORTS)
# What a host asks compared with the sort's usual price.
LEVELS = (Decimal("0.85"), Decimal(1), Decimal("1.30"))

PLACES_FR = [
    "des Narces", "du Sabot", "de l’Aubépine", "du Meygal", "de la Béate", "des Sucs", "du Lignon",
    "de la Fage", "des Genêts", "du Pré Neuf", "de la Source", "du Mézenc", "des Roches",
    "de l’Ance", "du Bois Noir", "de la Dentellière", "du Vieux Four", "des Myrtilles",
    "de la Croix", "du Coing", "de la Loire", "du Tilleul", "des Airelles", "du Moulin",
    "de la Draille", "du Grand Champ", "des Hirondelles", "de la Jonquille", "du Lac", "des Orgues",
]  # fmt: skip
FEATURES = [
    '["wifi", "parking"]', '["wifi", "parking", "garden", "cot"]', '["pets", "garden", "fireplace"]',
    '["wifi", "breakfast", "parking"]', '["wifi", "accessible", "parking", "linen_included"]',
    '["garden", "fireplace", "bike_shed"]', '["pets", "wifi", "animals_to_see", "garden"]',
    '["wifi", "ev_charging", "parking", "cot"]',
]  # fmt: skip
HOSTS = [
    "Anne et Joël", "Martine", "Lucas", "Sophie et Paul", "Jeanne", "Bernard", "Inès et Hugo",
    "Claire", "Marcel", "Élise et Tom", "Nadia", "Yves",
]  # fmt: skip


@dataclass(frozen=True)
class Doing:
    """Something to do: how long in minutes, how many places, adult's and child's price."""

    kind: str
    drawing: str
    title_fr: str
    title_en: str
    minutes: int
    capacity: int
    adult: int
    child: int
    hour: str


DOINGS = [
    Doing("workshop", "dentelle", "Initiation à la dentelle", "Lace-making for beginners", 120, 8, 28, 18, "10:00"),
    Doing("activity", "rando", "Randonnée accompagnée", "Guided walk", 180, 14, 18, 10, "09:30"),
    Doing("activity", "enfants", "Avec les ânes", "With the donkeys", 120, 12, 22, 14, "14:30"),
    Doing("workshop", "cuisine", "Cuisine de la lentille", "Cooking lentils", 150, 10, 45, 25, "15:00"),
    Doing("meal", "hotes", "Table d’hôtes", "Dinner with the hosts", 120, 16, 27, 14, "19:30"),
    Doing("activity", "cathedrale", "Visite de la vieille ville", "Tour of the old town", 90, 20, 12, 6, "11:00"),
    Doing("activity", "raquettes", "Sortie nature", "Nature outing", 150, 12, 24, 15, "13:30"),
]  # fmt: skip
