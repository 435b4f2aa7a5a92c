"""The tables of core.md 11, and the moves that late news from the bank imposes."""

from collections.abc import Iterator

import pytest

from booking.rules.states import (
    ACCOUNT,
    INCIDENT,
    LINE,
    ORDER,
    PAYMENT,
    PAYOUT,
    REFUND,
    REVERSAL,
    Table,
    can_move,
)

TABLES = {
    "order": ORDER,
    "line": LINE,
    "payment": PAYMENT,
    "refund": REFUND,
    "payout": PAYOUT,
    "reversal": REVERSAL,
    "account": ACCOUNT,
    "incident": INCIDENT,
}
BEGINNINGS = {
    "order": {"awaiting_payment"},
    "line": {"held", "requested"},
    "payment": {"created"},
    "refund": {"created"},
    # Due again after it was held back, refused or asked for again.
    "payout": set(),
    "reversal": {"created"},
    "account": {"missing"},
    "incident": {"open"},
}
MOVES = {
    "order": """
        awaiting_payment confirmed, awaiting_payment expired, awaiting_payment cancelled,
        expired confirmed, confirmed cancelled""",
    "line": """
        held sold, held released, released sold, sold honoured, sold no_show, sold cancelled,
        no_show sold,
        requested accepted, requested declined, requested lapsed,
        accepted honoured, accepted no_show, accepted cancelled""",
    "payment": """
        created pending, created failed, created expired,
        pending paid, pending failed, pending expired""",
    "refund": "created pending, created failed, pending done, pending failed",
    "payout": """
        due pending, due held, due paid, due cancelled, held due, held cancelled,
        pending paid, pending failed, pending due, failed due, failed cancelled""",
    "reversal": """
        created pending, created cancelled, pending done, pending owed, owed netted, owed cancelled,
        netted owed""",
    "account": """
        missing started, missing active, missing restricted, started active, started restricted,
        active restricted, restricted active, restricted started""",
    "incident": "open told, open settled, told settled",
}
# What the bank took or gave back is written whatever we had believed.
MOVES_OF_THE_BANK = {
    "payment": "created paid, failed paid, expired paid",
    "refund": "created done, done failed, failed pending, failed done",
    "payout": "failed paid",
}


def every_move() -> Iterator[tuple[str, str, str, bool]]:
    """Each pair of states of each table and whether one may follow the other."""
    for name, table in TABLES.items():
        moves = MOVES[name].split(",")
        if name in MOVES_OF_THE_BANK:
            moves += MOVES_OF_THE_BANK[name].split(",")
        allowed = {tuple(move.split()) for move in moves}
        for from_ in table:
            for to in table:
                yield name, from_, to, (from_, to) in allowed


@pytest.mark.parametrize(("name", "from_", "to", "is_allowed"), list(every_move()))
def test_table_allows_these_moves_and_no_other(
    name: str, from_: str, to: str, is_allowed: bool
) -> None:
    assert can_move(TABLES[name], from_, to) is is_allowed


@pytest.mark.parametrize("name", TABLES)
def test_each_state_is_reached_and_leads_to_known_states(name: str) -> None:
    table = TABLES[name]
    reached = frozenset().union(*table.values())

    assert reached <= set(table)
    assert set(table) - reached == BEGINNINGS[name]


@pytest.mark.parametrize(
    ("table", "from_", "to"), [(ORDER, "paid", "confirmed"), (ORDER, "confirmed", "sold")]
)
def test_unknown_state_is_a_mistake(table: Table, from_: str, to: str) -> None:
    with pytest.raises(KeyError):
        can_move(table, from_, to)
