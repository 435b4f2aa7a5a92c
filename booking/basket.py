"""The basket: adding, changing, keeping and showing the lines of a stay.

Every write holds what it adds before it lets go of what it had; a refused one changes nothing,
not even the deadline. Holds expire by the clock; the plan stays (features.md B01–B07, N02).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TypeVar

from django.conf import settings
from django.db import connection

from booking import locks
from booking.channels.freshness import asks_host_first, read_again_for
from booking.holds import (
    Taken,
    hold_nights,
    keep,
    keep_plan,
    let_go,
    lines_to_hold,
    lock_places,
    new_deadline,
    places_left,
    put_slot_holds,
    release,
    take,
    take_places,
)
from booking.models import (
    Basket,
    BasketLine,
    Stay,
)
from booking.people import people_from
from booking.proposals import Rooms
from booking.quoting import TOO_NEAR, check_unit
from booking.refusals import (
    BadInput,
    Busy,
    NotAllowed,
    PriceChanged,
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
    too_late,
    view_basket,
)
from booking.takes import find_takes
from booking.wishes import LineRequest, Wish, check_once, line_there, read_wish
from oti.lib.inserts import insert_one
from oti.lib.joins import read_rows

Written = TypeVar("Written")
MAX_LINES = 40
COUNT_LINES = "SELECT count(*) FROM booking_basketline WHERE basket_id = %s"
BASKET_OF = "SELECT {columns} FROM booking_basket it WHERE token = %s AND state <> %s"


def basket_of(token: str | None) -> Basket | None:
    """Return the basket of a token, None if there is none or if it has been ordered."""
    if not token:
        return None
    # Written out: every page of somebody who has a stay asks for it.
    return next(iter(read_rows(BASKET_OF, Basket, [token, Basket.State.ORDERED])), None)


def count_lines(basket: Basket) -> int:
    """Return how many lines a basket has; each page of somebody who has a stay says it."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT_LINES, [basket.pk])
        count: int = cursor.fetchone()[0]
    return count


def new_basket(*, language: str, now: datetime) -> Basket:
    """Create an empty basket."""
    return Basket.objects.create(language=language)


def add_to_basket(
    basket: Basket, request: LineRequest, *, may_ask: bool = True, now: datetime
) -> BasketLine:
    """Add a line and hold what it takes; every line of the basket is kept as long.

    Where its host answers first it is checked as well and holds nothing (`is_on_request`); where
    the host itself adds it there is nobody to ask (`may_ask`): it is held as any other.

    Locks: units (shared), slots, basket. Raises BadInput, NotAllowed, Unavailable, Clash,
    PriceChanged, WrongState or Busy, with every trouble found; a refused add leaves the deadline
    alone. A bed beside one that everybody has is refused with `has_bed` until they say whom it is
    for; what it takes the place of goes once it is held.
    """
    # Asked in any case: other platforms may have taken it.
    is_silent = asks_host_first(request.unit_id, now=now)
    asks = (is_silent or None) if may_ask else False
    if asks:
        # What its host answers first has its usual price.
        request = replace(request, proposal="")
    return _read_again_once(basket, lambda: _add(basket, request, asks=asks, now=now))


def add_together(
    basket: Basket,
    requests: Sequence[LineRequest],
    *,
    check: Callable[[Sequence[BasketLine]], None],
    now: datetime,
) -> list[BasketLine]:
    """Add several lines of dated places at once, all or none; returns those that are new.

    One that the basket has already, for the same persons, is left as it is; held again, where its
    time was over. `check` looks at all the lines, in the order of the requests, under the locks and
    may refuse them.

    Locks: the slots of all, basket. Raises as `add_to_basket`; NotAllowed `together_on_request`
    where a host answers first.
    """
    return _read_again_once(basket, lambda: _add_together(basket, requests, check=check, now=now))


def _add_together(
    basket: Basket,
    requests: Sequence[LineRequest],
    *,
    check: Callable[[Sequence[BasketLine]], None],
    now: datetime,
) -> list[BasketLine]:
    wishes = _read_together(basket, requests, now=now)
    known = [line_there(wish) for wish in wishes]
    had = wishes[0].others
    if len(had) + known.count(None) > MAX_LINES:
        raise NotAllowed(trouble("bad_quantity", max=MAX_LINES))
    place = max((line.position for line in had), default=0)
    lines: list[BasketLine] = []
    new: list[BasketLine] = []
    written: dict[int, BasketLine] = {}
    with locks.write_transaction():
        locked = lock_places(wishes, now=now)
        current = _lock_open(basket.pk)
        _check_fresh(current, basket)
        for wish, had_line in zip(wishes, known, strict=True):
            if had_line is not None and is_held(had_line, now):
                lines.append(had_line)
                continue
            line = had_line
            if line is None:
                line = BasketLine(basket=current, position=place + len(new) + 1, created_at=now)
                new.append(line)
            else:
                release(line)
            # What was written before it is a line that it has to live with.
            beside = [one for one in wish.others if one.pk not in {line.pk, *written}]
            others = replace(wish, others=(*beside, *written.values()))
            taken = take_places(others, locked, now=now, except_line=line.pk)
            _write_line(current, _fill(line, wish, taken, asks=False), wish, taken, now=now)
            written[line.pk] = line
            lines.append(line)
        check(lines)
    if written:
        _copy(current, basket)
    return new


