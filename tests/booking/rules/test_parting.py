"""A sold price is cut in two, and both are it to the cent (E03)."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules.parting import part_quote
from booking.rules.people import Guest
from booking.rules.pricing import (
    BandTerms,
    Quote,
    SlotTerms,
    SupplementTerms,
    quote_slot,
)

CENTS = st.integers(0, 99_999).map(lambda cents: Decimal(cents) / 100)
RATES = st.sampled_from(
    [Decimal(0), Decimal("0.021"), Decimal("0.055"), Decimal("0.10"), Decimal("0.20")]
)
SCHEMES = st.sampled_from(["standard", "exempt", "margin"])


def terms(adult: Decimal, child: Decimal, rate: Decimal, scheme: str) -> SlotTerms:
    bands = (
        BandTerms("adult", "Adult", 12, None, adult),
        BandTerms("child", "Child", None, 11, child),
    )
    return SlotTerms(bands=bands, supplements=(), vat_rate=rate, vat_scheme=scheme)


def bought(adults: int, children: int, slot: SlotTerms) -> Quote:
    return quote_slot(slot, [Guest(None)] * adults + [Guest(5)] * children)


@given(
    adults=st.integers(1, 6),
    children=st.integers(0, 6),
    leave=st.tuples(st.integers(0, 6), st.integers(0, 6)),
    sums=st.tuples(CENTS, CENTS),
    rate=RATES,
    scheme=SCHEMES,
)
def test_both_parts_are_the_whole_and_cost_what_they_would_have(
    adults, children, leave, sums, rate, scheme
):
    slot = terms(*sums, rate, scheme)
    whole = bought(adults, children, slot)
    gone_adults, gone_children = leave

    parts = part_quote(whole, {"adult": gone_adults, "child": gone_children})

    if gone_adults > adults or gone_children > children or leave in {(0, 0), (adults, children)}:
        assert parts is None
        return
    assert parts is not None
    staying, gone = parts
    assert staying.gross + gone.gross == whole.gross
    assert staying.net + gone.net == whole.net
    assert staying.vat + gone.vat == whole.vat
    assert all(item.gross == item.net + item.vat for item in (*staying.items, *gone.items))
    # By the person nobody pays more or less than alone.
    assert gone.gross == bought(gone_adults, gone_children, slot).gross
    assert staying.gross == bought(adults - gone_adults, children - gone_children, slot).gross


PAIR = bought(2, 1, terms(Decimal(20), Decimal(10), Decimal("0.10"), "standard"))


@pytest.mark.parametrize(
    "quote",
    [
        replace(PAIR, usual_total=Decimal(60)),
        replace(PAIR, tourist_tax=Decimal(1)),
        replace(PAIR, tourist_tax_on_site=Decimal(1)),
        replace(PAIR, items=(*PAIR.items, PAIR.items[0])),
        replace(PAIR, items=(*PAIR.items, replace(PAIR.items[0], kind="supplement", code="x"))),
    ],
)
def test_what_is_not_paid_by_the_person_alone_is_not_cut(quote: Quote):
    assert part_quote(quote, {"adult": 1}) is None


def test_a_band_that_nobody_paid_is_not_left():
    assert part_quote(PAIR, {"senior": 1}) is None
    assert part_quote(PAIR, {}) is None


def test_a_supplement_keeps_it_whole():
    tea = SupplementTerms("tea", "Tea", "person", Decimal(3), True, Decimal("0.10"))
    slot = replace(terms(Decimal(20), Decimal(10), Decimal("0.10"), "standard"), supplements=(tea,))
    assert part_quote(bought(2, 0, slot), {"adult": 1}) is None
