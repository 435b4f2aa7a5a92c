"""The explained price of a slot, band by band or by the item (features.md D02, D03)."""

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules.people import Guest, Problem
from booking.rules.pricing import (
    BadOption,
    BandTerms,
    NoBand,
    OptionChoice,
    SlotTerms,
    SupplementTerms,
    check_bands,
    quote_slot,
)
from tests.booking.rules.strategies import bounded, party

D = Decimal
VAT10 = D("0.10")
DUPONT = party(2, (5, 10))

CHILD = BandTerms("child", "Enfant", 4, 11, D("6.00"))
YOUNG = BandTerms("young", "Jeune", 12, 17, D("9.00"))
ADULT = BandTerms("adult", "Adulte", 18, None, D("15.00"))
TODDLER = BandTerms("toddler", "Tout-petit", None, 3, D("0.00"))
ITEM = BandTerms("basket", "Panier", None, None, D("24.90"))
LACE = SlotTerms((TODDLER, CHILD, YOUNG, ADULT), (), VAT10)


def test_workshop_is_priced_band_by_band() -> None:
    price = quote_slot(LACE, DUPONT, 0, [])

    assert [(item.kind, item.code, item.quantity, item.gross) for item in price.items] == [
        ("band", "child", 2, D("12.00")),
        ("band", "adult", 2, D("30.00")),
    ]
    assert price.total == D("42.00")
    assert (price.net, price.vat) == (D("38.18"), D("3.82"))


@pytest.mark.parametrize(
    ("age", "code"),
    [
        (0, "toddler"),
        (3, "toddler"),
        (4, "child"),
        (11, "child"),
        (12, "young"),
        (17, "young"),
        (18, "adult"),
        (120, "adult"),
        (None, "adult"),
    ],
)
def test_guest_falls_in_one_band_at_every_boundary(age: int | None, code: str) -> None:
    assert [item.code for item in quote_slot(LACE, [Guest(age)], 0, []).items] == [code]


def test_adult_without_an_age_counts_as_thirty() -> None:
    terms = replace(
        LACE, bands=(replace(ADULT, max_age=30), BandTerms("older", "Aîné", 31, None, D(9)))
    )

    assert quote_slot(terms, [Guest()], 0, []).items[0].code == "adult"
    assert quote_slot(terms, [Guest(31)], 0, []).items[0].code == "older"


def test_guest_without_a_single_band_is_refused_by_age() -> None:
    holed = replace(LACE, bands=(CHILD, ADULT))
    doubled = replace(LACE, bands=(CHILD, replace(CHILD, code="kid"), ADULT))

    with pytest.raises(NoBand) as hole:
        quote_slot(holed, [Guest(13), Guest(10), Guest(2)], 0, [])
    with pytest.raises(NoBand) as double:
        quote_slot(doubled, DUPONT, 0, [])
    assert hole.value.ages == (13, 2)
    assert double.value.ages == (5, 10)


def test_item_is_priced_by_quantity_whoever_comes() -> None:
    terms = SlotTerms((ITEM,), (), D("0.055"))

    price = quote_slot(terms, DUPONT, 3, [])

    assert [(item.kind, item.code, item.quantity) for item in price.items] == [
        ("item", "basket", 3)
    ]
    assert (price.gross, price.net, price.vat) == (D("74.70"), D("70.81"), D("3.89"))
    assert quote_slot(terms, (), 1, []).gross == D("24.90")


@pytest.mark.parametrize(
    ("bands", "guests", "quantity"),
    [((ITEM,), DUPONT, 0), ((ITEM,), (), -1), ((ADULT,), (), 0), ((ADULT,), (), 2)],
)
def test_slot_with_nothing_to_price_is_a_mistake(
    bands: tuple[BandTerms, ...], guests: tuple[Guest, ...], quantity: int
) -> None:
    with pytest.raises(ValueError, match="at least one guest"):
        quote_slot(SlotTerms(bands, (), VAT10), guests, quantity, [])


def test_slot_supplements_count_persons_or_items() -> None:
    tasting = SupplementTerms("tasting", "Dégustation", "person", D("3.00"), True, D("0.20"))

    by_band = quote_slot(replace(LACE, supplements=(tasting,)), DUPONT, 0, [])
    by_item = quote_slot(SlotTerms((ITEM,), (tasting,), VAT10), (), 2, [])

    assert (by_band.items[-1].quantity, by_band.items[-1].gross) == (4, D("12.00"))
    assert (by_item.items[-1].quantity, by_item.items[-1].gross) == (2, D("6.00"))


def test_slot_refuses_options_it_does_not_have() -> None:
    with pytest.raises(BadOption):
        quote_slot(LACE, DUPONT, 0, [OptionChoice("sauna")])


def ages(first: int, last: int) -> list[int]:
    """Every age from the first to the last."""
    return list(range(first, last + 1))


@pytest.mark.parametrize(
    ("bands", "min_age", "max_age", "problems"),
    [
        ((TODDLER, CHILD, YOUNG, ADULT), None, None, []),
        ((CHILD, YOUNG, ADULT), 4, None, []),
        ((CHILD, YOUNG, ADULT), 4, 70, []),
        ((YOUNG,), 12, 17, []),
        ((ITEM,), None, None, []),
        ((ITEM,), 8, 12, []),
        ((CHILD, YOUNG, ADULT), None, None, [Problem("band_gap", {"ages": ages(0, 3)})]),
        ((CHILD, ADULT), 4, None, [Problem("band_gap", {"ages": ages(12, 17)})]),
        ((YOUNG,), 10, 19, [Problem("band_gap", {"ages": [10, 11]}),
                            Problem("band_gap", {"ages": [18, 19]})]),
        ((), 8, 9, [Problem("band_gap", {"ages": [8, 9]})]),
        ((replace(CHILD, max_age=12), YOUNG), 4, 17,
         [Problem("band_overlap", {"ages": [12], "codes": ["child", "young"]})]),
        ((ITEM, YOUNG), 11, 12,
         [Problem("band_overlap", {"ages": [12], "codes": ["basket", "young"]})]),
        ((ITEM, replace(ITEM, code="box")), 0, 1,
         [Problem("band_overlap", {"ages": [0, 1], "codes": ["basket", "box"]})]),
        ((replace(YOUNG, min_age=17, max_age=12),), 17, 17,
         [Problem("band_reversed", {"code": "young"}), Problem("band_gap", {"ages": [17]})]),
    ],
)  # fmt: skip
def test_check_bands_finds_holes_and_overlaps(
    bands: tuple[BandTerms, ...],
    min_age: int | None,
    max_age: int | None,
    problems: list[Problem],
) -> None:
    assert check_bands(bands, min_age, max_age) == problems


@bounded
@given(
    st.lists(st.integers(0, 100), min_size=1, max_size=6, unique=True),
    st.lists(st.none() | st.integers(0, 120), min_size=1, max_size=12),
)
def test_sound_bands_place_everybody_once(cuts: list[int], people: list[int | None]) -> None:
    edges = [0, *sorted(cut + 1 for cut in cuts), 121]
    bands = tuple(BandTerms(f"b{low}", "", low, high - 1, D(low)) for low, high in pairwise(edges))
    assert check_bands(bands, None, None) == []

    price = quote_slot(SlotTerms(bands, (), VAT10), map(Guest, people), 0, [])

    assert sum(item.quantity for item in price.items) == len(people)
