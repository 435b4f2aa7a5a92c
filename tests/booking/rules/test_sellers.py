"""What the tax office is told of whom, and when payments wait."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules import kinds, sellers
from booking.rules.sellers import (
    Delays,
    SellerData,
    Sold,
    exclusion_of,
    freeze_moment,
    missing_of,
    next_step,
    quarter_of,
)

PERSON = SellerData(
    is_entity=False,
    legal_name="Anne Martin",
    home_address="3 route du Lac, 43150 Les Estables",
    born_on="1980-05-01",
    tax_number="1234567890123",
    account="acct_1",
    places=("3 route du Lac, 43150 Les Estables",),
)
COMPANY = SellerData(
    is_entity=True,
    legal_name="Gîtes du Mézenc SARL",
    siret="73282932000074",
    home_address="3 route du Lac, 43150 Les Estables",
    account="acct_2",
)
DELAYS = Delays(second=timedelta(days=30), freeze=timedelta(days=60))
START = datetime(2027, 3, 1, 9, tzinfo=UTC)


def test_who_said_everything_lacks_nothing():
    assert missing_of(PERSON) == missing_of(COMPANY) == ()
    # A VAT number is told by who has one.
    assert missing_of(replace(COMPANY, vat_number="FR40303265045")) == ()


@pytest.mark.parametrize(
    ("field", "code"),
    [
        ("legal_name", sellers.LEGAL_NAME),
        ("home_address", sellers.ADDRESS),
        ("born_on", sellers.BORN_ON),
        ("tax_number", sellers.TAX_NUMBER),
        ("account", sellers.ACCOUNT),
    ],
)
def test_each_thing_that_a_person_leaves_out_is_missing(field: str, code: str):
    assert missing_of(replace(PERSON, **{field: " "})) == (code,)


def test_company_is_asked_for_its_number_and_not_for_a_birth():
    assert missing_of(replace(COMPANY, siret="")) == (sellers.SIRET,)
    assert missing_of(replace(COMPANY, born_on="", tax_number="")) == ()
    assert missing_of(SellerData(is_entity=True)) == (
        sellers.LEGAL_NAME,
        sellers.SIRET,
        sellers.ADDRESS,
        sellers.ACCOUNT,
    )


def test_place_of_birth_stands_in_for_a_number_abroad_only():
    abroad = replace(PERSON, tax_country="US", tax_number="")
    assert missing_of(abroad) == (sellers.BORN_AT,)
    assert missing_of(replace(abroad, born_at="Boston, États-Unis")) == ()
    assert missing_of(replace(abroad, tax_number="123-45-6789")) == ()
    assert missing_of(replace(PERSON, tax_number="", born_at="Lyon")) == (sellers.TAX_NUMBER,)


def test_one_lodging_without_address_is_enough():
    assert missing_of(replace(PERSON, places=("a", ""))) == (sellers.PLACE,)


def test_public_bodies_large_hotels_and_small_shops_are_not_told_of():
    lets = Sold(operations=2001, rentals=2001)
    assert exclusion_of(lets, is_public=False, is_entity=True) == sellers.LARGE_HOTEL
    assert exclusion_of(replace(lets, rentals=2000), is_public=False, is_entity=True) == ""
    # The exception is one of entities.
    assert exclusion_of(lets, is_public=False, is_entity=False) == ""
    assert exclusion_of(Sold(1), is_public=True, is_entity=True) == sellers.PUBLIC

    shop = Sold(operations=29, goods=29, goods_amount=Decimal(2000))
    for excluded, sold in (
        (sellers.SMALL_SHOP, shop),
        ("", replace(shop, operations=30, goods=30)),
        ("", replace(shop, goods_amount=Decimal("2000.01"))),
        ("", replace(shop, operations=30)),
        ("", Sold()),
    ):
        assert exclusion_of(sold, is_public=False, is_entity=False) == excluded


def test_every_kind_of_offer_is_an_activity():
    assert set(sellers.ACTIVITY_OF_KIND) == set(kinds.BY_CODE)
    assert set(sellers.ACTIVITY_OF_KIND.values()) == set(sellers.ACTIVITIES)
    assert sellers.ACTIVITY_OF_KIND["childcare"] == sellers.SERVICES
    assert sellers.ACTIVITY_OF_KIND["lodging"] == sellers.PROPERTY
    assert sellers.ACTIVITY_OF_KIND["produce"] == sellers.GOODS


@given(st.dates())
def test_a_year_has_four_quarters_of_three_months(day):
    assert quarter_of(day) == 1 + (day.month > 3) + (day.month > 6) + (day.month > 9)


def step(day: int, *, second: int | None = None, frozen: int | None = None) -> str:
    """Return what is due `day` days after the first letter."""
    at = {
        name: None if when is None else START + timedelta(days=when)
        for name, when in {"second_at": second, "frozen_at": frozen}.items()
    }
    return next_step(DELAYS, first_at=START, now=START + timedelta(days=day), **at)


def test_two_letters_then_payments_wait():
    none = {"first_at": None, "second_at": None, "frozen_at": None}
    assert next_step(DELAYS, now=START, **none) == sellers.FIRST
    assert [step(0), step(29), step(30)] == ["", "", sellers.SECOND]
    assert [step(59, second=30), step(60, second=30)] == ["", sellers.FREEZE]
    assert step(90, second=30, frozen=60) == ""


def test_second_letter_that_went_late_gives_its_house_the_same_time():
    # The first one was sent, then nothing ran for 80 days.
    assert step(80) == sellers.SECOND
    assert [step(81, second=80), step(109, second=80), step(110, second=80)] == [
        "",
        "",
        sellers.FREEZE,
    ]


def test_payments_wait_from_the_moment_that_was_told():
    assert freeze_moment(DELAYS, first_at=START, second_at=None) == START + timedelta(days=60)
    late = START + timedelta(days=80)
    assert freeze_moment(DELAYS, first_at=START, second_at=late) == START + timedelta(days=110)


@given(first=st.integers(0, 400), second=st.none() | st.integers(0, 400), day=st.integers(0, 800))
def test_nothing_waits_before_sixty_days_and_two_letters(first, second, day):
    found = next_step(
        DELAYS,
        first_at=START + timedelta(days=first),
        second_at=None if second is None else START + timedelta(days=second),
        frozen_at=None,
        now=START + timedelta(days=day),
    )
    if found == sellers.FREEZE:
        assert second is not None
        assert day - first >= 60
        assert day - second >= 30
