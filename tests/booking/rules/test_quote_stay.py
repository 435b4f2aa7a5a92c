"""The explained price of a stay, night by night (features.md D01, D02, D04, D06 to D08, D13)."""

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from booking.rules.people import Guest
from booking.rules.pricing import (
    BadOption,
    NightRule,
    OptionChoice,
    PriceMissing,
    Quote,
    StayTerms,
    SupplementTerms,
    night_amount,
    quote_stay,
)
from booking.rules.tourist_tax import NoTariff, Tariff, TaxTerms
from tests.booking.rules import strategies as draw
from tests.booking.rules.strategies import bounded, party

D = Decimal
ONE_NIGHT = timedelta(days=1)
SATURDAY = date(2026, 7, 11)
DUPONT = party(2, (5, 10))
VAT10 = D("0.10")

CLEANING = SupplementTerms("cleaning", "Ménage", "stay", D("60.00"), True, D("0.20"))
LINEN = SupplementTerms("linen", "Draps", "person", D("9.50"), False, D("0.20"))
PET = SupplementTerms("pet", "Animal", "night", D("4.00"), False, VAT10, max_quantity=2)
BREAKFAST = SupplementTerms("breakfast", "Petit déjeuner", "person_night", D("8.00"), False, VAT10)
WOOD = SupplementTerms("wood", "Bois", "item", D("7.00"), False, VAT10, max_quantity=5)

GITE = StayTerms(
    base_amount=D("80.00"),
    night_rules=(
        NightRule("season", date(2026, 7, 1), date(2026, 9, 1), D("110.00")),
        NightRule("weekday", date(2026, 1, 1), date(2027, 1, 1), D("130.00"), weekday=4),
        NightRule("exception", date(2026, 8, 14), date(2026, 8, 16), D("150.00")),
    ),
    base_occupancy=2,
    extra_person_amount=D("12.00"),
    supplements=(CLEANING, LINEN, PET, BREAKFAST, WOOD),
    vat_rate=VAT10,
)
TAX = TaxTerms((Tariff("fixed", D("1.00"), None, VAT10, date(2026, 1, 1), date(2026, 12, 31)),))


def quote(
    terms: StayTerms = GITE,
    nights: int = 7,
    guests: tuple[Guest, ...] = DUPONT,
    options: tuple[OptionChoice, ...] = (),
    arrival: date = SATURDAY,
) -> Quote:
    """The price of some nights without tourist tax."""
    return quote_stay(terms, arrival, arrival + timedelta(days=nights), guests, options, None, True)


def gross_of(price: Quote, code: str) -> Decimal:
    """What the items of one code cost together."""
    return sum((item.gross for item in price.items if item.code == code), D(0))


@pytest.mark.parametrize(
    ("day", "amount"),
    [
        (date(2026, 6, 30), "80.00"),
        (date(2026, 7, 1), "110.00"),
        (date(2026, 8, 31), "110.00"),
        (date(2026, 9, 1), "80.00"),
        (date(2026, 7, 17), "130.00"),
        (date(2026, 6, 26), "130.00"),
        (date(2026, 8, 13), "110.00"),
        (date(2026, 8, 14), "150.00"),
        (date(2026, 8, 15), "150.00"),
        (date(2026, 8, 16), "110.00"),
        (date(2027, 1, 1), "80.00"),
    ],
)
def test_night_takes_the_most_precise_rule(day: date, amount: str) -> None:
    assert night_amount(GITE, day) == D(amount)


def test_order_of_the_rules_does_not_matter() -> None:
    shuffled = replace(GITE, night_rules=GITE.night_rules[::-1])

    for offset in range(400):
        day = date(2026, 1, 1) + offset * ONE_NIGHT
        assert night_amount(shuffled, day) == night_amount(GITE, day)


def test_night_without_base_nor_rule_has_no_price() -> None:
    summer_only = replace(GITE, base_amount=None, night_rules=GITE.night_rules[:1])

    assert night_amount(summer_only, date(2026, 9, 1)) is None
    with pytest.raises(PriceMissing) as refusal:
        quote(summer_only, nights=4, arrival=date(2026, 8, 30))
    assert refusal.value.days == (date(2026, 9, 1), date(2026, 9, 2))


def test_week_is_summed_night_by_night_across_a_season() -> None:
    price = quote(nights=3, guests=DUPONT[:2], arrival=date(2026, 6, 29))

    nights = [(item.day, item.gross) for item in price.items if item.kind == "night"]
    assert nights == [
        (date(2026, 6, 29), D("80.00")),
        (date(2026, 6, 30), D("80.00")),
        (date(2026, 7, 1), D("110.00")),
    ]
    assert price.gross == D("330.00")


