"""Guests who didn't come: noted by their host after the hour, taken back within two days.

Money doesn't move: after its beginning a line gives nothing back (`rules.refunds`), so its price
stays due. What the host wants to give back nevertheless is `booking.host_refunds`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from booking import locks
from booking.hook_outbox import tell_changed
from booking.messages import write_message
from booking.models import OrderLine
from booking.refusals import WrongState, trouble
from booking.rules import states
from booking.rules.kinds import kind_of
from booking.showing import moment_words
from members.journal import Actor, record
from oti.lib.dates import at_paris, paris

UNDO = timedelta(hours=48)
LATEST = timedelta(days=7)
NOTED, TAKEN_BACK = "no-show noted", "no-show taken back"


def from_when(line: OrderLine) -> datetime:
    """Return from when nobody can be said to be late any more; `order` is loaded.

    For a bed the hour that its guests announced, if it is later than when it is ready; for what is
    open for a while, its end.
    """
    if not kind_of(line.kind).begins:
        return line.ends_at
    hour = line.order.arrival_time
    if line.unit_id and line.arrival and hour is not None:
        return max(line.starts_at, at_paris(line.arrival, hour))
    return line.starts_at


def may_note(line: OrderLine, *, now: datetime) -> bool:
    """Tell whether a line can be noted as a no-show at `now`."""
    return line.state == states.SOLD and from_when(line) <= now <= line.ends_at + LATEST


def may_take_back(line: OrderLine, *, now: datetime) -> bool:
    """Tell whether what was noted can still be taken back at `now`."""
    return line.no_show_at is not None and now <= line.no_show_at + UNDO


def note_no_show(line: OrderLine, *, actor: Actor, now: datetime) -> None:
    """Note that nobody came for a line; guest and office are told. Locks the order.

    Raises WrongState `wrong_state` for a line that isn't sold any more, `no_show_too_early`,
    `no_show_too_late`; Busy.
    """
    with locks.write_transaction():
        fresh = _locked(line)
        if not states.can_move(states.LINE, fresh.state, states.NO_SHOW):
            raise WrongState(trouble("wrong_state"))
        _check_moment(fresh, now=now)
        fresh.state, fresh.no_show_at, fresh.changed_at = states.NO_SHOW, now, now
        fresh.save(update_fields=["state", "no_show_at", "changed_at"])
        tell_changed(fresh.order, [fresh], now=now)
        _tell(fresh, NOTED, at=now, actor=actor, now=now)


def take_no_show_back(line: OrderLine, *, actor: Actor, now: datetime) -> None:
    """Put a line back as it was before its no-show; guest and office are told. Locks the order.

    Raises WrongState `wrong_state` for a line that isn't one, `no_show_settled` after 48 hours;
    Busy.
    """
    with locks.write_transaction():
        fresh = _locked(line)
        noted_at = fresh.no_show_at
        if fresh.state != states.NO_SHOW or noted_at is None:
            raise WrongState(trouble("wrong_state"))
        if not may_take_back(fresh, now=now):
            raise WrongState(trouble("no_show_settled"))
        fresh.state, fresh.no_show_at, fresh.changed_at = states.SOLD, None, now
        fresh.save(update_fields=["state", "no_show_at", "changed_at"])
        tell_changed(fresh.order, [fresh], now=now)
        _tell(fresh, TAKEN_BACK, at=noted_at, actor=actor, now=now)


def _locked(line: OrderLine) -> OrderLine:
    """Return a line as it stands under the lock of its order."""
    order = locks.lock_order(line.order_id)
    fresh = OrderLine.objects.select_related("sub_order__provider").get(pk=line.pk)
    fresh.order = order
    return fresh


def _check_moment(line: OrderLine, *, now: datetime) -> None:
    start = from_when(line)
    if now < start:
        raise WrongState(trouble("no_show_too_early", moment=moment_words(paris(start))))
    if now > line.ends_at + LATEST:
        raise WrongState(trouble("no_show_too_late"))


def _tell(line: OrderLine, verb: str, *, at: datetime, actor: Actor, now: datetime) -> None:
    """Write what happened into the journal, and to the guest and the office; `at`: when noted."""
    order = line.order
    is_undone = verb == TAKEN_BACK
    record(
        verb,
        f"order:{order.reference}",
        actor=actor,
        at=now,
        line=line.pk,
        provider=line.sub_order.provider.name,
    )
    step = "back" if is_undone else "noted"
    for kind, recipient, language in (
        ("no_show", order.email, order.language),
        ("no_show_office", settings.OFFICE["email"], "fr"),
    ):
        write_message(
            kind,
            key=f"order:{order.reference}:{kind}:{line.pk}:{at:%y%m%d%H%M%S%f}:{step}",
            recipient=recipient,
            language=language,
            order=order,
            data={"line": line.pk, "is_undone": is_undone},
            now=now,
        )
