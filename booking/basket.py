"""The basket: adding, changing, keeping and showing the lines of a stay.

Every write holds what it adds before it lets go of what it had; a refused one changes nothing,
not even the deadline. Holds expire by the clock; the plan stays (features.md B01–B07, N02).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import connection
from django.db.models import Prefetch, QuerySet

from booking import locks
from booking.availability import check_dates, check_days, free_units
from booking.models import (
    AgeBand,
    Basket,
    BasketLine,
    Closure,
    Offer,
    Slot,
    SlotHold,
    Stay,
    Supplement,
    Unit,
)
from booking.people import Person, guests_of, match_people, people_from
from booking.quoting import (
    TaxBook,
    asked_of,
    check_places,
    check_unit,
    facts_of,
    options_from,
    policy_of,
    quote_places,
    quote_unit,
    stay_hours,
)
from booking.refusals import (
    BadInput,
    Busy,
    Clash,
    NotAllowed,
    PriceChanged,
    Refusal,
    Trouble,
    Unavailable,
    WrongState,
    trouble,
    troubles_of,
)
from booking.rules.kinds import KINDS
from booking.rules.people import Guest
from booking.rules.pricing import OptionChoice, Quote
from booking.rules.refunds import deadlines
from booking.rules.stay import Entry, find_clashes
from booking.takes import SlotAsk, Takes, check_takes, find_takes, is_over
from members.models import Provider
from oti.lib.dates import ONE_DAY, at_paris, count_nights, paris
from oti.lib.dates import today as day_of
from oti.lib.money import ZERO

MAX_LINES = 40
# Things that one can't do at the same time as another.
BLOCKING_KINDS = [kind.code for kind in KINDS if kind.takes_time]

INSERT_STAY = """
INSERT INTO booking_stay (unit_id, dates, state, expires_at)
VALUES (%s, daterange(%s, %s), 'held', %s)
ON CONFLICT ON CONSTRAINT no_two_stays_in_one_unit DO NOTHING RETURNING id
"""


@dataclass(frozen=True)
class LineRequest:
    """What somebody wants to add: nights of a unit, places in a slot, or things lent for days.

    Nights and days are half open, `[arrival, departure)`. Who takes part is given by keys of the
    basket's people, or by ages (None: an adult).
    `shown_amount` is the total, in euros, that the page showed.
    """

    offer_id: int
    unit_id: int | None = None
    slot_id: int | None = None
    arrival: date | None = None
    departure: date | None = None
    ages: tuple[int | None, ...] = ()
    people: tuple[str, ...] = ()
    # Everybody who comes: those who don't take part in this stay persons of the stay.
    party: tuple[int | None, ...] = ()
    quantity: int = 1
    options: tuple[OptionChoice, ...] = ()
    shown_amount: Decimal | None = None
    is_overlap_accepted: bool = False


@dataclass
class LineView:
    """One line as its page shows it; an uncounted one is not in the total."""

    line: BasketLine
    title: str
    starts_at: datetime
    ends_at: datetime
    guests: list[Guest]
    people: list[str]
    quote: Quote | None
    is_held: bool
    troubles: list[Trouble]
    old_amount: Decimal | None
    cancellation: list[tuple[datetime, int]]

    @property
    def offer(self) -> Offer:
        """Return what is sold."""
        return self.line.offer

    @property
    def unit(self) -> Unit | None:
        """Return the lodging unit, if it is one."""
        return self.line.unit

    @property
    def slot(self) -> Slot | None:
        """Return the slot, if it is one."""
        return self.line.slot

    @property
    def counted(self) -> bool:
        """Whether it is part of the total: it can be had."""
        blocking = {one.code for one in self.troubles} - {"price_changed", "hold_expired"}
        return self.quote is not None and not blocking

    @property
    def amount(self) -> Decimal:
        """Return the line's total in euros."""
        return self.quote.total if self.quote else ZERO


@dataclass(frozen=True)
class EntryView:
    """Something on a day of the thread."""

    view: LineView
    time: time | None
    is_arrival: bool = False
    is_departure: bool = False
    is_return: bool = False


@dataclass
class DayView:
    """A day of the thread; a free one has only a night or nothing."""

    day: date
    entries: list[EntryView] = field(default_factory=list)

    @property
    def is_free(self) -> bool:
        """Whether nothing is planned on that day."""
        return not self.entries