def test_dupont_week_is_explained_to_the_cent() -> None:
    price = quote_stay(
        GITE,
        SATURDAY,
        SATURDAY + 7 * ONE_NIGHT,
        DUPONT,
        [OptionChoice("linen"), OptionChoice("wood", 2)],
        TAX,
        collects_tax=True,
    )

    assert gross_of(price, "night") == D("790.00")
    assert gross_of(price, "extra_person") == D("168.00")
    assert gross_of(price, "cleaning") == D("60.00")
    assert gross_of(price, "linen") == D("38.00")
    assert gross_of(price, "wood") == D("14.00")
    assert price.gross == D("1070.00")
    assert (price.tourist_tax, price.tourist_tax_on_site) == (D("15.40"), D(0))
    assert price.total == D("1085.40")
    assert price.items[-1].kind == "tourist_tax"
    assert not price.tax_to_confirm


def test_extra_persons_are_counted_each_night() -> None:
    extra = [item for item in quote(nights=2).items if item.kind == "extra_person"]

    assert [(item.day, item.quantity, item.gross) for item in extra] == [
        (SATURDAY, 2, D("24.00")),
        (SATURDAY + ONE_NIGHT, 2, D("24.00")),
    ]


def test_infants_pay_neither_as_extra_persons_nor_for_linen() -> None:
    linen = (OptionChoice("linen"),)
    with_infant = quote(guests=party(2, (1,)), options=linen)
    without = quote(guests=party(2), options=linen)
    with_child = quote(guests=party(2, (2,)), options=linen)

    assert with_infant == without
    assert with_child.gross == without.gross + 7 * D("12.00") + D("9.50")


@pytest.mark.parametrize(
    ("choice", "quantity", "gross"),
    [
        (OptionChoice("linen"), 4, "38.00"),
        (OptionChoice("pet"), 7, "28.00"),
        (OptionChoice("pet", 2), 14, "56.00"),
        (OptionChoice("breakfast"), 28, "224.00"),
        (OptionChoice("wood", 5), 5, "35.00"),
        (OptionChoice("cleaning"), 1, "60.00"),
    ],
)
def test_supplement_is_multiplied_by_its_basis(
    choice: OptionChoice, quantity: int, gross: str
) -> None:
    item = next(item for item in quote(options=(choice,)).items if item.code == choice.code)

    assert (item.kind, item.quantity, item.gross) == ("supplement", quantity, D(gross))


def test_only_mandatory_supplements_come_unasked() -> None:
    unasked = quote(options=(OptionChoice("linen", 0),))

    assert [item.code for item in unasked.items if item.kind == "supplement"] == ["cleaning"]


@pytest.mark.parametrize(
    "choices",
    [
        [OptionChoice("sauna")],
        [OptionChoice("sauna", 0)],
        [OptionChoice("linen", 2)],
        [OptionChoice("wood", 6)],
        [OptionChoice("wood", 3), OptionChoice("wood", 3)],
        [OptionChoice("wood", -1)],
        [OptionChoice("cleaning", 2)],
    ],
)
def test_unknown_or_too_many_options_are_refused(choices: list[OptionChoice]) -> None:
    with pytest.raises(BadOption) as refusal:
        quote(options=tuple(choices))

    assert refusal.value.code == choices[0].code


def test_each_item_carries_the_vat_of_its_own_gross() -> None:
    price = quote(nights=1, guests=DUPONT[:2])

    night, cleaning = price.items
    assert (night.gross, night.net, night.vat) == (D("110.00"), D("100.00"), D("10.00"))
    assert (cleaning.gross, cleaning.net, cleaning.vat) == (D("60.00"), D("50.00"), D("10.00"))
    assert price.lodging_net == D("100.00")
    assert (price.net, price.vat) == (D("150.00"), D("20.00"))


@pytest.mark.parametrize("scheme", ["exempt", "margin"])
def test_no_vat_is_shown_under_exemption_or_margin(scheme: str) -> None:
    price = quote(replace(GITE, vat_scheme=scheme))

    assert {(item.vat_rate, item.vat) for item in price.items} == {(D(0), D(0))}
    assert price.net == price.gross == quote().gross


def test_tax_left_to_the_host_is_told_beside_the_total() -> None:
    price = quote_stay(GITE, SATURDAY, SATURDAY + 7 * ONE_NIGHT, DUPONT, [], TAX, False)

    assert (price.tourist_tax, price.tourist_tax_on_site) == (D(0), D("15.40"))
    assert price.total == price.gross == quote().gross
    assert all(item.kind != "tourist_tax" for item in price.items)


def test_proportional_tax_counts_the_lodging_alone_without_vat() -> None:
    percent = Tariff("percent", D(5), D("3.00"), VAT10, date(2026, 1, 1), None)
    plain = replace(GITE, base_amount=D("55.00"), night_rules=(), extra_person_amount=D("11.00"))

    price = quote_stay(
        plain, SATURDAY, SATURDAY + 2 * ONE_NIGHT, DUPONT, [], TaxTerms((percent,)), True
    )

    # (55 + 11 + 11) / 1.10 = 70.00 a night, 17.50 a person, 5 % = 0.88; cleaning stays out.
    assert price.lodging_net == D("140.00")
    assert price.tourist_tax == D("3.87")


