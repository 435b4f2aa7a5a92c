"""Load communes, EPCI, poles, sites and stations from the files of `destination/data`.

Official facts are brought up to date; what the office may have changed (names of poles, who
belongs to which pole, which perimeter is active) is added where it is missing, never changed.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from destination.models import (
    Commune,
    Epci,
    Perimeter,
    PerimeterActivation,
    Pole,
    PoleMembership,
    Site,
    Station,
)

DATA = Path(__file__).resolve().parent.parent / "data"
FIRST_PERIMETER = "geographique"
# The groupings of communes that the propositions speak of exist since that day.
MEMBERS_SINCE = date(2017, 1, 1)

SITE_KINDS = {
    "grand_site": Site.Kind.GRAND_SITE,
    "musee": Site.Kind.MUSEE,
    "village": Site.Kind.VILLAGE,
    "sommet": Site.Kind.NATURE,
    "lac": Site.Kind.NATURE,
    "cascade": Site.Kind.NATURE,
    "chateau": Site.Kind.OTHER,
    "station": Site.Kind.OTHER,
}
# Railway stations have a table of their own.
NOT_A_SITE = "gare"

PERIMETER_NAMES = {
    "geographique": {
        "fr": "Proposition 1 : logique géographique",
        "en": "Proposition 1: by geography",
    },
    "thematique": {
        "fr": "Proposition 2 : logique thématique",
        "en": "Proposition 2: by theme",
    },
}


@dataclass(frozen=True)
class PoleFace:
    """How a pole looks: its colour, its landscape and its words by language."""

    colour: str
    hero: str
    names: dict[str, str]
    taglines: dict[str, str]


PUY, MEZENC, CHAISE_DIEU = Pole.Colour.PUY, Pole.Colour.MEZENC, Pole.Colour.CHAISE_DIEU
POLE_FACES = {
    "le-puy-en-velay": PoleFace(
        PUY,
        "le-puy",
        {"fr": "Le Puy-en-Velay", "en": "Le Puy-en-Velay", "de": "Le Puy-en-Velay"},
        {
            "fr": "Les aiguilles, la dentelle, le départ du chemin",
            "en": "The needles, the lace, the start of the Way",
            "de": "Die Felsnadeln, die Spitze, der Anfang des Weges",
        },
    ),
    "massif-du-mezenc": PoleFace(
        MEZENC,
        "mezenc-ete",
        {"fr": "Massif du Mézenc", "en": "Mézenc massif", "de": "Mézenc-Massiv"},
        {
            "fr": "Les sources de la Loire, la neige, les genêts",
            "en": "The springs of the Loire, the snow, the broom",
            "de": "Die Quellen der Loire, der Schnee, der Ginster",
        },
    ),
    "la-chaise-dieu": PoleFace(
        CHAISE_DIEU,
        "la-chaise-dieu",
        {"fr": "La Chaise-Dieu", "en": "La Chaise-Dieu", "de": "La Chaise-Dieu"},
        {
            "fr": "L’abbaye, la musique, les grands bois",
            "en": "The abbey, the music, the great woods",
            "de": "Die Abtei, die Musik, die großen Wälder",
        },
    ),
    "patrimoines": PoleFace(
        PUY,
        "le-puy",
        {"fr": "Patrimoines", "en": "Heritage", "de": "Kulturerbe"},
        {
            "fr": "La ville haute du Puy, les châteaux, l’abbaye de La Chaise-Dieu",
            "en": "The upper town of Le Puy, the castles, the abbey of La Chaise-Dieu",
            "de": "Die Oberstadt von Le Puy, die Burgen, die Abtei von La Chaise-Dieu",
        },
    ),
    "pleine-nature": PoleFace(
        MEZENC,
        "mezenc-ete",
        {
            "fr": "Pleine nature : Mézenc, Meygal, Haut-Lignon",
            "en": "Great outdoors: Mézenc, Meygal, Haut-Lignon",
            "de": "Natur: Mézenc, Meygal, Haut-Lignon",
        },
        {
            "fr": "Les crêtes à pied l’été, en raquettes l’hiver",
            "en": "The ridges on foot in summer, on snowshoes in winter",
            "de": "Im Sommer zu Fuß, im Winter mit Schneeschuhen über die Kämme",
        },
    ),
    "source-et-gorges-de-l-allier": PoleFace(
        CHAISE_DIEU,
        "la-chaise-dieu",
        {
            "fr": "Source et gorges de l’Allier",
            "en": "Source and gorges of the Allier",
            "de": "Quelle und Schluchten des Allier",
        },
        {
            "fr": "La rivière, les villages de lave, le train des gorges",
            "en": "The river, the lava villages, the train of the gorges",
            "de": "Der Fluss, die Lavadörfer, der Zug durch die Schluchten",
        },
    ),
}

# What was noted behind a name while the list was made is no part of it.
WORKING_NOTE = re.compile(r" \((?:Emblavez, atelier[^)]*|Plus Beaux Villages)\)$")

SITE_NAMES_EN = {
    "cathedrale-notre-dame-du-puy": "Cathedral of Notre-Dame du Puy and its cloister",
    "rocher-saint-michel": "Saint-Michel d’Aiguilhe, the rock and its chapel",
    "notre-dame-de-france": "Statue of Notre-Dame de France on the Corneille rock",
    "hotel-dieu": "Hôtel-Dieu (arts centre)",
    "musee-crozatier": "Crozatier museum",
    "camino": "Le Camino (museum of the Way of Saint James)",
    "forteresse-polignac": "Fortress of Polignac",
    "chateau-lavoute-polignac": "Castle of Lavoûte-Polignac",
    "saint-privat": "Saint-Privat-d’Allier (stage of the GR65)",
    "mont-mezenc": "Mont Mézenc",
    "les-estables": "Les Estables (Nordic and ski area)",
    "gerbier-de-jonc": "Mont Gerbier-de-Jonc, springs of the Loire",
    "saint-front-lac": "Lake of Saint-Front",
    "moudeyres": "Moudeyres (thatched houses)",
    "le-monastier": "Abbey church of Le Monastier-sur-Gazeille (Stevenson trail GR70)",
    "goudet-chateau-beaufort": "Castle of Beaufort, Goudet",
    "arlempdes": "Castle of Arlempdes",
    "cascade-de-la-beaume": "Beaume waterfall",
    "lac-du-bouchet": "Lake of Le Bouchet",
    "abbaye-la-chaise-dieu": "Abbey of La Chaise-Dieu (church of Saint-Robert)",
    "allegre-potence": "La Potence, Allègre",
    "le-chambon": "Place of Remembrance, Le Chambon-sur-Lignon",
}

SITE_NAMES_DE = {
    "cathedrale-notre-dame-du-puy": "Kathedrale Notre-Dame du Puy mit Kreuzgang",
    "rocher-saint-michel": "Saint-Michel d’Aiguilhe, Felsen und Kapelle",
    "notre-dame-de-france": "Statue Notre-Dame de France auf dem Corneille-Felsen",
    "hotel-dieu": "Hôtel-Dieu (Kulturzentrum)",
    "musee-crozatier": "Musée Crozatier",
    "camino": "Le Camino (Museum zum Jakobsweg)",
    "forteresse-polignac": "Festung Polignac",
    "chateau-lavoute-polignac": "Schloss Lavoûte-Polignac",
    "saint-privat": "Saint-Privat-d’Allier (Etappe des GR65)",
    "mont-mezenc": "Mont Mézenc",
    "les-estables": "Les Estables (Langlauf- und Skigebiet)",
    "gerbier-de-jonc": "Mont Gerbier-de-Jonc, Loire-Quellen",
    "saint-front-lac": "See von Saint-Front",
    "moudeyres": "Moudeyres (Strohdachhäuser)",
    "le-monastier": "Abteikirche von Le Monastier-sur-Gazeille (Stevenson-Weg GR70)",
    "goudet-chateau-beaufort": "Burg Beaufort, Goudet",
    "arlempdes": "Burg Arlempdes",
    "cascade-de-la-beaume": "Wasserfall von La Beaume",
    "lac-du-bouchet": "See von Le Bouchet",
    "abbaye-la-chaise-dieu": "Abtei von La Chaise-Dieu (Kirche Saint-Robert)",
    "allegre-potence": "La Potence, Allègre",
    "le-chambon": "Gedenkort, Le Chambon-sur-Lignon",
}


@dataclass(frozen=True)
class TerritoryReport:
    """What one load did: rows known after it, rows added, and rows of the files left out."""

    communes: int
    epci: int
    memberships_added: int
    sites: int
    stations: int
    activated: str
    skipped: tuple[str, ...]


@transaction.atomic
def load_territory(*, today: date, folder: Path = DATA) -> TerritoryReport:
    """Load the territory from the files of `folder`; a second call changes nothing.

    Both propositions become perimeters (features.md N18); where none is active yet, the first
    one is from `today` on. To switch, add a `PerimeterActivation`. A site whose commune isn't in
    the files is left out and named in the report.
    """
    epcis = _load_epci(folder)
    communes = _load_communes(folder, epcis)
    added = _load_perimeters(folder, communes)
    sites, skipped = _load_sites(folder, communes)
    stations = _load_stations(folder, communes)
    activated = ""
    if not PerimeterActivation.objects.exists():
        first = Perimeter.objects.get(slug=FIRST_PERIMETER)
        PerimeterActivation.objects.create(perimeter=first, active_from=today)
        activated = first.slug
    return TerritoryReport(
        communes=len(communes),
        epci=len(epcis),
        memberships_added=added,
        sites=sites,
        stations=stations,
        activated=activated,
        skipped=tuple(skipped),
    )


def _rows(path: Path, delimiter: str = ",") -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter=delimiter)


def _load_epci(folder: Path) -> dict[str, Epci]:
    Epci.objects.bulk_create(
        [
            Epci(
                siren=row["siren"],
                name=row["nom"],
                kind=row["type"],
                population=int(row["population_municipale"] or 0),
            )
            for row in _rows(folder / "epci.csv")
        ],
        update_conflicts=True,
        unique_fields=["siren"],
        update_fields=["name", "kind", "population"],
    )
    return {epci.siren: epci for epci in Epci.objects.all()}


def _load_communes(folder: Path, epcis: dict[str, Epci]) -> dict[str, Commune]:
    Commune.objects.bulk_create(
        [
            Commune(
                insee=row["insee"],
                name=row["nom"],
                slug=slugify(row["nom"]),
                department=row["departement"],
                postal_codes=row["codes_postaux"].split("|"),
                epci=epcis.get(row["epci_siren"]),
                population=int(row["population"] or 0),
                latitude=float(row["lat"]),
                longitude=float(row["lon"]),
            )
            for row in _rows(folder / "communes.csv")
        ],
        update_conflicts=True,
        unique_fields=["insee"],
        update_fields=[
            "name",
            "slug",
            "department",
            "postal_codes",
            "epci",
            "population",
            "latitude",
            "longitude",
        ],
    )
    return {commune.insee: commune for commune in Commune.objects.all()}


def _load_perimeters(folder: Path, communes: dict[str, Commune]) -> int:
    """Add the perimeters, their poles and the communes that have no place in them yet."""
    added = 0
    content = json.loads((folder / "poles.json").read_text(encoding="utf-8"))
    for proposal in content["propositions"]:
        names = PERIMETER_NAMES.get(proposal["slug"], {"fr": proposal["nom"]})
        perimeter, _ = Perimeter.objects.get_or_create(
            slug=proposal["slug"],
            defaults={"rule": proposal["perimetre"], **_by_language("name", names)},
        )
        poles = _load_poles(perimeter, proposal["poles"], communes)
        placed = {
            (insee, pole_slug, is_neighbour)
            for group, is_neighbour in (("communes", False), ("communes_voisines", True))
            for insee, pole_slug in proposal[group].items()
        }
        known = set(perimeter.memberships.values_list("commune__insee", flat=True))
        fresh = [
            PoleMembership(
                perimeter=perimeter,
                pole=poles[pole_slug] if pole_slug else None,
                commune=communes[insee],
                is_neighbour=is_neighbour,
                valid_from=MEMBERS_SINCE,
            )
            for insee, pole_slug, is_neighbour in sorted(placed, key=lambda one: one[0])
            if insee not in known
        ]
        PoleMembership.objects.bulk_create(fresh)
        added += len(fresh)
    return added


def _load_poles(
    perimeter: Perimeter, rows: list[dict[str, Any]], communes: dict[str, Commune]
) -> dict[str, Pole]:
    poles = {}
    for position, row in enumerate(rows, start=1):
        face = POLE_FACES.get(row["slug"])
        if face is None:
            face = PoleFace(PUY, "le-puy", {"fr": row["nom"]}, {})
        poles[row["slug"]], _ = Pole.objects.get_or_create(
            perimeter=perimeter,
            slug=row["slug"],
            defaults={
                "colour": face.colour,
                "hero": face.hero,
                "town": communes[row["ville_repere"]],
                "position": position,
                **_by_language("name", face.names),
                **_by_language("tagline", face.taglines),
            },
        )
    return poles


def _load_sites(folder: Path, communes: dict[str, Commune]) -> tuple[int, list[str]]:
    """Add the sites that are missing; returns how many stand in the file, and those left out."""
    by_name = {(commune.name, commune.department): commune for commune in communes.values()}
    sites = []
    skipped = []
    for row in _rows(folder / "sites.csv", delimiter="|"):
        if row["type"] == NOT_A_SITE:
            continue
        commune = communes.get(row["insee"]) or _named_commune(row["commune"], by_name)
        if commune is None:
            skipped.append(row["slug"])
            continue
        name = WORKING_NOTE.sub("", row["nom"])
        names = {
            "fr": name,
            "en": SITE_NAMES_EN.get(row["slug"], name),
            "de": SITE_NAMES_DE.get(row["slug"], name),
        }
        sites.append(
            Site(
                slug=row["slug"],
                kind=SITE_KINDS.get(row["type"], Site.Kind.OTHER),
                commune=commune,
                latitude=float(row["lat"]),
                longitude=float(row["lon"]),
                precision=row["precision"],
                note_fr=row["note"],
                **_by_language("name", names),
            )
        )
    Site.objects.bulk_create(sites, ignore_conflicts=True)
    return len(sites), skipped


def _named_commune(text: str, by_name: dict[tuple[str, str], Commune]) -> Commune | None:
    """Return the first commune named in « Saint-Martial / Sainte-Eulalie (07) »."""
    found = re.search(r"\((\d\w)\)", text)
    department = found[1] if found else "43"
    names = re.sub(r"\([^)]*\)", "", text).split("/")
    known = (by_name.get((name.strip(), department)) for name in names)
    return next((commune for commune in known if commune), None)


def _load_stations(folder: Path, communes: dict[str, Commune]) -> int:
    stations = [
        Station(
            name=row["name"],
            commune=communes[row["insee"]],
            latitude=float(row["lat"]),
            longitude=float(row["lon"]),
        )
        for row in _rows(folder / "stations.csv")
    ]
    Station.objects.bulk_create(
        stations,
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["commune", "latitude", "longitude"],
    )
    return len(stations)


def _by_language(field: str, texts: dict[str, str]) -> dict[str, str]:
    return {f"{field}_{language}": text for language, text in texts.items()}
