"""Who looks after the children while the grown-ups are elsewhere (features.md N05).

It only asks: a stay in which nobody is asked for stays as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from booking.models import Offer, OrderLine
from booking.people import Person
from booking.rules.kinds import BY_CODE, MINDING
from booking.stay_view import BasketView, LineView
from oti.lib.dates import today as day_of


@dataclass(frozen=True)
class Unminded:
    """Children whom nobody is with during something that every grown-up takes part in."""

    line: LineView
    children: tuple[Person, ...]


def find_unminded(view: BasketView, *, now: datetime) -> list[Unminded]:
    """Return the lines that leave children alone, in the order of the stay.

    Nothing is returned while no childcare is sold: one more statement, only where a child is left.
    """
    children = [one for one in view.people if not one.is_adult]
    adults = {one.key for one in view.people if one.is_adult}
    if not children or not adults:
        return []
    found = []
    for line in view.counted:
        if not line.offer.kind_rules.takes_time or not adults <= set(line.people):
            continue
        left = tuple(one for one in children if not _is_busy(one, line, view))
        if left:
            found.append(Unminded(line, left))
    if found and not _is_sold(now):
        return []
    return found


def left_over(sold: Iterable[OrderLine], ending: Collection[OrderLine]) -> list[OrderLine]:
    """Return the childcare that the lines about to end leave without a reason.

    `sold` are the lines of one order. Childcare has lost its reason when something that ends lay
    within it and nothing else that stays does. Never the reverse: whoever no longer needs a carer
    may still want the dinner.
    """
    staying = [line for line in sold if line not in ending]
    minding = [line for line in staying if line.kind in MINDING]
    others = [line for line in staying if line.kind not in MINDING]
    return [
        care
        for care in minding
        if any(_lies_within(line, care) for line in ending)
        and not any(_lies_within(line, care) for line in others)
    ]


def _lies_within(line: OrderLine, care: OrderLine) -> bool:
    return (
        BY_CODE[line.kind].takes_time
        and care.starts_at <= line.starts_at
        and line.ends_at <= care.ends_at
    )


def _is_busy(child: Person, line: LineView, view: BasketView) -> bool:
    """Tell whether a child takes part in it, or in something that lasts at least as long."""
    return any(
        child.key in one.people
        and one.offer.kind_rules.takes_time
        and one.starts_at <= line.starts_at
        and one.ends_at >= line.ends_at
        for one in view.counted
    )


def _is_sold(now: datetime) -> bool:
    today = day_of(now)
    return Offer.objects.on_sale(today).filter(kind__in=MINDING).exists()
