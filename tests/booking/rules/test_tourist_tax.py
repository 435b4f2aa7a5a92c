"""The tourist tax: every rule of domain.md §1.1 and the fifteen vectors of §1.5."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules.people import Guest
from booking.rules.tourist_tax import (
    NoTariff,
    Tariff,
    TaxTerms,
    compute_tourist_tax,
    tariff_of,
)
from tests.booking.rules import strategies as draw
from tests.booking.rules.strategies import bounded

D = Decimal
ARRIVAL = date(2026, 7, 11)
END_2026 = date(2026, 12, 31)


def fixed(value: str, year: int = 2026) -> Tariff:
    """A fixed tariff for one year, with the department's 10 %."""
    return Tariff("fixed", D(value), None, D("0.10"), date(year, 1, 1), date(year, 12, 31))


def percent(value: str, cap: str) -> Tariff:
    """A proportional tariff for 2026, with the department's 10 %."""
    return Tariff("percent", D(value), D(cap), D("0.10"), date(2026, 1, 1), END_2026)


LE_PUY_PERCENT = percent("5", "3.00")
MEZENC_PERCENT = percent("3", "1.27")


def party(adults: int, children: int = 0) -> tuple[Guest, ...]:
    """Adults who give no age, and children of eight."""
    return (Guest(),) * adults + (Guest(8),) * children


@dataclass(frozen=True)
class Vector:
    """One row of domain.md §1.5; `per_person` None where two tariffs meet."""

    name: str
    tariffs: tuple[Tariff, ...]
    guests: tuple[Guest, ...]
    nights: int
    per_person: str | None
    base: str
    additional: str
    total_a: str
    total_b: str
    total_c: str
    lodging_net: str = "500.00"
    exempt_adults: int = 0
    arrival: date = ARRIVAL


VECTORS = (
    Vector("T1", (fixed("1.00"),), party(2, 2), 7, "1.00", "14.00", "1.40",
           "15.40", "15.40", "15.40"),
    Vector("T2", (LE_PUY_PERCENT,), party(2, 2), 7, "1.25", "17.50", "1.75",
           "19.25", "19.32", "19.25", lodging_net="700.00"),
    Vector("T3", (LE_PUY_PERCENT,), party(1), 2, "3.00", "6.00", "0.60",
           "6.60", "6.60", "6.60", lodging_net="240.00"),
    Vector("T4", (MEZENC_PERCENT,), party(2, 1), 3, "0.90", "5.40", "0.54",
           "5.94", "5.94", "5.94", lodging_net="270.00"),
    Vector("T5", (MEZENC_PERCENT,), party(2), 2, "1.27", "5.08", "0.51",
           "5.59", "5.60", "5.59", lodging_net="400.00"),
    Vector("T6", (fixed("0.68"),), party(2), 1, "0.68", "1.36", "0.14",
           "1.50", "1.50", "1.50"),
    Vector("T7", (LE_PUY_PERCENT,), party(2, 1), 3, "1.67", "10.02", "1.00",
           "11.02", "11.04", "11.00", lodging_net="300.00"),
    Vector("T8", (fixed("1.20"),), party(4), 5, "1.20", "24.00", "2.40",
           "26.40", "26.40", "26.40"),
    Vector("T9", (fixed("1.00"),), party(1), 30, "1.00", "0.00", "0.00",
           "0.00", "0.00", "0.00", exempt_adults=1),
    Vector("T10", (fixed("1.00"), fixed("1.10", 2027)), party(1), 3, None, "3.10", "0.31",
           "3.41", "3.41", "3.41", arrival=date(2026, 12, 30)),
    Vector("T11", (fixed("0.68"),), party(2), 7, "0.68", "9.52", "0.95",
           "10.47", "10.50", "10.47"),
    Vector("T12", (fixed("0.82"),), party(2), 14, "0.82", "22.96", "2.30",
           "25.26", "25.20", "25.26"),
    Vector("T13", (LE_PUY_PERCENT,), party(1, 2), 1, "1.33", "1.33", "0.13",
           "1.46", "1.46", "1.46", lodging_net="79.90"),
    Vector("T14", (fixed("1.00"),), party(4), 4, "1.00", "12.00", "1.20",
           "13.20", "13.20", "13.20", exempt_adults=1),
    Vector("T15", (LE_PUY_PERCENT,), party(2, 2), 7, "0.64", "8.96", "0.90",
           "9.86", "9.80", "9.87", lodging_net="359.09"),
)  # fmt: skip


