"""A date that doesn't take place: whom it concerns, said before; then it is closed at once.

Closing is one short transaction: from its commit on nothing more is sold of the date, and whoever
booked it is cancelled and given all back afterwards (`call_off_rounds`, features.md E06, K16).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from booking import locks
from booking.cancellation import left_of
from booking.date_bookings import (
    begun_lines_of,
    concerns,
    requests_of,
    sold_lines_of,
    unpaid_orders_of,
    with_sides,
)
from booking.hook_outbox import tell_slots
from booking.messages import write_message
from booking.models import CalledOff, Participant, Slot
from booking.refusals import BadInput, WrongState, trouble
from booking.task_queue import ask_for_task
from members.journal import Actor, record
from oti.lib.money import ZERO

LONGEST_REASON = 160


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
    ids = with_sides(slots)
    lines = list(sold_lines_of(ids, after=now).select_related("order").prefetch_related("refunds"))
    paid = [line for line in lines if not line.order.is_counter]
    people = Participant.objects.filter(lines__in=[line.pk for line in lines])
    return CallOffPreview(
        orders=len({line.order_id for line in lines}),
        persons=people.distinct().count(),
        back=sum((sum(left_of(line), ZERO) for line in paid), ZERO),
        on_site=len({line.order_id for line in lines if line.order.is_counter}),
        unpaid=unpaid_orders_of(ids).filter(request=None).count(),
        requests=requests_of(slots).count(),
        begun=begun_lines_of(ids, at=now).values("order").distinct().count(),
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
    ids = with_sides(slots)
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
    return slot.is_closed and rows.exists() and not concerns([slot], now=now)


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
        is_booked = concerns([slot], now=now)
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
        ask_for_round(row)
    return begun


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


def ask_for_round(row: CalledOff) -> None:
    """Have a worker cancel some of a date's bookings, once this transaction is over."""
    pk = row.pk
    transaction.on_commit(lambda: ask_for_task("booking.tasks.carry_out_call_off", pk))


# --- Closing -------------------------------------------------------------------------------------
def _close(slot: Slot, *, reason: str, actor: Actor, now: datetime) -> None:
    """Close a locked date with the capacities beside it, why on its row; places stay as many."""
    was_open = not slot.is_closed
    Slot.stocks.filter(pk__in=with_sides([slot])).update(is_closed=True)
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