def test_exempt_adults_are_handed_to_the_tax() -> None:
    price = quote_stay(GITE, SATURDAY, SATURDAY + ONE_NIGHT, DUPONT, [], TAX, True, exempt_adults=1)

    assert price.tourist_tax == D("1.10")


def test_tax_past_its_last_year_is_to_be_confirmed() -> None:
    arrival = date(2027, 2, 1)

    assert quote_stay(GITE, arrival, arrival + ONE_NIGHT, DUPONT, [], TAX, True).tax_to_confirm
    assert quote_stay(GITE, arrival, arrival + ONE_NIGHT, DUPONT, [], TAX, False).tax_to_confirm


def test_stay_without_a_tariff_is_not_priced() -> None:
    with pytest.raises(NoTariff):
        quote_stay(GITE, SATURDAY, SATURDAY + ONE_NIGHT, DUPONT, [], TaxTerms(()), False)


@pytest.mark.parametrize(("nights", "guests"), [(0, DUPONT), (-1, DUPONT), (1, ())])
def test_stay_of_nobody_or_of_no_night_is_a_mistake(nights: int, guests: tuple[Guest, ...]) -> None:
    with pytest.raises(ValueError, match="at least one night"):
        quote(nights=nights, guests=guests)


def test_unknown_level_and_basis_are_mistakes() -> None:
    with pytest.raises(ValueError, match="level"):
        NightRule("holiday", SATURDAY, SATURDAY + ONE_NIGHT, D(1))
    with pytest.raises(ValueError, match="basis"):
        SupplementTerms("x", "X", "week", D(1), False, VAT10)


@bounded
@given(st.data(), draw.stay_terms(), draw.guests, draw.days, st.integers(1, 21), st.booleans())
def test_parts_sum_to_the_total_and_survive_json(
    data: st.DataObject,
    terms: StayTerms,
    guests: list[Guest],
    arrival: date,
    nights: int,
    collects_tax: bool,
) -> None:
    options = data.draw(draw.choices(terms))
    tax = data.draw(st.none() | draw.tax_terms())

    price = quote_stay(
        terms, arrival, arrival + timedelta(days=nights), guests, options, tax, collects_tax
    )

    assert sum(item.gross for item in price.items) == price.total == price.gross + price.tourist_tax
    assert price.net + price.vat == price.gross
    assert all(item.net + item.vat == item.gross for item in price.items)
    assert all(item.gross == item.unit_amount * item.quantity for item in price.items)
    assert min(price.tourist_tax, price.tourist_tax_on_site) == 0
    kept = json.loads(json.dumps(price.to_json()))
    assert Quote.from_json(kept) == price
    assert Quote.from_json(kept).to_json() == price.to_json()


@bounded
@given(st.data(), draw.stay_terms(), draw.guests, draw.days, st.integers(1, 20))
def test_more_nights_are_never_cheaper(
    data: st.DataObject, terms: StayTerms, guests: list[Guest], arrival: date, nights: int
) -> None:
    options = data.draw(draw.choices(terms))
    departure = arrival + timedelta(days=nights)

    shorter = quote_stay(terms, arrival, departure, guests, options, None, True)
    longer = quote_stay(terms, arrival, departure + ONE_NIGHT, guests, options, None, True)

    assert longer.gross >= shorter.gross


@bounded
@given(draw.stay_terms(), draw.guests, draw.days, st.integers(1, 10), st.integers(1, 10))
def test_two_halves_of_a_stay_cost_the_whole(
    terms: StayTerms, guests: list[Guest], arrival: date, before: int, after: int
) -> None:
    bare = replace(terms, supplements=())
    middle = arrival + timedelta(days=before)
    departure = middle + timedelta(days=after)

    whole = quote_stay(bare, arrival, departure, guests, (), None, True)
    first = quote_stay(bare, arrival, middle, guests, (), None, True)
    second = quote_stay(bare, middle, departure, guests, (), None, True)

    assert first.items + second.items == whole.items


@bounded
@given(draw.stay_terms(), draw.days, st.data())
def test_night_amount_is_one_of_the_prices_entered(
    terms: StayTerms, day: date, data: st.DataObject
) -> None:
    assume(terms.night_rules)
    rule = data.draw(st.sampled_from(terms.night_rules))
    amount = night_amount(terms, rule.starts_on)

    assert amount in {terms.base_amount, *(other.amount for other in terms.night_rules)}
    if not any(other.applies_to(day) for other in terms.night_rules):
        assert night_amount(terms, day) == terms.base_amount
