"""The lower price of dates that a host wants to fill, for whoever comes by a mail's link (N06).

A host said how many bookings at most, and a price below which it never goes; the office says how
much less the others pay. A line that is held has its place among them as it has its bed, until it
lapses: the one after the last pays the usual price, whatever link it came by.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from booking import locks
from booking.models import CapacityNeed, NeedBooking, OrderLine
from booking.rules.pricing import Reduction
from oti.lib.dates import today as day_of

# As long as `secret_token` makes them at most: what is longer is nobody's.
LONGEST_CODE = 64
# Lines that are held now have their place; what is sold is in `redeemed`. The keys come as a list:
# joined, the lines of every campaign there ever was are looked at.
HELD = """
(SELECT count(*) FROM booking_basketline line
 WHERE line.proposal_id = ANY(ARRAY(SELECT other.id FROM booking_campaignneed other
                                    WHERE other.need_id = need.id))
 AND NOT line.id = ANY(%(except)s::bigint[])
 AND (EXISTS (SELECT 1 FROM booking_stay stay WHERE stay.line_id = line.id
              AND stay.state = 'held' AND stay.expires_at > %(now)s)
      OR EXISTS (SELECT 1 FROM booking_slothold hold WHERE hold.line_id = line.id
                 AND hold.expires_at > %(now)s)))
"""
PROPOSALS = f"""
SELECT it.id, it.need_id, it.campaign_id, need.offer_id, campaign.percent_off, need.floor_amount,
    need.max_redemptions - need.redeemed, {HELD},
    campaign.started_at IS NOT NULL AND NOT need.is_paused AND need.ended_at IS NULL
        AND need.last_day >= %(today)s,
    need.last_day,
    ARRAY(SELECT ARRAY[lower(period.dates), upper(period.dates)] FROM booking_needperiod period
          WHERE period.need_id = need.id ORDER BY period.dates)
FROM booking_campaignneed it
JOIN booking_campaign campaign ON campaign.id = it.campaign_id
JOIN booking_capacityneed need ON need.id = it.need_id
WHERE campaign.percent_off > 0 AND
"""  # noqa: S608 - constants of this module


@dataclass(frozen=True)
class Proposal:
    """A price that a mail of the quiet season promised: of an offer, on some days, some times.

    `unsold` bookings are to be had at it still; of these `held` are in somebody's stay at present.
    """

    pk: int
    need_id: int
    campaign_id: int
    offer_id: int
    reduction: Reduction
    unsold: int
    held: int
    is_open: bool
    last_day: date

    @property
    def is_all_held(self) -> bool:
        """Whether the last ones are in other people's stays: one may come free again."""
        return self.is_open and self.unsold > 0 and not self.left

    @property
    def left(self) -> int:
        """Return how many more may be had now."""
        return max(0, self.unsold - self.held) if self.is_open else 0


def proposal_of(
    code: str, offer_id: int, *, now: datetime, except_lines: Collection[int] = ()
) -> Proposal | None:
    """Return the lower price that a link promises for an offer, open or over; None without one.

    What `except_lines` hold isn't counted. 1 SQL.
    """
    if not 0 < len(code) <= LONGEST_CODE or "\0" in code:
        return None
    values = {"code": code, "offer": offer_id}
    found = _read("it.code = %(code)s AND need.offer_id = %(offer)s", values, except_lines, now=now)
    return next(iter(found), None)


def proposals_by_key(
    keys: Iterable[int | None], *, now: datetime, except_lines: Collection[int] = ()
) -> dict[int, Proposal]:
    """Return proposals by their key (1 SQL, none without a key)."""
    wanted = sorted({one for one in keys if one})
    if not wanted:
        return {}
    found = _read("it.id = ANY(%(keys)s::bigint[])", {"keys": wanted}, except_lines, now=now)
    return {one.pk: one for one in found}


def _read(
    which: str, values: dict[str, Any], except_lines: Collection[int], *, now: datetime
) -> list[Proposal]:
    more = {"now": now, "today": day_of(now), "except": list(except_lines)}
    with connection.cursor() as cursor:
        cursor.execute(PROPOSALS + which, values | more)
        rows = cursor.fetchall()
    return [_proposal(*row) for row in rows]


def _proposal(
    pk: int,
    need_id: int,
    campaign_id: int,
    offer_id: int,
    percent: int,
    floor: Decimal,
    unsold: int,
    held: int,
    is_open: bool,
    last_day: date,
    spans: list[list[date]],
) -> Proposal:
    days = tuple((first, after) for first, after in spans)
    reduction = Reduction(percent=percent, floor=floor, spans=days)
    return Proposal(
        pk=pk,
        need_id=need_id,
        campaign_id=campaign_id,
        offer_id=offer_id,
        reduction=reduction,
        unsold=unsold,
        held=held,
        is_open=is_open,
        last_day=last_day,
    )


class Rooms:
    """What is left of some proposals, their needs locked: what one line takes another lacks.

    Made inside the transaction that holds or sells, after its other locks. `lines` are those of
    the basket that ask: what they hold isn't in their own way.
    """

    def __init__(
        self, keys: Iterable[int | None], *, lines: Collection[int] = (), now: datetime
    ) -> None:
        wanted = sorted({one for one in keys if one})
        self._now = now
        self._needs = locks.lock_needs_proposed(wanted)
        self._known = proposals_by_key(wanted, now=now, except_lines=lines)
        self._unsold: dict[int, int] = {}
        for one in self._known.values():
            self._unsold[one.need_id] = one.unsold - one.held

    def hold(self, key: int | None) -> bool:
        """Take a place of an open proposal for a line that is being held; False without one."""
        proposal = self._known.get(key or 0)
        return proposal is not None and proposal.is_open and self._take(proposal)

    def sell(self, key: int | None) -> bool:
        """Take a place for a line that is paid: a host that halts it keeps what it promised."""
        proposal = self._known.get(key or 0)
        return proposal is not None and self._take(proposal)

    def count(self, lines: Sequence[OrderLine]) -> None:
        """Write that lines were sold at the price of their proposal."""
        booked = [(line, self._known[line.proposal_id]) for line in lines if line.proposal_id]
        NeedBooking.objects.bulk_create(
            NeedBooking(
                need_id=proposal.need_id,
                campaign_id=proposal.campaign_id,
                line=line,
                counted_at=self._now,
            )
            for line, proposal in booked
        )
        changed = {self._needs[proposal.need_id] for _line, proposal in booked}
        for _line, proposal in booked:
            self._needs[proposal.need_id].redeemed += 1
        for need in changed:
            need.save(update_fields=["redeemed"])

    def _take(self, proposal: Proposal) -> bool:
        if self._unsold[proposal.need_id] < 1:
            return False
        self._unsold[proposal.need_id] -= 1
        return True


def room_of(need: CapacityNeed, *, now: datetime) -> int:
    """Return how many more bookings of a locked need may be counted beside what is held."""
    statement = f"SELECT {HELD} FROM booking_capacityneed need WHERE need.id = %(need)s"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, {"need": need.pk, "now": now, "except": []})
        (held,) = cursor.fetchone()
    return int(need.max_redemptions - need.redeemed - held)
