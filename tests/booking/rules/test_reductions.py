"""A price that a host lowered: never below its floor, never above the usual one (N06)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules.people import Guest
from booking.rules.pricing import (
    BandTerms,
    NightRule,
    Quote,
    Reduction,
    SlotTerms,
    StayTerms,
    SupplementTerms,
    quote_slot,
    quote_stay,
)

NOVEMBER = (date(2027, 11, 6), date(2027, 11, 13))
SUMS = st.decimals(min_value=1, max_value=500, places=2)
CLEANING = SupplementTerms("menage", "Ménage", "stay", Decimal(60), True, Decimal(10))


def reduction(percent: int = 15, floor: str = "50", *spans: tuple[date, date]) -> Reduction:
    return Reduction(percent, Decimal(floor), spans or (NOVEMBER,))


def stay(night: Decimal, lower: Reduction | None, *rules: NightRule) -> StayTerms:
    return StayTerms(
        base_amount=night,
        night_rules=rules,
        base_occupancy=2,
        extra_person_amount=Decimal(10),
        supplements=(CLEANING,),
        vat_rate=Decimal(10),
        reduction=lower,
    )


def quoted(terms: StayTerms, first: date, after: date, guests: int = 2) -> Quote:
    return quote_stay(terms, first, after, [Guest()] * guests, (), None, True)


@pytest.mark.parametrize(
    ("usual", "promised"),
    [
        ("100", "85.00"),
        ("60", "51.00"),
        ("55", "50"),
        ("50", "50"),
        ("40", "40"),
        ("33.33", "33.33"),
    ],
)
def test_a_night_goes_down_to_the_floor_and_no_lower(usual: str, promised: str):
    assert reduction().lowered(Decimal(usual)) == Decimal(promised)


@given(usual=SUMS, floor=SUMS, percent=st.integers(1, 50))
def test_it_is_never_raised_never_below_the_floor_and_in_whole_cents(usual, floor, percent):
    promised = Reduction(percent, floor, (NOVEMBER,)).lowered(usual)
    assert promised <= usual
    assert promised >= min(usual, floor)
    assert promised == round(promised, 2)


def test_only_nights_are_lowered_and_the_usual_total_is_beside():
    quote = quoted(stay(Decimal(100), reduction()), *NOVEMBER, guests=3)
    assert quote.total == 7 * Decimal(85) + 7 * Decimal(10) + 60
    assert quote.usual_total == 7 * Decimal(100) + 7 * Decimal(10) + 60
    assert quote.net + quote.vat == quote.gross
    assert Quote.from_json(quote.to_json()) == quote


def test_a_stay_that_reaches_beyond_pays_the_usual_price_there():
    first, after = NOVEMBER[0] - timedelta(days=2), NOVEMBER[0] + timedelta(days=3)
    quote = quoted(stay(Decimal(100), reduction()), first, after)
    amounts = [one.unit_amount for one in quote.items if one.kind == "night"]
    assert amounts == [100, 100, 85, 85, 85]
    before = quoted(stay(Decimal(100), reduction()), first, NOVEMBER[0])
    assert before.usual_total is None
    assert "usual_total" not in before.to_json()


def test_it_is_taken_off_what_the_night_really_costs():
    dear = NightRule("exception", NOVEMBER[0], NOVEMBER[0] + timedelta(days=1), Decimal(200))
    quote = quoted(stay(Decimal(100), reduction(), dear), *NOVEMBER)
    assert quote.items[0].unit_amount == Decimal(170)
    assert quote.items[1].unit_amount == Decimal(85)


@given(
    night=SUMS,
    floor=SUMS,
    percent=st.integers(1, 50),
    nights=st.integers(1, 20),
    shift=st.integers(-10, 10),
)
def test_what_is_paid_is_the_sum_of_its_items_and_never_more(night, floor, percent, nights, shift):
    lower = Reduction(percent, floor, (NOVEMBER,))
    first = NOVEMBER[0] + timedelta(days=shift)
    after = first + timedelta(days=nights)
    quote = quoted(stay(night, lower), first, after)
    usual = quoted(stay(night, None), first, after)
    assert quote.total == sum(one.gross for one in quote.items) <= usual.total
    assert quote.usual_total in {None, usual.total}
    assert (quote.usual_total is None) == (quote.total == usual.total)


def test_places_and_things_are_lowered_by_band():
    bands = (
        BandTerms("adult", "Adulte", 12, None, Decimal(30)),
        BandTerms("child", "Enfant", 0, 11, Decimal(12)),
    )
    terms = SlotTerms(bands, (), Decimal(20), reduction=reduction(20, "15"))
    quote = quote_slot(terms, [Guest(), Guest(8)])
    assert [one.unit_amount for one in quote.items] == [24, 12]
    assert (quote.total, quote.usual_total) == (36, 42)
    item = SlotTerms(
        (BandTerms("item", "Vélo", None, None, Decimal(20)),),
        (),
        Decimal(20),
        reduction=reduction(50, "15"),
    )
    lent = quote_slot(item, (), 2, (), 3)
    assert (lent.total, lent.usual_total) == (90, 120)


def test_a_span_holds_its_first_day_and_not_its_last():
    lower = reduction(15, "50", NOVEMBER, (date(2027, 11, 20), date(2027, 11, 22)))
    assert lower.holds_on(NOVEMBER[0])
    assert not lower.holds_on(NOVEMBER[1])
    assert lower.holds_over(date(2027, 11, 20), date(2027, 11, 22))
    assert not lower.holds_over(date(2027, 11, 12), date(2027, 11, 14))
