"""What several offers share: a guide, a minibus, a room, and when there is enough of it.

A date uses its resources from its preparation to the end of what is put away after it, as soon as
somebody is in it (features.md H08). It judges hours and quantities; it knows no row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from booking.rules.moments import absolute


@dataclass(frozen=True)
class Use:
    """So much of a resource over the aware moments `[starts_at, ends_at)`."""

    starts_at: datetime
    ends_at: datetime
    quantity: int

    def meets(self, other: Use) -> bool:
        """Tell whether both last at one moment; the one that ends as the other starts doesn't."""
        starts = max(absolute(self.starts_at), absolute(other.starts_at))
        return starts < min(absolute(self.ends_at), absolute(other.ends_at))


def use_of(
    starts_at: datetime, ends_at: datetime, *, before: int, after: int, quantity: int
) -> Use:
    """Return what a date uses: its own hours with the minutes of preparation around them.

    The minutes really pass, also in a night when the clocks change.
    """
    return Use(
        absolute(starts_at) - timedelta(minutes=before),
        absolute(ends_at) + timedelta(minutes=after),
        quantity,
    )


def most_used(during: Use, uses: Iterable[Use]) -> int:
    """Return the most that these use together at any moment of `during`, 0 where none meets it."""
    met = [one for one in uses if one.meets(during)]
    # Use only grows where something begins.
    begins = {max(absolute(one.starts_at), absolute(during.starts_at)) for one in met}
    return max(
        (
            sum(
                one.quantity
                for one in met
                if absolute(one.starts_at) <= moment < absolute(one.ends_at)
            )
            for moment in begins
        ),
        default=0,
    )


def is_enough(quantity: int, wanted: Use, others: Iterable[Use]) -> bool:
    """Tell whether `quantity` is enough for what is wanted beside the others, at every moment."""
    return most_used(wanted, others) + wanted.quantity <= quantity


@dataclass(frozen=True)
class Other:
    """Another date that uses the same resource; `is_taken`: somebody is in it, or books it."""

    slot_id: int
    offer_id: int
    # When it begins itself, without what is prepared before.
    starts_at: datetime
    use: Use
    is_taken: bool


@dataclass(frozen=True)
class Claim:
    """What one date needs of one resource, of which there are `quantity`, and who else does."""

    resource_id: int
    name: str
    quantity: int
    use: Use
    others: tuple[Other, ...] = ()

    def is_met(self, also: Collection[int] = ()) -> bool:
        """Tell whether there is enough beside the dates that are taken, and those of `also`."""
        taken = [one.use for one in self.others if one.is_taken or one.slot_id in also]
        return is_enough(self.quantity, self.use, taken)

    def blockers(self) -> list[Other]:
        """Return the taken dates that use it at the same hours, the longest first."""
        met = [one for one in self.others if one.is_taken and one.use.meets(self.use)]
        return sorted(met, key=_longest_first)


def lacking(claims: Iterable[Claim], also: Collection[int] = ()) -> list[Claim]:
    """Return the claims of a date that can't be met; `also` are slots counted as taken."""
    return [one for one in claims if not one.is_met(also)]


def _longest_first(other: Other) -> tuple[timedelta, datetime, int]:
    return other.use.starts_at - other.use.ends_at, other.use.starts_at, other.slot_id
