"""A date that doesn't take place: closed at once, then everybody is cancelled and given all back.

Closing is one short transaction: from its commit on nothing more is sold of the date. Each order
is then cancelled in a transaction of its own (`carry_out`), so that two hundred of them keep no
lock for longer than one: a round that is killed is taken up again, and what was done is found
done. Of an order that awaits its payment nothing is sold any more: its page at the bank is closed,
what was paid all the same goes back (`settlement`). Requests for the date are declined
(features.md E06, K16).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby

from django.db import DatabaseError, transaction
from django.db.models import (
    Case,
    Count,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from booking import locks
from booking.cancellation import cancel_lines, left_of
from booking.checkout import close_payment
from booking.hook_outbox import tell_slots
from booking.messages import write_message
from booking.models import (
    BookingRequest,
    CalledOff,
    Order,
    OrderLine,
    Participant,
    Refund,
    Slot,
    SlotTake,
)
from booking.refusals import BadInput, Refusal, WrongState, trouble
from booking.requests import decline_request, end_as_called_off
from booking.rules import states
from booking.settlement import end_unpaid
from booking.task_queue import ask_for_task
from members.journal import SYSTEM, Actor, record
from oti.lib.money import ZERO

logger = logging.getLogger(__name__)

LONGEST_REASON = 160
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
Step = Callable[[CalledOff, Order, Sequence[int], datetime], None]


@dataclass(frozen=True)
class CallOffPreview:
    """What calling dates off does, before it is done."""

    # Orders whose places are sold, persons in them, euros that go back to their cards.
    orders: int
    persons: int
    back: Decimal
    # Of these orders, those that were paid at the host's place, or are to be.
    on_site: int
    # Orders that await their payment, requests without an answer or not paid yet.
    unpaid: int
    requests: int
    # Orders that have begun already (a bicycle lent since yesterday): they stay as they are.
    begun: int

    @property
    def is_empty(self) -> bool:
        """Whether nobody has to be told: the date is simply closed."""
        return not (self.orders or self.unpaid or self.requests)


def preview_call_off(slots: Collection[Slot], *, now: datetime) -> CallOffPreview:
    """Return whom calling these dates off would concern, and what goes back; writes nothing."""
    ids = _with_sides(slots)
    lines = list(_sold_lines(ids, after=now).select_related("order").prefetch_related("refunds"))
    paid = [line for line in lines if not line.order.is_counter]
    people = Participant.objects.filter(lines__in=[line.pk for line in lines])
    return CallOffPreview(
        orders=len({line.order_id for line in lines}),
        persons=people.distinct().count(),
        back=sum((sum(left_of(line), ZERO) for line in paid), ZERO),
        on_site=len({line.order_id for line in lines if line.order.is_counter}),
        unpaid=_unpaid_orders(ids).filter(request=None).count(),
        requests=_requests_of(slots).count(),
        begun=_begun_lines(ids, at=now).values("order").distinct().count(),
    )


def call_off_dates(
    slots: Collection[Slot], *, reason: str, by: str, actor: Actor, now: datetime
) -> list[CalledOff]:
    """Close dates for good and begin to cancel whoever booked them; returns what is under way.

    `reason` is what guests and hosts read, as typed; `by` says who calls off (`CalledOff.By`). A
    date that nobody booked is closed, and nothing is under way for it. Locks: slots. Raises
    BadInput (`call_off_reason_missing`, `call_off_reason_long`), WrongState (`date_begun`,
    `date_called_off`, `slot_removed`), Busy: nothing is written then.
    """
    check_reason(reason)
    ids = _with_sides(slots)
    with locks.write_transaction():
        locked = locks.lock_slots(ids)
        wanted = {slot.pk for slot in slots}
        dates = [slot for slot in locked if slot.pk in wanted]
        if len(dates) != len(wanted):
            raise WrongState(trouble("slot_removed"))
        for slot in dates:
            check_date(slot, now=now)
        return call_off_locked(dates, reason=reason, by=by, actor=actor, now=now)


def check_reason(reason: str) -> None:
    """Raise BadInput where no reason is given, or one that is too long to be kept."""
    if not reason.strip():
        raise BadInput(trouble("call_off_reason_missing", field="reason"))
    if len(reason.strip()) > LONGEST_REASON:
        raise BadInput(trouble("call_off_reason_long", field="reason", most=LONGEST_REASON))


def check_date(slot: Slot, *, now: datetime) -> None:
    """Raise WrongState for a date that has begun, or that was called off already."""
    if slot.starts_at <= now:
        raise WrongState(trouble("date_begun"))
    if is_called_off(slot, now=now):
        raise WrongState(trouble("date_called_off"))


def is_called_off(slot: Slot, *, now: datetime) -> bool:
    """Tell whether a date is called off and nothing more is to be cancelled of it.

    One that was opened again since, or of which something is sold, may be called off once more.
    """
    rows = CalledOff.objects.filter(slot=slot)
    if rows.filter(finished_at=None).exists():
        return True
    return slot.is_closed and rows.exists() and not _concerns([slot], now=now)


def call_off_locked(
    slots: Sequence[Slot], *, reason: str, by: str, actor: Actor, now: datetime
) -> list[CalledOff]:
    """Call dates off inside the caller's transaction, which has locked them with what is beside.

    As `call_off_dates`, of dates that the caller has looked at; one that is under way, or closed
    with nobody in it, is left alone. One mail tells their host of all of them.
    """
    under_way = set(
        CalledOff.objects.filter(slot__in=slots, finished_at=None).values_list("slot_id", flat=True)
    )
    begun = []
    for slot in slots:
        is_booked = _concerns([slot], now=now)
        if slot.pk in under_way or (slot.is_closed and not is_booked):
            continue
        _close(slot, reason=reason.strip(), actor=actor, now=now)
        if is_booked:
            row = CalledOff.objects.create(
                slot=slot,
                by=by,
                reason=reason.strip(),
                actor_id=actor.user_id,
                at=now,
                next_try_at=now,
            )
            record(
                "date called off",
                f"slot:{slot.pk}",
                actor=actor,
                at=now,
                reason=row.reason,
                sold=slot.sold,
                by=by,
            )
            begun.append(row)
    _tell_hosts(begun, now=now)
    for row in begun:
        _ask_for_it(row)
    return begun


# --- Afterwards, order by order ------------------------------------------------------------------
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
    ids = _with_sides([row.slot])
    problems: dict[str, str] = {}
    tried = 0
    for step, orders in (
        (_cancel_order, _orders_left(row, ids)),
        (_end_order, _unpaid_orders(ids)),
    ):
        known = sorted(orders, key=lambda one: (one.reference in row.problems, one.pk))
        for order in known[: MOST_AT_ONCE - tried]:
            problem = _try(step, row, order, ids, now=now)
            tried += 1
            if problem:
                problems[order.reference] = problem
            if problem == BANK_AWAY:
                break
    for request in _requests_of([row.slot])[: MOST_AT_ONCE - tried]:
        tried += 1
        problem = _try_request(row, request, now=now)
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


def _try(step: Step, row: CalledOff, order: Order, ids: Sequence[int], *, now: datetime) -> str:
    """Do one step for one order; returns the code of what keeps it, "" for nothing."""
    try:
        step(row, order, ids, now)
    except Refusal as refusal:
        logger.warning("order %s of a called-off date waits: %s", order.reference, refusal)
        return refusal.code
    except Exception:
        # One order must not hide the others.
        logger.exception("order %s of a called-off date not cancelled", order.reference)
        return "call_off_failed"
    return ""


def _cancel_order(row: CalledOff, order: Order, ids: Sequence[int], now: datetime) -> None:
    """Cancel what an order has of the date, everything given back; nothing left is no fault."""
    lines = _sold_lines(ids, after=row.at).filter(order=order)
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


def _try_request(row: CalledOff, request: BookingRequest, *, now: datetime) -> str:
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
        return ""
    except Refusal as refusal:
        logger.warning("request %s of a called-off date waits: %s", request.code, refusal)
        return refusal.code
    except Exception:
        logger.exception("request %s of a called-off date not ended", request.code)
        return "call_off_failed"
    return ""


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
        _orders_left(row, ids).exists()
        or _unpaid_orders(ids).exists()
        or _requests_of([row.slot]).exists()
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
            _ask_for_it(row)
    return not is_left


def _pause(row: CalledOff, *, now: datetime) -> timedelta:
    """Return how long what waits is left alone: a tenth of the time that it lasts already."""
    return min(max(AGAIN, (now - row.at) / PATIENCE), RAREST)


def _ask_for_it(row: CalledOff) -> None:
    pk = row.pk
    transaction.on_commit(lambda: ask_for_task("booking.tasks.carry_out_call_off", pk))


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


def begun_words(count: int) -> str:
    """Say what has begun: so many bookings given back, or only what wasn't paid or answered yet."""
    if not count:
        return _("It is called off: orders that wait for payment end, requests are answered.")
    words = ngettext(
        "It is called off: %(count)s booking is being cancelled and given back.",
        "It is called off: %(count)s bookings are being cancelled and given back.",
        count,
    )
    return words % {"count": count}


