"""What a budget pays for, and when two addresses are one (N07)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules.gifts import CAMPAIGN, GIFT, PAID_FOR, affordable, postal_key

HERE = ("3, rue des Tables", "", "43000", "Le Puy-en-Velay", "FR")
euros = st.decimals(min_value=Decimal("0.01"), max_value=Decimal("99999"), places=2)


@given(budget=euros, unit=euros)
def test_a_budget_is_never_overspent_and_nobody_waits_for_money_that_is_there(budget, unit):
    count = affordable(budget, unit)
    assert count * unit <= budget < (count + 1) * unit


def test_a_gift_costs_something():
    with pytest.raises(ValueError, match="0"):
        affordable(Decimal(30), Decimal(0))


@pytest.mark.parametrize(
    ("written", "is_same"),
    [
        (("3 R. DES TABLES", "", " 43 000", "le puy en velay", "fr"), True),
        (("3 rue des Tables", "2e étage", "43000", "Le Puy-en-Velay", "FR"), False),
        (("5 rue des Tables", "", "43000", "Le Puy-en-Velay", "FR"), False),
        (("3 rue des Tables", "", "43000", "Le Puy-en-Velay", "BE"), False),
        (("3 rue des Tables", "", "43001", "Le Puy-en-Velay", "FR"), False),
    ],
)
def test_one_address_in_two_writings(written, is_same):
    assert (postal_key(*written) == postal_key(*HERE)) == is_same


@given(st.tuples(*[st.text(max_size=40)] * 5))
def test_capitals_and_blanks_make_no_other_address(parts: tuple[str, ...]):
    other = tuple(f"  {one}  " for one in parts[:4])
    assert postal_key(*other, parts[4]) == postal_key(*parts)


def test_every_state_leads_somewhere_known_and_the_last_ones_nowhere():
    for table in (CAMPAIGN, GIFT):
        assert {one for after in table.values() for one in after} <= set(table)
    assert {one for one, after in GIFT.items() if not after} == {"redeemed", "joined", "lapsed"}
    assert set(PAID_FOR) <= set(GIFT)