@dataclass
class BasketView:
    """Everything that the page of a stay shows, computed at one moment."""

    basket: Basket
    lines: list[LineView]
    days: list[DayView]
    people: list[Person]
    held_until: datetime | None
    is_lapsed: bool
    can_extend: bool

    @property
    def counted(self) -> list[LineView]:
        """Return the lines that make the total."""
        return [view for view in self.lines if view.counted]

    @property
    def gross(self) -> Decimal:
        """Return the services in euros, without the tourist tax."""
        return sum((view.quote.gross for view in self.counted if view.quote), ZERO)

    @property
    def tourist_tax(self) -> Decimal:
        """Return the tourist tax collected online."""
        return sum((view.quote.tourist_tax for view in self.counted if view.quote), ZERO)

    @property
    def tourist_tax_on_site(self) -> Decimal:
        """Return the tourist tax to be paid on site, beside the total (core.md 13)."""
        return sum((view.quote.tourist_tax_on_site for view in self.counted if view.quote), ZERO)

    @property
    def total(self) -> Decimal:
        """Return what is paid online."""
        return self.gross + self.tourist_tax

    @property
    def providers_count(self) -> int:
        """Return how many providers the payment goes to."""
        return len({view.offer.provider_id for view in self.counted})

    @property
    def troubles(self) -> list[Trouble]:
        """Return the troubles of all lines."""
        return [one for view in self.lines for one in view.troubles]

    @property
    def is_frozen(self) -> bool:
        """Whether a payment is under way."""
        return self.basket.state == Basket.State.FROZEN

    @property
    def can_check_out(self) -> bool:
        """Whether every counted line is held at its shown price."""
        return (
            bool(self.counted)
            and self.basket.state == Basket.State.OPEN
            and all(view.is_held and not view.troubles for view in self.counted)
        )

    @property
    def first_day(self) -> date | None:
        """Return the first day of the thread."""
        return self.days[0].day if self.days else None

    @property
    def last_day(self) -> date | None:
        """Return the last day of the thread."""
        return self.days[-1].day if self.days else None

    @property
    def has_lodging(self) -> bool:
        """Whether a bed is part of the stay."""
        return any(view.unit for view in self.lines)


def basket_of(token: str | None) -> Basket | None:
    """Return the basket of a token, None if there is none or if it has been ordered."""
    if not token:
        return None
    return Basket.objects.exclude(state=Basket.State.ORDERED).filter(token=token).first()


def new_basket(*, language: str, now: datetime) -> Basket:
    """Create an empty basket."""
    return Basket.objects.create(language=language)


def set_party(
    basket: Basket,
    *,
    adults: int,
    child_ages: Sequence[int],
    arrival: date | None = None,
    departure: date | None = None,
    now: datetime,
) -> None:
    """Remember who comes and when; persons who are already on a line stay."""
    with locks.write_transaction():
        current = locks.lock_basket(basket.pk)
        used = {key for keys in current.lines.values_list("people", flat=True) for key in keys}
        people = people_from(current.people)
        known, found = match_people(people, [None] * adults + list(child_ages))
        keep = used | set(found)
        current.people = [person.to_json() for person in known if person.key in keep]
        current.arrival, current.departure = arrival, departure
        current.save(update_fields=["people", "arrival", "departure", "updated_at"])
    basket.refresh_from_db()


@dataclass(frozen=True)
class _Wish:
    """A request read against the offers: everything a line needs, before any lock."""

    request: LineRequest
    offer: Offer
    unit: Unit | None
    takes: Takes | None
    people: list[Person]
    keys: list[str]
    quantity: int
    quote: Quote
    days: tuple[date, date] | None = None

    @property
    def slot(self) -> Slot | None:
        """Return the slot that people see, if places are asked for."""
        return self.takes.main if self.takes else None