@pytest.mark.parametrize("mode", ["A", "B", "C"])
@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_tax_follows_the_vectors_of_the_law(vector: Vector, mode: str) -> None:
    result = compute_tourist_tax(
        TaxTerms(vector.tariffs, mode),
        vector.arrival,
        vector.arrival + timedelta(days=vector.nights),
        vector.guests,
        D(vector.lodging_net),
        vector.exempt_adults,
    )

    expected = {"A": vector.total_a, "B": vector.total_b, "C": vector.total_c}[mode]
    assert result.total == D(expected)
    assert result.base + result.additional == result.total
    assert len(result.per_night) == vector.nights
    if mode == "A":
        assert (result.base, result.additional) == (D(vector.base), D(vector.additional))
    if vector.per_person:
        assert {night.per_person for night in result.per_night} == {D(vector.per_person)}
    assert not result.to_confirm


def week(terms: TaxTerms, guests: tuple[Guest, ...], net: str = "700.00") -> Decimal:
    """The total of one week in July 2026."""
    return compute_tourist_tax(terms, ARRIVAL, ARRIVAL + timedelta(days=7), guests, D(net)).total


def test_new_year_stay_takes_the_tariff_of_each_night() -> None:
    terms = TaxTerms((fixed("1.00"), fixed("1.10", 2027)))

    result = compute_tourist_tax(terms, date(2026, 12, 30), date(2027, 1, 2), party(1), D("300.00"))

    assert [night.per_person for night in result.per_night] == [D("1.00"), D("1.00"), D("1.10")]


def test_last_known_tariff_goes_on_to_be_confirmed() -> None:
    terms = TaxTerms((fixed("0.90", 2025), fixed("1.00", 2026)))

    result = compute_tourist_tax(terms, date(2026, 12, 31), date(2027, 1, 2), party(1), D("300.00"))

    assert [night.to_confirm for night in result.per_night] == [False, True]
    assert result.to_confirm
    assert result.total == D("2.20")


def test_hole_between_two_tariffs_takes_the_one_before() -> None:
    terms = TaxTerms((fixed("1.00", 2025), fixed("2.00", 2027)))

    assert tariff_of(terms, date(2026, 6, 1)) == (fixed("1.00", 2025), True)
    assert tariff_of(terms, date(2027, 1, 1)) == (fixed("2.00", 2027), False)


def test_short_tariff_gives_way_to_the_yearly_one_at_its_end() -> None:
    yearly = fixed("1.00")
    june = replace(fixed("2.00"), valid_from=date(2026, 6, 1), valid_to=date(2026, 6, 30))
    terms = TaxTerms((june, yearly))

    assert tariff_of(terms, date(2026, 6, 30)) == (june, False)
    assert tariff_of(terms, date(2026, 7, 1)) == (yearly, False)


def test_tariff_without_an_end_is_never_to_be_confirmed() -> None:
    endless = replace(fixed("1.00"), valid_to=None)

    assert tariff_of(TaxTerms((endless,)), date(2040, 1, 1)) == (endless, False)


def test_nights_before_the_first_tariff_are_refused_by_name() -> None:
    with pytest.raises(NoTariff) as refusal:
        compute_tourist_tax(
            TaxTerms((fixed("1.00"),)), date(2025, 12, 30), date(2026, 1, 2), party(1), D(100)
        )

    assert refusal.value.days == (date(2025, 12, 30), date(2025, 12, 31))


def test_no_tariff_at_all_is_refused() -> None:
    with pytest.raises(NoTariff):
        week(TaxTerms(()), party(2))


def test_percentage_under_the_legal_one_counts_as_missing() -> None:
    with pytest.raises(NoTariff):
        week(TaxTerms((percent("0", "1.00"),)), party(2))

    assert week(TaxTerms((percent("1", "1.00"),)), party(2)) == D("7.70")