def _read_together(basket: Basket, requests: Sequence[LineRequest], *, now: datetime) -> list[Wish]:
    """Read requests of places in turn: the later ones know the persons of the earlier.

    They have their usual price, which is the one that is shown of them together: no place of a
    proposal is looked for under the locks.
    """
    seen, wishes = copy(basket), list[Wish]()
    for request in requests:
        wish = read_wish(seen, replace(request, proposal=""), now=now)
        if wish.offer.is_on_request:
            raise NotAllowed(trouble("together_on_request"))
        if wish.ask is None:
            raise BadInput(trouble("slot_unknown", field="slot"))
        seen.people = [person.to_json() for person in wish.people]
        wishes.append(wish)
    # Whoever the last one knows comes along, whichever line is written last.
    return [replace(wish, people=wishes[-1].people) for wish in wishes]


class _Stale(Exception):
    """The basket isn't the one that was read."""


def _read_again_once(basket: Basket, write: Callable[[], Written]) -> Written:
    """Write; if another tab wrote since the basket was read, read it and write once more."""
    with suppress(_Stale):
        return write()
    basket.refresh_from_db()
    try:
        return write()
    except _Stale as error:
        raise Busy(trouble("busy")) from error


def _add(basket: Basket, request: LineRequest, *, asks: bool | None, now: datetime) -> BasketLine:
    """Add a line; `asks` is None where the offer says whether its host is asked first."""
    wish = read_wish(basket, request, now=now)
    check_once(wish)
    if asks is None:
        asks = wish.offer.is_on_request
    with locks.write_transaction():
        hint = now + timedelta(minutes=settings.HOLD_MINUTES)
        taken = take(wish, now=now, until=hint)
        current = _lock_open(basket.pk)
        _check_fresh(current, basket)
        # The basket is as it was read, and so are its lines.
        if len(wish.others) >= MAX_LINES:
            raise NotAllowed(trouble("bad_quantity", max=MAX_LINES))
        _keep_price(wish, now=now)
        last = max((line.position for line in wish.others), default=0)
        place = wish.replaced[0].position if wish.replaced else last + 1
        for replaced in wish.replaced:
            release(replaced)
            replaced.delete()
        line = BasketLine(basket=current, position=place, created_at=now)
        line = _fill(line, wish, taken, asks=asks)
        _write_line(current, line, wish, taken, now=now)
    _copy(current, basket)
    return line


def _keep_price(wish: Wish, *, now: datetime, changed: int | None = None) -> None:
    """Check that a proposal has a place for a wish. Locks its need, after the basket."""
    if wish.proposal is None:
        return
    moved = [*wish.lines_moved, *([changed] if changed else [])]
    if not Rooms([wish.proposal.pk], lines=moved, now=now).hold(wish.proposal.pk):
        raise PriceChanged(trouble("proposal_over", new=wish.quote.usual_total))


def _write_line(
    current: Basket, line: BasketLine, wish: Wish, taken: Taken, *, now: datetime
) -> None:
    """Write a line of a locked basket with what it takes; one on request takes nothing."""
    if line.is_on_request:
        refused = too_late(line, now=now)
        if refused:
            raise NotAllowed(*refused)
        let_go(taken)
    if line.pk is None:
        insert_one(line)
    else:
        line.save()
    current.people = [person.to_json() for person in wish.people]
    if line.is_on_request:
        keep_plan(current, now=now)
    else:
        keep(current, until=new_deadline(current, now=now), now=now, line=line, taken=taken)


def change_line(basket: Basket, line_id: int, request: LineRequest, *, now: datetime) -> BasketLine:
    """Replace what a line asks for; it keeps its place. What it had stays held if this fails.

    Locks: units (shared), slots, basket. Raises as `add_to_basket`, and BadInput for an unknown
    line.
    """
    asks = asks_host_first(request.unit_id, now=now)
    if asks:
        request = replace(request, proposal="")
    return _read_again_once(basket, lambda: _change(basket, line_id, request, asks=asks, now=now))