def add_to_basket(basket: Basket, request: LineRequest, *, now: datetime) -> BasketLine:
    """Add a line and hold what it takes; every line of the basket is kept as long.

    Locks: slots, basket. Raises BadInput, NotAllowed, Unavailable, Clash, PriceChanged, WrongState
    or Busy, with every trouble found; a refused add leaves the deadline alone.
    """
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
    wish = _read_wish(basket, request, now=now)
    with locks.write_transaction():
        deadline_hint = now + timedelta(minutes=settings.HOLD_MINUTES)
        stay_id = _take(wish, now=now, until=deadline_hint, basket_id=basket.pk)
        current = _lock_open(basket.pk)
        _check_fresh(current, basket)
        if current.lines.count() >= MAX_LINES:
            raise NotAllowed(trouble("bad_quantity", max=MAX_LINES))
        last = current.lines.order_by("-position").values_list("position", flat=True).first()
        line = _fill(BasketLine(basket=current, position=(last or 0) + 1), wish)
        line.save()
        until = _new_deadline(current, now=now)
        _attach(line, wish, stay_id, until)
        current.people = [person.to_json() for person in wish.people]
        _keep(current, until=until, now=now)
    basket.refresh_from_db()
    return line


def change_line(basket: Basket, line_id: int, request: LineRequest, *, now: datetime) -> BasketLine:
    """Replace what a line asks for; it keeps its place. What it had stays held if this fails.

    Locks: slots, basket. Raises as `add_to_basket`, and BadInput for an unknown line.
    """
    return _read_again_once(basket, lambda: _change(basket, line_id, request, now=now))


def _change(basket: Basket, line_id: int, request: LineRequest, *, now: datetime) -> BasketLine:
    line = _line_of(basket, line_id)
    wish = _read_wish(basket, request, now=now, except_line=line.pk)
    with locks.write_transaction():
        _release(line)
        stay_id = _take(
            wish,
            now=now,
            until=now + timedelta(minutes=settings.HOLD_MINUTES),
            basket_id=basket.pk,
            except_line=line.pk,
        )
        current = _lock_open(basket.pk)
        _check_fresh(current, basket)
        if not current.lines.filter(pk=line.pk).exists():
            raise BadInput(trouble("line_unknown"))
        _fill(line, wish).save()
        until = _new_deadline(current, now=now)
        _attach(line, wish, stay_id, until)
        current.people = [person.to_json() for person in wish.people]
        _keep(current, until=until, now=now)
    basket.refresh_from_db()
    return line


def remove_line(basket: Basket, line_id: int, *, now: datetime) -> None:
    """Take a line out and free what it held; an unknown line is no fault (a second click)."""
    with locks.write_transaction():
        current = _lock_open(basket.pk)
        line = current.lines.filter(pk=line_id).first()
        if line is None:
            return
        _release(line)
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
            current.expires_at + timedelta(minutes=settings.HOLD_MINUTES), _cap(current, now=now)
        )
        if until <= current.expires_at:
            raise WrongState(trouble("not_extendable"))
        current.extensions += 1
        _keep(current, until=until, now=now)
    basket.refresh_from_db()
    return until


def renew_holds(basket: Basket, *, now: datetime) -> list[Trouble]:
    """Ask again for every line that lapsed; returns the troubles of those that are gone.

    Locks: units, slots, basket. What can be had is held, at the price last shown; the rest stays
    in the plan, marked.
    """
    with locks.write_transaction():
        read = list(_lines_to_hold(basket))
        people = people_from(basket.people)
        locks.lock_units(line.unit_id for line in read if line.unit_id)
        asks = [_ask_of(line, people) for line in read if line.slot_id]
        ids = {pk for one in find_takes(asks, now=now) for pk in one.slot_ids}
        locked = {row.pk for row in locks.lock_slots(ids)}
        current = _lock_open(basket.pk)
        lines = list(_lines_to_hold(current))
        people = people_from(current.people)
        hint = now + timedelta(minutes=settings.HOLD_MINUTES)
        taken: list[tuple[BasketLine, int | None]] = []
        troubles: list[Trouble] = []
        for line in sorted(lines, key=lambda one: (one.unit_id or 0, one.arrival or date.min)):
            if _is_held(line, now):
                continue
            try:
                if line.unit_id:
                    held_id = _hold_nights(
                        line.unit_id, line.arrival, line.departure, now=now, until=hint
                    )
                    taken.append((line, held_id))
                else:
                    takes = _places_left(_ask_of(line, people), now=now, except_line=line.pk)
                    if not set(takes.slot_ids) <= locked:
                        raise Busy(trouble("busy"))
                    _put_slot_holds(line, takes, hint)
                    taken.append((line, None))
            except Refusal as refusal:
                troubles += [replace(one, line=line.pk) for one in refusal.troubles]
        until = _new_deadline(current, now=now)
        for line, stay_id in taken:
            if stay_id is not None:
                Stay.objects.filter(line=line).update(line=None)
                Stay.objects.filter(pk=stay_id).update(line=line)
        if taken:
            _keep(current, until=until, now=now)
    basket.refresh_from_db()
    return troubles


