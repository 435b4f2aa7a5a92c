"""The words that many offers of the demo share: supplements, ages, units, how to get in."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from booking.models import Supplement

Words = dict[str, str]
Basis, Kind = Supplement.Basis, Supplement.Kind
FOOD, PLAIN = Decimal("0.10"), Decimal("0.20")


@dataclass(frozen=True)
class SupplementShape:
    """What a supplement is, whatever its price."""

    name: Words
    kind: str
    basis: str
    vat_rate: Decimal = PLAIN
    is_mandatory: bool = False
    max_quantity: int = 1


SUPPLEMENTS = {
    "cleaning": SupplementShape(
        {"fr": "Ménage de fin de séjour", "en": "Final cleaning", "de": "Endreinigung"},
        Kind.CLEANING,
        Basis.STAY,
        is_mandatory=True,
    ),
    "linen": SupplementShape(
        {
            "fr": "Draps et serviettes",
            "en": "Bed linen and towels",
            "de": "Bettwäsche und Handtücher",
        },
        Kind.LINEN,
        Basis.PERSON,
    ),
    "pet": SupplementShape(
        {"fr": "Animal, par nuit", "en": "Pet, per night", "de": "Haustier, pro Nacht"},
        Kind.PET,
        Basis.NIGHT,
        max_quantity=2,
    ),
    "cot": SupplementShape(
        {"fr": "Lit bébé", "en": "Cot", "de": "Kinderbett"}, Kind.COT, Basis.STAY
    ),
    "breakfast": SupplementShape(
        {"fr": "Petit déjeuner", "en": "Breakfast", "de": "Frühstück"},
        Kind.MEAL,
        Basis.PERSON_NIGHT,
        FOOD,
    ),
    "dinner": SupplementShape(
        {"fr": "Dîner", "en": "Dinner", "de": "Abendessen"}, Kind.MEAL, Basis.PERSON_NIGHT, FOOD
    ),
    "lunch": SupplementShape(
        {"fr": "Repas de midi", "en": "Lunch", "de": "Mittagessen"}, Kind.MEAL, Basis.PERSON, FOOD
    ),
    "soup": SupplementShape(
        {"fr": "Soupe au retour", "en": "Soup on return", "de": "Suppe danach"},
        Kind.MEAL,
        Basis.PERSON,
        FOOD,
    ),
    "wine": SupplementShape(
        {"fr": "Verre de vin", "en": "Glass of wine", "de": "Glas Wein"},
        Kind.OTHER,
        Basis.ITEM,
        max_quantity=8,
    ),
    "wood": SupplementShape(
        {"fr": "Brassée de bois", "en": "Armful of firewood", "de": "Arm voll Brennholz"},
        Kind.OTHER,
        Basis.ITEM,
        max_quantity=7,
    ),
    "electricity": SupplementShape(
        {"fr": "Électricité, par nuit", "en": "Electricity, per night", "de": "Strom, pro Nacht"},
        Kind.OTHER,
        Basis.NIGHT,
    ),
    "bike": SupplementShape(
        {"fr": "Vélo, la journée", "en": "Bicycle for a day", "de": "Fahrrad für einen Tag"},
        Kind.OTHER,
        Basis.ITEM,
        max_quantity=8,
    ),
    "ebike": SupplementShape(
        {"fr": "Vélo à assistance électrique", "en": "Electric bicycle", "de": "E-Bike"},
        Kind.OTHER,
        Basis.ITEM,
        max_quantity=6,
    ),
    "trailer": SupplementShape(
        {"fr": "Remorque d’enfant", "en": "Child trailer", "de": "Kinderanhänger"},
        Kind.OTHER,
        Basis.ITEM,
        max_quantity=2,
    ),
    "boat": SupplementShape(
        {"fr": "Matériel de pêche", "en": "Fishing tackle", "de": "Angelzeug"},
        Kind.OTHER,
        Basis.STAY,
    ),
    "donkey": SupplementShape(
        {
            "fr": "Pré et foin pour un âne, par nuit",
            "en": "Meadow and hay for a donkey, per night",
            "de": "Wiese und Heu für einen Esel, pro Nacht",
        },
        Kind.PET,
        Basis.NIGHT,
        max_quantity=3,
    ),
    "carried_bike": SupplementShape(
        {"fr": "Vélo à bord", "en": "Bicycle on board", "de": "Fahrrad an Bord"},
        Kind.BIKE,
        Basis.ITEM,
        max_quantity=8,
    ),
    "carried_bag": SupplementShape(
        {"fr": "Sac ou valise", "en": "Bag or suitcase", "de": "Tasche oder Koffer"},
        Kind.LUGGAGE,
        Basis.ITEM,
        max_quantity=16,
    ),
    "skis": SupplementShape(
        {"fr": "Skis et chaussures", "en": "Skis and boots", "de": "Ski und Schuhe"},
        Kind.OTHER,
        Basis.ITEM,
        max_quantity=8,
    ),
}

DEMO_NOTE = {
    "fr": "Offre de démonstration : l’hôte, les prix et les dates sont inventés.",
    "en": "Demonstration offer: the host, the prices and the dates are invented.",
    "de": "Demonstrationsangebot: Gastgeber, Preise und Daten sind erfunden.",
}


def band_name(min_age: int, max_age: int | None, *, is_only: bool) -> Words:
    """Return the words for an age band, both ages included."""
    if is_only and min_age == 0:
        return {"fr": "Par personne", "en": "Per person", "de": "Pro Person"}
    if max_age is None:
        return {
            "fr": f"Dès {min_age} ans",
            "en": f"{min_age} and over",
            "de": f"Ab {min_age} Jahren",
        }
    if min_age == 0:
        above = max_age + 1
        return {
            "fr": f"Moins de {above} ans",
            "en": f"Under {above}",
            "de": f"Unter {above} Jahren",
        }
    return {
        "fr": f"De {min_age} à {max_age} ans",
        "en": f"{min_age} to {max_age}",
        "de": f"{min_age} bis {max_age} Jahre",
    }


def lodging_access(address: str, town: str, hosts: str, since: str, until: str) -> Words:
    """Return how one gets in, told once the stay is paid."""
    return {
        "fr": (
            f"{address}, {town}. Arrivée de {_hour_fr(since)} à {_hour_fr(until)} ; plus tard, "
            f"appelez avant de partir. Vous êtes attendus par {hosts}."
        ),
        "en": (
            f"{address}, {town}. Arrive between {since} and {until}; if later, please call "
            f"before you set off. {hosts} will be expecting you."
        ),
        "de": (
            f"{address}, {town}. Ankunft von {since} bis {until} Uhr; wenn es später wird, rufen "
            f"Sie bitte vor der Abfahrt an. Sie werden erwartet von {_hosts_de(hosts)}."
        ),
    }


def slot_access(place: Words, hosts: str) -> Words:
    """Return where one meets, told once it is paid."""
    return {
        "fr": f"Rendez-vous 10 minutes avant : {place.get('fr', '')}. Demandez {hosts}.",
        "en": f"Meet 10 minutes before: {place.get('en', '')}. Ask for {hosts}.",
        "de": (
            f"Treffpunkt 10 Minuten vorher: {place.get('de', place.get('fr', ''))}. "
            f"Fragen Sie nach {_hosts_de(hosts)}."
        ),
    }


def _hosts_de(hosts: str) -> str:
    return hosts.replace(" et ", " und ")


def _hour_fr(text: str) -> str:
    hours, minutes = text.split(":")
    return f"{int(hours)} h" + (f" {minutes}" if minutes != "00" else "")
