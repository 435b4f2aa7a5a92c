"""The yearly declaration as a table: one row a house and activity, one a property that it let.

Columns are described in oti/decisions/0020-dac7.md and never change their names: programs read
them. Names are French, as who reads them is; days ISO, euros with a comma.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from decimal import Decimal

from booking.house_zip import csv_of
from booking.rules import sellers
from booking.rules.sellers import SellerData, missing_of
from booking.seller_data import sellers_of
from booking.seller_years import Part, SellerYear, houses_of_year, years_of_houses
from members.models import Provider

Row = dict[str, str | int]

ACTIVITY_CODES = {
    sellers.PROPERTY: "location_immobiliere",
    sellers.SERVICES: "services_personnels",
    sellers.GOODS: "vente_de_biens",
    sellers.TRANSPORT: "location_de_transport",
}
WHO = (
    *("annee", "vendeur", "type_vendeur", "nom", "adresse", "date_naissance", "lieu_naissance"),
    *("numero_fiscal", "pays_fiscal", "siret", "numero_tva", "compte", "donnees_manquantes"),
)
WHAT = ("activite", "bien", "adresse_bien", "numero_enregistrement", "type_bien", "jours_loues")
SUMS = ("operations", "montant_brut", "frais", "contrepartie_nette", "taxe_de_sejour")
PERIODS = (*(f"t{number}" for number in sellers.QUARTERS), "total")
COLUMNS = (*WHO, *WHAT, *(f"{period}_{name}" for period in PERIODS for name in SUMS))


def declaration(year: int) -> bytes:
    """Return the file of a civil year: every house that is told of, by name, as CSV."""
    houses = list(Provider.objects.filter(pk__in=houses_of_year(year)).order_by("name", "pk"))
    return csv_of(_rows(houses, year, everybody=False), COLUMNS)


def statement(house: Provider, year: int) -> bytes:
    """Return the rows of one house, as it has them itself, as CSV."""
    return csv_of(_rows([house], year, everybody=True), COLUMNS)


def _rows(houses: Collection[Provider], year: int, *, everybody: bool) -> Iterator[Row]:
    told = sellers_of(houses)
    years = years_of_houses(houses, year)
    for house in houses:
        whole = years[house.pk]
        if everybody or not whole.exclusion:
            yield from _rows_of(house, told[house.pk], whole)


def _rows_of(house: Provider, seller: SellerData, whole: SellerYear) -> Iterator[Row]:
    who: Row = {
        "annee": whole.year,
        "vendeur": house.name,
        "type_vendeur": "entite" if seller.is_entity else "personne",
        "nom": seller.legal_name,
        "adresse": seller.home_address,
        "date_naissance": seller.born_on,
        "lieu_naissance": seller.born_at,
        "numero_fiscal": seller.tax_number,
        "pays_fiscal": "" if seller.is_entity else seller.tax_country,
        "siret": seller.siret,
        "numero_tva": seller.vat_number,
        "compte": seller.account,
        "donnees_manquantes": " ".join(missing_of(seller)),
    }
    for part in whole.parts:
        yield {**who, **_what(part), **_sums(part)}


def _what(part: Part) -> Row:
    return {
        "activite": ACTIVITY_CODES[part.activity],
        "bien": part.title,
        "adresse_bien": part.address,
        "numero_enregistrement": part.registration,
        "type_bien": part.property_type,
        "jours_loues": part.days if part.offer else "",
    }


def _sums(part: Part) -> Row:
    found: Row = {}
    for period, cut in zip(PERIODS, (*part.quarters, part.total), strict=True):
        amounts = (cut.gross, cut.fees, cut.net, cut.taxes)
        found |= {f"{period}_{SUMS[0]}": cut.operations}
        found |= {
            f"{period}_{name}": _euros(amount)
            for name, amount in zip(SUMS[1:], amounts, strict=True)
        }
    return found


def _euros(amount: Decimal) -> str:
    return f"{amount:.2f}".replace(".", ",")