def accept_price(basket: Basket, line_id: int, *, now: datetime) -> None:
    """Take the new price of a line as the one that was shown."""
    line = _line_of(basket, line_id)
    view = next(one for one in view_basket(basket, now=now).lines if one.line.pk == line.pk)
    if view.quote is None:
        raise Unavailable(*view.troubles)
    with locks.write_transaction():
        current = _lock_open(basket.pk)
        current.lines.filter(pk=line.pk).update(shown_amount=view.quote.total)


def view_basket(basket: Basket, *, now: datetime) -> BasketView:
    """Return the stay as it stands at `now`: lines, thread, total, deadline, troubles."""
    lines = list(_lines_to_show(basket))
    people = people_from(basket.people)
    tax_book = TaxBook()
    today = day_of(now)
    lapsed = [line for line in lines if not _is_held(line, now)]
    free = _still_free(lapsed, basket, now=now)
    dated = [line for line in lapsed if line.slot_id]
    found = find_takes([_ask_of(line, people) for line in dated], now=now, except_basket=basket.pk)
    takes = {line.pk: one for line, one in zip(dated, found, strict=True)}
    views = []
    for line in lines:
        is_held = _is_held(line, now)
        guests = guests_of(people, line.people)
        quote, troubles = _quote_line(line, guests, tax_book, today=today)
        if is_held and line.slot is not None and basket.state == Basket.State.OPEN:
            # Held places end with what the office closes, and with the hour itself.
            if line.slot.is_closed:
                troubles = [trouble("closed", line=line.pk), *troubles]
            elif is_over(line.offer, line.slot, now=now):
                troubles = [trouble("slot_past", line=line.pk), *troubles]
        if not is_held and basket.state == Basket.State.OPEN:
            if line.unit_id and line.pk not in free:
                troubles = [trouble("gone", line=line.pk), *troubles]
            elif line.slot_id:
                troubles = [
                    replace(one, line=line.pk) for one in check_takes(takes[line.pk], now=now)
                ] + troubles
            troubles.append(trouble("hold_expired", line=line.pk))
        old = None
        if quote is not None and quote.total != line.shown_amount:
            old = line.shown_amount
            troubles.append(trouble("price_changed", line=line.pk, old=old, new=quote.total))
        starts_at, ends_at = _hours(line)
        views.append(
            LineView(
                line=line,
                title=line.offer.title,
                starts_at=starts_at,
                ends_at=ends_at,
                guests=guests,
                people=list(line.people),
                quote=quote,
                is_held=is_held,
                troubles=troubles,
                old_amount=old,
                cancellation=deadlines(policy_of(line.offer), starts_at),
            )
        )
    views.sort(key=lambda view: (view.starts_at, view.line.position))
    _mark_clashes(views)
    live = basket.expires_at is not None and basket.expires_at > now
    return BasketView(
        basket=basket,
        lines=views,
        days=_thread(views),
        people=people,
        held_until=basket.shown_until(now),
        # What is gone can't be held again: it is marked on its line.
        is_lapsed=basket.state == Basket.State.OPEN
        and any(view.counted and not view.is_held for view in views),
        can_extend=bool(live and basket.expires_at and basket.expires_at < _cap(basket, now=now)),
    )


def _lines_to_show(basket: Basket) -> QuerySet[BasketLine]:
    return (
        basket.lines.select_related(
            "unit__tariff",
            "slot",
            "stay_hold",
            "offer__provider",
            "offer__commune",
            "offer__cancellation_policy",
        )
        .prefetch_related(
            "slot_holds",
            "unit__tariff__price_rules",
            "unit__tariff__restrictions",
            Prefetch("offer__bands", AgeBand.objects.order_by("pk")),
            Prefetch("offer__supplements", Supplement.objects.order_by("pk")),
            "offer__cancellation_policy__steps",
        )
        .order_by("position", "pk")
    )


