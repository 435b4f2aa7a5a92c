"""The worked tables of PRICING.md and TOURIST_TAX.md say what the code computes."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

import booking
from booking.rules.pricing import (
    NightRule,
    OptionChoice,
    StayTerms,
    SupplementTerms,
    quote_stay,
)
from booking.rules.tourist_tax import Tariff, TaxTerms, compute_tourist_tax
from tests.booking.rules.strategies import party
from tests.booking.rules.test_tourist_tax import VECTORS

D = Decimal
DOCS = Path(booking.__path__[0])
VAT10, VAT20 = D("0.10"), D("0.20")


def worked_table(page: str) -> list[list[str]]:
    """The rows of the table under "Worked table", without its head."""
    text = (DOCS / page).read_text(encoding="utf-8").split("## Worked table")[1]
    rows = [line.strip("| ").split("|") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def test_pricing_page_adds_up_as_the_code_does() -> None:
    gite = StayTerms(
        base_amount=None,
        night_rules=(
            NightRule("season", date(2026, 7, 1), date(2026, 9, 1), D(110)),
            NightRule("weekday", date(2026, 7, 1), date(2026, 9, 1), D(130), weekday=4),
        ),
        base_occupancy=2,
        extra_person_amount=D(12),
        supplements=(
            SupplementTerms("cleaning", "", "stay", D(60), True, VAT20),
            SupplementTerms("linen", "", "person", D("9.50"), False, VAT20),
        ),
        vat_rate=VAT10,
    )
    tax = TaxTerms((Tariff("fixed", D("1.00"), None, VAT10, date(2026, 1, 1)),))
    price = quote_stay(
        gite,
        date(2026, 7, 11),
        date(2026, 7, 18),
        party(2, (5, 10)),
        [OptionChoice("linen")],
        tax,
        collects_tax=True,
    )
    computed = []
    for code in dict.fromkeys(item.code for item in price.items):
        items = [item for item in price.items if item.code == code]
        sums = [sum(getattr(item, name) for item in items) for name in ("gross", "net", "vat")]
        computed.append([code, str(sum(item.quantity for item in items)), *map(str, sums)])

    *rows, total = worked_table("PRICING.md")

    assert rows == computed
    assert total[2] == str(price.total)


@pytest.mark.parametrize("row", worked_table("TOURIST_TAX.md"), ids=lambda row: row[0])
def test_tourist_tax_page_says_what_is_charged(row: list[str]) -> None:
    vector = next(vector for vector in VECTORS if vector.name == row[0])

    totals = [
        compute_tourist_tax(
            TaxTerms(vector.tariffs, mode),
            vector.arrival,
            vector.arrival + timedelta(days=vector.nights),
            vector.guests,
            D(vector.lodging_net),
            vector.exempt_adults,
        ).total
        for mode in "ABC"
    ]

    assert row[2:] == [str(total) for total in totals]


def test_tourist_tax_page_has_every_vector() -> None:
    assert [row[0] for row in worked_table("TOURIST_TAX.md")] == [v.name for v in VECTORS]
