"""What goes, what is kept for a debt, what must come back: to the cent, whatever the sums."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules.payouts import Claim, claim_back, keep_for_debts, over_claimed, release_moment

D = Decimal
cents = st.integers(0, 500_000).map(lambda n: D(n) / 100)
PARIS = ZoneInfo("Europe/Paris")


def test_share_goes_after_the_last_service() -> None:
    ends = [datetime(2027, 7, 12, 16, tzinfo=PARIS), datetime(2027, 7, 17, 10, tzinfo=PARIS)]
    assert release_moment(ends, timedelta(hours=24)) == datetime(2027, 7, 18, 8, tzinfo=UTC)
    assert release_moment([], timedelta(hours=24)) is None


def test_hours_pass_for_real_when_clocks_change() -> None:
    end = datetime(2027, 3, 27, 10, tzinfo=PARIS)
    assert release_moment([end], timedelta(hours=24)) == datetime(2027, 3, 28, 11, tzinfo=PARIS)


@given(owed=cents, debts=st.lists(cents, max_size=6))
def test_what_goes_and_what_is_kept_are_what_is_owed(owed: D, debts: list[D]) -> None:
    kept = keep_for_debts(owed, list(enumerate(debts)))

    assert kept.sent + kept.netted == owed
    assert kept.sent >= 0
    assert kept.netted == min(owed, sum(debts, D(0)))
    assert all(0 < amount <= debts[key] for key, amount in kept.kept)
    # Debts are kept in their order: nothing of the next before the whole of the one before.
    whole = [key for key, amount in kept.kept if amount == debts[key]]
    assert len(kept.kept) - len(whole) <= 1


@given(owed=cents, sent=cents, netted=cents, elsewhere=cents, claimed=cents)
def test_what_came_back_elsewhere_is_never_claimed_again(
    owed: D, sent: D, netted: D, elsewhere: D, claimed: D
) -> None:
    elsewhere = min(elsewhere, sent)
    sums = {"owed": owed, "sent": sent, "netted": netted, "elsewhere": elsewhere}
    claim = claim_back(**sums, claimed=claimed)

    total = claimed + claim.from_transfer + claim.as_debt
    # The host keeps what is owed, unless less was left already.
    assert sent + netted - elsewhere - total >= min(owed, sent + netted - elsewhere - claimed)
    assert claim.from_transfer == 0 or claim.from_transfer + elsewhere + claimed <= sent
    over = over_claimed(**sums, claimed=total)
    assert over == 0 or (claim.from_transfer, claim.as_debt) == (0, 0)
    assert over == max(D(0), owed + total + elsewhere - sent - netted)


@given(owed=cents, sent=cents, netted=cents, claims=st.lists(cents, max_size=4))
def test_what_comes_back_leaves_what_is_owed(owed: D, sent: D, netted: D, claims: list[D]) -> None:
    claimed = D(0)
    # What is owed only shrinks: each claim is made for a smaller sum.
    for still_owed in sorted([min(owed, sent + netted), *claims], reverse=True):
        claim = claim_back(owed=still_owed, sent=sent, netted=netted, claimed=claimed)
        assert min(claim.from_transfer, claim.as_debt) >= 0
        claimed += claim.from_transfer + claim.as_debt
        assert sent + netted - claimed <= max(still_owed, D(0)) or claimed == 0
        assert claimed <= sent + netted


@pytest.mark.parametrize(
    ("owed", "sent", "netted", "claimed", "expected"),
    [
        ("100", "100", "0", "0", Claim(D(0), D(0))),
        ("60", "100", "0", "0", Claim(D(40), D(0))),
        ("60", "100", "0", "40", Claim(D(0), D(0))),
        ("0", "100", "0", "40", Claim(D(60), D(0))),
        ("0", "70", "30", "0", Claim(D(70), D(30))),
        ("80", "70", "30", "0", Claim(D(20), D(0))),
        ("0", "0", "64", "0", Claim(D(0), D(64))),
    ],
)
def test_worked_claims(owed: str, sent: str, netted: str, claimed: str, expected: Claim) -> None:
    found = claim_back(owed=D(owed), sent=D(sent), netted=D(netted), claimed=D(claimed))
    assert found == expected