def _quote_line(
    line: BasketLine, guests: Sequence[Guest], tax_book: TaxBook, *, today: date
) -> tuple[Quote | None, list[Trouble]]:
    options = options_from(line.options)
    if line.unit is not None and line.arrival and line.departure:
        line.unit.offer = line.offer
        troubles = check_unit(line.unit, line.arrival, line.departure, guests, today=today)
        quote, more = quote_unit(line.unit, line.arrival, line.departure, guests, options, tax_book)
    else:
        troubles = check_places(line.offer, guests, line.quantity, options)
        if line.slot is not None:
            troubles += troubles_of(
                line.offer.kind_rules.check_day(facts_of(line.offer), line.slot.day)
            )
        quote, more = quote_places(line.offer, guests, line.quantity, options, _days_of(line))
    if (
        line.offer.state != Offer.State.PUBLISHED
        or line.offer.provider.state != Provider.State.ACTIVE
    ):
        troubles = [trouble("not_on_sale"), *troubles]
    return quote, [replace(one, line=line.pk) for one in [*troubles, *more]]


def _hours(line: BasketLine) -> tuple[datetime, datetime]:
    if line.slot is not None:
        return _slot_hours(line.slot, line.departure)
    if line.arrival is None or line.departure is None:
        msg = "a line is a stay or a slot"
        raise AssertionError(msg)
    return stay_hours(line.offer, line.arrival, line.departure)


def _slot_hours(slot: Slot, after: date | None) -> tuple[datetime, datetime]:
    """Return when a slot begins and ends; something lent comes back at its hour of the last day."""
    ends_at = paris(slot.ends_at)
    if after is not None:
        ends_at = at_paris(after - ONE_DAY, ends_at.time())
    return paris(slot.starts_at), ends_at


def _days_of(line: BasketLine) -> int:
    """Return for how many days something is lent, 1 for the rest."""
    if line.slot_id and line.arrival and line.departure:
        return count_nights(line.arrival, line.departure)
    return 1


def _ask_of(line: BasketLine, people: Iterable[Person]) -> SlotAsk:
    """Return what a stored line asks of dated stock."""
    guests = guests_of(people, line.people)
    asked = asked_of(line.offer, guests, line.quantity, options_from(line.options))
    return SlotAsk(line.offer, asked, line.slot_id, line.arrival, line.departure)


def _lines_to_hold(basket: Basket) -> QuerySet[BasketLine]:
    """Load lines with what holding them again reads."""
    return basket.lines.select_related("slot", "offer", "unit", "stay_hold").prefetch_related(
        "slot_holds", "offer__supplements"
    )


def _thread(views: Iterable[LineView]) -> list[DayView]:
    """Return each day from the first to the last one, with what happens on it, in order."""
    days: dict[date, DayView] = defaultdict(lambda: DayView(day=date.min))
    for view in views:
        first, last = view.starts_at.date(), view.ends_at.date()
        if view.unit is not None:
            days[first].entries.append(EntryView(view, view.starts_at.time(), is_arrival=True))
            days[last].entries.append(EntryView(view, view.ends_at.time(), is_departure=True))
        else:
            days[first].entries.append(EntryView(view, view.starts_at.time()))
            if view.offer.is_sold_by_day and last > first:
                days[last].entries.append(EntryView(view, view.ends_at.time(), is_return=True))
    if not days:
        return []
    thread = []
    day, last = min(days), max(days)
    while day <= last:
        entry = days[day]
        entry.day = day
        entry.entries.sort(
            key=lambda one: (not one.is_departure, one.time or time.min, one.view.line.position)
        )
        thread.append(entry)
        day += ONE_DAY
    return thread


def _mark_clashes(views: list[LineView]) -> None:
    """Mark, on the later line, whoever would be in two places at once (features.md N02)."""
    by_key = {str(view.line.pk): view for view in views}
    entries = [_entry(view) for view in views if view.offer.kind_rules.takes_time]
    for clash in find_clashes(entries):
        pair = sorted(
            (by_key[clash.first_key], by_key[clash.second_key]), key=lambda one: one.line.position
        )
        earlier, later = pair
        if later.line.is_overlap_accepted or earlier.line.is_overlap_accepted:
            continue
        later.troubles.append(trouble("overlap", line=later.line.pk, other=earlier.title))


