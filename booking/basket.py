"""The basket: adding, changing, keeping and showing the lines of a stay.

Every write holds what it adds before it lets go of what it had; a refused one changes nothing,
not even the deadline. Holds expire by the clock; the plan stays (features.md B01–B07, N02).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta

from django.conf import settings

from booking import locks
from booking.channels.freshness import read_again, refresh_before_sale, stale_trouble
from booking.holds import (
    Taken,
    hold_nights,
    keep,
    lines_to_hold,
    new_deadline,
    places_left,
    put_slot_holds,
    release,
    take,
)
from booking.models import (
    Basket,
    BasketLine,
    Stay,
)
from booking.people import people_from
from booking.refusals import (
    BadInput,
    Busy,
    NotAllowed,
    Refusal,
    Trouble,
    Unavailable,
    WrongState,
    trouble,
)
from booking.stay_view import (
    ask_of,
    hold_cap,
    is_held,
    view_basket,
)
from booking.takes import find_takes
from booking.wishes import LineRequest, Wish, check_once, read_wish
from oti.lib.joins import read_rows

MAX_LINES = 40
BASKET_OF = "SELECT {columns} FROM booking_basket it WHERE token = %s AND state <> %s"


def basket_of(token: str | None) -> Basket | None:
    """Return the basket of a token, None if there is none or if it has been ordered."""
    if not token:
        return None
    # Written out: every page of somebody who has a stay asks for it.
    return next(iter(read_rows(BASKET_OF, Basket, [token, Basket.State.ORDERED])), None)


def new_basket(*, language: str, now: datetime) -> Basket:
    """Create an empty basket."""
    return Basket.objects.create(language=language)


def add_to_basket(basket: Basket, request: LineRequest, *, now: datetime) -> BasketLine:
    """Add a line and hold what it takes; every line of the basket is kept as long.

    Locks: units (shared), slots, basket. Raises BadInput, NotAllowed, Unavailable, Clash,
    PriceChanged, WrongState or Busy, with every trouble found; a refused add leaves the deadline
    alone. A bed beside one that everybody has is refused with `has_bed` until they say whom it is
    for; what it takes the place of goes once it is held.
    """
    refresh_before_sale(request.unit_id, now=now)
    return _read_again_once(basket, lambda: _add(basket, request, now=now))


class _Stale(Exception):
    """The basket isn't the one that was read."""


def _read_again_once(basket: Basket, write: Callable[[], BasketLine]) -> BasketLine:
    """Write; if another tab wrote since the basket was read, read it and write once more."""
    with suppress(_Stale):
        return write()
    basket.refresh_from_db()
    try:
        return write()
    except _Stale as error:
        raise Busy(trouble("busy")) from error


def _add(basket: Basket, request: LineRequest, *, now: datetime) -> BasketLine:
    wish = read_wish(basket, request, now=now)
    check_once(wish)
    with locks.write_transaction():
        hint = now + timedelta(minutes=settings.HOLD_MINUTES)
        taken = take(wish, now=now, until=hint)
        current = _lock_open(basket.pk)
        _check_fresh(current, basket)
        # The basket is as it was read, and so are its lines.
        if len(wish.others) >= MAX_LINES:
            raise NotAllowed(trouble("bad_quantity", max=MAX_LINES))
        last = max((line.position for line in wish.others), default=0)
        place = wish.replaced[0].position if wish.replaced else last + 1
        for replaced in wish.replaced:
            release(replaced)
            replaced.delete()
        line = _fill(BasketLine(basket=current, position=place), wish, taken)
        line.save()
        current.people = [person.to_json() for person in wish.people]
        keep(current, until=new_deadline(current, now=now), now=now, line=line, taken=taken)
    _copy(current, basket)
    return line


def change_line(basket: Basket, line_id: int, request: LineRequest, *, now: datetime) -> BasketLine:
    """Replace what a line asks for; it keeps its place. What it had stays held if this fails.

    Locks: units (shared), slots, basket. Raises as `add_to_basket`, and BadInput for an unknown
    line.
    """
    refresh_before_sale(request.unit_id, now=now)
    return _read_again_once(basket, lambda: _change(basket, line_id, request, now=now))


def _change(basket: Basket, line_id: int, request: LineRequest, *, now: datetime) -> BasketLine:
    line = _line_of(basket, line_id)
    wish = read_wish(basket, request, now=now, except_line=line.pk)
    with locks.write_transaction():
        hint = now + timedelta(minutes=settings.HOLD_MINUTES)
        taken = take(wish, now=now, until=hint, replacing=line)
        current = _lock_open(basket.pk)
        _check_fresh(current, basket)
        if not current.lines.filter(pk=line.pk).exists():
            raise BadInput(trouble("line_unknown"))
        _fill(line, wish, taken).save()
        current.people = [person.to_json() for person in wish.people]
        keep(current, until=new_deadline(current, now=now), now=now, line=line, taken=taken)
    _copy(current, basket)
    return line


def remove_line(basket: Basket, line_id: int, *, now: datetime) -> None:
    """Take a line out and free what it held; an unknown line is no fault (a second click)."""
    with locks.write_transaction():
        current = _lock_open(basket.pk)
        line = current.lines.filter(pk=line_id).first()
        if line is None:
            return
        release(line)
        line.delete()
        if not current.lines.exists():
            current.first_held_at = current.expires_at = None
            current.extensions = 0
            current.save(update_fields=["first_held_at", "expires_at", "extensions", "updated_at"])
    basket.refresh_from_db()


