"""Loading the territory: official facts in, the office's choices left alone."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command

from destination.importers.territory import DATA, load_territory
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
from destination.models.territory import memberships_on

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 23)
PLACES_OF = {
    "geographique": {"le-puy-en-velay": 50, "massif-du-mezenc": 22, "la-chaise-dieu": 22},
    "thematique": {"patrimoines": 72, "pleine-nature": 28, "source-et-gorges-de-l-allier": 80},
}


def test_the_territory_has_its_communes_epci_sites_and_stations() -> None:
    report = load_territory(today=DAY)

    assert (Commune.objects.count(), Epci.objects.count(), Station.objects.count()) == (278, 13, 18)
    puy = Commune.objects.select_related("epci").get(insee="43157")
    assert (puy.name, puy.postal_codes, puy.epci and puy.epci.siren) == (
        "Le Puy-en-Velay",
        ["43000"],
        "200073419",
    )
    # Its file names two communes of Ardèche and no code: the first one known is taken.
    assert Site.objects.get(slug="gerbier-de-jonc").commune.insee == "07267"
    assert not Site.objects.filter(slug__startswith="gare").exists()
    assert report.sites == Site.objects.count()
    assert report.skipped == ()


@pytest.mark.parametrize("proposal", PLACES_OF)
def test_each_proposition_is_a_perimeter_with_its_poles(proposal: str) -> None:
    load_territory(today=DAY)

    poles = Pole.objects.filter(perimeter__slug=proposal)
    sold = {
        pole.slug: pole.memberships.filter(is_neighbour=False).count()
        for pole in poles.order_by("position")
    }
    assert sold == PLACES_OF[proposal]
    assert list(sold) == list(PLACES_OF[proposal])
    neighbours = PoleMembership.objects.filter(perimeter__slug=proposal, is_neighbour=True)
    assert neighbours.count() == 21
    assert set(neighbours.values_list("commune__department", flat=True)) == {"07"}


def test_poles_have_their_words_in_french_and_english_their_colour_and_landscape() -> None:
    load_territory(today=DAY)

    mezenc = Pole.objects.active_on(DAY).get(slug="massif-du-mezenc")
    assert (mezenc.name_fr, mezenc.name_en) == ("Massif du Mézenc", "Mézenc massif")
    assert (mezenc.colour, mezenc.hero) == ("mezenc", "mezenc-ete")
    assert mezenc.town is not None
    assert mezenc.town.name == "Les Estables"
    assert not Pole.objects.filter(tagline_fr="").exists()
    assert not Pole.objects.filter(tagline_en="").exists()


def test_loading_twice_changes_nothing() -> None:
    load_territory(today=DAY)
    before = _everything()
    report = load_territory(today=DAY + timedelta(days=30))

    assert _everything() == before
    assert (report.memberships_added, report.activated) == (0, "")


def test_the_first_proposition_is_active_from_the_day_of_loading() -> None:
    report = load_territory(today=DAY)

    assert report.activated == "geographique"
    assert Perimeter.objects.active_on(DAY).get().slug == "geographique"
    assert not Perimeter.objects.active_on(DAY - timedelta(days=1)).exists()


def test_the_office_switches_the_perimeter_by_adding_a_row() -> None:
    load_territory(today=DAY)
    later = DAY + timedelta(days=40)
    PerimeterActivation.objects.create(
        perimeter=Perimeter.objects.get(slug="thematique"), active_from=later
    )
    load_territory(today=later)

    cayres = Commune.objects.get(insee="43042")
    assert not memberships_on(DAY).filter(commune=cayres).exists()
    place = memberships_on(later).select_related("pole").get(commune=cayres)
    assert place.pole is not None
    assert place.pole.slug == "source-et-gorges-de-l-allier"
    assert [pole.slug for pole in Pole.objects.active_on(later)] == list(PLACES_OF["thematique"])
    assert [pole.slug for pole in Pole.objects.active_on(DAY)] == list(PLACES_OF["geographique"])


def test_what_the_office_decided_survives_another_load() -> None:
    load_territory(today=DAY)
    pole = Pole.objects.get(perimeter__slug="geographique", slug="la-chaise-dieu")
    pole.tagline_fr = "Le silence et la musique"
    pole.save()
    moved = PoleMembership.objects.get(perimeter__slug="geographique", commune__insee="43216")
    moved.valid_to = DAY
    moved.save()
    PoleMembership.objects.create(
        perimeter=moved.perimeter, pole=pole, commune=moved.commune, valid_from=DAY
    )
    load_territory(today=DAY)

    pole.refresh_from_db()
    assert pole.tagline_fr == "Le silence et la musique"
    assert memberships_on(DAY).get(commune__insee="43216").pole == pole


def test_the_command_loads_the_files_of_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in DATA.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    sites = tmp_path / "sites.csv"
    sites.write_text(
        sites.read_text(encoding="utf-8") + "nulle-part|Nulle part|lac|Ailleurs||45.0|4.0|~1 km|\n",
        encoding="utf-8",
    )
    call_command("import_communes", folder=tmp_path)

    printed = capsys.readouterr()
    assert "278 communes, 13 EPCI" in printed.out
    assert "nulle-part" in printed.err
    assert not Site.objects.filter(slug="nulle-part").exists()


def test_our_copies_are_those_of_the_shared_data(shared_data: Path) -> None:
    copies = [file for file in DATA.iterdir() if file.suffix != ".md"]

    assert len(copies) == 6
    for file in copies:
        assert file.read_bytes() == (shared_data / "projet" / file.name).read_bytes()


def _everything() -> list[list[tuple[object, ...]]]:
    models = [
        Epci,
        Commune,
        Perimeter,
        PerimeterActivation,
        Pole,
        PoleMembership,
        Site,
        Station,
    ]
    return [list(model._default_manager.order_by("pk").values_list()) for model in models]