def _entry(view: LineView) -> Entry:
    return Entry(
        key=str(view.line.pk),
        starts_at=view.starts_at,
        ends_at=view.ends_at,
        persons=frozenset(view.people),
    )


def _read_wish(
    basket: Basket, request: LineRequest, *, now: datetime, except_line: int | None = None
) -> _Wish:
    """Read a request against the offers and the rules; raises with every trouble."""
    if basket.state != Basket.State.OPEN:
        raise WrongState(trouble("frozen"))
    today = day_of(now)
    offer = (
        Offer.objects.on_sale(today)
        .select_related("provider", "commune", "cancellation_policy")
        .filter(pk=request.offer_id)
        .first()
    )
    if offer is None:
        raise Unavailable(trouble("not_on_sale"))
    if offer.is_lodging:
        return _read_stay(basket, offer, request, today=today, except_line=except_line)
    return _read_places(basket, offer, request, today=today, now=now, except_line=except_line)


def _read_stay(
    basket: Basket,
    offer: Offer,
    request: LineRequest,
    *,
    today: date,
    except_line: int | None,
) -> _Wish:
    if request.arrival is None or request.departure is None:
        raise BadInput(trouble("dates_missing", field="arrival"))
    troubles = check_dates(request.arrival, request.departure, today=today)
    if troubles:
        raise BadInput(*troubles)
    unit = (
        Unit.objects.filter(pk=request.unit_id or 0, offer=offer)
        .select_related("tariff")
        .prefetch_related("tariff__price_rules", "tariff__restrictions")
        .first()
    )
    if unit is None:
        raise Unavailable(trouble("offer_unknown"))
    unit.offer = offer
    lodged = {
        key
        for line in basket.lines.filter(
            unit__isnull=False, arrival__lt=request.departure, departure__gt=request.arrival
        ).exclude(pk=except_line or 0)
        for key in line.people
    }
    people, keys = _who(basket, request, busy=lodged)
    clash = lodged & set(keys)
    guests = guests_of(people, keys)
    refused = check_unit(unit, request.arrival, request.departure, guests, today=today)
    if clash:
        refused.append(trouble("overlap", field="people", other=offer.title))
    if refused:
        raise (Clash if clash else NotAllowed)(*refused)
    quote, no_quote = quote_unit(
        unit, request.arrival, request.departure, guests, request.options, TaxBook()
    )
    if quote is None:
        raise NotAllowed(*no_quote)
    _check_shown(quote, request)
    days = request.arrival, request.departure
    return _Wish(request, offer, unit, None, people, keys, 1, quote, days)


def _read_places(
    basket: Basket,
    offer: Offer,
    request: LineRequest,
    *,
    today: date,
    now: datetime,
    except_line: int | None,
) -> _Wish:
    days = _read_days(offer, request, today=today)
    if offer.is_sold_by_item:
        people, keys = _party(basket, request), list[str]()
        quantity = request.quantity
    else:
        people, keys = _who(basket, request, busy=set())
        quantity = len(keys)
    guests = guests_of(people, keys)
    asked = asked_of(offer, guests, quantity, request.options)
    first, after = days or (None, None)
    ask = SlotAsk(offer, asked, request.slot_id, first, after)
    (takes,) = find_takes([ask], now=now, except_line=except_line)
    if takes.main is None:
        # A day on which nothing is lent says so; an unknown slot is of another offer.
        raise Unavailable(*check_takes(takes, now=now))
    if not offer.is_sold_by_item:
        starts_at, ends_at = _slot_hours(takes.main, after)
        busy = _busy_people(basket, offer, starts_at, ends_at, except_line=except_line)
        clashing = {key: title for key, title in busy.items() if key in keys}
        if clashing and not request.is_overlap_accepted:
            raise Clash(trouble("overlap", field="people", other=next(iter(clashing.values()))))
    refused = check_places(offer, guests, quantity, request.options)
    if refused:
        raise NotAllowed(*refused)
    quote, no_quote = quote_places(
        offer, guests, quantity, request.options, count_nights(*days) if days else 1
    )
    if quote is None:
        raise NotAllowed(*no_quote)
    _check_shown(quote, request)
    return _Wish(request, offer, None, takes, people, keys, quantity, quote, days)