def extend_hold(basket: Basket, *, now: datetime) -> datetime:
    """Keep everything 15 minutes more, never past the cap; returns the new deadline.

    Raises WrongState `not_extendable` at the cap, `hold_expired` after the deadline.
    """
    with locks.write_transaction():
        current = _lock_open(basket.pk)
        if current.expires_at is None or current.expires_at <= now:
            raise WrongState(trouble("hold_expired"))
        until = min(
            current.expires_at + timedelta(minutes=settings.HOLD_MINUTES),
            hold_cap(current, now=now),
        )
        if until <= current.expires_at:
            raise WrongState(trouble("not_extendable"))
        current.extensions += 1
        keep(current, until=until, now=now)
    basket.refresh_from_db()
    return until


def renew_holds(basket: Basket, *, now: datetime) -> list[Trouble]:
    """Ask again for every line that lapsed; returns the troubles of those that are gone.

    Locks: units, slots, basket. What can be had is held, at the price last shown; the rest stays
    in the plan, marked.
    """
    stale = read_again(basket.lines.values("unit_id"), now=now)
    with locks.write_transaction():
        read = list(lines_to_hold(basket))
        people = people_from(basket.people)
        had = locks.lock_units(one.unit_id for one in read if one.unit_id)
        asks = [ask_of(line, people) for line in read if line.slot_id]
        ids = {pk for one in find_takes(asks, now=now) for pk in one.slot_ids}
        locked = {row.pk for row in locks.lock_slots(ids)}
        current = _lock_open(basket.pk)
        lines = list(lines_to_hold(current))
        people = people_from(current.people)
        hint = now + timedelta(minutes=settings.HOLD_MINUTES)
        taken: list[tuple[BasketLine, int | None]] = []
        troubles: list[Trouble] = []
        for line in sorted(lines, key=lambda one: (one.unit_id or 0, one.arrival or date.min)):
            if is_held(line, now):
                continue
            try:
                if line.unit_id:
                    if line.unit_id in stale:
                        raise Unavailable(stale_trouble())
                    if line.unit_id not in had:
                        raise Busy(trouble("busy"))
                    held_id = hold_nights(
                        line.unit_id,
                        line.arrival,
                        line.departure,
                        basket_id=current.pk,
                        now=now,
                        until=hint,
                    )
                    taken.append((line, held_id))
                else:
                    takes = places_left(ask_of(line, people), now=now, except_line=line.pk)
                    if not set(takes.slot_ids) <= locked:
                        raise Busy(trouble("busy"))
                    put_slot_holds(line, takes, hint)
                    taken.append((line, None))
            except Refusal as refusal:
                troubles += [replace(one, line=line.pk) for one in refusal.troubles]
        until = new_deadline(current, now=now)
        for line, stay_id in taken:
            if stay_id is not None:
                Stay.objects.filter(line=line).update(line=None)
                Stay.objects.filter(pk=stay_id).update(line=line)
        if taken:
            keep(current, until=until, now=now)
    basket.refresh_from_db()
    return troubles


def accept_price(basket: Basket, line_id: int, *, now: datetime) -> None:
    """Take the new price of a line as the one that was shown, computed from the rows themselves.

    Raises BadInput `line_unknown` for a line that left the stay, Unavailable with its troubles.
    """
    line = _line_of(basket, line_id)
    with locks.write_transaction():
        current = _lock_open(basket.pk)
        lines = view_basket(current, now=now).lines
        view = next((one for one in lines if one.line.pk == line.pk), None)
        if view is None:
            raise BadInput(trouble("line_unknown"))
        if view.quote is None:
            raise Unavailable(*view.troubles)
        current.lines.filter(pk=line.pk).update(shown_amount=view.quote.total)


def _copy(current: Basket, basket: Basket) -> None:
    """Let the caller's basket be the one that was written."""
    for name in ("state", "people", "first_held_at", "expires_at", "extensions", "updated_at"):
        setattr(basket, name, getattr(current, name))


def _fill(line: BasketLine, wish: Wish, taken: Taken) -> BasketLine:
    line.offer = wish.offer
    line.unit = wish.unit
    line.slot = taken.slot
    line.arrival, line.departure = wish.days or (None, None)
    line.quantity = wish.quantity
    line.people = wish.keys
    line.options = [{"code": one.code, "quantity": one.quantity} for one in wish.request.options]
    line.is_overlap_accepted = wish.request.is_overlap_accepted
    # What was taken as part of a whole stays so when it is changed.
    line.is_sold_whole = line.is_sold_whole or wish.request.is_sold_whole
    # As what was chosen in a house's widget.
    line.channel = line.channel or wish.request.channel
    line.shown_amount = wish.quote.total
    return line


def _line_of(basket: Basket, line_id: int) -> BasketLine:
    line = basket.lines.select_related("offer").filter(pk=line_id).first()
    if line is None:
        raise BadInput(trouble("line_unknown"))
    return line


def _check_fresh(current: Basket, read: Basket) -> None:
    """Refuse to write people and overlaps that were decided on an older basket."""
    if current.updated_at != read.updated_at:
        raise _Stale


def _lock_open(basket_id: int) -> Basket:
    current = locks.lock_basket(basket_id)
    if current.state != Basket.State.OPEN:
        raise WrongState(trouble("frozen"))
    return current
