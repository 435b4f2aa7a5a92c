"""Whoever booked a date that was called off is cancelled and given all back, order by order.

Each in a transaction of its own, so that two hundred of them keep no lock for longer than one: a
round that is killed is taken up again, and what was done is found done. Of an order that awaits
its payment nothing is sold any more: its page at the bank is closed, what was paid all the same
goes back (`settlement`). Requests for the date are declined (features.md E06, K16).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import DatabaseError
from django.db.models import Case, Count, Exists, OuterRef, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import override

from booking import locks
from booking.called_off import ask_for_round
from booking.cancellation import cancel_lines
from booking.checkout import close_payment
from booking.date_bookings import (
    begun_lines_of,
    orders_left,
    requests_of,
    sold_lines_of,
    unpaid_orders_of,
    with_sides,
)
from booking.models import BookingRequest, CalledOff, Order, OrderLine, Refund
from booking.refusals import Refusal, WrongState, trouble
from booking.requests import decline_request, end_as_called_off
from booking.rules import states
from booking.settlement import end_unpaid
from members.journal import SYSTEM, Actor, record
from oti.lib.money import ZERO

logger = logging.getLogger(__name__)

# One run of a worker: far below the two minutes that a task lives.
MOST_AT_ONCE = 60
# A worker that died is replaced after this time; what couldn't be had is tried again so soon.
LEASE = timedelta(minutes=3)
AGAIN = timedelta(minutes=1)
# What still can't be had is tried more rarely the longer it lasts, and at least so often.
PATIENCE = 10
RAREST = timedelta(hours=1)
# The bank doesn't answer: the next question would wait as long.
BANK_AWAY = "bank_unavailable"
# The journal's verb for an order that awaited its payment.
STOPPED = "order ended: its date was called off"


def carry_out(called_off_id: int, *, now: datetime) -> bool:
    """Cancel some of the orders that a called-off date still has; returns whether all is done.

    Each in a transaction of its own, with everything given back. Twice is the same as once: what
    was cancelled is found so; what can't be had now, or was refused, is named on its page and tried
    again, in a minute at first. What is sold comes first: a bank that is silent keeps nobody's
    money. One at a time: a row is taken under a lease.
    """
    row = _claim(called_off_id, now=now)
    if row is None:
        return False
    ids = with_sides([row.slot])
    problems: dict[str, str] = {}
    tried = 0
    for step, orders in (
        (_cancel_order, orders_left(row, ids)),
        (_end_order, unpaid_orders_of(ids)),
    ):
        known = sorted(orders, key=lambda one: (one.reference in row.problems, one.pk))
        for order in known[: MOST_AT_ONCE - tried]:
            problem = _try(f"order {order.reference}", partial(step, row, order, ids, now))
            tried += 1
            if problem:
                problems[order.reference] = problem
            if problem == BANK_AWAY:
                break
    for request in requests_of([row.slot])[: MOST_AT_ONCE - tried]:
        tried += 1
        problem = _try(f"request {request.code}", partial(_end_request, row, request, now=now))
        if problem:
            problems[request.code] = problem
    has_more = tried >= MOST_AT_ONCE and not problems
    return _put_away(row, ids, problems, has_more=has_more, now=now)


def carry_out_all(*, now: datetime, limit: int = 50) -> int:
    """Go on with every date that is being called off; returns how many are done. One keeps none."""
    done = 0
    waiting = CalledOff.objects.filter(finished_at=None, next_try_at__lte=now)
    for pk in list(waiting.order_by("next_try_at", "pk").values_list("pk", flat=True)[:limit]):
        try:
            done += carry_out(pk, now=now)
        except (DatabaseError, Refusal) as error:
            logger.warning("called-off date %s waits: %s", pk, error)
    return done


def _claim(pk: int, *, now: datetime) -> CalledOff | None:
    with locks.write_transaction():
        rows = CalledOff.objects.filter(pk=pk, finished_at=None, next_try_at__lte=now)
        if not rows.update(next_try_at=now + LEASE):
            return None
    return CalledOff.objects.select_related("slot__offer", "actor").get(pk=pk)


def _try(what: str, step: Callable[[], None]) -> str:
    """Do one step; returns the code of what keeps it, "" for nothing.

    Whatever goes wrong with one order or request must not hide the others.
    """
    try:
        step()
    except Refusal as refusal:
        logger.warning("%s of a called-off date waits: %s", what, refusal)
        return refusal.code
    except Exception:
        logger.exception("%s of a called-off date could not be ended", what)
        return "call_off_failed"
    return ""


def _cancel_order(row: CalledOff, order: Order, ids: Sequence[int], now: datetime) -> None:
    """Cancel what an order has of the date, everything given back; nothing left is no fault."""
    lines = sold_lines_of(ids, after=row.at).filter(order=order)
    try:
        cancel_lines(
            order,
            list(lines.values_list("pk", flat=True)),
            basis="full",
            reason=row.reason,
            called_off=row.pk,
            actor=_actor_of(row),
            now=now,
        )
    except WrongState:
        # The office, or another worker, cancelled one of them at that moment.
        if lines.exists():
            raise


def _end_order(row: CalledOff, order: Order, ids: Sequence[int], now: datetime) -> None:
    """End an order that isn't paid: the rest of its stay is kept, and can be ordered again.

    One that is paid at this very moment is confirmed without the date, which is given back.
    """
    try:
        close_payment(order, now=now)
    except WrongState:
        return
    is_asked = BookingRequest.objects.filter(order=order).exists()
    end_unpaid(order.pk, now=now, actor=SYSTEM, keep_holds=not is_asked, because=STOPPED)


def _end_request(row: CalledOff, request: BookingRequest, *, now: datetime) -> None:
    """Decline a request for the date, or end one that was accepted and isn't paid."""
    with override(request.language):
        words = row.reason_words
    try:
        if request.state == states.REQUESTED:
            decline_request(
                request,
                reason=BookingRequest.Reason.CALLED_OFF,
                words=words,
                actor=_actor_of(row),
                now=now,
            )
        else:
            end_as_called_off(request, words=words, actor=_actor_of(row), now=now)
    except WrongState:
        # Answered, paid or withdrawn meanwhile: it is looked at again.
        return