def _read_days(offer: Offer, request: LineRequest, *, today: date) -> tuple[date, date] | None:
    """Return the days `[first, after)` for which something is lent, None for the rest.

    A slot alone is one day. Raises BadInput.
    """
    if not offer.is_sold_by_day:
        return None
    if request.arrival is None and request.departure is None:
        slot = Slot.objects.filter(pk=request.slot_id or 0, offer=offer).first()
        if slot is not None:
            return slot.day, slot.day + ONE_DAY
    if request.arrival is None or request.departure is None:
        raise BadInput(trouble("days_missing", field="arrival"))
    troubles = check_days(offer, request.arrival, request.departure, today=today)
    if troubles:
        raise BadInput(*troubles)
    return request.arrival, request.departure


def _party(basket: Basket, request: LineRequest) -> list[Person]:
    """Return the people of the basket, with those of the party that it doesn't know yet."""
    people = match_people(people_from(basket.people), request.party)[0]
    if len(people) > 2 * settings.MAX_PARTY:
        raise BadInput(trouble("too_many_people", field="adults", max=settings.MAX_PARTY))
    return people


def _who(basket: Basket, request: LineRequest, *, busy: set[str]) -> tuple[list[Person], list[str]]:
    """Return the people of the basket and the keys of those who take part."""
    people = _party(basket, request)
    if request.people:
        known = {person.key for person in people}
        if not set(request.people) <= known:
            raise BadInput(trouble("nobody", field="people"))
        return people, [person.key for person in people if person.key in request.people]
    if len(request.ages) > settings.MAX_PARTY:
        raise BadInput(trouble("too_many_people", field="adults", max=settings.MAX_PARTY))
    people, keys = match_people(people, request.ages, busy=busy)
    if len(people) > 2 * settings.MAX_PARTY:
        raise BadInput(trouble("too_many_people", field="adults", max=settings.MAX_PARTY))
    return people, keys


def _busy_people(
    basket: Basket,
    offer: Offer,
    starts_at: datetime,
    ends_at: datetime,
    *,
    except_line: int | None,
) -> dict[str, str]:
    """Return who is elsewhere at that time, with what keeps them there."""
    if not offer.kind_rules.takes_time:
        return {}
    lines = (
        basket.lines.filter(
            offer__kind__in=BLOCKING_KINDS,
            slot__starts_at__lt=ends_at,
            slot__ends_at__gt=starts_at,
        )
        .exclude(pk=except_line or 0)
        .select_related("offer")
    )
    return {key: line.offer.title for line in lines for key in line.people}


def _check_shown(quote: Quote, request: LineRequest) -> None:
    if request.shown_amount is not None and request.shown_amount != quote.total:
        raise PriceChanged(trouble("price_changed", old=request.shown_amount, new=quote.total))


def _take(
    wish: _Wish, *, now: datetime, until: datetime, basket_id: int, except_line: int | None = None
) -> int | None:
    """Hold nights, or lock the slots and check their places; returns the new stay's id."""
    if wish.unit is not None and wish.days is not None:
        stay_id = _hold_nights(wish.unit.pk, *wish.days, now=now, until=until)
        # A hole may have widened while this waited: the rules are asked again (features.md A05).
        guests = guests_of(wish.people, wish.keys)
        refused = check_unit(wish.unit, *wish.days, guests, today=day_of(now))
        if refused:
            raise NotAllowed(*refused)
        return stay_id
    if wish.takes is not None:
        locks.lock_slots(wish.takes.slot_ids)
        _places_left(wish.takes.ask, now=now, except_line=except_line)
    return None


