"""The rates of return as a table for spreadsheets: one row a year and a thing that is told apart.

Columns never change their names: boards compare files of several years. Names are French, as who
reads them is. Of fewer than five households there are no figures.
"""

from __future__ import annotations

from collections.abc import Iterator

from booking.house_zip import csv_of
from booking.relations.retention import Returns
from booking.rules.retention import (
    ALL,
    FAMILY,
    FEWEST,
    GROUP,
    LANGUAGE,
    PARTY,
    POLE,
    SECOND_HOME,
    Cell,
    Rate,
)

Row = dict[str, str | int]

KIND_CODES = {FAMILY: "familles", SECOND_HOME: "residences_secondaires", GROUP: "groupes"}
DIMENSION_CODES = {ALL: "ensemble", POLE: "pole", LANGUAGE: "langue", PARTY: "composition"}
COLUMNS = (
    *("annee", "en_cours", "nature", "selon", "valeur", "foyers_venus_l_annee_precedente"),
    *("revenus", "taux_pourcent", "intervalle_95_bas", "intervalle_95_haut"),
    *("sejours_connus_de_nous", "dont_foyer_identifie", "couverture_pourcent", "trop_peu"),
)


def returns_file(returns: Returns) -> bytes:
    """Return every rate of the last years as CSV, the newest year first."""
    return csv_of(_rows(returns), COLUMNS)


def _rows(returns: Returns) -> Iterator[Row]:
    dimensions = list(DIMENSION_CODES)

    def order(cell: Cell) -> tuple[object, ...]:
        kinds = list(KIND_CODES)
        return (
            -cell.year,
            kinds.index(cell.kind),
            dimensions.index(cell.dimension),
            cell.value,
        )

    for cell in sorted(returns.rates, key=order):
        rate = returns.rates[cell]
        # Groups and second homes are few: they have one figure a year.
        if rate.households and (cell.kind == FAMILY or cell.dimension == ALL):
            yield _row(cell, rate, is_running=returns.is_running(cell.year))


def _row(cell: Cell, rate: Rate, *, is_running: bool) -> Row:
    told: Row = {
        "annee": cell.year,
        "en_cours": int(is_running),
        "nature": KIND_CODES[cell.kind],
        "selon": DIMENSION_CODES[cell.dimension],
        "valeur": cell.value,
        "sejours_connus_de_nous": rate.stays,
        "dont_foyer_identifie": rate.known,
        "couverture_pourcent": rate.coverage or 0,
        "trop_peu": int(rate.is_few),
    }
    if rate.is_few:
        return {**told, "foyers_venus_l_annee_precedente": f"moins de {FEWEST}"}
    return {
        **told,
        "foyers_venus_l_annee_precedente": rate.households,
        "revenus": rate.back,
        "taux_pourcent": rate.percent or 0,
        "intervalle_95_bas": rate.low or 0,
        "intervalle_95_haut": rate.high or 0,
    }