def _put_away(
    row: CalledOff,
    ids: Sequence[int],
    problems: dict[str, str],
    *,
    has_more: bool,
    now: datetime,
) -> bool:
    """Write how far it is; go on at once where a run had its fill, later where something waits."""
    is_left = (
        orders_left(row, ids).exists()
        or unpaid_orders_of(ids).exists()
        or requests_of([row.slot]).exists()
    )
    with locks.write_transaction():
        CalledOff.objects.filter(pk=row.pk, finished_at=None).update(
            finished_at=None if is_left else now,
            next_try_at=now if has_more else now + _pause(row, now=now),
            problems=problems,
        )
        if not is_left:
            record("called-off date done", f"slot:{row.slot_id}", actor=SYSTEM, at=now)
        elif has_more:
            ask_for_round(row)
    return not is_left


def _pause(row: CalledOff, *, now: datetime) -> timedelta:
    """Return how long what waits is left alone: a tenth of the time that it lasts already."""
    return min(max(AGAIN, (now - row.at) / PATIENCE), RAREST)


def _actor_of(row: CalledOff) -> Actor:
    return Actor.person(row.actor) if row.actor is not None else SYSTEM


# --- How far it is -------------------------------------------------------------------------------
@dataclass(frozen=True)
class LeftOrder:
    """An order that still has something of a called-off date, and why, in words."""

    order: Order
    words: str


def with_progress(rows: QuerySet[CalledOff]) -> QuerySet[CalledOff]:
    """Add how many orders are `done`, `left` and `begun` before, and what went `back`, in euros.

    Nothing is left of one that is done: who books the date after it was opened again has it.
    """
    lines = OrderLine.objects.filter(takes__slot_id=OuterRef("slot_id"))
    until = Coalesce(OuterRef("finished_at"), OuterRef("next_try_at"))
    done = lines.filter(
        state=states.CANCELLED, changed_at__gte=OuterRef("at"), changed_at__lte=until
    )
    left = lines.filter(state=states.SOLD, starts_at__gt=OuterRef("at"))
    refunds = Refund.objects.filter(
        line__takes__slot_id=OuterRef("slot_id"),
        line__state=states.CANCELLED,
        created_at__gte=OuterRef("at"),
        created_at__lte=until,
    )
    summed = refunds.order_by().values("line__takes__slot_id").annotate(sum=Sum("amount"))
    return rows.annotate(
        done=_orders_in(done),
        left=Case(When(finished_at=None, then=_orders_in(left)), default=0),
        begun=_orders_in(lines.filter(state__in=states.TAKES_PLACE, starts_at__lte=OuterRef("at"))),
        back=Coalesce(Subquery(summed.values("sum")), Value(ZERO)),
    )


def _orders_in(lines: QuerySet[OrderLine]) -> Coalesce:
    counted = (
        lines.order_by()
        .values("takes__slot_id")
        .annotate(count=Count("order", distinct=True))
        .values("count")
    )
    return Coalesce(Subquery(counted), 0)


def left_orders(row: CalledOff, *, limit: int = 50) -> list[LeftOrder]:
    """Return orders that are not done yet, those with a problem first, then those left alone."""
    ids = with_sides([row.slot])
    waiting: list[Order] = []
    if row.finished_at is None:
        waiting = [*orders_left(row, ids)[:limit], *unpaid_orders_of(ids)[:limit]]
    waiting.sort(key=lambda order: (order.reference not in row.problems, order.pk))
    found = [LeftOrder(order, _problem_words(row, order)) for order in waiting[:limit]]
    begun = begun_lines_of(ids, at=row.at).filter(order=OuterRef("pk"))
    return found + [
        LeftOrder(order, _("It had begun already: it stays as it is. Decide on it by itself."))
        for order in Order.objects.filter(Exists(begun)).order_by("pk")[:limit]
    ]


def _problem_words(row: CalledOff, order: Order) -> str:
    code = row.problems.get(order.reference, "")
    return trouble(code).message if code else _("Its turn comes.")