def _change(
    basket: Basket, line_id: int, request: LineRequest, *, asks: bool, now: datetime
) -> BasketLine:
    line = _line_of(basket, line_id)
    if line.proposal is not None and not asks:
        request = replace(request, proposal=line.proposal.code)
    wish = read_wish(basket, request, now=now, except_line=line.pk)
    asks = asks or wish.offer.is_on_request
    with locks.write_transaction():
        hint = now + timedelta(minutes=settings.HOLD_MINUTES)
        taken = take(wish, now=now, until=hint, replacing=line)
        current = _lock_open(basket.pk)
        _check_fresh(current, basket)
        if not current.lines.filter(pk=line.pk).exists():
            raise BadInput(trouble("line_unknown"))
        _keep_price(wish, now=now, changed=line.pk)
        _write_line(current, _fill(line, wish, taken, asks=asks), wish, taken, now=now)
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
        left = set(current.lines.values_list("is_on_request", flat=True))
        if False not in left:
            # Nothing is held any more; what is on request never was.
            current.first_held_at = current.first_held_at if left else None
            current.expires_at, current.extensions = None, 0
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
    in the plan, marked. What its host answers for by now becomes a request (`now_on_request`).
    """
    stale = read_again_for(basket, and_asked=True, now=now)
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
            if line.is_on_request or is_held(line, now):
                continue
            if line.unit_id in stale or line.offer.is_on_request:
                troubles.append(_ask_instead(line))
                continue
            try:
                if line.unit_id:
                    if line.unit_id not in had:
                        raise Busy(trouble("busy"))
                    _refuse_too_near(line, now=now)
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
        troubles += _keep_prices([line for line, _stay in taken], now=now)
        until = new_deadline(current, now=now)
        for line, stay_id in taken:
            if stay_id is not None:
                Stay.objects.filter(line=line).update(line=None)
                Stay.objects.filter(pk=stay_id).update(line=line)
        if taken:
            keep(current, until=until, now=now)
    basket.refresh_from_db()
    return troubles


def _keep_prices(lines: Sequence[BasketLine], *, now: datetime) -> list[Trouble]:
    """Take places of the proposals of lines that are held again; without one, the usual price."""
    asked = [line for line in lines if line.proposal_id]
    if not asked:
        return []
    rooms = Rooms([line.proposal_id for line in asked], lines=[one.pk for one in asked], now=now)
    over = [line for line in asked if not rooms.hold(line.proposal_id)]
    BasketLine.objects.filter(pk__in=[line.pk for line in over]).update(proposal=None)
    return [trouble("proposal_over", line=line.pk) for line in over]


def _refuse_too_near(line: BasketLine, *, now: datetime) -> None:
    """Raise NotAllowed where a bed that was let go can't be booked any more at that moment."""
    if line.unit is None or line.arrival is None or line.departure is None:
        return
    found = check_unit(line.unit, line.arrival, line.departure, (), now=now)
    near = [one for one in found if one.code in TOO_NEAR]
    if near:
        raise NotAllowed(*near)


def ask_hosts_instead(basket: Basket, units: Collection[int], *, now: datetime) -> list[Trouble]:
    """Turn the lines of these units into requests: their calendars fell silent meanwhile.

    Returns a `now_on_request` for each. Locks: basket. Raises WrongState `frozen`, Busy.
    """
    with locks.write_transaction():
        current = _lock_open(basket.pk)
        lines = current.lines.filter(unit__in=units, is_on_request=False)
        troubles = [_ask_instead(line) for line in lines]
        keep_plan(current, now=now)
    _copy(current, basket)
    return troubles


def _ask_instead(line: BasketLine) -> Trouble:
    """Let go of what a line of a locked basket holds: its host is asked first."""
    release(line)
    line.is_on_request, line.proposal = True, None
    line.save(update_fields=["is_on_request", "proposal"])
    return trouble("now_on_request", line=line.pk)


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
        kept = view.line.proposal_id if view.quote.usual_total is not None else None
        current.lines.filter(pk=line.pk).update(shown_amount=view.quote.total, proposal=kept)


def _copy(current: Basket, basket: Basket) -> None:
    """Let the caller's basket be the one that was written."""
    for name in ("state", "people", "first_held_at", "expires_at", "extensions", "updated_at"):
        setattr(basket, name, getattr(current, name))


def _fill(line: BasketLine, wish: Wish, taken: Taken, *, asks: bool) -> BasketLine:
    line.offer = wish.offer
    line.unit = wish.unit
    line.slot = taken.slot
    line.arrival, line.departure = wish.days or (None, None)
    line.quantity = wish.quantity
    line.people = wish.keys
    line.options = [{"code": one.code, "quantity": one.quantity} for one in wish.request.options]
    line.is_on_request = asks
    line.is_overlap_accepted = wish.request.is_overlap_accepted
    # What was taken as part of a whole stays so when it is changed.
    line.is_sold_whole = line.is_sold_whole or wish.request.is_sold_whole
    # As what was chosen in a house's widget.
    line.channel = line.channel or wish.request.channel
    line.proposal_id = wish.proposal.pk if wish.proposal and not asks else None
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