def left_orders(row: CalledOff, *, limit: int = 50) -> list[LeftOrder]:
    """Return orders that are not done yet, those with a problem first, then those left alone."""
    ids = _with_sides([row.slot])
    waiting: list[Order] = []
    if row.finished_at is None:
        waiting = [*_orders_left(row, ids)[:limit], *_unpaid_orders(ids)[:limit]]
    waiting.sort(key=lambda order: (order.reference not in row.problems, order.pk))
    found = [LeftOrder(order, _problem_words(row, order)) for order in waiting[:limit]]
    begun = _begun_lines(ids, at=row.at).filter(order=OuterRef("pk"))
    return found + [
        LeftOrder(order, _("It had begun already: it stays as it is. Decide on it by itself."))
        for order in Order.objects.filter(Exists(begun)).order_by("pk")[:limit]
    ]


def _problem_words(row: CalledOff, order: Order) -> str:
    code = row.problems.get(order.reference, "")
    return trouble(code).message if code else _("Its turn comes.")


# --- What a date has -----------------------------------------------------------------------------
def _with_sides(slots: Collection[Slot]) -> list[int]:
    """Return dates with the capacities that stand beside their places."""
    found = Q(pk__in=[slot.pk for slot in slots])
    for slot in slots:
        found |= Q(offer_id=slot.offer_id, starts_at=slot.starts_at)
    return sorted(Slot.stocks.filter(found).values_list("pk", flat=True)) if slots else []


