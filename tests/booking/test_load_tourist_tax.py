"""Loading tariffs of the tourist tax: doubts are told, the office's own figures stay."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils import translation

from booking.importers.tourist_tax import DATA, load_tourist_tax
from booking.models import TaxCollectivity, TouristTaxTariff
from booking.rules.tourist_tax import Tariff, TaxTerms, compute_tourist_tax
from destination.importers.territory import load_territory
from tests.booking.rules.strategies import party

pytestmark = pytest.mark.django_db
HEADER = (
    "collectivity_siren,collectivity,nature,category,kind,value,cap,valid_from,valid_to,"
    "additional_departmental,source\n"
)
PUY, HAUT_LIGNON = "200073419", "244301107"


@pytest.fixture(autouse=True)
def _territory() -> None:
    load_territory(today=date(2026, 11, 23))


def test_the_tariffs_of_2026_are_loaded_with_their_dates_and_source() -> None:
    report = load_tourist_tax()

    assert (report.added, report.kept, report.warnings) == (23, 0, ())
    tariff = TouristTaxTariff.objects.get(epci__siren=PUY, category="unclassified")
    assert (tariff.kind, tariff.value, tariff.cap) == ("percent", Decimal(5), Decimal(3))
    assert (tariff.valid_from, tariff.valid_to) == (date(2026, 1, 1), date(2026, 12, 31))
    assert tariff.additional_rate == Decimal("0.10")
    assert tariff.source == "DELTA 2026-01-01"
    # domain.md §1.4: the percentage of Rives du Haut Allier is an anomaly, counted as missing.
    haut_allier = TouristTaxTariff.objects.filter(epci__siren="200073393")
    assert not haut_allier.filter(category="unclassified").exists()


def test_each_council_rounds_in_mode_a_by_default() -> None:
    load_tourist_tax()

    assert set(TaxCollectivity.objects.values_list("rounding_mode", "regime")) == {("A", "real")}
    assert TaxCollectivity.objects.count() == 4


def test_the_first_vector_of_the_domain_comes_out_of_the_loaded_rows() -> None:
    load_tourist_tax()
    row = TouristTaxTariff.objects.get(epci__siren=PUY, category="3_star")
    tariff = Tariff(row.kind, row.value, row.cap, row.additional_rate, row.valid_from, row.valid_to)
    due = compute_tourist_tax(
        TaxTerms(tariffs=(tariff,)),
        date(2026, 7, 11),
        date(2026, 7, 18),
        party(2, (5, 10)),
        Decimal(700),
    )

    assert due.total == Decimal("15.40")


def test_loading_twice_adds_nothing_and_keeps_what_the_office_corrected() -> None:
    load_tourist_tax()
    TouristTaxTariff.objects.filter(epci__siren=PUY, category="3_star").update(
        value=Decimal("1.05"), source="délibération du 24 juin"
    )
    TaxCollectivity.objects.filter(epci__siren=PUY).update(rounding_mode="B")
    report = load_tourist_tax()

    assert (report.added, report.kept) == (0, 23)
    assert len(report.warnings) == 1
    assert "3_star" in report.warnings[0]
    tariff = TouristTaxTariff.objects.get(epci__siren=PUY, category="3_star")
    assert tariff.value == Decimal("1.05")
    assert TaxCollectivity.objects.get(epci__siren=PUY).rounding_mode == "B"


def test_the_tariffs_of_a_further_year_stand_beside_the_former_ones(tmp_path: Path) -> None:
    load_tourist_tax()
    report = load_tourist_tax(
        path=_file(tmp_path, f"{PUY},CA,all,3_star,fixed,1.10,,2027-01-01,2027-12-31,0.10,x")
    )

    assert (report.added, report.warnings) == (1, ())
    assert TouristTaxTariff.objects.filter(epci__siren=PUY, category="3_star").count() == 2


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("3_star,fixed,1.80,", "1.80"),
        ("3_star,fixed,0.40,", "0.40"),
        ("camping_3_5_star,fixed,0.70,", "0.70"),
        ("unclassified,fixed,1.00,", "percent"),
        ("unclassified,percent,6,3.00", "6"),
        ("unclassified,percent,5,", "cap"),
    ],
)
def test_a_figure_out_of_bounds_is_loaded_with_a_warning(
    tmp_path: Path, row: str, said: str
) -> None:
    with translation.override("en"):
        report = load_tourist_tax(
            path=_file(tmp_path, f"{HAUT_LIGNON},CC du Haut Lignon,all,{row},2026-01-01,,0.10,x")
        )

    assert report.added == 1
    assert len(report.warnings) == 1
    assert said in report.warnings[0]
    assert TouristTaxTariff.objects.filter(epci__siren=HAUT_LIGNON).count() == 1


@pytest.mark.parametrize(
    "row",
    [
        f"{HAUT_LIGNON},CC du Haut Lignon,all,unclassified,percent,0,1.00,2026-01-01,,0.10,x",
        "999999999,Ailleurs,all,3_star,fixed,1.00,,2026-01-01,,0.10,x",
    ],
)
def test_a_missing_percentage_or_an_unknown_council_is_left_out_with_a_warning(
    tmp_path: Path, row: str
) -> None:
    report = load_tourist_tax(path=_file(tmp_path, row))

    assert report.added == 0
    assert len(report.warnings) == 1
    assert not TouristTaxTariff.objects.exists()


def test_our_copy_is_that_of_the_shared_data(shared_data: Path) -> None:
    assert DATA.read_bytes() == (shared_data / "projet" / DATA.name).read_bytes()


def _file(folder: Path, *rows: str) -> Path:
    path = folder / "tariffs.csv"
    path.write_text(HEADER + "\n".join(rows) + "\n", encoding="utf-8")
    return path