def _hold_nights(
    unit_id: int,
    arrival: date | None,
    departure: date | None,
    *,
    now: datetime,
    until: datetime,
) -> int:
    """Hold nights of a unit; the database refuses two holders.

    Expired holds that it would meet go first. A closure is looked for after the insert: the
    insert waits for whoever holds the unit's lock, and then sees what they wrote.
    """
    Stay.objects.filter(
        unit_id=unit_id,
        state=Stay.State.HELD,
        expires_at__lte=now,
        dates__overlap=(arrival, departure),
    ).delete()
    with connection.cursor() as cursor:
        cursor.execute(INSERT_STAY, [unit_id, arrival, departure, until])
        row = cursor.fetchone()
    if row is None:
        raise Unavailable(trouble("gone"))
    if Closure.objects.filter(unit_id=unit_id, dates__overlap=(arrival, departure)).exists():
        raise Unavailable(trouble("closed"))
    return int(row[0])


def _places_left(ask: SlotAsk, *, now: datetime, except_line: int | None) -> Takes:
    """Return what is taken of locked slots beside others' live holds; raises Unavailable."""
    (takes,) = find_takes([ask], now=now, except_line=except_line)
    troubles = check_takes(takes, now=now)
    if troubles:
        raise Unavailable(*troubles)
    return takes


def _fill(line: BasketLine, wish: _Wish) -> BasketLine:
    line.offer = wish.offer
    line.unit = wish.unit
    line.slot = wish.slot
    line.arrival, line.departure = wish.days or (None, None)
    line.quantity = wish.quantity
    line.people = wish.keys
    line.options = [{"code": one.code, "quantity": one.quantity} for one in wish.request.options]
    line.is_overlap_accepted = wish.request.is_overlap_accepted
    line.shown_amount = wish.quote.total
    return line


def _attach(line: BasketLine, wish: _Wish, stay_id: int | None, until: datetime) -> None:
    if stay_id is not None:
        Stay.objects.filter(pk=stay_id).update(line=line, expires_at=until)
    elif wish.takes is not None:
        _put_slot_holds(line, wish.takes, until)


def _put_slot_holds(line: BasketLine, takes: Takes, until: datetime) -> None:
    SlotHold.objects.bulk_create(
        (
            SlotHold(line=line, slot=one.slot, quantity=one.units, expires_at=until)
            for one in takes.rows
        ),
        update_conflicts=True,
        unique_fields=["line", "slot"],
        update_fields=["quantity", "expires_at"],
    )


def _release(line: BasketLine) -> None:
    Stay.objects.filter(line=line, state=Stay.State.HELD).delete()
    SlotHold.objects.filter(line=line).delete()


def _is_held(line: BasketLine, now: datetime) -> bool:
    """Whether the line's hold lives; `stay_hold` and `slot_holds` are loaded with it."""
    stay = getattr(line, "stay_hold", None)
    if stay is not None:
        return bool(stay.state == Stay.State.HELD and stay.expires_at and stay.expires_at > now)
    holds = list(line.slot_holds.all())
    return bool(holds) and all(hold.expires_at > now for hold in holds)


def _still_free(lines: Sequence[BasketLine], basket: Basket, *, now: datetime) -> set[int]:
    """Return which lapsed stays could be held again."""
    return {
        line.pk
        for line in lines
        if line.unit_id
        and line.arrival
        and line.departure
        and free_units(
            [line.unit_id], line.arrival, line.departure, now=now, except_basket=basket.pk
        )
    }


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


def _cap(basket: Basket, *, now: datetime) -> datetime:
    """Return the moment past which nothing is kept: 165 minutes from the first hold."""
    return (basket.first_held_at or now) + timedelta(minutes=settings.HOLD_MAX_MINUTES)


def _new_deadline(basket: Basket, *, now: datetime) -> datetime:
    """Return the deadline after an add: 15 minutes from now, within the cap, never shorter.

    When nothing was held any more, the clock starts again.
    """
    live = basket.expires_at is not None and basket.expires_at > now
    if not live:
        basket.first_held_at = now
        basket.extensions = 0
    until = min(now + timedelta(minutes=settings.HOLD_MINUTES), _cap(basket, now=now))
    if live and basket.expires_at is not None:
        until = max(until, basket.expires_at)
    return until


def _keep(basket: Basket, *, until: datetime, now: datetime) -> None:
    """Give every live hold of the basket one deadline, and write it down."""
    Stay.objects.filter(line__basket=basket, state=Stay.State.HELD, expires_at__gt=now).update(
        expires_at=until
    )
    SlotHold.objects.filter(line__basket=basket, expires_at__gt=now).update(expires_at=until)
    basket.expires_at = until
    basket.save()
