"""Load tariffs of the tourist tax from a file; what doesn't look right is told, not refused.

A tariff that is there already stays: the office may have corrected it from the délibération.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from booking.models import TaxCollectivity, TouristTaxTariff
from booking.models.offers import Offer
from booking.rules.tourist_tax import LOWEST_PERCENT
from destination.models import Epci

DATA = Path(__file__).resolve().parent.parent / "data" / "tourist_tax.csv"

Category = Offer.TaxCategory
HIGHEST_PERCENT = Decimal(5)
# National ceilings by year, euros per person and night (domain.md §1.4).
CEILINGS = {
    2024: ("4.60", "3.30", "2.50", "1.60", "1.00", "0.80"),
    2025: ("4.80", "3.50", "2.60", "1.70", "1.00", "0.80"),
    2026: ("4.90", "3.60", "2.60", "1.70", "1.00", "0.80"),
}
FLOORS = ("0.70", "0.70", "0.70", "0.50", "0.30", "0.20")
RANKED = (
    Category.PALACE,
    Category.FIVE_STAR,
    Category.FOUR_STAR,
    Category.THREE_STAR,
    Category.TWO_STAR,
    Category.ONE_STAR,
)
CAMPING_BOUNDS = {
    Category.CAMPING_HIGH: (Decimal("0.20"), Decimal("0.60")),
    Category.CAMPING_LOW: (Decimal("0.20"), Decimal("0.20")),
}


@dataclass(frozen=True)
class TaxReport:
    """What one load did: tariffs added, tariffs already there, and what to look at."""

    added: int
    kept: int
    warnings: tuple[str, ...]


@transaction.atomic
def load_tourist_tax(*, path: Path = DATA) -> TaxReport:
    """Load the tariffs of a file with their dates and source; a second call adds nothing.

    Columns as in `booking/data/tourist_tax.csv`, euros before the additional tax. Every council
    that has a tariff rounds in mode A until the office says otherwise (domain.md §11). Figures
    outside the national bounds of domain.md §1.4 are loaded with a warning; a percentage under
    the legal 1 % counts as missing, and a council that isn't known is left out, both with a
    warning.
    """
    epcis = {epci.siren: epci for epci in Epci.objects.all()}
    present = {
        (tariff.epci_id, tariff.category, tariff.valid_from): tariff
        for tariff in TouristTaxTariff.objects.all()
    }
    fresh = []
    kept = 0
    warnings = []
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            name = f"{row['collectivity']} · {row['category']}"
            epci = epcis.get(row["collectivity_siren"])
            if epci is None:
                warnings.append(_("%(name)s: unknown council, left out.") % {"name": name})
                continue
            tariff = _tariff(row, epci)
            if _is_missing(tariff):
                warnings.append(
                    _("%(name)s: %(value)s %% is under the legal 1 %%, counted as missing.")
                    % {"name": name, "value": tariff.value}
                )
                continue
            warnings += [f"{name}: {doubt}" for doubt in find_doubts(tariff)]
            known = present.get((epci.pk, tariff.category, tariff.valid_from))
            if known is None:
                fresh.append(tariff)
                continue
            kept += 1
            if (known.kind, known.value, known.cap) != (tariff.kind, tariff.value, tariff.cap):
                warnings.append(
                    _("%(name)s: another tariff is in force from that day, kept.") % {"name": name}
                )
    TouristTaxTariff.objects.bulk_create(fresh)
    TaxCollectivity.objects.bulk_create(
        [
            TaxCollectivity(epci_id=epci_id)
            for epci_id in sorted({tariff.epci_id for tariff in fresh})
        ],
        ignore_conflicts=True,
    )
    return TaxReport(added=len(fresh), kept=kept, warnings=tuple(warnings))


def find_doubts(tariff: TouristTaxTariff) -> list[str]:
    """Return why a tariff looks wrong, an empty list when it doesn't (domain.md §1.4)."""
    if tariff.kind == TouristTaxTariff.Kind.PERCENT:
        doubts = []
        if tariff.value > HIGHEST_PERCENT:
            doubts.append(_("%(value)s %% is over the legal 5 %%.") % {"value": tariff.value})
        if tariff.cap is None:
            doubts.append(_("a percentage needs its cap."))
        return doubts
    bounds = national_bounds(tariff.category, tariff.valid_from)
    if bounds is None:
        return [_("this category takes a percentage, not a fixed amount.")]
    lowest, highest = bounds
    if lowest <= tariff.value <= highest:
        return []
    return [
        _("%(value)s € is outside the national bounds, %(low)s to %(high)s €.")
        % {"value": tariff.value, "low": lowest, "high": highest}
    ]


def national_bounds(category: str, day: date) -> tuple[Decimal, Decimal] | None:
    """Return the national floor and ceiling of a fixed tariff on a day, None where none holds.

    After the last year known its ceilings go on; before the first one, its own.
    """
    if category in CAMPING_BOUNDS:
        return CAMPING_BOUNDS[Category(category)]
    if category not in RANKED:
        return None
    year = min(max(day.year, min(CEILINGS)), max(CEILINGS))
    rank = RANKED.index(Category(category))
    return Decimal(FLOORS[rank]), Decimal(CEILINGS[year][rank])


def _tariff(row: dict[str, str], epci: Epci) -> TouristTaxTariff:
    return TouristTaxTariff(
        epci=epci,
        category=Category(row["category"]),
        kind=TouristTaxTariff.Kind(row["kind"]),
        value=Decimal(row["value"]),
        cap=Decimal(row["cap"]) if row["cap"] else None,
        additional_rate=Decimal(row["additional_departmental"]),
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        source=row["source"],
    )


def _is_missing(tariff: TouristTaxTariff) -> bool:
    return tariff.value <= 0 or (
        tariff.kind == TouristTaxTariff.Kind.PERCENT and tariff.value < LOWEST_PERCENT
    )