def _taking(ids: Collection[int]) -> QuerySet[OrderLine]:
    """Return the lines that take of these slots, in whatever state, each once."""
    takes = SlotTake.objects.filter(line=OuterRef("pk"), slot__in=list(ids))
    return OrderLine.objects.filter(Exists(takes))


def _sold_lines(ids: Collection[int], *, after: datetime) -> QuerySet[OrderLine]:
    """Return the lines that take of these slots and begin after a moment; what has begun stays."""
    return _taking(ids).filter(state=states.SOLD, starts_at__gt=after)


def _begun_lines(ids: Collection[int], *, at: datetime) -> QuerySet[OrderLine]:
    return _taking(ids).filter(state__in=states.TAKES_PLACE, starts_at__lte=at)


def _orders_left(row: CalledOff, ids: Sequence[int]) -> QuerySet[Order]:
    lines = _sold_lines(ids, after=row.at).filter(order=OuterRef("pk"))
    return Order.objects.filter(Exists(lines))


def _unpaid_orders(ids: Collection[int]) -> QuerySet[Order]:
    lines = _taking(ids).filter(order=OuterRef("pk"))
    return Order.objects.filter(Exists(lines), state=states.AWAITING_PAYMENT)


def _requests_of(slots: Collection[Slot]) -> QuerySet[BookingRequest]:
    """Return what is asked for dates and may still become a booking, days of a rental too."""
    asked = Q(slot__in=[slot.pk for slot in slots])
    for slot in slots:
        day = Q(arrival__lte=slot.day, departure__gt=slot.day)
        asked |= Q(day, offer_id=slot.offer_id, unit=None)
    open_ones = Q(state=states.REQUESTED) | Q(
        state=states.ACCEPTED, order__confirmed_at__isnull=True
    )
    return BookingRequest.objects.filter(asked, open_ones)


def _concerns(slots: Collection[Slot], *, now: datetime) -> bool:
    """Tell whether somebody is to be cancelled, stopped or answered."""
    ids = _with_sides(slots)
    return (
        _sold_lines(ids, after=now).exists()
        or _unpaid_orders(ids).exists()
        or _requests_of(slots).exists()
    )


# --- Closing -------------------------------------------------------------------------------------
def _close(slot: Slot, *, reason: str, actor: Actor, now: datetime) -> None:
    """Close a locked date with the capacities beside it, why on its row; places stay as many."""
    was_open = not slot.is_closed
    Slot.stocks.filter(pk__in=_with_sides([slot])).update(is_closed=True)
    slot.is_closed, slot.closed_reason = True, reason
    slot.save(update_fields=["is_closed", "closed_reason"])
    if was_open:
        record(
            "slot changed",
            f"slot:{slot.pk}",
            actor=actor,
            at=now,
            before={"is_closed": False},
            after={"is_closed": True},
            reason=reason,
            sold=slot.sold,
        )
        tell_slots(slot.offer, slot.pk, now=now)


def _tell_hosts(rows: Sequence[CalledOff], *, now: datetime) -> None:
    """Write one mail to each host, of all its dates that were called off together."""
    by_host = sorted(rows, key=lambda row: (row.slot.offer.provider_id, row.slot.starts_at))
    for _pk, own in groupby(by_host, key=lambda row: row.slot.offer.provider_id):
        dates = list(own)
        provider = dates[0].slot.offer.provider
        write_message(
            "date_called_off",
            key=f"called-off:{dates[0].pk}",
            recipient=provider.email,
            language=provider.language,
            data={"called_off": [row.pk for row in dates]},
            now=now,
        )