def test_flat_rate_regime_asks_nothing_of_guests() -> None:
    assert week(TaxTerms((), is_flat_rate_regime=True), party(2)) == 0


def test_free_stay_is_not_taxed() -> None:
    assert week(TaxTerms((fixed("1.00"),)), party(2), net="0") == 0
    assert week(TaxTerms((fixed("1.00"),)), party(2), net="0.01") == D("15.40")


@pytest.mark.parametrize(("age", "total"), [(17, "7.70"), (18, "15.40"), (None, "15.40")])
def test_minors_at_arrival_are_exempt(age: int | None, total: str) -> None:
    assert week(TaxTerms((fixed("1.00"),)), (Guest(), Guest(age))) == D(total)


def test_exempt_age_is_the_collectivity_s() -> None:
    terms = TaxTerms((fixed("1.00"),), exempt_below_age=13)

    assert week(terms, (Guest(), Guest(12), Guest(13))) == D("15.40")


def test_exempt_guests_still_share_the_price() -> None:
    alone = week(TaxTerms((LE_PUY_PERCENT,)), party(2), net="700.00")
    with_children = week(TaxTerms((LE_PUY_PERCENT,)), party(2, 2), net="700.00")

    assert (alone, with_children) == (D("38.50"), D("19.25"))


def test_additional_rate_is_the_collectivity_s() -> None:
    riviera = replace(fixed("1.00"), additional_rate=D("0.44"))

    assert week(TaxTerms((riviera,)), party(2)) == D("20.16")


def test_cap_holds_before_the_additional_tax() -> None:
    assert week(TaxTerms((LE_PUY_PERCENT,)), party(1), net="7000.00") == D("23.10")


@pytest.mark.parametrize(
    ("departure", "guests"), [(ARRIVAL, party(2)), (ARRIVAL + timedelta(days=1), ())]
)
def test_tax_of_nobody_or_of_no_night_is_a_mistake(
    departure: date, guests: tuple[Guest, ...]
) -> None:
    with pytest.raises(ValueError, match="at least one night"):
        compute_tourist_tax(TaxTerms((fixed("1.00"),)), ARRIVAL, departure, guests, D(100))


def test_unknown_kind_and_mode_are_mistakes() -> None:
    with pytest.raises(ValueError, match="kind"):
        Tariff("flat", D(1), None, D(0), ARRIVAL)
    with pytest.raises(ValueError, match="mode"):
        TaxTerms((), "D")


@bounded
@given(draw.tax_terms(), draw.guests, draw.days, st.integers(1, 20), draw.amounts())
def test_parts_add_up_and_nothing_is_negative(
    terms: TaxTerms, guests: list[Guest], arrival: date, nights: int, net: Decimal
) -> None:
    departure = arrival + timedelta(days=nights)

    result = compute_tourist_tax(terms, arrival, departure, guests, net)

    assert result.base + result.additional == result.total
    assert min(result.base, result.additional) >= 0
    assert result.total == result.total.quantize(D("0.01"))


@bounded
@given(draw.tax_terms(), draw.guests, draw.days, st.integers(1, 20), draw.amounts())
def test_modes_differ_by_less_than_a_cent_per_person_and_night(
    terms: TaxTerms, guests: list[Guest], arrival: date, nights: int, net: Decimal
) -> None:
    departure = arrival + timedelta(days=nights)
    totals = [
        compute_tourist_tax(replace(terms, mode=mode), arrival, departure, guests, net).total
        for mode in "ABC"
    ]

    # Half a cent on the tax, up to 0.44 of it again, and half a cent on the additional tax.
    assert max(totals) - min(totals) <= D("0.0125") * nights * len(guests) + D("0.01")


@bounded
@given(draw.guests, st.integers(0, 8), draw.amounts())
def test_one_more_exempt_adult_never_adds_tax(
    guests: list[Guest], exempt: int, net: Decimal
) -> None:
    def total(exempt_adults: int) -> Decimal:
        return compute_tourist_tax(
            TaxTerms((LE_PUY_PERCENT,)),
            ARRIVAL,
            ARRIVAL + timedelta(days=3),
            guests,
            net,
            exempt_adults,
        ).total

    assert total(exempt + 1) <= total(exempt)
