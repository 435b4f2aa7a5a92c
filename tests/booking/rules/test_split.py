"""One order cut into what each provider is owed."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules.split import SoldLine, SubTotal, split_order
from tests.booking.rules.strategies import amounts, bounded

D = Decimal


def test_each_provider_gets_its_lines_less_commission() -> None:
    shares = split_order(
        [
            ("gite", D("1070.00"), D("15.40"), D("8")),
            ("lace", D("42.00"), D("0"), D("0")),
            ("gite", D("35.00"), D("0"), D("8")),
        ]
    )

    assert shares == [
        SubTotal("gite", D("1105.00"), D("15.40"), D("88.40"), D("1016.60")),
        SubTotal("lace", D("42.00"), D("0"), D("0"), D("42.00")),
    ]


def test_commission_is_rounded_once_per_provider() -> None:
    line: SoldLine = ("lace", D("0.05"), D(0), D("10"))

    assert split_order([line])[0].commission == D("0.01")
    assert split_order([line] * 3)[0].commission == D("0.02")


def test_tourist_tax_bears_no_commission() -> None:
    (share,) = split_order([(7, D("0.00"), D("15.40"), D("10"))])

    assert (share.tourist_tax, share.commission, share.payout) == (
        D("15.40"),
        D(0),
        D(0),
    )


@pytest.mark.parametrize(("percent", "payout"), [("0", "99.99"), ("12.5", "87.49"), ("100", "0")])
def test_commission_is_a_percentage(percent: str, payout: str) -> None:
    assert split_order([("a", D("99.99"), D(0), D(percent))])[0].payout == D(payout)


def test_empty_order_has_no_shares() -> None:
    assert split_order([]) == []


sold_lines = st.tuples(
    st.integers(1, 4),
    amounts(),
    amounts(40_00),
    st.integers(0, 10_000).map(lambda value: D(value) / 100),
)


@bounded
@given(st.lists(sold_lines, max_size=12))
def test_shares_add_up_to_the_order(lines: list[SoldLine]) -> None:
    shares = split_order(lines)

    paid = sum((gross + tax for _, gross, tax, _ in lines), D(0))
    assert sum(s.payout + s.commission + s.tourist_tax for s in shares) == paid
    assert [share.provider_key for share in shares] == list(dict.fromkeys(key for key, *_ in lines))
    for share in shares:
        assert share.payout + share.commission == share.gross
        assert min(share.payout, share.commission, share.tourist_tax) >= 0
        assert share.commission == share.commission.quantize(D("0.01"))
