"""What goes to a provider, what must come back, and what is kept for an earlier debt.

It computes sums and moments; it never moves money (domain.md §4.1.5 and 6, features.md C03, E11).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from booking.rules.moments import absolute
from oti.lib.money import ZERO

Debt = tuple[int, Decimal]


def release_moment(ends: Iterable[datetime], delay: timedelta) -> datetime | None:
    """Return when a share may go: `delay` after the last service ends; None without service.

    Hours that really pass, whatever the clocks do in between (C03).
    """
    last = max((absolute(end) for end in ends), default=None)
    return None if last is None else last + delay


@dataclass(frozen=True)
class Kept:
    """A share in euros cut in two: `sent` goes, each of `kept` stays for a debt (key, euros)."""

    sent: Decimal
    kept: tuple[Debt, ...]

    @property
    def netted(self) -> Decimal:
        """Return what stays, in euros."""
        return sum((amount for _key, amount in self.kept), ZERO)


def keep_for_debts(owed: Decimal, debts: Sequence[Debt]) -> Kept:
    """Keep debts from a share of `owed` euros, in their order; sent + kept = owed, to the cent.

    The last debt that doesn't fit is kept in part (E11: next pay-outs are netted).
    """
    left = owed
    kept: list[Debt] = []
    for key, debt in debts:
        part = min(left, debt)
        if part > ZERO:
            kept.append((key, part))
            left -= part
    return Kept(left, tuple(kept))


@dataclass(frozen=True)
class Claim:
    """What must come back, in euros: from the transfer, and what was only ever a debt settled."""

    from_transfer: Decimal
    as_debt: Decimal


def claim_back(
    *, owed: Decimal, sent: Decimal, netted: Decimal, claimed: Decimal, elsewhere: Decimal = ZERO
) -> Claim:
    """Return what must come back of a share that went when only `owed` euros remain due.

    `claimed` is what was asked back already, `elsewhere` what the office took back at the bank
    itself: it came back too. A transfer gives back at most what it brought; what the share paid
    by settling a debt becomes a debt again.
    """
    excess = max(ZERO, sent + netted - claimed - elsewhere - owed)
    from_transfer = min(excess, max(ZERO, sent - claimed - elsewhere))
    return Claim(from_transfer, excess - from_transfer)


def over_claimed(
    *, owed: Decimal, sent: Decimal, netted: Decimal, claimed: Decimal, elsewhere: Decimal
) -> Decimal:
    """Return by how much claims are too many, in euros: what came back elsewhere answers them."""
    return max(ZERO, owed + claimed + elsewhere - sent - netted)
